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
