// Loops of all three operands stay batch dimensions; the others are joined to
// rows and columns, and split again afterwards.
// RUN: mx-opt %s --mx-raise-matmuls=policy=all --split-input-file | FileCheck %s

// CHECK-LABEL: func @batch_matmul
// CHECK-SAME:    %[[A:.+]]: tensor<?x4x8xf32>, %[[B:.+]]: tensor<?x8x16xf32>, %[[C:.+]]: tensor<?x4x16xf32>
func.func @batch_matmul(%a: tensor<?x4x8xf32>, %b: tensor<?x8x16xf32>, %c: tensor<?x4x16xf32>) -> tensor<?x4x16xf32> {
  // CHECK: %[[BT:.+]] = linalg.transpose ins(%[[B]] : tensor<?x8x16xf32>) outs({{.+}} : tensor<?x16x8xf32>) permutation = [0, 2, 1]
  // CHECK: mx.matmul ins(%[[A]], %[[BT]] : tensor<?x4x8xf32>, tensor<?x16x8xf32>) outs(%[[C]] : tensor<?x4x16xf32>)
  %0 = linalg.batch_matmul ins(%a, %b : tensor<?x4x8xf32>, tensor<?x8x16xf32>) outs(%c : tensor<?x4x16xf32>) -> tensor<?x4x16xf32>
  return %0 : tensor<?x4x16xf32>
}

// -----

// One matrix for all batches: batches are rows.
#a = affine_map<(b, m, n, k) -> (b, m, k)>
#w = affine_map<(b, m, n, k) -> (n, k)>
#c = affine_map<(b, m, n, k) -> (b, m, n)>
// CHECK-LABEL: func @broadcast_weight
// CHECK-SAME:    %[[A:.+]]: tensor<2x?x8xbf16>, %[[W:.+]]: tensor<16x8xbf16>, %[[C:.+]]: tensor<2x?x16xf32>
func.func @broadcast_weight(%a: tensor<2x?x8xbf16>, %w: tensor<16x8xbf16>, %c: tensor<2x?x16xf32>) -> tensor<2x?x16xf32> {
  // CHECK-DAG: %[[ROWS:.+]] = tensor.collapse_shape %[[A]] {{\[\[}}0, 1], [2]] : tensor<2x?x8xbf16> into tensor<?x8xbf16>
  // CHECK-DAG: %[[INIT:.+]] = tensor.collapse_shape %[[C]] {{\[\[}}0, 1], [2]] : tensor<2x?x16xf32> into tensor<?x16xf32>
  // CHECK: %[[PRODUCT:.+]] = mx.matmul ins(%[[ROWS]], %[[W]] : {{.+}}) outs(%[[INIT]] : tensor<?x16xf32>)
  // CHECK: %[[SIZE:.+]] = tensor.dim %[[C]]
  // CHECK: tensor.expand_shape %[[PRODUCT]] {{\[\[}}0, 1], [2]] output_shape [2, %[[SIZE]], 16]
  %0 = linalg.contract indexing_maps = [#a, #w, #c] ins(%a, %w : tensor<2x?x8xbf16>, tensor<16x8xbf16>) outs(%c : tensor<2x?x16xf32>) -> tensor<2x?x16xf32>
  return %0 : tensor<2x?x16xf32>
}

// -----

// Several dynamic rows, columns and contracted loops at once.
#a = affine_map<(b, s, h, d, i, j) -> (b, s, i, j)>
#w = affine_map<(b, s, h, d, i, j) -> (i, j, h, d)>
#c = affine_map<(b, s, h, d, i, j) -> (b, s, h, d)>
// CHECK-LABEL: func @many_loops
func.func @many_loops(%a: tensor<?x?x4x8xf32>, %w: tensor<4x8x2x16xf32>, %c: tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32> {
  // CHECK: %[[LHS:.+]] = tensor.collapse_shape %arg0 {{\[\[}}0, 1], [2, 3]] : tensor<?x?x4x8xf32> into tensor<?x32xf32>
  // CHECK: %[[WT:.+]] = linalg.transpose ins(%arg1 : tensor<4x8x2x16xf32>) {{.+}} permutation = [2, 3, 0, 1]
  // CHECK: %[[RHS:.+]] = tensor.collapse_shape %[[WT]] {{\[\[}}0, 1], [2, 3]] : tensor<2x16x4x8xf32> into tensor<32x32xf32>
  // CHECK: mx.matmul ins(%[[LHS]], %[[RHS]] : tensor<?x32xf32>, tensor<32x32xf32>) outs({{.+}} : tensor<?x32xf32>)
  // CHECK: tensor.expand_shape {{.+}} {{\[\[}}0, 1], [2, 3]] output_shape [{{%.+, %.+}}, 2, 16] : tensor<?x32xf32> into tensor<?x?x2x16xf32>
  %0 = linalg.contract indexing_maps = [#a, #w, #c] ins(%a, %w : tensor<?x?x4x8xf32>, tensor<4x8x2x16xf32>) outs(%c : tensor<?x?x2x16xf32>) -> tensor<?x?x2x16xf32>
  return %0 : tensor<?x?x2x16xf32>
}

// -----

// The scores of attention times its values: the output has its batches apart,
// so it is transposed before and after.
#p = affine_map<(b, s, h, d, t) -> (b, h, s, t)>
#v = affine_map<(b, s, h, d, t) -> (b, t, h, d)>
#o = affine_map<(b, s, h, d, t) -> (b, s, h, d)>
// CHECK-LABEL: func @attention
func.func @attention(%p: tensor<1x4x?x?xf32>, %v: tensor<1x?x4x16xf32>, %c: tensor<1x?x4x16xf32>) -> tensor<1x?x4x16xf32> {
  // CHECK: %[[VT:.+]] = linalg.transpose ins(%arg1 : tensor<1x?x4x16xf32>) outs({{.+}} : tensor<1x4x16x?xf32>) permutation = [0, 2, 3, 1]
  // CHECK: %[[CT:.+]] = linalg.transpose ins(%arg2 : tensor<1x?x4x16xf32>) outs({{.+}} : tensor<1x4x?x16xf32>) permutation = [0, 2, 1, 3]
  // CHECK: %[[PRODUCT:.+]] = mx.matmul ins(%arg0, %[[VT]] : {{.+}}) outs(%[[CT]] : tensor<1x4x?x16xf32>)
  // CHECK: %[[RESULT:.+]] = linalg.transpose ins(%[[PRODUCT]] : tensor<1x4x?x16xf32>) outs({{.+}} : tensor<1x?x4x16xf32>) permutation = [0, 2, 1, 3]
  // CHECK: return %[[RESULT]]
  %0 = linalg.contract indexing_maps = [#p, #v, #o] ins(%p, %v : tensor<1x4x?x?xf32>, tensor<1x?x4x16xf32>) outs(%c : tensor<1x?x4x16xf32>) -> tensor<1x?x4x16xf32>
  return %0 : tensor<1x?x4x16xf32>
}

// -----

// A vector is a matrix of one row.
// CHECK-LABEL: func @vectors
func.func @vectors(%w: tensor<?x8xf32>, %x: tensor<8xf32>, %c: tensor<?xf32>, %y: tensor<?xf32>, %d: tensor<8xf32>) -> (tensor<?xf32>, tensor<8xf32>) {
  // CHECK: %[[X:.+]] = tensor.expand_shape %arg1 {{\[\[}}0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  // CHECK: %[[C:.+]] = tensor.expand_shape %arg2 {{\[\[}}0, 1]] output_shape [{{.+}}, 1] : tensor<?xf32> into tensor<?x1xf32>
  // CHECK: %[[MATVEC:.+]] = mx.matmul ins(%arg0, %[[X]] : tensor<?x8xf32>, tensor<1x8xf32>) outs(%[[C]] : tensor<?x1xf32>)
  // CHECK: tensor.collapse_shape %[[MATVEC]] {{\[\[}}0, 1]] : tensor<?x1xf32> into tensor<?xf32>
  %0 = linalg.matvec ins(%w, %x : tensor<?x8xf32>, tensor<8xf32>) outs(%c : tensor<?xf32>) -> tensor<?xf32>
  // CHECK: mx.matmul ins({{.+}} : tensor<1x?xf32>, tensor<8x?xf32>) outs({{.+}} : tensor<1x8xf32>)
  %1 = linalg.vecmat ins(%y, %w : tensor<?xf32>, tensor<?x8xf32>) outs(%d : tensor<8xf32>) -> tensor<8xf32>
  return %0, %1 : tensor<?xf32>, tensor<8xf32>
}

// -----

// CHECK-LABEL: func @dot
func.func @dot(%x: tensor<8xf32>, %c: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[C:.+]] = tensor.expand_shape %arg1 [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
  // CHECK: %[[PRODUCT:.+]] = mx.matmul ins({{.+}}) outs(%[[C]] : tensor<1x1xf32>)
  // CHECK: tensor.collapse_shape %[[PRODUCT]] [] : tensor<1x1xf32> into tensor<f32>
  %0 = linalg.dot ins(%x, %x : tensor<8xf32>, tensor<8xf32>) outs(%c : tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
