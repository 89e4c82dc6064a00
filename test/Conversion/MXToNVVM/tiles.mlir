// Which tiles a product may need: sizes that types tell choose among them, the
// others are compared at run time. Equal kernels are made once.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: FileCheck %s --check-prefix=ONCE --input-file=%t

// REMARK: launches the first that fits of matmul_mxfp4_mxfp4_bf16_128x128, matmul_mxfp4_mxfp4_bf16_128x128_scales2, matmul_mxfp4_mxfp4_bf16_32x128, matmul_mxfp4_mxfp4_bf16_32x128_scales2, matmul_mxfp4_mxfp4_bf16_32x128_bytes
// CHECK-LABEL: func.func @unknown_sizes
func.func @unknown_sizes(%a: memref<?x?x?xi8>, %sa: memref<?x?x?xi8>, %b: memref<?x?x?xi8>,
                         %sb: memref<?x?x?xi8>, %c: memref<?x?x?xbf16>, %k: index) {
  // No launch if there is nothing to compute.
  // CHECK: %[[ANY:.+]] = arith.cmpi ne, %{{.+}}, %{{.+}} : index
  // CHECK: scf.if %[[ANY]]
  // CHECK: arith.cmpi ugt
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_128x128 blocks
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_128x128_scales2 blocks
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_32x128 blocks
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_32x128_scales2 blocks
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_32x128_bytes blocks
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<?x?x?xi8>, memref<?x?x?xi8>)
    rhs(%b, %sb : memref<?x?x?xi8>, memref<?x?x?xi8>) outs(%c : memref<?x?x?xbf16>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// 90 scales in a row: two bytes at once.
// REMARK: launches the first that fits of matmul_mxfp4_mxfp4_bf16_128x128_scales2, matmul_mxfp4_mxfp4_bf16_32x128_bytes
// CHECK-LABEL: func.func @gpt_oss
func.func @gpt_oss(%a: memref<64x1440xi8>, %sa: memref<64x90xi8>, %b: memref<5760x1440xi8>,
                   %sb: memref<5760x90xi8>, %c: memref<64x5760xbf16>) {
  // CHECK-NOT: arith.cmpi ugt
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_128x128_scales2 blocks
  %k = arith.constant 2880 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<64x1440xi8>, memref<64x90xi8>)
    rhs(%b, %sb : memref<5760x1440xi8>, memref<5760x90xi8>) outs(%c : memref<64x5760xbf16>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// REMARK: launches the first that fits of matmul_mxfp4_mxfp4_bf16_128x128, matmul_mxfp4_mxfp4_bf16_32x128, matmul_mxfp4_mxfp4_bf16_32x128_bytes
func.func @unknown_rows(%a: memref<?x2048xi8>, %sa: memref<?x128xi8>, %b: memref<64x2048xi8>,
                        %sb: memref<64x128xi8>, %c: memref<?x64xbf16>) {
  %k = arith.constant 4096 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<?x2048xi8>, memref<?x128xi8>)
    rhs(%b, %sb : memref<64x2048xi8>, memref<64x128xi8>) outs(%c : memref<?x64xbf16>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// Rows of 39 bytes.
// REMARK: launches the first that fits of matmul_mxfp4_mxfp4_bf16_32x128_bytes"
// CHECK-LABEL: func.func @odd
func.func @odd(%a: memref<1x39xi8>, %sa: memref<1x3xi8>, %b: memref<64x39xi8>,
               %sb: memref<64x3xi8>, %c: memref<1x64xbf16>) {
  // CHECK-NOT: scf.if
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_32x128_bytes blocks
  %k = arith.constant 77 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<1x39xi8>, memref<1x3xi8>)
    rhs(%b, %sb : memref<64x39xi8>, memref<64x3xi8>) outs(%c : memref<1x64xbf16>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// ONCE: gpu.module
// ONCE-COUNT-5: gpu.func @
// ONCE-NOT: gpu.func @
