// The body of a kernel that decodes: a ring of copies, codes to bf16, products.

// RUN: mx-opt %s --convert-mx-to-nvvm="chip=sm_80 features=+ptx80" --canonicalize --cse | FileCheck %s
// RUN: mx-opt %s --convert-mx-to-nvvm="chip=sm_80 features=+ptx80" --canonicalize --cse | FileCheck %s --check-prefix=SPLIT
// RUN: mx-opt %s --convert-mx-to-nvvm="chip=sm_80 features=+ptx80" --canonicalize --cse | FileCheck %s --check-prefix=NV

func.func @bf16_mxfp4(%a: memref<1x256xbf16>, %b: memref<?x128xi8>, %sb: memref<?x8xi8>, %c: memref<1x?xbf16>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a : memref<1x256xbf16>)
    rhs(%b, %sb : memref<?x128xi8>, memref<?x8xi8>) outs(%c : memref<1x?xbf16>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// CHECK: gpu.module @mx_kernels [#nvvm.target<O = 3, chip = "sm_80", features = "+ptx80">]
// CHECK: gpu.func @matmul_sync_bf16_mxfp4_bf16_16x128(%{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %[[SCALES:.+]]: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: i32, %{{.+}}: i32, %{{.+}}: i32) kernel attributes {known_block_size = array<i32: 256, 1, 1>, nvvm.minctasm = 1 : i32}
// Three steps on their way before the first is multiplied.
// CHECK-COUNT-3: nvvm.cp.async.commit.group
// CHECK: scf.for %[[STEP:.+]] = %{{.+}} to
// CHECK: nvvm.cp.async.wait.group 2
// CHECK-NEXT: nvvm.barrier
// CHECK-NEXT: %[[NEXT:.+]] = arith.addi %[[STEP]], %{{.+}}
// CHECK-COUNT-3: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16, cache = cg, %{{.+}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// Scales come as the words that they lie in, cut off at the end of the row.
// CHECK: %[[BYTE:.+]] = arith.addi %{{.+}}, %{{.+}} : i32
// CHECK-NEXT: arith.andi %[[BYTE]], %c-4_i32 : i32
// CHECK: %[[LEFT:.+]] = arith.minui %{{.+}}, %c4_i32 : i32
// CHECK: %[[SIZE:.+]] = arith.select %{{.+}}, %[[LEFT]], %c0_i32 : i32
// CHECK-NEXT: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 4, cache = ca, %[[SIZE]] : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK-NEXT: nvvm.cp.async.commit.group
// Where they begin in the words.
// CHECK: llvm.ptrtoint %{{.+}} : !llvm.ptr<1> to i64
// CHECK: arith.andi %{{.+}}, %c3_i32 : i32
// 32 codes of a row, and their scale in both halves of a register.
// CHECK: %[[CODES:.+]] = llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK-NEXT: %[[WORD:.+]] = llvm.extractelement %[[CODES]][%c0_i32 : i32] : vector<4xi32>
// CHECK: llvm.load %{{.+}} {alignment = 1 : i64} : !llvm.ptr<3> -> i8
// CHECK: %[[SCALE:.+]] = llvm.bitcast %{{.+}} : i32 to vector<2xbf16>
// Two codes: to the top of the halves, signs and magnitudes to their places,
// then two exact products.
// CHECK: %[[UP:.+]] = arith.shli %[[WORD]], %c4_i32 : i32
// CHECK-NEXT: %[[PAIR:.+]] = nvvm.prmt <default> %c17408_i32, %[[UP]], %[[WORD]] : i32
// CHECK: %[[FACTOR:.+]] = llvm.bitcast %c2122350208_i32 : i32 to vector<2xbf16>
// CHECK-NEXT: %[[SIGNS:.+]] = arith.andi %[[PAIR]], %c-2147450880_i32 : i32
// CHECK-NEXT: %[[DOWN:.+]] = arith.shrui %[[PAIR]], %c6_i32 : i32
// CHECK-NEXT: %[[MAGNITUDES:.+]] = arith.andi %[[DOWN]], %c29360576_i32 : i32
// CHECK-NEXT: %[[PLACED:.+]] = arith.ori %[[SIGNS]], %[[MAGNITUDES]] : i32
// CHECK-NEXT: %[[SMALL:.+]] = llvm.bitcast %[[PLACED]] : i32 to vector<2xbf16>
// CHECK-NEXT: %[[ELEMENT:.+]] = llvm.fmul %[[SMALL]], %[[FACTOR]] : vector<2xbf16>
// CHECK-NEXT: %[[VALUE:.+]] = llvm.fmul %[[ELEMENT]], %[[SCALE]] : vector<2xbf16>
// CHECK-NEXT: %[[B:.+]] = llvm.bitcast %[[VALUE]] : vector<2xbf16> to i32
// A side of bf16 is taken as it is.
// CHECK-COUNT-2: llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// Four runs of 8 in a quarter of 32, two columns: 16 products.
// CHECK: nvvm.mma.sync A[{{.+}}] B[%[[B]], %{{.+}}] C[{{.+}}] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
// CHECK-COUNT-15: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: scf.yield
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: gpu.return

func.func @f16_mxfp4(%a: memref<64x256xf16>, %b: memref<64x128xi8>, %sb: memref<64x8xi8>, %c: memref<64x64xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a : memref<64x256xf16>)
    rhs(%b, %sb : memref<64x128xi8>, memref<64x8xi8>) outs(%c : memref<64x64xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// SPLIT: gpu.func @matmul_sync_f16_mxfp4_f32_128x128(
// SPLIT: scf.for
// An f16 number becomes two: its first eight bits, and the others.
// SPLIT: } else {
// SPLIT: %[[X:.+]] = llvm.fpext %{{.+}} : f16 to f32
// SPLIT-NEXT: %[[BITS:.+]] = llvm.bitcast %[[X]] : f32 to i32
// SPLIT: %[[NUMBER:.+]] = arith.ori %[[BITS]], %{{.+}} : i32
// SPLIT: %[[CUT:.+]] = arith.andi %{{.+}}, %c-65536_i32 : i32
// SPLIT-NEXT: %[[HIGH:.+]] = llvm.bitcast %[[CUT]] : i32 to f32
// SPLIT-NEXT: %[[REST:.+]] = llvm.fsub %{{.+}}, %[[HIGH]] : f32
// SPLIT-NEXT: llvm.intr.maxnum(%[[REST]], %{{.+}}) : (f32, f32) -> f32
// In each run 16 products of the first and 16 of the second.
// SPLIT-COUNT-64: nvvm.mma.sync
// SPLIT: scf.yield

func.func @f16_nvfp4(%a: memref<64x256xf16>, %b: memref<64x128xi8>, %sb: memref<64x16xi8>, %tb: memref<f32>, %c: memref<64x64xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a : memref<64x256xf16>)
    rhs(%b, %sb, %tb : memref<64x128xi8>, memref<64x16xi8>, memref<f32>) outs(%c : memref<64x64xf32>)
    {rhs_format = #mx.format<nvfp4>, kernel = "matmul_mma_sync"}
  return
}

// NV: gpu.func @matmul_sync_f16_nvfp4_f32_128x128(
// NV: scf.for
// UE4M3: placed, NaN where it is one, times 2^120. No weight is infinite.
// NV: %[[BYTE:.+]] = arith.extui %{{.+}} : i8 to i32
// NV-NEXT: %[[AFTER:.+]] = arith.addi %[[BYTE]], %c1_i32 : i32
// NV-NEXT: arith.shrui %[[AFTER]], %c7_i32 : i32
// NV-NEXT: arith.shrui %[[AFTER]], %c8_i32 : i32
// NV: arith.andi %[[BYTE]], %c127_i32 : i32
// NV: llvm.fmul %{{.+}}, %{{.+}} : vector<2xbf16>
// NV-NOT: nvvm.vote.sync
// NV: scf.yield
// The tensor scale: once, at the end.
// NV: %[[T:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// NV: arith.mulf %{{.+}}, %[[T]] : f32
