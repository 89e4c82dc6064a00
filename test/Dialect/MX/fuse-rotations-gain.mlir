// A normalisation commutes once its gain has moved into the weights of all products that read it; its mean
// square is the same for rotated numbers.
// RUN: mx-opt %s --mx-fuse-rotations --split-input-file --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-rotate --remark-format=emitRemark | FileCheck %s

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>
#row = affine_map<(s, d) -> (s)>
#channel = affine_map<(s, d) -> (d)>

// CHECK-LABEL: func @rms_norm
// CHECK:         %[[X:.+]] = tensor.gather
// CHECK:         %[[SQUARES:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<8x64xf32>)
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[SQUARES]] : tensor<8x64xf32>, tensor<8xf32>)
// CHECK-NOT:       arith.mulf {{.*}} arith.mulf
// CHECK:         %[[W:.+]] = arith.constant dense_resource<w>
// CHECK:         %[[GAIN:.+]] = arith.constant dense_resource<gain> : tensor<64xf32>
// CHECK:         %[[SCALED:.+]] = linalg.generic {{.*}} ins(%[[W]], %[[GAIN]] : tensor<96x64xf32>, tensor<64xf32>) {{.*}} attrs = {mx.moved_gain}
// CHECK:         %[[WR:.+]] = mx.rotate %[[SCALED]] by hadamard<32> along 1
// CHECK:         mx.matmul ins(%[[Y]], %[[WR]]
// The router, which is no site, reads the same tensor.
// CHECK:         %[[ROUTER:.+]] = arith.constant dense_resource<router> : tensor<64x4xbf16>
// CHECK:         linalg.generic {{.*}} ins(%[[ROUTER]], %{{.+}} : tensor<64x4xbf16>, tensor<64xf32>) {{.*}} attrs = {mx.moved_gain}
// CHECK:           arith.truncf
// CHECK:         mx.rotate {{.+}} by hadamard<32> along 0 : tensor<64x4xbf16>
func.func @rms_norm(%rows: tensor<8x1xindex>, %init: tensor<8x96xf32>, %logits: tensor<8x4xf32>) -> (tensor<8x96xf32>, tensor<8x4xf32>) {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %x = tensor.gather %table[%rows] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  %squares = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x64xf32>) outs(%zero : tensor<8xf32>) {
  ^bb0(%a: f32, %sum: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  %gain = arith.constant dense_resource<gain> : tensor<64xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #row, #channel, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %squares, %gain : tensor<8x64xf32>, tensor<8xf32>, tensor<64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%a: f32, %s: f32, %g: f32, %o: f32):
    %r = math.rsqrt %s : f32
    %0 = arith.mulf %a, %r : f32
    %1 = arith.mulf %0, %g : f32
    linalg.yield %1 : f32
  } -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %u = mx.matmul ins(%y, %w : tensor<8x64xf32>, tensor<96x64xf32>) outs(%init : tensor<8x96xf32>) {mx.plan = #rotated}
  %router = arith.constant dense_resource<router> : tensor<64x4xbf16>
  %l = linalg.matmul ins(%y, %router : tensor<8x64xf32>, tensor<64x4xbf16>) outs(%logits : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %u, %l : tensor<8x96xf32>, tensor<8x4xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// Squares and their sum as two operations; the gain as a vector that is broadcast. The product by the gain
// is all that its operation does, so it disappears.
// CHECK-LABEL: func @named_operations
// CHECK:         %[[X:.+]] = tensor.gather %{{.+}}[%{{.+}}]
// CHECK:         %[[SQUARES:.+]] = arith.mulf %[[X]], %[[X]]
// CHECK:         linalg.reduce ins(%[[SQUARES]]
// CHECK:         %[[NORMED:.+]] = arith.mulf %[[X]], %{{.+}}
// CHECK-NOT:     linalg.mul
// CHECK:         attrs = {mx.moved_gain}
// CHECK:         mx.matmul ins(%[[NORMED]]
func.func @named_operations(%rows: tensor<8x1xindex>, %init: tensor<8x96xf32>) -> tensor<8x96xf32> {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %x = tensor.gather %table[%rows] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %squares = arith.mulf %x, %x : tensor<8x64xf32>
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  %sum = linalg.reduce ins(%squares : tensor<8x64xf32>) outs(%zero : tensor<8xf32>) dimensions = [1]
    (%a: f32, %s: f32) {
      %0 = arith.addf %a, %s : f32
      linalg.yield %0 : f32
    }
  %root = math.rsqrt %sum : tensor<8xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %scale = linalg.broadcast ins(%root : tensor<8xf32>) outs(%empty : tensor<8x64xf32>) dimensions = [1]
  %normed = arith.mulf %x, %scale : tensor<8x64xf32>
  %gain = arith.constant dense_resource<gain> : tensor<64xf32>
  %gains = linalg.broadcast ins(%gain : tensor<64xf32>) outs(%empty : tensor<8x64xf32>) dimensions = [0]
  %y = linalg.mul ins(%normed, %gains : tensor<8x64xf32>, tensor<8x64xf32>) outs(%empty : tensor<8x64xf32>) -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %u = mx.matmul ins(%y, %w : tensor<8x64xf32>, tensor<96x64xf32>) outs(%init : tensor<8x96xf32>) {mx.plan = #rotated}
  return %u : tensor<8x96xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// Someone else reads the gained numbers, so the gain stays, and the rotation behind it.
// CHECK-LABEL: func @gain_that_is_read
// CHECK-NOT:     mx.moved_gain
// CHECK:         %[[Y:.+]] = arith.mulf
// CHECK-NEXT:    mx.rotate %[[Y]] by hadamard<32> along 1
func.func @gain_that_is_read(%rows: tensor<8x1xindex>, %init: tensor<8x96xf32>) -> (tensor<8x96xf32>, tensor<8x64xf32>) {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %x = tensor.gather %table[%rows] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %gain = arith.constant dense_resource<gain> : tensor<64xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %gains = linalg.broadcast ins(%gain : tensor<64xf32>) outs(%empty : tensor<8x64xf32>) dimensions = [0]
  %y = arith.mulf %x, %gains : tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %u = mx.matmul ins(%y, %w : tensor<8x64xf32>, tensor<96x64xf32>) outs(%init : tensor<8x96xf32>) {mx.plan = #rotated}
  return %u, %y : tensor<8x96xf32>, tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @gain_that_a_sum_reads
// CHECK-NOT:     mx.moved_gain
func.func @gain_that_a_sum_reads(%rows: tensor<8x1xindex>, %init: tensor<8x96xf32>) -> tensor<8x96xf32> {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %x = tensor.gather %table[%rows] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %gain = arith.constant dense_resource<gain> : tensor<64xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %gains = linalg.broadcast ins(%gain : tensor<64xf32>) outs(%empty : tensor<8x64xf32>) dimensions = [0]
  // expected-remark @below {{stops at a gain that 'arith.addf' cannot take over; without it, 512 elements}}
  %y = arith.mulf %x, %gains : tensor<8x64xf32>
  %z = arith.addf %x, %y : tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %u = mx.matmul ins(%z, %w : tensor<8x64xf32>, tensor<96x64xf32>) outs(%init : tensor<8x96xf32>) {mx.plan = #rotated}
  return %u : tensor<8x96xf32>
}
