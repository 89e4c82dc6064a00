// With planned-only, a function without a plan that asks for a rotation keeps the
// rotations that it holds; without it, they are cancelled.
// RUN: mx-opt %s --mx-fuse-rotations=planned-only | FileCheck %s
// RUN: mx-opt %s --mx-fuse-rotations | FileCheck %s --check-prefix=ALL

// CHECK-LABEL: @no_plan
// CHECK-COUNT-2: mx.rotate
// ALL-LABEL: @no_plan
// ALL-NOT: mx.rotate
func.func @no_plan(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<4x64xf32>
  %1 = mx.rotate %0 by hadamard<32> along 1 inverse : tensor<4x64xf32>
  return %1 : tensor<4x64xf32>
}

// CHECK-LABEL: @plan
// CHECK: mx.rotated = #mx.hadamard<32>
// ALL-LABEL: @plan
func.func @plan(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by even, rotation = hadamard<32>>}
  return %0 : tensor<4x8xf32>
}
