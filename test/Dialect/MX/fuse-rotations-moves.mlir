// Operations that move whole groups of numbers are crossed, up to the table that all comes from.
// RUN: mx-opt %s --mx-fuse-rotations --split-input-file | FileCheck %s

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @rows
// CHECK:         %[[TABLE:.+]] = mx.rotate {{.+}} by hadamard<32> along 1 : tensor<99x64xf32>
// CHECK:         tensor.gather %[[TABLE]]
// CHECK:         tensor.concat dim(0)
// CHECK:         tensor.extract_slice
// CHECK:         tensor.pad
// CHECK:         tensor.insert_slice
// CHECK:         tensor.scatter
// CHECK:         %[[X:.+]] = tensor.cast
// CHECK-NOT:     mx.rotate %[[X]]
// CHECK:         mx.matmul ins(%[[X]]
func.func @rows(%indices: tensor<8x1xindex>, %places: tensor<8x1xindex>, %out: tensor<16x64xf32>) -> tensor<16x64xf32> {
  %zero = arith.constant 0.0 : f32
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %0 = tensor.gather %table[%indices] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %1 = tensor.concat dim(0) %0, %0 : (tensor<8x64xf32>, tensor<8x64xf32>) -> tensor<16x64xf32>
  %2 = tensor.extract_slice %1[3, 0] [8, 64] [1, 1] : tensor<16x64xf32> to tensor<8x64xf32>
  %3 = tensor.pad %2 low[0, 0] high[8, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<8x64xf32> to tensor<16x64xf32>
  %4 = tensor.insert_slice %0 into %3[5, 0] [8, 64] [1, 1] : tensor<8x64xf32> into tensor<16x64xf32>
  %5 = tensor.scatter %0 into %4[%places] scatter_dims([0]) unique : (tensor<8x64xf32>, tensor<16x64xf32>, tensor<8x1xindex>) -> tensor<16x64xf32>
  %6 = tensor.cast %5 : tensor<16x64xf32> to tensor<?x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %7 = tensor.cast %out : tensor<16x64xf32> to tensor<?x64xf32>
  %8 = mx.matmul ins(%6, %w : tensor<?x64xf32>, tensor<64x64xf32>) outs(%7 : tensor<?x64xf32>) {mx.plan = #rotated}
  %9 = tensor.cast %8 : tensor<?x64xf32> to tensor<16x64xf32>
  return %9 : tensor<16x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<16>>

// Along the axis itself: parts, slices and padding of whole groups.
// CHECK-LABEL: func @columns
// CHECK-DAG:     %[[A:.+]] = mx.rotate {{.+}} by hadamard<16> along 1 : tensor<99x48xf32>
// CHECK-DAG:     %[[B:.+]] = mx.rotate {{.+}} by hadamard<16> along 1 : tensor<99x16xf32>
// CHECK:         tensor.gather %[[A]]
// CHECK:         tensor.gather %[[B]]
// CHECK-NOT:     mx.rotate {{.+}} : tensor<8x
// CHECK:         mx.matmul
func.func @columns(%indices: tensor<8x1xindex>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %zero = arith.constant 0.0 : f32
  %a = arith.constant dense_resource<a> : tensor<99x48xf32>
  %b = arith.constant dense_resource<b> : tensor<99x16xf32>
  %0 = tensor.gather %a[%indices] gather_dims([0]) : (tensor<99x48xf32>, tensor<8x1xindex>) -> tensor<8x48xf32>
  %1 = tensor.gather %b[%indices] gather_dims([0]) : (tensor<99x16xf32>, tensor<8x1xindex>) -> tensor<8x16xf32>
  %2 = tensor.concat dim(1) %0, %1 : (tensor<8x48xf32>, tensor<8x16xf32>) -> tensor<8x64xf32>
  %3 = tensor.extract_slice %2[0, 16] [8, 32] [1, 1] : tensor<8x64xf32> to tensor<8x32xf32>
  %4 = tensor.pad %3 low[0, 16] high[0, 16] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<8x32xf32> to tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %5 = mx.matmul ins(%4, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %5 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>
#row = affine_map<(s, d) -> (s)>

// Factors that do not depend on the channel: a number, one for each row, a choice of rows, other types.
// CHECK-LABEL: func @factors
// CHECK:         %[[TABLE:.+]] = mx.rotate {{.+}} by hadamard<32> along 1 : tensor<99x64xbf16>
// CHECK:         tensor.gather %[[TABLE]]
// CHECK-NOT:     mx.rotate {{.+}} : tensor<8x64x
// CHECK:         mx.matmul
func.func @factors(%indices: tensor<8x1xindex>, %weights: tensor<8xf32>, %valid: tensor<8xi1>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %table = arith.constant dense_resource<table> : tensor<99x64xbf16>
  %0 = tensor.gather %table[%indices] gather_dims([0]) : (tensor<99x64xbf16>, tensor<8x1xindex>) -> tensor<8x64xbf16>
  %1 = arith.extf %0 : tensor<8x64xbf16> to tensor<8x64xf32>
  %root = arith.constant dense<8.0> : tensor<8x64xf32>
  %2 = arith.divf %1, %root : tensor<8x64xf32>
  %empty = tensor.empty() : tensor<8x64xf32>
  %3 = linalg.generic {indexing_maps = [#id, #row, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%2, %weights, %valid : tensor<8x64xf32>, tensor<8xf32>, tensor<8xi1>) outs(%empty : tensor<8x64xf32>) {
  ^bb0(%a: f32, %f: f32, %v: i1, %o: f32):
    %none = arith.constant 0.0 : f32
    %p = arith.mulf %a, %f : f32
    %c = arith.select %v, %p, %none : f32
    linalg.yield %c : f32
  } -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %4 = mx.matmul ins(%3, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %4 : tensor<8x64xf32>
}
