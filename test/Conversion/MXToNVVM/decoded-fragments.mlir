// Products whose right side lies in the order of fragments (N8.8): a lane loads 16 bytes of 16
// rows, masks place codes, and numbers are one product of these or two.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// 90 scales in a row: only A is asked for alignment.
// REMARK: launches the first that fits of matmul_sync_bf16_mxfp4_fragments_f32_32x128, matmul_sync_bf16_mxfp4_fragments_f32_32x128_bytes"
// CHECK-LABEL: func.func @once
// CHECK: %[[A:.+]] = memref.extract_aligned_pointer_as_index %arg0
// CHECK: %[[PLACE:.+]] = arith.ori %[[A]], %c5760 : index
// CHECK: arith.andi %[[PLACE]], %c15
// CHECK-NOT: arith.andi
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_fragments_f32_32x128 blocks
func.func @once(%a: memref<20x2880xbf16>, %b: memref<3x23040xi8>, %sb: memref<3x1440xi8>, %c: memref<20x40xf32>) {
  %k = arith.constant 2880 : index
  mx.packed.matmul k(%k) lhs(%a : memref<20x2880xbf16>)
    rhs(%b, %sb : memref<3x23040xi8>, memref<3x1440xi8>) outs(%c : memref<20x40xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_fragments = 128 : i64, kernel = "matmul_mma_sync"}
  return
}

// REMARK: launches the first that fits of matmul_sync_bf16_mxfp4_large_fragments_f32_32x128, matmul_sync_bf16_mxfp4_large_fragments_f32_32x128_bytes"
func.func @twice(%a: memref<20x2880xbf16>, %b: memref<3x23040xi8>, %sb: memref<3x1440xi8>, %c: memref<20x40xf32>) {
  %k = arith.constant 2880 : index
  mx.packed.matmul k(%k) lhs(%a : memref<20x2880xbf16>)
    rhs(%b, %sb : memref<3x23040xi8>, memref<3x1440xi8>) outs(%c : memref<20x40xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_fragments = 129 : i64, kernel = "matmul_mma_sync"}
  return
}

// Weights of a warp, two pieces of 64 elements: 16 bytes for each, and two scales. The factor of a
// scale is 2^(byte - 1).
// CHECK-LABEL: gpu.func @matmul_sync_bf16_mxfp4_fragments_f32_32x128(
// CHECK: scf.for
// CHECK-COUNT-2: llvm.load %{{.+}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK-COUNT-3: arith.andi %{{.+}}, %c-2118090304_i32
// CHECK: llvm.fmul
// CHECK-COUNT-31: llvm.fmul
// CHECK-NOT: llvm.fmul
// CHECK: scf.yield

// CHECK-LABEL: gpu.func @matmul_sync_bf16_mxfp4_large_fragments_f32_32x128(
// CHECK: scf.for
// CHECK-COUNT-64: llvm.fmul
// CHECK-NOT: llvm.fmul
// CHECK: scf.yield
