// RUN: mx-opt %s --mx-select-kernels --split-input-file --verify-diagnostics

// A kernel that the input names must be a row of the same operation.

func.func @unknown_kernel(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error @+1 {{'mx.rotate' op expected a kernel of this operation (rotate_emulated), got 'rotate_quantum'}}
  %0 = mx.rotate %x by hadamard<32> along 1 {kernel = "rotate_quantum"} : tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// -----

func.func @kernel_of_another_operation(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error @+1 {{expected a kernel of this operation (rotate_emulated), got 'matmul_emulated'}}
  %0 = mx.rotate %x by hadamard<32> along 1 {kernel = "matmul_emulated"} : tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// -----

// No kernel multiplies plain numbers by plain numbers.

func.func @undecided_product(%a: tensor<4x64xf32>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{'mx.matmul' op expected a block-scaled operand (mx-quantize decides on products of plain ones), got 'tensor<4x64xf32>' and 'tensor<8x64xf32>'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// -----

func.func @undecided_grouped_product(%a: tensor<4x64xf32>, %b: tensor<2x8x64xf32>, %e: tensor<2xi32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{expected a block-scaled operand}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<4x64xf32>, tensor<2x8x64xf32>, tensor<2xi32>) outs(%c : tensor<4x8xf32>)
    {kernel = "grouped_matmul_emulated"}
  return %0 : tensor<4x8xf32>
}
