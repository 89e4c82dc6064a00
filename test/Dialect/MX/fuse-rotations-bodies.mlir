// What the body of one operation does with a number twice: a rotation must suit each of its uses.
// RUN: mx-opt %s --mx-fuse-rotations --split-input-file --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-rotate --remark-format=emitRemark | FileCheck %s

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>
#channel = affine_map<(s, d) -> (d)>

// (x + 1) · ½ as x · ½ + ½: the constant is a factor, which must stay the same at each position, and a term,
// which would have to be rotated.
// CHECK-LABEL: func @factor_and_term
// CHECK-DAG:     %[[HALF:.+]] = arith.constant dense<5.000000e-01> : tensor<64xf32>
// CHECK:         %[[Y:.+]] = linalg.generic {{.*}} ins(%{{.+}}, %[[HALF]] :
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @factor_and_term(%x: tensor<8x16xf32>, %sum: tensor<8x64xf32>, %out: tensor<8x96xf32>) -> tensor<8x96xf32> {
  %v = arith.constant dense_resource<v> : tensor<64x16xf32>
  %zero = arith.constant dense<0.0> : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %v : tensor<8x16xf32>, tensor<64x16xf32>) outs(%zero : tensor<8x64xf32>)
  %half = arith.constant dense<0.5> : tensor<64xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  // expected-remark @below {{hadamard<32> stops at a repeated constant that is a factor as well; without it, 512 elements fewer}}
  %y = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %half : tensor<8x64xf32>, tensor<64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%a: f32, %h: f32, %o: f32):
    %1 = arith.mulf %a, %h : f32
    %2 = arith.addf %1, %h : f32
    linalg.yield %2 : f32
  } -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %3 = mx.matmul ins(%y, %w : tensor<8x64xf32>, tensor<96x64xf32>) outs(%out : tensor<8x96xf32>) {mx.plan = #rotated}
  return %3 : tensor<8x96xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>
#channel = affine_map<(s, d) -> (d)>

// The constant decides in a condition whether it is added.
// CHECK-LABEL: func @condition_and_term
// CHECK:         %[[Y:.+]] = linalg.generic
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @condition_and_term(%x: tensor<8x16xf32>, %limit: f32, %out: tensor<8x96xf32>) -> tensor<8x96xf32> {
  %v = arith.constant dense_resource<v> : tensor<64x16xf32>
  %init = arith.constant dense<0.0> : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %v : tensor<8x16xf32>, tensor<64x16xf32>) outs(%init : tensor<8x64xf32>)
  %half = arith.constant dense<0.5> : tensor<64xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  // expected-remark @below {{stops at a repeated constant that is a factor as well}}
  %y = linalg.generic {indexing_maps = [#id, #channel, #id], iterator_types = ["parallel", "parallel"]} ins(%0, %half : tensor<8x64xf32>, tensor<64xf32>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%a: f32, %h: f32, %o: f32):
    %zero = arith.constant 0.0 : f32
    %small = arith.cmpf olt, %h, %limit : f32
    %term = arith.select %small, %h, %zero : f32
    %1 = arith.addf %a, %term : f32
    linalg.yield %1 : f32
  } -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %2 = mx.matmul ins(%y, %w : tensor<8x64xf32>, tensor<96x64xf32>) outs(%out : tensor<8x96xf32>) {mx.plan = #rotated}
  return %2 : tensor<8x96xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>
#row = affine_map<(s, d) -> (s)>

// Sums that change places at each step are sums over every other position.
// CHECK-LABEL: func @exchanged_totals
// CHECK:         %[[X:.+]] = tensor.gather
// CHECK-NEXT:    mx.rotate %[[X]] by hadamard<32> along 1
// CHECK:         linalg.generic {{.*}} ins(%[[X]] :
func.func @exchanged_totals(%rows: tensor<8x1xindex>, %out: tensor<8x96xf32>) -> (tensor<8x96xf32>, tensor<8xf32>, tensor<8xf32>) {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %x = tensor.gather %table[%rows] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %zero = arith.constant dense<0.0> : tensor<8xf32>
  // expected-remark @below {{stops at 'arith.addf' along the axis; without it, 512 elements fewer}}
  %sums:2 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x64xf32>) outs(%zero, %zero : tensor<8xf32>, tensor<8xf32>) {
  ^bb0(%a: f32, %even: f32, %odd: f32):
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %odd, %0 : f32
    %2 = arith.addf %even, %0 : f32
    linalg.yield %1, %2 : f32, f32
  } -> (tensor<8xf32>, tensor<8xf32>)
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %y = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<96x64xf32>) outs(%out : tensor<8x96xf32>) {mx.plan = #rotated}
  return %y, %sums#0, %sums#1 : tensor<8x96xf32>, tensor<8xf32>, tensor<8xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>
#row = affine_map<(s, d) -> (s)>
#channel = affine_map<(s, d) -> (d)>

// One gain for each dimension: each moves into the constant that contracts it. Nothing is left to multiply.
// CHECK-LABEL: func @two_gains
// CHECK:         %[[P:.+]] = mx.matmul ins(%{{.+}}, %{{.+}} : tensor<64x8xf32>, tensor<64x8xf32>)
// CHECK:         linalg.transpose ins(%[[P]] :
// CHECK-DAG:     linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<96x64xf32>, tensor<64xf32>) {{.*}} attrs = {mx.moved_gain}
// CHECK-DAG:     linalg.generic {{.*}} ins(%{{.+}}, %{{.+}} : tensor<16x64xf32>, tensor<64xf32>) {{.*}} attrs = {mx.moved_gain}
// CHECK:         return
// expected-remark @below {{stops at an argument of 'func.func'; without it, 512 elements fewer}}
func.func @two_gains(%x: tensor<64x8xf32>) -> tensor<96x16xf32> {
  %v = arith.constant dense_resource<v> : tensor<64x8xf32>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %p = mx.matmul ins(%x, %v : tensor<64x8xf32>, tensor<64x8xf32>) outs(%zero : tensor<64x64xf32>)
  %rows = arith.constant dense_resource<rows> : tensor<64xf32>
  %channels = arith.constant dense_resource<channels> : tensor<64xf32>
  %empty = tensor.empty() : tensor<64x64xf32>
  %y = linalg.generic {indexing_maps = [#id, #row, #channel, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %rows, %channels : tensor<64x64xf32>, tensor<64xf32>, tensor<64xf32>) outs(%empty : tensor<64x64xf32>) {
  ^bb0(%a: f32, %r: f32, %c: f32, %o: f32):
    %0 = arith.mulf %a, %c : f32
    %1 = arith.mulf %0, %r : f32
    linalg.yield %1 : f32
  } -> tensor<64x64xf32>
  %turned = linalg.transpose ins(%y : tensor<64x64xf32>) outs(%empty : tensor<64x64xf32>) permutation = [1, 0]
  %first = arith.constant dense_resource<first> : tensor<96x64xf32>
  %sum = arith.constant dense<0.0> : tensor<96x64xf32>
  %1 = mx.matmul ins(%first, %turned : tensor<96x64xf32>, tensor<64x64xf32>) outs(%sum : tensor<96x64xf32>) {mx.plan = #rotated}
  %second = arith.constant dense_resource<second> : tensor<16x64xf32>
  %out = arith.constant dense<0.0> : tensor<96x16xf32>
  %2 = mx.matmul ins(%1, %second : tensor<96x64xf32>, tensor<16x64xf32>) outs(%out : tensor<96x16xf32>) {mx.plan = #rotated}
  return %2 : tensor<96x16xf32>
}
