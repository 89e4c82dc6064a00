// The signs of a rotation that stays at run time move into constants, if all that reads it has a constant on
// its other side: into those, and into what decides the signs of the activation.
// RUN: mx-opt %s --mx-fuse-rotations --split-input-file | FileCheck %s

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<4, signs = [1, -1, 1, 1]>>

// The rows of the second factor change their signs; silu does not let those of the first one through.
// CHECK-LABEL: func @swiglu
// CHECK-SAME:    %[[X:[^:]+]]: tensor<8x64xf32>
// CHECK-DAG:     %[[GATE:.+]] = arith.constant dense_resource<gate>
// CHECK:         mx.matmul ins(%[[X]], %[[GATE]]
// CHECK:         %[[UP:.+]] = arith.constant dense_resource<up>
// CHECK:         %[[SIGNS:.+]] = arith.constant dense<[1.000000e+00, -1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, -1.000000e+00, 1.000000e+00, 1.000000e+00]> : tensor<8xf32>
// CHECK:         %[[FLIPPED:.+]] = linalg.generic {{.*}} ins(%[[UP]], %[[SIGNS]] : tensor<8x64xf32>, tensor<8xf32>) outs({{.*}}) {
// CHECK:         mx.matmul ins(%[[X]], %[[FLIPPED]]
// CHECK:         %[[H:.+]] = arith.mulf
// CHECK:         %[[HR:.+]] = mx.rotate %[[H]] by hadamard<4> along 1
// CHECK:         %[[DOWN:.+]] = arith.constant dense_resource<down>
// CHECK:         linalg.generic {{.*}} ins(%[[DOWN]], {{.*}} attrs = {mx.moved_gain}
// CHECK:         %[[WR:.+]] = mx.rotate {{.+}} by hadamard<4> along 1
// CHECK:         mx.matmul ins(%[[HR]], %[[WR]] {{.*}} mx.rotated = #mx.hadamard<4>
func.func @swiglu(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %none = arith.constant dense<0.0> : tensor<8x8xf32>
  %gate = arith.constant dense_resource<gate> : tensor<8x64xf32>
  %g = mx.matmul ins(%x, %gate : tensor<8x64xf32>, tensor<8x64xf32>) outs(%none : tensor<8x8xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %e = math.exp %g : tensor<8x8xf32>
  %s = arith.mulf %e, %g : tensor<8x8xf32>
  %up = arith.constant dense_resource<up> : tensor<8x64xf32>
  %u = mx.matmul ins(%x, %up : tensor<8x64xf32>, tensor<8x64xf32>) outs(%none : tensor<8x8xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %h = arith.mulf %s, %u : tensor<8x8xf32>
  %down = arith.constant dense_resource<down> : tensor<64x8xf32>
  %y = mx.matmul ins(%h, %down : tensor<8x8xf32>, tensor<64x8xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %y : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<4, signs = [1, -1, 1, 1]>>

// tanh is odd, a gain takes signs.
// CHECK-LABEL: func @odd_function
// CHECK:         %[[GAIN:.+]] = linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<8xf32>, tensor<8xf32>)
// CHECK:         linalg.broadcast ins(%[[GAIN]]
// CHECK:         mx.rotate {{.+}} by hadamard<4> along 1
func.func @odd_function(%x: tensor<8x8xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %gain = arith.constant dense_resource<gain> : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x8xf32>
  %gains = linalg.broadcast ins(%gain : tensor<8xf32>) outs(%empty : tensor<8x8xf32>) dimensions = [0]
  %0 = arith.mulf %x, %gains : tensor<8x8xf32>
  %1 = math.tanh %0 : tensor<8x8xf32>
  %w = arith.constant dense_resource<w> : tensor<64x8xf32>
  %y = mx.matmul ins(%1, %w : tensor<8x8xf32>, tensor<64x8xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %y : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<4, signs = [1, -1, 1, 1]>>

// Someone else reads the activation; the other side is no constant; nothing constant decides.
// CHECK-LABEL: func @kept
// CHECK-COUNT-3: mx.rotated = #mx.hadamard<4, signs = [1, -1, 1, 1]>
func.func @kept(%x: tensor<8x8xf32>, %z: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>) {
  %none = arith.constant dense<0.0> : tensor<8x8xf32>
  %w = arith.constant dense_resource<w> : tensor<8x8xf32>
  %0 = mx.matmul ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%none : tensor<8x8xf32>) {mx.plan = #mx.plan<keep>}
  %1 = math.tanh %0 : tensor<8x8xf32>
  %2 = mx.matmul ins(%1, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%none : tensor<8x8xf32>) {mx.plan = #rotated}
  %3 = math.tanh %2 : tensor<8x8xf32>
  %4 = mx.matmul ins(%3, %z : tensor<8x8xf32>, tensor<8x8xf32>) outs(%none : tensor<8x8xf32>) {mx.plan = #rotated}
  %5 = math.exp %x : tensor<8x8xf32>
  %6 = mx.matmul ins(%5, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%none : tensor<8x8xf32>) {mx.plan = #rotated}
  return %1, %2, %4, %6 : tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>
}
