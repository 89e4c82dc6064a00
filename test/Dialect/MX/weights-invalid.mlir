// Data that are missing or of another length are errors where the constant stands.
// RUN: mx-opt %s --mx-quantize --split-input-file --verify-diagnostics

func.func @missing(%x: tensor<4x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{expected data for the resource 'nowhere', got none}}
  %w = arith.constant dense_resource<nowhere> : tensor<2x32xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0 : tensor<4x2xf32>
}

// -----

func.func @too_short(%x: tensor<4x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error@+1 {{expected data of 128 bytes for 'tensor<2x32xbf16>', got 6}}
  %w = arith.constant dense_resource<short> : tensor<2x32xbf16>
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, tensor<2x32xbf16>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0 : tensor<4x2xf32>
}
{-# dialect_resources: { builtin: { short: "0x02000000803F003F803F" } } #-}

// -----

#id = affine_map<(n, k) -> (n, k)>
#k = affine_map<(n, k) -> (k)>
func.func @factor(%x: tensor<4x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x32xf32>
  // expected-error@+1 {{expected data of 128 bytes for 'tensor<32xf32>', got 4}}
  %f = arith.constant dense_resource<factor> : tensor<32xf32>
  %e = tensor.empty() : tensor<2x32xf32>
  %s = linalg.generic {indexing_maps = [#id, #k, #id], iterator_types = ["parallel", "parallel"]} ins(%w, %f : tensor<2x32xf32>, tensor<32xf32>) outs(%e : tensor<2x32xf32>) {
  ^bb0(%l: f32, %r: f32, %out: f32):
    %1 = arith.mulf %l, %r : f32
    linalg.yield %1 : f32
  } -> tensor<2x32xf32>
  %0 = mx.matmul ins(%x, %s : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0 : tensor<4x2xf32>
}
{-# dialect_resources: { builtin: { factor: "0x040000000000803F" } } #-}
