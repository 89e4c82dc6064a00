// RUN: mx-opt %s --mx-select-kernels --split-input-file --verify-diagnostics

// What a GPU has no kernel for is an error that says so.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">} {
func.func @no_row_yet(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error @+1 {{'mx.rotate' op expected a kernel for the target 'sm_120a', got none, because no row of this operation is for such a machine and such formats}}
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}
}

// -----

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">} {
func.func @formats_of_two_families(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, nvfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{'mx.matmul' op expected a kernel for the target 'sm_120a', got none, because no row}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, nvfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
}

// -----

// A kernel of the other kind of machine is none.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">} {
func.func @kernel_of_a_cpu(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{expected a kernel of this operation (matmul_mma_block_scale), got 'matmul_emulated'}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>) {kernel = "matmul_emulated"}
  return %0 : tensor<4x8xf32>
}
}
