// Which tiles a product that decodes may need. Rows of scales may begin anywhere:
// only payload and the address of all scales are asked for alignment.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// REMARK: launches the first that fits of matmul_sync_bf16_mxfp4_f32_128x128, matmul_sync_bf16_mxfp4_f32_32x128, matmul_sync_bf16_mxfp4_f32_16x128, matmul_sync_bf16_mxfp4_f32_32x128_bytes"
// CHECK-LABEL: func.func @unknown_sizes
func.func @unknown_sizes(%a: memref<?x?xbf16>, %b: memref<?x?xi8>, %sb: memref<?x?xi8>, %c: memref<?x?xf32>, %k: index) {
  // CHECK: %[[A:.+]] = memref.extract_aligned_pointer_as_index %arg0
  // CHECK: %[[S:.+]] = memref.extract_aligned_pointer_as_index %arg2
  // CHECK: scf.if
  // CHECK: %[[REST:.+]] = arith.andi %[[S]], %{{.+}} : index
  // CHECK-NEXT: arith.cmpi eq, %[[REST]]
  // CHECK: arith.cmpi ugt
  // CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_128x128 blocks
  // CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_32x128 blocks
  // CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_16x128 blocks
  // CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_32x128_bytes blocks
  mx.packed.matmul k(%k) lhs(%a : memref<?x?xbf16>)
    rhs(%b, %sb : memref<?x?xi8>, memref<?x?xi8>) outs(%c : memref<?x?xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// 90 scales in a row.
// REMARK: launches the first that fits of matmul_sync_f16_mxfp4_f16_128x128, matmul_sync_f16_mxfp4_f16_32x128_bytes"
func.func @gpt_oss(%a: memref<64x2880xf16>, %b: memref<5760x1440xi8>, %sb: memref<5760x90xi8>, %c: memref<64x5760xf16>) {
  %k = arith.constant 2880 : index
  mx.packed.matmul k(%k) lhs(%a : memref<64x2880xf16>)
    rhs(%b, %sb : memref<5760x1440xi8>, memref<5760x90xi8>) outs(%c : memref<64x5760xf16>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// Rows of 39 bytes, and weights on the left.
// REMARK: launches the first that fits of matmul_sync_nvfp4_bf16_f32_32x128_bytes"
func.func @odd(%a: memref<64x39xi8>, %sa: memref<64x5xi8>, %ta: memref<f32>, %b: memref<1x77xbf16>, %c: memref<64x1xf32>) {
  %k = arith.constant 77 : index
  mx.packed.matmul k(%k) lhs(%a, %sa, %ta : memref<64x39xi8>, memref<64x5xi8>, memref<f32>)
    rhs(%b : memref<1x77xbf16>) outs(%c : memref<64x1xf32>)
    {lhs_format = #mx.format<nvfp4>, kernel = "matmul_mma_sync"}
  return
}

// No registers for the largest tile.
// REMARK: launches the first that fits of matmul_sync_f16_mxfp8_e5m2_f32_32x128, matmul_sync_f16_mxfp8_e5m2_f32_32x128_bytes"
func.func @two_numbers_each(%a: memref<64x256xf16>, %b: memref<64x256xi8>, %sb: memref<64x8xi8>, %c: memref<64x64xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a : memref<64x256xf16>)
    rhs(%b, %sb : memref<64x256xi8>, memref<64x8xi8>) outs(%c : memref<64x64xf32>)
    {rhs_format = #mx.format<mxfp8_e5m2>, kernel = "matmul_mma_sync"}
  return
}

// Nor for f32, and a step is half as deep.
// REMARK: launches the first that fits of matmul_sync_mxfp4_f32_f32_32x128, matmul_sync_mxfp4_f32_f32_32x128_bytes"
// CHECK-LABEL: func.func @three_numbers_each
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_mxfp4_f32_f32_32x128 blocks
// CHECK: gpu.func @matmul_sync_mxfp4_f32_f32_32x128({{.+}} attributes {known_block_size = array<i32: 256, 1, 1>, nvvm.minctasm = 1 : i32}
// CHECK: gpu.func @matmul_sync_mxfp4_f32_f32_32x128_bytes({{.+}} attributes {known_block_size = array<i32: 256, 1, 1>, nvvm.minctasm = 1 : i32}
// Rows of f32 come as words where they are not aligned otherwise.
// CHECK: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 4, cache = ca
func.func @three_numbers_each(%a: memref<64x128xi8>, %sa: memref<64x8xi8>, %b: memref<64x256xf32>, %c: memref<64x64xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<64x128xi8>, memref<64x8xi8>)
    rhs(%b : memref<64x256xf32>) outs(%c : memref<64x64xf32>)
    {lhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}
