// Loops that no product of matrices has.
// RUN: mx-opt %s --mx-raise-matmuls=policy=all --split-input-file --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-raise --remark-format=emitRemark | FileCheck %s
// CHECK-NOT: {{[ !#]}}mx.

#x = affine_map<(o, k) -> (o + k)>
#w = affine_map<(o, k) -> (k)>
#c = affine_map<(o, k) -> (o)>
func.func @convolution(%x: tensor<11xf32>, %w: tensor<4xf32>, %c: tensor<8xf32>) -> tensor<8xf32> {
  // expected-remark@+1 {{linalg.generic: expected each dimension of the left side to be indexed by a loop of its own}}
  %0 = linalg.generic {indexing_maps = [#x, #w, #c], iterator_types = ["parallel", "reduction"]} ins(%x, %w : tensor<11xf32>, tensor<4xf32>) outs(%c : tensor<8xf32>) {
  ^bb0(%in: f32, %weight: f32, %out: f32):
    %1 = arith.mulf %in, %weight : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

#a = affine_map<(m, n, k, l) -> (m, k, l)>
#b = affine_map<(m, n, k, l) -> (n, k)>
#c = affine_map<(m, n, k, l) -> (m, n)>
func.func @sum_of_one_side(%a: tensor<4x8x2xf32>, %b: tensor<16x8xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-remark@+1 {{linalg.generic: expected every loop to index two operands or three, got one that sums a single input}}
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%a, %b : tensor<4x8x2xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %1 = arith.mulf %x, %y : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @nothing_shared(%a: tensor<4x8xf32>, %b: tensor<16xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-remark@+1 {{linalg.generic: expected a loop that indexes both inputs and not the output}}
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xf32>, tensor<16xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %1 = arith.mulf %x, %y : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

#a = affine_map<(l, m, n, k) -> (m, k)>
#b = affine_map<(l, m, n, k) -> (n, k)>
#c = affine_map<(l, m, n, k) -> (l, m, n)>
func.func @loop_of_the_output(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>, %c: tensor<2x4x16xf32>) -> tensor<2x4x16xf32> {
  // expected-remark@+1 {{linalg.generic: expected every loop of the output to index an input}}
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<2x4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %1 = arith.mulf %x, %y : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<2x4x16xf32>
  return %0 : tensor<2x4x16xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @two_outputs(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>, %c: tensor<4x16xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>) {
  // expected-remark@+1 {{linalg.generic: expected one output, got 2}}
  %0:2 = linalg.generic {indexing_maps = [#a, #b, #c, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c, %c : tensor<4x16xf32>, tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32, %more: f32):
    %1 = arith.mulf %x, %y : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2, %2 : f32, f32
  } -> (tensor<4x16xf32>, tensor<4x16xf32>)
  return %0#0, %0#1 : tensor<4x16xf32>, tensor<4x16xf32>
}

// -----

#a = affine_map<(b0, b1, b2, b3, b4, b5, b6, k) -> (b0, b1, b2, b3, b4, b5, b6, k)>
#c = affine_map<(b0, b1, b2, b3, b4, b5, b6, k) -> (b0, b1, b2, b3, b4, b5, b6)>
func.func @seven_batches(%a: tensor<1x1x1x1x1x1x1x8xf32>, %b: tensor<1x1x1x1x1x1x1x8xf32>, %c: tensor<1x1x1x1x1x1x1xf32>) -> tensor<1x1x1x1x1x1x1xf32> {
  // expected-remark@+1 {{linalg.contract: expected at most 6 batch loops, got 7}}
  %0 = linalg.contract indexing_maps = [#a, #a, #c] ins(%a, %b : tensor<1x1x1x1x1x1x1x8xf32>, tensor<1x1x1x1x1x1x1x8xf32>) outs(%c : tensor<1x1x1x1x1x1x1xf32>) -> tensor<1x1x1x1x1x1x1xf32>
  return %0 : tensor<1x1x1x1x1x1x1xf32>
}

// -----

func.func @too_many_elements(%a: tensor<536870912x536870913xf32>, %b: tensor<536870913x16xf32>, %c: tensor<536870912x16xf32>) -> tensor<536870912x16xf32> {
  // expected-remark@+1 {{linalg.matmul: expected at most 2^58 elements, got 'tensor<536870912x536870913xf32>'}}
  %0 = linalg.matmul ins(%a, %b : tensor<536870912x536870913xf32>, tensor<536870913x16xf32>) outs(%c : tensor<536870912x16xf32>) -> tensor<536870912x16xf32>
  return %0 : tensor<536870912x16xf32>
}
