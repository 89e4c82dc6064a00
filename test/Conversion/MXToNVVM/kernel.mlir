// The body of a kernel: copies, barriers, fragments, selectors, results.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,MX
// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | FileCheck %s --check-prefix=NV
// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | FileCheck %s --check-prefix=ODD

func.func @mxfp4(%a: memref<64x128xi8>, %sa: memref<64x8xi8>, %b: memref<?x128xi8>,
                 %sb: memref<?x8xi8>, %c: memref<64x?xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<64x128xi8>, memref<64x8xi8>)
    rhs(%b, %sb : memref<?x128xi8>, memref<?x8xi8>) outs(%c : memref<64x?xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// CHECK-LABEL: gpu.module @mx_kernels
// CHECK: llvm.mlir.global external @mx_dynamic_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
// CHECK: gpu.func @matmul_mxfp4_mxfp4_f32_128x128(%{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: i32, %{{.+}}: i32, %{{.+}}: i32) kernel attributes {known_block_size = array<i32: 256, 1, 1>}
// The first step, then the steps: wait, start the next copies, multiply.
// MX: scf.if
// MX-COUNT-10: nvvm.cp.async.shared.global
// MX-NEXT: nvvm.cp.async.commit.group
// MX: scf.for
// MX: nvvm.cp.async.wait.group 0
// MX-NEXT: nvvm.barrier
// Payload by 16 bytes, scales by 4; zeros where there is nothing.
// MX-COUNT-4: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache = cg, %{{.+}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// MX: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 4, cache = ca, %{{.+}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// MX: nvvm.cp.async.commit.group
// Scales of 32 rows for 256 of K, then four slices: four tiles of A, four of B.
// MX-COUNT-3: llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// MX-COUNT-6: nvvm.ldmatrix %{{.+}} {{{.*}}num = 4 : i32{{.*}}} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
// MX: nvvm.mma.block_scale A[{{.+}}] B[{{.+}}] C[{{.+}}] scaleA[%[[SA:.+]], %[[Z:.+]], %[[Z]]] scaleB[%[[SB:.+]], %[[Z]], %[[Z]]] {blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf4>, {{.+}}, scaleVecSize = #nvvm.scale_vec_size<x2>, shape = #nvvm.shape<m = 16, n = 8, k = 64>}
// The next three tiles of B, and the next tile of A, differ in the selectors.
// MX: scaleA[%[[SA]], %[[Z]], %[[Z]]] scaleB[%[[SB]], %[[Z]], %[[ONE:.+]]]
// MX: scaleA[%[[SA]], %[[Z]], %[[Z]]] scaleB[%[[SB]], %[[Z]], %[[TWO:.+]]]
// MX: scaleA[%[[SA]], %[[Z]], %[[Z]]] scaleB[%[[SB]], %[[Z]], %[[THREE:.+]]]
// MX: scaleA[%[[SA]], %[[Z]], %[[ONE]]] scaleB[%[[SB]], %[[Z]], %[[Z]]]
// The second slice: byte 2 of the same registers.
// MX: nvvm.ldmatrix
// MX: scaleA[%[[SA]], %[[TWO]], %[[Z]]] scaleB[%[[SB]], %[[TWO]], %[[Z]]]
// MX: scf.yield
// MX: nvvm.cp.async.wait.group 0
// The accumulator is added to what C holds.
// MX: llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
// MX: arith.addf
// MX: llvm.store %{{.+}}, %{{.+}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>

// Without alignment everything passes through registers.
// ODD: gpu.func @matmul_mxfp4_mxfp4_f32_32x128_bytes
// ODD-NOT: nvvm.cp.async.shared.global
// ODD: scf.for
// ODD: nvvm.barrier
// ODD: llvm.load %{{.+}} {alignment = 1 : i64} : !llvm.ptr<1> -> i8
// ODD: nvvm.mma.block_scale
// ODD: llvm.store %{{.+}}, %{{.+}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
// ODD: scf.yield
// ODD-NOT: nvvm.cp.async.shared.global
// ODD: gpu.return

func.func @nvfp4(%a: memref<16x128xi8>, %sa: memref<16x16xi8>, %ta: memref<f32>, %b: memref<64x128xi8>,
                 %sb: memref<64x16xi8>, %tb: memref<f32>, %c: memref<16x64xbf16>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa, %ta : memref<16x128xi8>, memref<16x16xi8>, memref<f32>)
    rhs(%b, %sb, %tb : memref<64x128xi8>, memref<64x16xi8>, memref<f32>) outs(%c : memref<16x64xbf16>)
    {lhs_format = #mx.format<nvfp4>, rhs_format = #mx.format<nvfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// NV: gpu.func @matmul_nvfp4_nvfp4_bf16_32x128(
// N1.3: a scale byte with the top bit set becomes NaN.
// NV: scf.for
// NV: llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// NV: %[[WORD:.+]] = llvm.extractelement
// NV-NEXT: %[[SIGNS:.+]] = arith.andi %[[WORD]], %{{.+}}
// NV-NEXT: %[[SHIFTED:.+]] = arith.shrui %[[SIGNS]], %{{.+}}
// NV-NEXT: %[[BITS:.+]] = arith.subi %[[SIGNS]], %[[SHIFTED]]
// NV-NEXT: %[[SCALE:.+]] = arith.ori %[[WORD]], %[[BITS]]
// NV: nvvm.mma.block_scale {{.+}} scaleA[%[[SCALE]], %[[Z:.+]], %[[Z]]] scaleB[%{{.+}}, %[[Z]], %[[Z]]] {blockScaleFormat = #nvvm.block_scale_format<ue4m3>, kind = #nvvm.block_scale_kind<mxf4nvf4>, {{.+}}, scaleVecSize = #nvvm.scale_vec_size<x4>, shape = #nvvm.shape<m = 16, n = 8, k = 64>}
// NV: scf.yield
// N7.1: the product of the tensor scales times the sum.
// NV: %[[TA:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// NV: %[[TB:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// NV: %[[T:.+]] = arith.mulf %[[TA]], %[[TB]]
// NV: %[[PRODUCT:.+]] = arith.mulf %{{.+}}, %[[T]]
// NV: arith.addf %{{.+}}, %[[PRODUCT]]
