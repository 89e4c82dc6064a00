// Linear layers as importers write them: one weight that is repeated for each batch,
// at any rank, is one matrix. Batches of the activation count as its rows.
// RUN: mx-opt %s --mx-raise-matmuls --split-input-file | FileCheck %s

// torch-mlir, x @ w.T of rank 3: the weight is transposed, repeated by a generic, and
// meets the activation in linalg.batch_matmul. Sizes may be unknown.
#wide = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#inner = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func @torch_linear
// CHECK-SAME:    %[[X:.+]]: tensor<?x?x8xf32>
func.func @torch_linear(%x: tensor<?x?x8xf32>, %b: index, %t: index) -> tensor<?x?x4xf32> {
  // CHECK: %[[W:.+]] = arith.constant dense_resource<w> : tensor<4x8xf32>
  // CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  // CHECK: %[[ZERO:.+]] = linalg.fill {{.+}} -> tensor<?x4xf32>
  // CHECK: %[[Y:.+]] = mx.matmul ins(%[[ROWS]], %[[W]] : tensor<?x8xf32>, tensor<4x8xf32>) outs(%[[ZERO]] : tensor<?x4xf32>) {mx.site = "torch_linear.0"}
  // CHECK: tensor.expand_shape %[[Y]] {{\[}}[0, 1], [2]] {{.+}} : tensor<?x4xf32> into tensor<?x?x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x8xf32>
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<8x4xf32>
  %wt = linalg.transpose ins(%w : tensor<4x8xf32>) outs(%e0 : tensor<8x4xf32>) permutation = [1, 0]
  %e1 = tensor.empty(%b) : tensor<?x8x4xf32>
  %all = linalg.generic {indexing_maps = [#inner, #wide], iterator_types = ["parallel", "parallel", "parallel"]} ins(%wt : tensor<8x4xf32>) outs(%e1 : tensor<?x8x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?x8x4xf32>
  %e2 = tensor.empty(%b, %t) : tensor<?x?x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = linalg.batch_matmul ins(%x, %all : tensor<?x?x8xf32>, tensor<?x8x4xf32>) outs(%f : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

{-# dialect_resources: { builtin: { w: "0x04000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" } } #-}

// -----

// torch-mlir, rank 4: repeated for two batches, which are then joined.
// CHECK-LABEL: func @torch_rank_4
// CHECK-SAME:    %[[X:.+]]: tensor<2x3x5x8xf32>
func.func @torch_rank_4(%x: tensor<2x3x5x8xf32>) -> tensor<6x5x4xf32> {
  // CHECK: %[[W:.+]] = linalg.transpose ins(%cst{{.*}} : tensor<8x4xf32>) outs({{.+}}) permutation = [1, 0]
  // CHECK: mx.matmul ins(%{{.+}}, %{{.+}} : tensor<30x8xf32>, tensor<4x8xf32>)
  %w = arith.constant dense<1.0> : tensor<8x4xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<2x3x8x4xf32>
  %all = linalg.broadcast ins(%w : tensor<8x4xf32>) outs(%e1 : tensor<2x3x8x4xf32>) dimensions = [0, 1]
  %joined = tensor.collapse_shape %all [[0, 1], [2], [3]] : tensor<2x3x8x4xf32> into tensor<6x8x4xf32>
  %xs = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<2x3x5x8xf32> into tensor<6x5x8xf32>
  %e2 = tensor.empty() : tensor<6x5x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e2 : tensor<6x5x4xf32>) -> tensor<6x5x4xf32>
  %y = linalg.batch_matmul ins(%xs, %joined : tensor<6x5x8xf32>, tensor<6x8x4xf32>) outs(%f : tensor<6x5x4xf32>) -> tensor<6x5x4xf32>
  return %y : tensor<6x5x4xf32>
}

// -----

// A weight with a batch of 1, repeated along it.
#one = affine_map<(d0, d1, d2) -> (0, d1, d2)>
#wide = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: func @weight_of_rank_3
func.func @weight_of_rank_3(%x: tensor<2x3x8xbf16>, %c: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: %[[W:.+]] = tensor.collapse_shape %cst {{\[}}[0, 1], [2]] : tensor<1x8x4xbf16> into tensor<8x4xbf16>
  // CHECK: mx.matmul ins(%{{.+}}, %{{.+}} : tensor<6x8xbf16>, tensor<4x8xbf16>)
  %w = arith.constant dense<1.0> : tensor<1x8x4xbf16>
  %e = tensor.empty() : tensor<2x8x4xbf16>
  %all = linalg.generic {indexing_maps = [#one, #wide], iterator_types = ["parallel", "parallel", "parallel"]} ins(%w : tensor<1x8x4xbf16>) outs(%e : tensor<2x8x4xbf16>) {
  ^bb0(%in: bf16, %out: bf16):
    linalg.yield %in : bf16
  } -> tensor<2x8x4xbf16>
  %y = linalg.batch_matmul ins(%x, %all : tensor<2x3x8xbf16>, tensor<2x8x4xbf16>) outs(%c : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

// A batch of 1: both sides gain a dimension, and neither needs it. The bias is what
// the product is added to.
// CHECK-LABEL: func @batch_of_one
// CHECK-SAME:    %[[X:.+]]: tensor<3x8xf32>
func.func @batch_of_one(%x: tensor<3x8xf32>, %bias: tensor<1x3x4xf32>) -> tensor<1x3x4xf32> {
  // CHECK: %[[INIT:.+]] = tensor.collapse_shape %arg1 {{\[}}[0, 1], [2]]
  // CHECK: mx.matmul ins(%{{.+}}, %{{.+}} : tensor<3x8xf32>, tensor<4x8xf32>) outs(%[[INIT]] : tensor<3x4xf32>)
  %w = arith.constant dense<1.0> : tensor<8x4xf32>
  %w1 = tensor.expand_shape %w [[0, 1], [2]] output_shape [1, 8, 4] : tensor<8x4xf32> into tensor<1x8x4xf32>
  %x1 = tensor.expand_shape %x [[0, 1], [2]] output_shape [1, 3, 8] : tensor<3x8xf32> into tensor<1x3x8xf32>
  %y = linalg.batch_matmul ins(%x1, %w1 : tensor<1x3x8xf32>, tensor<1x8x4xf32>) outs(%bias : tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %y : tensor<1x3x4xf32>
}

// -----

// JAX: dot_general becomes a generic whose weight has no batch loops, with bf16
// extended in the body.
#x = affine_map<(b, t, n, k) -> (b, t, k)>
#w = affine_map<(b, t, n, k) -> (k, n)>
#y = affine_map<(b, t, n, k) -> (b, t, n)>
// CHECK-LABEL: func @jax_dot_general
func.func @jax_dot_general(%x: tensor<?x7x8xbf16>, %c: tensor<?x7x4xf32>) -> tensor<?x7x4xf32> {
  // CHECK: mx.matmul ins(%{{.+}}, %{{.+}} : tensor<?x8xbf16>, tensor<4x8xbf16>)
  %w = arith.constant dense<1.0> : tensor<8x4xbf16>
  %y = linalg.generic {indexing_maps = [#x, #w, #y], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : tensor<?x7x8xbf16>, tensor<8x4xbf16>) outs(%c : tensor<?x7x4xf32>) {
  ^bb0(%l: bf16, %r: bf16, %out: f32):
    %0 = arith.extf %l : bf16 to f32
    %1 = arith.extf %r : bf16 to f32
    %2 = arith.mulf %0, %1 : f32
    %3 = arith.addf %out, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<?x7x4xf32>
  return %y : tensor<?x7x4xf32>
}

// -----

// A matrix times a vector for each batch; the matrix is the same.
// CHECK-LABEL: func @batch_matvec
func.func @batch_matvec(%x: tensor<2x8xf32>, %c: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK: mx.matmul ins(%arg0, %cst : tensor<2x8xf32>, tensor<4x8xf32>) outs(%arg1 : tensor<2x4xf32>)
  %w = arith.constant dense<1.0> : tensor<4x8xf32>
  %e = tensor.empty() : tensor<2x4x8xf32>
  %all = linalg.broadcast ins(%w : tensor<4x8xf32>) outs(%e : tensor<2x4x8xf32>) dimensions = [0]
  %y = linalg.batch_matvec ins(%all, %x : tensor<2x4x8xf32>, tensor<2x8xf32>) outs(%c : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// One activation for many weights, such as experts: each is a matrix of its own.
// CHECK-LABEL: func @one_activation
func.func @one_activation(%x: tensor<3x8xf32>, %c: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: %[[ALL:.+]] = linalg.broadcast ins(%arg0 : tensor<3x8xf32>)
  // CHECK: mx.matmul ins(%[[ALL]], %{{.+}} : tensor<2x3x8xf32>, tensor<2x4x8xf32>)
  %w = arith.constant dense<1.0> : tensor<2x8x4xf32>
  %e = tensor.empty() : tensor<2x3x8xf32>
  %all = linalg.broadcast ins(%x : tensor<3x8xf32>) outs(%e : tensor<2x3x8xf32>) dimensions = [0]
  %y = linalg.batch_matmul ins(%all, %w : tensor<2x3x8xf32>, tensor<2x8x4xf32>) outs(%c : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// -----

// What is repeated along the sum is left as it is.
// CHECK-LABEL: func @repeated_along_sum
func.func @repeated_along_sum(%v: tensor<3xf32>, %c: tensor<3x4xf32>) -> tensor<3x4xf32> {
  // CHECK: %[[X:.+]] = linalg.broadcast
  // CHECK: mx.matmul ins(%[[X]],
  %w = arith.constant dense<1.0> : tensor<8x4xf32>
  %e = tensor.empty() : tensor<3x8xf32>
  %x = linalg.broadcast ins(%v : tensor<3xf32>) outs(%e : tensor<3x8xf32>) dimensions = [1]
  %y = linalg.matmul ins(%x, %w : tensor<3x8xf32>, tensor<8x4xf32>) outs(%c : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}
