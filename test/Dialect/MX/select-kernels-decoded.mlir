// RUN: mx-opt %s --mx-attach-target="kind=nvvm chip=sm_80" --mx-select-kernels --remarks-filter=mx-select --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --input-file=%t.remarks --check-prefix=OLD
// RUN: mx-opt %s --mx-attach-target="kind=nvvm chip=sm_120a" --mx-select-kernels --remarks-filter=mx-select --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=NEW
// RUN: mx-opt %s --mx-attach-target="kind=nvvm chip=sm_90a" --mx-select-kernels --remarks-filter=mx-select --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=HOPPER
// RUN: not mx-opt %s --mx-attach-target="kind=nvvm chip=sm_120a" --mx-select-kernels=fail-on-emulation 2>&1 | FileCheck %s --check-prefix=FAIL

// What no instruction of the chip multiplies is decoded to bf16, and the remark
// says why: a chip without block-scaled MMA, or a plain side.

// CHECK-LABEL: @two_scaled_sides
// CHECK: mx.matmul {{.*}} {kernel = "matmul_mma_sync"}
// OLD: chose matmul_mma_sync: emulated, because matmul_mma_block_scale needs mma.block_scale/mxf4, which needs sm_120a, sm_120f, sm_121a or sm_121f"
// NEW: chose matmul_mma_block_scale: native, by mma.block_scale/mxf4"
func.func @two_scaled_sides(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @plain_lhs
// CHECK: mx.matmul {{.*}} {kernel = "matmul_mma_sync"}
// OLD: chose matmul_mma_sync: emulated, because no other row of this operation fits the target"
// NEW: chose matmul_mma_sync: emulated, because no other row of this operation fits the target"
// HOPPER: chose matmul_wgmma: emulated, because no other row of this operation fits the target"
// FAIL: error: 'mx.matmul' op expected a kernel for the target 'sm_120a', got only 'matmul_mma_sync', because no other row of this operation fits the target
func.func @plain_lhs(%a: tensor<4x64xbf16>, %b: !mx.tensor<8x64, nvfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : tensor<4x64xbf16>, !mx.tensor<8x64, nvfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @plain_rhs
// CHECK: mx.matmul {{.*}} {kernel = "matmul_mma_sync"}
func.func @plain_rhs(%a: !mx.tensor<4x64, mxfp6_e2m3, axis = 1>, %b: tensor<8x64xf16>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp6_e2m3, axis = 1>, tensor<8x64xf16>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @plain_f32
// CHECK: mx.matmul {{.*}} {kernel = "matmul_mma_sync"}
func.func @plain_f32(%a: tensor<4x64xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @groups
// CHECK: mx.grouped_matmul {{.*}} {kernel = "grouped_matmul_mma_sync"}
// OLD: chose grouped_matmul_mma_sync: emulated, because no other row of this operation fits the target"
// NEW: chose grouped_matmul_mma_sync: emulated, because no other row of this operation fits the target"
func.func @groups(%a: tensor<4x64xbf16>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %ends: tensor<2xi32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.grouped_matmul ins(%a, %b, %ends : tensor<4x64xbf16>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @groups_of_two_scaled_sides
// CHECK: mx.grouped_matmul {{.*}} {kernel = "grouped_matmul_mma_sync"}
// OLD: chose grouped_matmul_mma_sync: emulated, because grouped_matmul_mma_block_scale needs mma.block_scale/mxf4, which needs sm_120a, sm_120f, sm_121a or sm_121f"
// NEW: chose grouped_matmul_mma_block_scale: native, by mma.block_scale/mxf4"
func.func @groups_of_two_scaled_sides(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %ends: tensor<2xi32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.grouped_matmul ins(%a, %b, %ends : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
