// From how many rows on a tile is taken, and with how many stages: what the module says
// comes first, and a remark says what is from where.

// RUN: mx-opt %s --convert-mx-to-nvvm="tensor-copies=true chip=sm_90a" --canonicalize --cse | FileCheck %s
// RUN: mx-opt %s --convert-mx-to-nvvm="tensor-copies=true chip=sm_90a" --remarks-filter=mx-to-nvvm --remark-format=emitRemark 2>&1 >/dev/null \
// RUN:   | FileCheck %s --check-prefix=REMARK

// REMARK: tiles where they fit: 256x128 for more than 500 rows with 2 stages ('mx.tuning'); 128x128 for more than 64 rows (not measured)
// REMARK: tiles where they fit: 128x128_ring for more than 7 rows ('mx.tuning'); 128x128 for more than 32 rows (not measured); {{.*}}; 32x128_bytes for more than 0 rows (not measured)

module attributes {mx.tuning = ["matmul_wgmma 256x128 500 2", "matmul_mma_block_scale 128x128_ring 7 0"]} {
  // Two stages of 32 KiB of activations and 5 KiB of weights, and their barriers.
  // CHECK-LABEL: func.func @warpgroups
  // CHECK-SAME: %[[A:.+]]: memref<?x2880xbf16>
  // CHECK: %[[ROWS:.+]] = memref.dim
  // CHECK: arith.cmpi ugt, %[[ROWS]], %c500
  // CHECK: gpu.launch_func @mx_kernels::@matmul_wgmma_bf16_mxfp4_f32_256x128_stages2 {{.*}} dynamic_shared_memory_size %c75808_i32
  // CHECK: gpu.launch_func @mx_kernels::@matmul_wgmma_bf16_mxfp4_f32_128x128 blocks
  func.func @warpgroups(%a: memref<?x2880xbf16>, %b: memref<96x1440xi8>, %s: memref<96x90xi8>, %c: memref<?x96xf32>) {
    %k = arith.constant 2880 : index
    mx.packed.matmul k(%k) lhs(%a : memref<?x2880xbf16>) rhs(%b, %s : memref<96x1440xi8>, memref<96x90xi8>)
      outs(%c : memref<?x96xf32>) {rhs_format = #mx.format<mxfp4>, kernel = "matmul_wgmma"}
    return
  }

  // CHECK-LABEL: func.func @block_scale
  // CHECK: %[[ROWS:.+]] = memref.dim
  // CHECK: arith.cmpi ugt, %[[ROWS]], %c7
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_128x128_ring
  func.func @block_scale(%a: memref<?x64xi8>, %sa: memref<?x4xi8>, %b: memref<96x64xi8>, %sb: memref<96x4xi8>, %c: memref<?x96xf32>) {
    %k = arith.constant 128 : index
    mx.packed.matmul k(%k) lhs(%a, %sa : memref<?x64xi8>, memref<?x4xi8>) rhs(%b, %sb : memref<96x64xi8>, memref<96x4xi8>)
      outs(%c : memref<?x96xf32>)
      {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
    return
  }
}
