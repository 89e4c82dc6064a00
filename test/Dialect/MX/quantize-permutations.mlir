// mx-fuse-rotations takes an order of channels out of activations; the statistics still have it.
// RUN: %python %S/Inputs/calibration.py %t "moved=1,0.9;0.9,2"
// RUN: mx-opt %s --mx-fuse-rotations --mx-quantize=calibration=%t | FileCheck %s

#channel = affine_map<(d0, d1) -> (d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// The column of 4.8 has the larger activations and comes first: it becomes 4 (code 6), and 2.5 becomes 3 (code 5),
// as without the permutation, but in the other order.
// CHECK-LABEL: func @moved
func.func @moved(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: payload = dense<86>
  %order = arith.constant dense<[1, 0]> : tensor<2xindex>
  %e = tensor.empty() : tensor<4x2xf32>
  %p = linalg.generic {indexing_maps = [#channel, #id], iterator_types = ["parallel", "parallel"]} ins(%order : tensor<2xindex>) outs(%e : tensor<4x2xf32>) {
  ^bb0(%i: index, %out: f32):
    %row = linalg.index 0 : index
    %0 = tensor.extract %x[%row, %i] : tensor<4x2xf32>
    linalg.yield %0 : f32
  } -> tensor<4x2xf32>
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %y = mx.matmul ins(%p, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "moved", mx.plan = #mx.plan<rhs = mxfp4 by even, method = gptq>}
  return %y : tensor<4x1xf32>
}
