// A residual stream carries a rotation through all layers: into the embedding and the weights that write to
// it, out of those that read from it. Where as much would have to be rotated back, nothing moves.
// RUN: mx-opt %s --mx-fuse-rotations | FileCheck %s
// RUN: mx-opt %s --mx-fuse-rotations --remarks-filter=mx-rotate --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#row = affine_map<(s, d) -> (s)>
#id = affine_map<(s, d) -> (s, d)>
#up = affine_map<(m, n, k) -> (m, k)>
#upT = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>

// REMARK: hadamard<32> folded into a constant of 'linalg.generic'
// REMARK: hadamard<32> absorbed by the weights of 'down'
// REMARK: hadamard<32> moved through 'arith.mulf'
// REMARK: hadamard<32> moved through 'arith.addf'
// REMARK: hadamard<32> folded into a constant of 'linalg.matmul'
// REMARK: 'up' by hadamard<32>: lhs offline; rhs constant
// REMARK: 'down' by hadamard<32>: lhs online; rhs constant
// REMARK: 'third' by hadamard<32>: lhs online further back; rhs constant

// CHECK-LABEL: func @stream
// CHECK-DAG:     %[[TABLE:.+]] = arith.constant dense_resource<table>
// CHECK-DAG:     %[[ROTATED:.+]] = mx.rotate %[[TABLE]] by hadamard<32> along 1
// CHECK:         %[[X:.+]] = linalg.generic
// CHECK:           tensor.extract %[[ROTATED]]
// CHECK:         mx.matmul ins(%[[X]], {{.*}} mx.site = "up"
// CHECK:         %[[H:.+]] = math.tanh
// CHECK-NEXT:    %[[HR:.+]] = mx.rotate %[[H]] by hadamard<32> along 1
// CHECK:         %[[DOWN:.+]] = arith.constant dense_resource<down>
// CHECK-NEXT:    %[[IN:.+]] = mx.rotate %[[DOWN]] by hadamard<32> along 1
// CHECK-NEXT:    %[[BOTH:.+]] = mx.rotate %[[IN]] by hadamard<32> along 0
// CHECK:         %[[D:.+]] = mx.matmul ins(%[[HR]], %[[BOTH]] {{.*}} mx.site = "down"
// CHECK:         %[[SCALED:.+]] = arith.mulf %[[D]]
// CHECK:         %[[SUM:.+]] = arith.addf %[[X]], %[[SCALED]]
// The last product is no site, but its weight is rotated as well.
// CHECK:         %[[HEAD:.+]] = arith.constant dense_resource<head>
// CHECK-NEXT:    %[[HEADR:.+]] = mx.rotate %[[HEAD]] by hadamard<32> along 1
// CHECK:         linalg.matmul {{.*}} ins(%[[SUM]], %[[HEADR]]
func.func @stream(%tokens: tensor<8xindex>) -> tensor<8x99xf32> {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %init = tensor.empty() : tensor<8x64xf32>
  %x = linalg.generic {indexing_maps = [#row, #id], iterator_types = ["parallel", "parallel"]} ins(%tokens : tensor<8xindex>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%token: index, %o: f32):
    %k = linalg.index 1 : index
    %e = tensor.extract %table[%token, %k] : tensor<99x64xf32>
    linalg.yield %e : f32
  } -> tensor<8x64xf32>
  %up = arith.constant dense_resource<up> : tensor<96x64xf32>
  %none = arith.constant dense<0.0> : tensor<8x96xf32>
  %u = mx.matmul ins(%x, %up : tensor<8x64xf32>, tensor<96x64xf32>) outs(%none : tensor<8x96xf32>) {mx.site = "up", mx.plan = #rotated}
  %h = math.tanh %u : tensor<8x96xf32>
  %down = arith.constant dense_resource<down> : tensor<64x96xf32>
  %zero = arith.constant dense<0.0> : tensor<8x64xf32>
  %d = mx.matmul ins(%h, %down : tensor<8x96xf32>, tensor<64x96xf32>) outs(%zero : tensor<8x64xf32>) {mx.site = "down", mx.plan = #rotated}
  %half = arith.constant dense<0.5> : tensor<8x64xf32>
  %scaled = arith.mulf %d, %half : tensor<8x64xf32>
  %sum = arith.addf %x, %scaled : tensor<8x64xf32>
  %head = arith.constant dense_resource<head> : tensor<99x64xf32>
  %0 = tensor.empty() : tensor<8x99xf32>
  %f = arith.constant 0.0 : f32
  %1 = linalg.fill ins(%f : f32) outs(%0 : tensor<8x99xf32>) -> tensor<8x99xf32>
  %2 = linalg.matmul indexing_maps = [#up, #upT, #out] ins(%sum, %head : tensor<8x64xf32>, tensor<99x64xf32>) outs(%1 : tensor<8x99xf32>) -> tensor<8x99xf32>
  return %2 : tensor<8x99xf32>
}

// The sum must be plain in the end: rotating it back costs as much as rotating it for the product.
// CHECK-LABEL: func @one_layer
// CHECK-SAME:    %[[X:[^:]+]]: tensor<8x64xf32>
// CHECK:         %[[XR:.+]] = mx.rotate %[[X]]
// CHECK:         %[[Y:.+]] = mx.matmul ins(%[[XR]]
// CHECK:         %[[SUM:.+]] = arith.addf %[[X]], %[[Y]]
// CHECK-NEXT:    return %[[SUM]]
func.func @one_layer(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %none = arith.constant dense<0.0> : tensor<8x64xf32>
  %y = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%none : tensor<8x64xf32>) {mx.plan = #rotated}
  %sum = arith.addf %x, %y : tensor<8x64xf32>
  return %sum : tensor<8x64xf32>
}

// With three it is cheaper to rotate the argument once, and one sum back: 2 against 3 tensors.
// CHECK-LABEL: func @three_layers
// CHECK-SAME:    %[[X:[^:]+]]: tensor<8x64xf32>
// CHECK:         %[[XR:.+]] = mx.rotate %[[X]] by hadamard<32> along 1
// CHECK-COUNT-2: arith.addf
// CHECK-NEXT:    %[[BACK:.+]] = mx.rotate {{.+}} by hadamard<32> along 1 inverse
// CHECK:         %[[SUM:.+]] = arith.addf %[[BACK]]
// CHECK-NEXT:    return %[[SUM]]
func.func @three_layers(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %none = arith.constant dense<0.0> : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%none : tensor<8x64xf32>) {mx.plan = #rotated}
  %1 = arith.addf %x, %0 : tensor<8x64xf32>
  %2 = mx.matmul ins(%1, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%none : tensor<8x64xf32>) {mx.plan = #rotated}
  %3 = arith.addf %1, %2 : tensor<8x64xf32>
  %4 = mx.matmul ins(%3, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%none : tensor<8x64xf32>) {mx.site = "third", mx.plan = #rotated}
  %5 = arith.addf %3, %4 : tensor<8x64xf32>
  return %5 : tensor<8x64xf32>
}
