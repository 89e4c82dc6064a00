// RUN: mx-opt %s --mx-instrument --verify-diagnostics --split-input-file
// RUN: not mx-opt %s --mx-instrument=collect=mean 2>&1 | FileCheck %s --check-prefix=COLLECT
// RUN: not mx-opt %s --mx-instrument=max-rows=0 2>&1 | FileCheck %s --check-prefix=COUNT
// COLLECT: error: expected 'collect' to be hessian or rows, got 'mean'
// COUNT: error: expected 'max-rows' to be at least 1, got 0

func.func @nameless(%x: tensor<8x64xf32>, %c: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %w = arith.constant dense<0.5> : tensor<32x64xf32>
  // expected-error @+1 {{expected a site with a name ('mx.site', from mx-raise-matmuls), got none}}
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<32x64xf32>)
                 outs(%c : tensor<8x32xf32>)
  return %0 : tensor<8x32xf32>
}

// -----

func.func @rotated(%x: tensor<8x64xf32>, %c: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %w = arith.constant dense<0.5> : tensor<32x64xf32>
  // expected-error @+1 {{expected a site that is not rotated yet, got #mx.hadamard<32>}}
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<32x64xf32>)
                 outs(%c : tensor<8x32xf32>) {mx.site = "a", mx.rotated = #mx.hadamard<32>}
  return %0 : tensor<8x32xf32>
}
