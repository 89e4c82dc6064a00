// What is not linear along the rotated axis is not crossed: a remark stands at the operation in the way, and
// the activation is rotated at run time right after it.
// RUN: mx-opt %s --mx-fuse-rotations --split-input-file --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-rotate --remark-format=emitRemark | FileCheck %s

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @quantization
// CHECK:         %[[Y:.+]] = mx.dequantize
// CHECK-NEXT:    %[[SUM:.+]] = arith.addf %[[Y]], %[[Y]]
// CHECK-NEXT:    mx.rotate %[[SUM]] by hadamard<32> along 1
func.func @quantization(%x: !mx.tensor<8x64, mxfp8_e4m3, axis = 1>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  // expected-remark @below {{hadamard<32> stops at quantisation; without it, 512 elements fewer}}
  %0 = mx.dequantize %x : !mx.tensor<8x64, mxfp8_e4m3, axis = 1> to tensor<8x64xf32>
  %1 = arith.addf %0, %0 : tensor<8x64xf32>
  %2 = mx.matmul ins(%1, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %2 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>

// Halves change places and signs, which keeps groups of 32 whole, but cos and sin differ within each.
// CHECK-LABEL: func @rotary_embedding
// CHECK:         %[[Q:.+]] = linalg.generic
// CHECK:         mx.rotate %[[Q]] by hadamard<32> along 1
func.func @rotary_embedding(%tokens: tensor<8xi64>, %k: tensor<8x64xf32>, %cos: tensor<8x64xf32>, %sin: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %indices = tensor.expand_shape %tokens [[0, 1]] output_shape [8, 1] : tensor<8xi64> into tensor<8x1xi64>
  %x = tensor.gather %table[%indices] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xi64>) -> tensor<8x64xf32>
  %low = tensor.extract_slice %x[0, 0] [8, 32] [1, 1] : tensor<8x64xf32> to tensor<8x32xf32>
  %high = tensor.extract_slice %x[0, 32] [8, 32] [1, 1] : tensor<8x64xf32> to tensor<8x32xf32>
  %minus = arith.negf %high : tensor<8x32xf32>
  %turned = tensor.concat dim(1) %minus, %low : (tensor<8x32xf32>, tensor<8x32xf32>) -> tensor<8x64xf32>
  %init = tensor.empty() : tensor<8x64xf32>
  // expected-remark @below {{stops at rotary embedding: a sum of elementwise products along the axis}}
  %q = linalg.generic {indexing_maps = [#id, #id, #id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %cos, %turned, %sin : tensor<8x64xf32>, tensor<8x64xf32>, tensor<8x64xf32>, tensor<8x64xf32>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%a: f32, %c: f32, %b: f32, %s: f32, %o: f32):
    %0 = arith.mulf %a, %c : f32
    %1 = arith.mulf %b, %s : f32
    %2 = arith.addf %0, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %3 = mx.matmul ins(%q, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %3 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @relu
// CHECK:         %[[Y:.+]] = arith.maximumf
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @relu(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %zero = arith.constant dense<0.0> : tensor<8x64xf32>
  // expected-remark @below {{stops at 'arith.maximumf', which is not linear}}
  %0 = arith.maximumf %x, %zero : tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>

// CHECK-LABEL: func @silu
// CHECK:         %[[Y:.+]] = linalg.generic
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @silu(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %init = tensor.empty() : tensor<8x64xf32>
  // expected-remark @below {{stops at 'math.exp', which is not linear}}
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<8x64xf32>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %one = arith.constant 1.0 : f32
    %n = arith.negf %a : f32
    %e = math.exp %n : f32
    %d = arith.addf %e, %one : f32
    %s = arith.divf %a, %d : f32
    linalg.yield %s : f32
  } -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @gelu
// CHECK:         arith.addf
// CHECK:         %[[Y:.+]] = arith.mulf
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @gelu(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %half = arith.constant dense<0.5> : tensor<8x64xf32>
  %root = arith.constant dense<0.70710678> : tensor<8x64xf32>
  %0 = arith.mulf %x, %root : tensor<8x64xf32>
  %1 = math.erf %0 : tensor<8x64xf32>
  %2 = arith.addf %1, %half : tensor<8x64xf32>
  // expected-remark @below {{stops at elementwise product of two tensors along the axis}}
  %3 = arith.mulf %x, %2 : tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %4 = mx.matmul ins(%3, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %4 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @clamp
// CHECK:         %[[Y:.+]] = arith.minimumf
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @clamp(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %limit = arith.constant dense<7.0> : tensor<8x64xf32>
  // expected-remark @below {{stops at 'arith.minimumf', which is not linear}}
  %0 = arith.minimumf %x, %limit : tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @gating
// CHECK:         %[[Y:.+]] = linalg.mul
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @gating(%gate: tensor<8x64xf32>, %up: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %init = tensor.empty() : tensor<8x64xf32>
  // expected-remark @below {{stops at elementwise product of two tensors along the axis}}
  %0 = linalg.mul ins(%gate, %up : tensor<8x64xf32>, tensor<8x64xf32>) outs(%init : tensor<8x64xf32>) -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @softmax
// CHECK:         %[[Y:.+]] = linalg.softmax
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @softmax(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %init = tensor.empty() : tensor<8x64xf32>
  // expected-remark @below {{stops at 'linalg.softmax', which is not linear}}
  %0 = linalg.softmax dimension(1) ins(%x : tensor<8x64xf32>) outs(%init : tensor<8x64xf32>) -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#id = affine_map<(s, d) -> (s, d)>
#row = affine_map<(s, d) -> (s)>

// CHECK-LABEL: func @mean_subtraction
// CHECK:         %[[Y:.+]] = linalg.generic
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @mean_subtraction(%x: tensor<8x64xf32>, %mean: tensor<8xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %init = tensor.empty() : tensor<8x64xf32>
  // expected-remark @below {{stops at the same number is added at every position}}
  %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]} ins(%x, %mean : tensor<8x64xf32>, tensor<8xf32>) outs(%init : tensor<8x64xf32>) {
  ^bb0(%a: f32, %m: f32, %o: f32):
    %d = arith.subf %a, %m : f32
    linalg.yield %d : f32
  } -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}
