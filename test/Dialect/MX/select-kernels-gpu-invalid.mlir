// RUN: mx-opt %s --mx-select-kernels=fail-on-emulation --split-input-file --verify-diagnostics

module attributes {mx.target = #mx.target<nvvm, chip = "sm_89">} {
func.func @no_instruction(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{'mx.matmul' op expected a kernel for the target 'sm_89', got only 'matmul_mma_sync', because matmul_mma_block_scale needs mma.block_scale/mxf4, which needs sm_120a, sm_120f, sm_121a or sm_121f}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
}

// -----

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">} {
func.func @format_without_a_name(%a: tensor<4x64xf32>, %b: !mx.tensor<8x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{'mx.matmul' op expected a kernel for the target 'sm_120a', got only 'matmul_emulated', because no other row of this operation fits the target}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, !mx.tensor<8x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
}

// -----

// A kernel of another operation is none.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">} {
func.func @kernel_of_another_operation(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{expected a kernel of this operation (matmul_mma_block_scale, matmul_wgmma, matmul_mma_sync, matmul_emulated), got 'rotate_emulated'}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>) {kernel = "rotate_emulated"}
  return %0 : tensor<4x8xf32>
}
}
