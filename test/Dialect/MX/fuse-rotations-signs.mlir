// Signs are drawn from the seed and the size alone: sides meet with the same signs, products share an
// activation, and another run draws the same.
// RUN: mx-opt %s --mx-fuse-rotations=seed=7 -o %t.1
// RUN: mx-opt %s --mx-fuse-rotations=seed=7 -o %t.2
// RUN: mx-opt %s --mx-fuse-rotations=seed=8 -o %t.3
// RUN: cmp %t.1 %t.2
// RUN: not cmp %t.1 %t.3
// RUN: FileCheck %s --input-file=%t.1

// CHECK-LABEL: func @signs
// CHECK-SAME:    %[[X:[^:]+]]: tensor<8x64xf32>
// CHECK:         %[[XR:.+]] = mx.rotate %[[X]] by hadamard<[[SIGNED:8, signs = .*\]]]> along 1
// CHECK-NOT:     mx.rotate %[[X]] by
// CHECK:         mx.rotate {{.+}} by hadamard<[[SIGNED]]> along 1 : tensor<64x64xf32>
// CHECK:         mx.rotated = #mx.hadamard<[[SIGNED]]>
// CHECK:         mx.rotated = #mx.hadamard<[[SIGNED]]>
// Given signs are kept.
// CHECK:         mx.rotated = #mx.hadamard<4, signs = [1, -1, 1, 1]>
func.func @signs(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>, tensor<8x64xf32>) {
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<8>>}
  %1 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<8>>}
  %2 = mx.matmul ins(%y, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<4, signs = [1, -1, 1, 1]>>}
  return %0, %1, %2 : tensor<8x64xf32>, tensor<8x64xf32>, tensor<8x64xf32>
}
