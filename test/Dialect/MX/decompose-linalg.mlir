// RUN: mx-opt %s --pass-pipeline='builtin.module(func.func(mx-decompose-linalg))' | FileCheck %s

// Operations that stand for several steps become these steps.

// CHECK-LABEL: @softmax
func.func @softmax(%x: tensor<4x8xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NOT: linalg.softmax
  // CHECK: arith.maxnumf
  // CHECK: math.exp
  // CHECK: arith.divf
  %0 = linalg.softmax dimension(1) ins(%x : tensor<4x8xf32>) outs(%init : tensor<4x8xf32>)
    -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: @pack_and_unpack
func.func @pack_and_unpack(%x: tensor<4x8xf32>, %y: tensor<2x2x2x4xf32>, %z: tensor<4x8xf32>)
    -> tensor<4x8xf32> {
  // CHECK: linalg.transpose
  // CHECK: linalg.transpose
  // CHECK-NOT: linalg.{{pack|unpack}}
  %0 = linalg.pack %x inner_dims_pos = [0, 1] inner_tiles = [2, 4] into %y
    : tensor<4x8xf32> -> tensor<2x2x2x4xf32>
  %1 = linalg.unpack %0 inner_dims_pos = [0, 1] inner_tiles = [2, 4] into %z
    : tensor<2x2x2x4xf32> -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
