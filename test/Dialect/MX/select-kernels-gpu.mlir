// RUN: mx-opt %s --mx-attach-target="kind=nvvm chip=sm_120a" --mx-select-kernels=fail-on-emulation | FileCheck %s
// RUN: mx-opt %s --mx-attach-target="kind=nvvm chip=sm_120a" --mx-select-kernels --remarks-filter=mx-select --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: mx-opt %s --mx-attach-target="kind=nvvm chip=sm_89" --mx-select-kernels --remarks-filter=mx-select --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=OLD

// Products of two block-scaled sides are native where the chip multiplies them
// itself; the formats decide by which instruction.

// CHECK: mx.target = #mx.target<nvvm, chip = "sm_120a">

// OLD: remark: {{.*}}chose matmul_mma_sync: emulated, because matmul_mma_block_scale needs mma.block_scale/mxf4, which needs sm_120a, sm_120f, sm_121a or sm_121f

// CHECK-LABEL: @mxfp4
// CHECK: mx.matmul {{.*}} {kernel = "matmul_mma_block_scale"}
// REMARK: remark: {{.*}}chose matmul_mma_block_scale: native, by mma.block_scale/mxf4"
func.func @mxfp4(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @nvfp4
// CHECK: mx.matmul {{.*}} {kernel = "matmul_mma_block_scale"}
// REMARK: native, by mma.block_scale/mxf4nvf4"
func.func @nvfp4(%a: !mx.tensor<4x64, nvfp4, axis = 1>, %b: !mx.tensor<8x64, nvfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, nvfp4, axis = 1>, !mx.tensor<8x64, nvfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @mixed
// CHECK: mx.matmul {{.*}} {kernel = "matmul_mma_block_scale"}
// REMARK: native, by mma.block_scale/mxf8f6f4"
func.func @mixed(%a: !mx.tensor<4x64, mxfp8_e4m3, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp8_e4m3, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
