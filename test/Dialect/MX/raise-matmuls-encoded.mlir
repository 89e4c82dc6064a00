// A side that was decoded is encoded already: the product takes it as it was, if
// the contracted axis is the blocked one.
// RUN: mx-opt %s --mx-raise-matmuls --split-input-file | FileCheck %s
// RUN: mx-opt %s --mx-raise-matmuls --split-input-file --remarks-filter-passed=mx-raise --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @one_side
// REMARK: linalg.matmul became mx.matmul of sides that are encoded already
func.func @one_side(%x: tensor<4x32xf32>, %c: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[W:.+]] = mx.constant
  // CHECK: mx.matmul ins(%arg0, %[[W]] : tensor<4x32xf32>, !mx.tensor<2x32, mxfp4, axis = 1>) outs(%arg1 : tensor<4x2xf32>)
  // CHECK-NOT: mx.site
  %0 = mx.constant <payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  %w = mx.dequantize %0 : !mx.tensor<2x32, mxfp4, axis = 1> to tensor<2x32xf32>
  %1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%c : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// -----

// Both sides, transposed, and with a batch that is joined with the rows.
#a = affine_map<(b, m, n, k) -> (b, k, m)>
#w = affine_map<(b, m, n, k) -> (k, n)>
#c = affine_map<(b, m, n, k) -> (b, m, n)>
// CHECK-LABEL: func @both_sides
func.func @both_sides(%x: tensor<3x32x4xf32>, %c: tensor<3x4x2xf32>) -> tensor<3x4x2xf32> {
  // CHECK: %[[Q:.+]] = mx.quantize
  // CHECK: %[[W:.+]] = mx.constant
  // CHECK: %[[XT:.+]] = mx.transpose %[[Q]] permutation = [0, 2, 1] : {{.+}} to !mx.tensor<3x4x32, mxfp8_e4m3, axis = 2>
  // CHECK: %[[XR:.+]] = mx.reshape %[[XT]] : {{.+}} to !mx.tensor<12x32, mxfp8_e4m3, axis = 1>
  // CHECK: %[[WT:.+]] = mx.transpose %[[W]] permutation = [1, 0] : {{.+}} to !mx.tensor<2x32, mxfp4, axis = 1>
  // CHECK: mx.matmul ins(%[[XR]], %[[WT]] :
  %0 = mx.quantize %x scale_rule(even) : tensor<3x32x4xf32> to !mx.tensor<3x32x4, mxfp8_e4m3, axis = 1>
  %1 = mx.dequantize %0 : !mx.tensor<3x32x4, mxfp8_e4m3, axis = 1> to tensor<3x32x4xf32>
  %2 = mx.constant <payload = dense<34> : tensor<32x1xi8>, scales = dense<127> : tensor<1x2xi8>> : !mx.tensor<32x2, mxfp4, axis = 0>
  %w = mx.dequantize %2 : !mx.tensor<32x2, mxfp4, axis = 0> to tensor<32x2xf32>
  %3 = linalg.batch_matmul indexing_maps = [#a, #w, #c] ins(%1, %w : tensor<3x32x4xf32>, tensor<32x2xf32>) outs(%c : tensor<3x4x2xf32>) -> tensor<3x4x2xf32>
  return %3 : tensor<3x4x2xf32>
}

// -----

// Blocked along another axis, it is a site, whose constant side is decoded.
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @other_axis
func.func @other_axis(%x: tensor<4x32xf32>, %c: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[W:.+]] = mx.dequantize
  // CHECK: mx.matmul ins(%arg0, %[[W]] : {{.+}} {mx.site = "other_axis.0"}
  // REMARK: linalg.matmul became site 'other_axis.0'
  %0 = mx.constant <payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<1x32xi8>> : !mx.tensor<2x32, mxfp4, axis = 0>
  %w = mx.dequantize %0 : !mx.tensor<2x32, mxfp4, axis = 0> to tensor<2x32xf32>
  %1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%c : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// -----

// Rotated differently, they are what the decoded numbers say.
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @other_rotation
func.func @other_rotation(%x: !mx.tensor<4x32, mxfp4, axis = 1, rotation = hadamard<32>>, %c: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[X:.+]] = mx.dequantize %arg0
  // CHECK: %[[W:.+]] = mx.dequantize
  // CHECK: mx.matmul ins(%[[X]], %[[W]] :
  %0 = mx.dequantize %x : !mx.tensor<4x32, mxfp4, axis = 1, rotation = hadamard<32>> to tensor<4x32xf32>
  %1 = mx.constant <payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  %w = mx.dequantize %1 : !mx.tensor<2x32, mxfp4, axis = 1> to tensor<2x32xf32>
  %2 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%0, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%c : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}
