// Weights are evaluated through everything that was done to them, and so are
// those that something other than an encoded product uses.
// RUN: mx-opt %s --mx-quantize | FileCheck %s

#whole = affine_map<(n, k) -> (n, k)>
#channel = affine_map<(n, k) -> (k)>

// The columns 1, 2, 4, 8 are multiplied by 8, 4, 2, 1, and each is a row before.
// CHECK-LABEL: func @transposed_and_gained
func.func @transposed_and_gained(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: mx.constant <payload = dense<102> : tensor<2x2xi8>, scales = dense<-128> : tensor<2x1xi8>> : !mx.tensor<2x4, mxfp4, axis = 1>
  // CHECK-NOT: arith.constant
  // CHECK-NOT: linalg.
  %w = arith.constant dense<[[1.0, 1.0], [2.0, 2.0], [4.0, 4.0], [8.0, 8.0]]> : tensor<4x2xf32>
  %gain = arith.constant dense<[8.0, 4.0, 2.0, 1.0]> : tensor<4xf32>
  %empty = tensor.empty() : tensor<2x4xf32>
  %t = linalg.transpose ins(%w : tensor<4x2xf32>) outs(%empty : tensor<2x4xf32>) permutation = [1, 0]
  %g = linalg.generic {indexing_maps = [#whole, #channel, #whole], iterator_types = ["parallel", "parallel"]}
    ins(%t, %gain : tensor<2x4xf32>, tensor<4xf32>) outs(%empty : tensor<2x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<2x4xf32>
  %0 = mx.matmul ins(%x, %g : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0 : tensor<4x2xf32>
}

// What is made of a rotated bf16 weight is not made of rounded numbers: the way
// there and back gives the second number back, which bf16 lacks the bits for.
// CHECK-LABEL: func @rounded_once
func.func @rounded_once(%x: tensor<4x2xbf16>, %init: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<2x2xbf16>) {
  // A value that is used elsewhere too is a constant of its own, rounded to its type.
  // CHECK: %[[ROTATED:.+]] = arith.constant dense<{{.*}}7.109380e-01{{.*}}> : tensor<2x2xbf16>
  // CHECK: %[[BACK:.+]] = arith.constant dense<{{.*}}1.000000e+00, 3.906250e-03]]> : tensor<2x2xbf16>
  // CHECK-NOT: mx.rotate
  // CHECK: linalg.{{.*}} ins(%{{.+}}, %[[BACK]]
  // CHECK: return %{{.+}}, %[[ROTATED]]
  %w = arith.constant dense<[[1.0, 0.00390625], [1.0, 0.00390625]]> : tensor<2x2xbf16>
  %r = mx.rotate %w by hadamard<2> along 1 : tensor<2x2xbf16>
  %b = mx.rotate %r by hadamard<2> along 1 inverse : tensor<2x2xbf16>
  %0 = mx.matmul ins(%x, %b : tensor<4x2xbf16>, tensor<2x2xbf16>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<keep>}
  return %0, %r : tensor<4x2xf32>, tensor<2x2xbf16>
}

// Numbers that are only decoded or reshaped are not worth a copy.
// CHECK-LABEL: func @left
func.func @left(%x: tensor<4x8xf32>, %init: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<16xf32>) {
  // CHECK: mx.dequantize
  // CHECK: tensor.collapse_shape
  %c = mx.constant <payload = dense<34> : tensor<2x4xi8>, scales = dense<127> : tensor<2x1xi8>> : !mx.tensor<2x8, mxfp4, axis = 1>
  %w = mx.dequantize %c : !mx.tensor<2x8, mxfp4, axis = 1> to tensor<2x8xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x8xf32>, tensor<2x8xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<keep>}
  %v = arith.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]> : tensor<2x8xf32>
  %1 = tensor.collapse_shape %v [[0, 1]] : tensor<2x8xf32> into tensor<16xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<16xf32>
}
