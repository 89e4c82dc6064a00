// mx-fuse-rotations takes gains out of activations; the statistics still have them.
// RUN: %python %S/Inputs/calibration.py %t "moved=1,0.9;0.9,2" "own=1,0.9;0.9,2"
// RUN: mx-opt %s --mx-quantize=calibration=%t | FileCheck %s

#plan = #mx.plan<rhs = mxfp4 by even, method = gptq>
#whole = affine_map<(n, k) -> (n, k)>
#channel = affine_map<(n, k) -> (k)>

// Without the gain the first column has the larger activations, (1/0.5)² against 2,
// and comes first.
// CHECK-LABEL: func @moved
func.func @moved(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: payload = dense<116>
  %w = arith.constant dense<[[5.0, 4.8]]> : tensor<1x2xf32>
  %gain = arith.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %g = linalg.generic {indexing_maps = [#whole, #channel, #whole], iterator_types = ["parallel", "parallel"]}
    ins(%w, %gain : tensor<1x2xf32>, tensor<2xf32>) outs(%empty : tensor<1x2xf32>) attrs = {mx.moved_gain} {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %g : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "moved", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// A gain that the program had is part of the weight.
// CHECK-LABEL: func @own
func.func @own(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: payload = dense<101>
  %w = arith.constant dense<[[5.0, 4.8]]> : tensor<1x2xf32>
  %gain = arith.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %g = linalg.generic {indexing_maps = [#whole, #channel, #whole], iterator_types = ["parallel", "parallel"]}
    ins(%w, %gain : tensor<1x2xf32>, tensor<2xf32>) outs(%empty : tensor<1x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %g : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "own", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}
