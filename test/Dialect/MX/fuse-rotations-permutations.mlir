// A constant order of channels before a product becomes an order of the weight's columns, after one an order of
// its rows, and two that undo each other go.
// RUN: mx-opt %s --mx-fuse-rotations --split-input-file --remarks-filter=mx-rotate --remark-format=emitRemark 2> %t | FileCheck %s
// RUN: FileCheck %s --input-file %t --check-prefix=REMARK
// RUN: mx-opt %s --mx-fuse-rotations --mx-quantize --split-input-file | FileCheck %s --check-prefix=WEIGHT

// x[2, 0, 1, 3] · w: the first column of x meets the second of w.
// CHECK-LABEL: func @columns
// CHECK-SAME:    %[[X:.+]]: tensor<2x4xf32>
// CHECK-DAG:     %[[ORDER:.+]] = arith.constant dense<[1, 2, 0, 3]> : tensor<4xi64>
// CHECK-DAG:     %[[W:.+]] = linalg.generic {{.+}} ins(%[[ORDER]] : tensor<4xi64>)
// CHECK:         mx.matmul ins(%[[X]], %{{.+}} : tensor<2x4xf32>, tensor<1x4xf32>)
// REMARK-DAG: permutation of 4 channels folded into the columns of 1 weight
// WEIGHT-LABEL: func @columns
// WEIGHT: arith.constant dense<{{\[}}[2.000000e+00, 3.000000e+00, 1.000000e+00, 4.000000e+00]]> : tensor<1x4xf32>
// WEIGHT-NOT: linalg.generic
#channel = affine_map<(d0, d1) -> (d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @columns(%x: tensor<2x4xf32>, %init: tensor<2x1xf32>) -> tensor<2x1xf32> {
  %order = arith.constant dense<[2, 0, 1, 3]> : tensor<4xi64>
  %e = tensor.empty() : tensor<2x4xf32>
  %p = linalg.generic {indexing_maps = [#channel, #id], iterator_types = ["parallel", "parallel"]} ins(%order : tensor<4xi64>) outs(%e : tensor<2x4xf32>) {
  ^bb0(%i: i64, %out: f32):
    %row = linalg.index 0 : index
    %column = arith.index_cast %i : i64 to index
    %0 = tensor.extract %x[%row, %column] : tensor<2x4xf32>
    linalg.yield %0 : f32
  } -> tensor<2x4xf32>
  %w = arith.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %y = mx.matmul ins(%p, %w : tensor<2x4xf32>, tensor<1x4xf32>) outs(%init : tensor<2x1xf32>) {mx.site = "y", mx.plan = #mx.plan<keep>}
  return %y : tensor<2x1xf32>
}

// -----

// Channels of two groups by turns, 0 3 1 4 2 5, written as a transpose of the split dimension. What reads them is
// no product with a constant, but what makes them is.
// CHECK-LABEL: func @rows
// CHECK-NOT:     tensor.expand_shape
// CHECK:         %[[Y:.+]] = mx.matmul
// CHECK:         math.exp %[[Y]]
// REMARK-DAG: permutation of 6 channels folded into the rows of a weight
// WEIGHT-LABEL: func @rows
// WEIGHT: arith.constant dense<{{\[}}[0.000000e+00], [3.000000e+00], [1.000000e+00], [4.000000e+00], [2.000000e+00], [5.000000e+00]]> : tensor<6x1xf32>
func.func @rows(%x: tensor<2x1xf32>) -> tensor<2x6xf32> {
  %w = arith.constant dense<[[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<6x1xf32>
  %zero = arith.constant dense<0.0> : tensor<2x6xf32>
  %y = mx.matmul ins(%x, %w : tensor<2x1xf32>, tensor<6x1xf32>) outs(%zero : tensor<2x6xf32>) {mx.site = "y", mx.plan = #mx.plan<keep>}
  %split = tensor.expand_shape %y [[0], [1, 2]] output_shape [2, 2, 3] : tensor<2x6xf32> into tensor<2x2x3xf32>
  %e = tensor.empty() : tensor<2x3x2xf32>
  %turned = linalg.transpose ins(%split : tensor<2x2x3xf32>) outs(%e : tensor<2x3x2xf32>) permutation = [0, 2, 1]
  %joined = tensor.collapse_shape %turned [[0], [1, 2]] : tensor<2x3x2xf32> into tensor<2x6xf32>
  %r = math.exp %joined : tensor<2x6xf32>
  return %r : tensor<2x6xf32>
}

// -----

// By turns and back.
// CHECK-LABEL: func @there_and_back
// CHECK-SAME:    %[[X:.+]]: tensor<2x6xf32>
// CHECK-NOT:     tensor.expand_shape
// CHECK:         math.exp %[[X]]
// REMARK-DAG: cancelled two permutations of 6 channels
func.func @there_and_back(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %s = tensor.expand_shape %x [[0], [1, 2]] output_shape [2, 2, 3] : tensor<2x6xf32> into tensor<2x2x3xf32>
  %e = tensor.empty() : tensor<2x3x2xf32>
  %t = linalg.transpose ins(%s : tensor<2x2x3xf32>) outs(%e : tensor<2x3x2xf32>) permutation = [0, 2, 1]
  %j = tensor.collapse_shape %t [[0], [1, 2]] : tensor<2x3x2xf32> into tensor<2x6xf32>
  %s2 = tensor.expand_shape %j [[0], [1, 2]] output_shape [2, 3, 2] : tensor<2x6xf32> into tensor<2x3x2xf32>
  %e2 = tensor.empty() : tensor<2x2x3xf32>
  %t2 = linalg.transpose ins(%s2 : tensor<2x3x2xf32>) outs(%e2 : tensor<2x2x3xf32>) permutation = [0, 2, 1]
  %j2 = tensor.collapse_shape %t2 [[0], [1, 2]] : tensor<2x2x3xf32> into tensor<2x6xf32>
  %r = math.exp %j2 : tensor<2x6xf32>
  return %r : tensor<2x6xf32>
}

// -----

// Neither side is a constant.
// CHECK-LABEL: func @stays
// CHECK:         linalg.transpose
// REMARK-DAG: a permutation of 6 channels that 'math.exp' cannot take over stays at run time
func.func @stays(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %s = tensor.expand_shape %x [[0], [1, 2]] output_shape [2, 2, 3] : tensor<2x6xf32> into tensor<2x2x3xf32>
  %e = tensor.empty() : tensor<2x3x2xf32>
  %t = linalg.transpose ins(%s : tensor<2x2x3xf32>) outs(%e : tensor<2x3x2xf32>) permutation = [0, 2, 1]
  %j = tensor.collapse_shape %t [[0], [1, 2]] : tensor<2x3x2xf32> into tensor<2x6xf32>
  %r = math.exp %j : tensor<2x6xf32>
  return %r : tensor<2x6xf32>
}

// -----

// A heads' transpose moves rows too, and is no permutation of channels.
// CHECK-LABEL: func @heads
// CHECK:         linalg.transpose
// REMARK-NOT: permutation of 4 channels
func.func @heads(%x: tensor<2x4xf32>) -> tensor<2x2x2xf32> {
  %s = tensor.expand_shape %x [[0], [1, 2]] output_shape [2, 2, 2] : tensor<2x4xf32> into tensor<2x2x2xf32>
  %e = tensor.empty() : tensor<2x2x2xf32>
  %t = linalg.transpose ins(%s : tensor<2x2x2xf32>) outs(%e : tensor<2x2x2xf32>) permutation = [1, 0, 2]
  return %t : tensor<2x2x2xf32>
}
