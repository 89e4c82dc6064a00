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

// Numbers are converted two at a time, to nearest.
// CHECK-LABEL: @encode
// CHECK: mx.quantize {{.*}} {kernel = "quantize_convert"}
// CHECK: mx.quantize {{.*}} {kernel = "quantize_convert"}
// CHECK: mx.dequantize {{.*}} {kernel = "dequantize_convert"}
// REMARK: chose quantize_convert: native, by convert.f32x2.to.f4x2,convert.f32x2.to.f8x2"
// REMARK: chose quantize_convert: native, by convert.f32x2.to.f8x2"
// REMARK: chose dequantize_convert: native, by convert.f4x2.to.f16x2"
// OLD: chose quantize_emulated: emulated, because quantize_convert needs convert.f32x2.to.f4x2, which needs {{.*}}sm_120a
// OLD: chose quantize_convert: native, by convert.f32x2.to.f8x2"
// OLD: chose dequantize_emulated: emulated, because dequantize_convert needs convert.f4x2.to.f16x2
func.func @encode(%x: tensor<4x64xf32>) -> (tensor<4x64xf32>, !mx.tensor<4x64, mxfp8_e4m3, axis = 1>) {
  %0 = mx.quantize %x scale_rule(amax) : tensor<4x64xf32> to !mx.tensor<4x64, nvfp4, axis = 1>
  %1 = mx.quantize %x scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp8_e4m3, axis = 1>
  %2 = mx.dequantize %0 : !mx.tensor<4x64, nvfp4, axis = 1> to tensor<4x64xf32>
  return %2, %1 : tensor<4x64xf32>, !mx.tensor<4x64, mxfp8_e4m3, axis = 1>
}
