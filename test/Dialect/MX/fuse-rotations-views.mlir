// Two products read one activation, each through a view of its own. It is rotated once, after the view, where
// the quantisation that follows can take the rotation over.
// RUN: mx-opt %s --mx-fuse-rotations | FileCheck %s

// CHECK-LABEL: func @own_views
// CHECK-SAME:    %[[X:.+]]: tensor<2x3x4xf32>
// CHECK:         %[[ROWS:.+]] = tensor.collapse_shape %[[X]]
// CHECK:         %[[ROTATED:.+]] = mx.rotate %[[ROWS]] by hadamard<4> along 1 : tensor<6x4xf32>
// CHECK-NOT:     tensor.collapse_shape
// CHECK-NOT:     mx.rotate {{.*}} : tensor<6x4xf32>
// CHECK:         mx.matmul ins(%[[ROTATED]],
// CHECK:         mx.matmul ins(%[[ROTATED]],
func.func @own_views(%x: tensor<2x3x4xf32>, %init: tensor<6x8xf32>) -> (tensor<6x8xf32>, tensor<6x8xf32>) {
  %v = arith.constant dense<0.5> : tensor<8x4xf32>
  %w = arith.constant dense<0.25> : tensor<8x4xf32>
  %a = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
  %0 = mx.matmul ins(%a, %v : tensor<6x4xf32>, tensor<8x4xf32>) outs(%init : tensor<6x8xf32>) {mx.site = "a", mx.plan = #mx.plan<keep, rotation = hadamard<4>>}
  %b = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
  %1 = mx.matmul ins(%b, %w : tensor<6x4xf32>, tensor<8x4xf32>) outs(%init : tensor<6x8xf32>) {mx.site = "b", mx.plan = #mx.plan<keep, rotation = hadamard<4>>}
  return %0, %1 : tensor<6x8xf32>, tensor<6x8xf32>
}
