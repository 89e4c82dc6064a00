// A weight that is part of a larger constant is evaluated, and of the constant only the part is read.
// RUN: mx-opt %s --mx-quantize | FileCheck %s

// Rows 1 and 2 hold numbers that MXFP4 keeps; row 3 would need a larger scale.
// CHECK-LABEL: func @rows
func.func @rows(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: mx.constant <payload = dense<{{\[}}[66, 38], [70, 34]]> : tensor<2x2xi8>, scales = dense<127> : tensor<2x1xi8>>
  // CHECK-NOT: arith.constant
  %all = arith.constant dense<[[7.0, 7.0, 7.0, 7.0], [1.0, 2.0, 4.0, 1.0], [4.0, 2.0, 1.0, 1.0], [700.0, 7.0, 7.0, 7.0]]> : tensor<4x4xf32>
  %w = tensor.extract_slice %all[1, 0] [2, 4] [1, 1] : tensor<4x4xf32> to tensor<2x4xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0 : tensor<4x2xf32>
}

// Every other column of one matrix of three, transposed.
// CHECK-LABEL: func @strided_and_transposed
func.func @strided_and_transposed(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: arith.constant dense<{{\[}}[5.000000e+00, 8.000000e+00], [7.000000e+00, 1.000000e+01]]> : tensor<2x2xf32>
  %all = arith.constant dense<[[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]]]> : tensor<2x2x3xf32>
  %part = tensor.extract_slice %all[1, 0, 0] [1, 2, 2] [1, 1, 2] : tensor<2x2x3xf32> to tensor<2x2xf32>
  %empty = tensor.empty() : tensor<2x2xf32>
  %w = linalg.transpose ins(%part : tensor<2x2xf32>) outs(%empty : tensor<2x2xf32>) permutation = [1, 0]
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<4x2xf32>
}

// A slice of what was transposed, and one of what was reshaped.
// CHECK-LABEL: func @above_moves
func.func @above_moves(%x: tensor<4x2xf32>, %init: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  // CHECK-DAG: arith.constant dense<{{\[}}[2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<2x2xf32>
  // CHECK-DAG: arith.constant dense<{{\[}}[3.000000e+00, 5.000000e+00], [4.000000e+00, 6.000000e+00]]> : tensor<2x2xf32>
  %c = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %e = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%c : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) permutation = [1, 0]
  %w = tensor.extract_slice %t[1, 0] [2, 2] [1, 1] : tensor<3x2xf32> to tensor<2x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<keep>}
  %flat = tensor.collapse_shape %c [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
  %split = tensor.expand_shape %flat [[0, 1]] output_shape [3, 2] : tensor<6xf32> into tensor<3x2xf32>
  %last = tensor.extract_slice %split[1, 0] [2, 2] [1, 1] : tensor<3x2xf32> to tensor<2x2xf32>
  %e2 = tensor.empty() : tensor<2x2xf32>
  %v = linalg.transpose ins(%last : tensor<2x2xf32>) outs(%e2 : tensor<2x2xf32>) permutation = [1, 0]
  %1 = mx.matmul ins(%x, %v : tensor<4x2xf32>, tensor<2x2xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<keep>}
  return %0, %1 : tensor<4x2xf32>, tensor<4x2xf32>
}

// Rows that are rotated among others that are not.
// CHECK-LABEL: func @rotated_part
func.func @rotated_part(%x: tensor<4x2xf32>, %init: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK: arith.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [5.65685{{.+}}, 8.48528{{.+}}], [-1.41421{{.+}}, -1.41421{{.+}}], [7.000000e+00, 8.000000e+00]]> : tensor<4x2xf32>
  // CHECK-NOT: tensor.insert_slice
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 5.0], [5.0, 7.0], [7.0, 8.0]]> : tensor<4x2xf32>
  %part = tensor.extract_slice %w[1, 0] [2, 2] [1, 1] : tensor<4x2xf32> to tensor<2x2xf32>
  %r = mx.rotate %part by hadamard<2> along 0 : tensor<2x2xf32>
  %all = tensor.insert_slice %r into %w[1, 0] [2, 2] [1, 1] : tensor<2x2xf32> into tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %all : tensor<4x2xf32>, tensor<4x2xf32>) outs(%init : tensor<4x4xf32>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<4x4xf32>
}
