// Constant weights, however they are written, give the bytes that the same weights give as arguments,
// and folding a quantisation changes no bit.

// RUN: split-file %s %t && cd %t
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write payload.npy "|u1" 3x16 16 50 84 118 152 186 220 254 1 35 69 103 137 171 205 239
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write scales.npy "|u1" 3x1 127 120 130
// RUN: mx-run weights.mlir --function=argument '--input=5x32xbf16=random(1)' --input=@payload.npy --input=@scales.npy --check --output=@argument.npy
// RUN: mx-run weights.mlir --function=dense '--input=5x32xbf16=random(1)' --check --output=@dense.npy
// RUN: mx-run weights.mlir --function=resource '--input=5x32xbf16=random(1)' --check --output=@resource.npy
// RUN: mx-run weights.mlir --function=bundled '--input=5x32xbf16=random(1)' --check --output=@bundled.npy
// RUN: cmp argument.npy dense.npy
// RUN: cmp argument.npy resource.npy
// RUN: cmp argument.npy bundled.npy

// RUN: mx-opt folds.mlir --canonicalize | FileCheck folds.mlir
// RUN: mx-run folds.mlir --function=folded --output=@payload.1 --output=@scales.1 --output=@scale.1 --output=@numbers.1
// RUN: mx-run folds.mlir --function=unfolded --check --output=@payload.2 --output=@scales.2 --output=@scale.2 --output=@numbers.2
// RUN: cmp payload.1 payload.2
// RUN: cmp scales.1 scales.2
// RUN: cmp scale.1 scale.2
// RUN: cmp numbers.1 numbers.2

//--- weights.mlir
func.func @argument(%x: tensor<5x32xbf16>, %w: !mx.tensor<3x32, mxfp4, axis = 1>) -> tensor<5x3xf32> {
  %zero = arith.constant dense<0.0> : tensor<5x3xf32>
  %0 = mx.matmul ins(%x, %w : tensor<5x32xbf16>, !mx.tensor<3x32, mxfp4, axis = 1>) outs(%zero : tensor<5x3xf32>)
  return %0 : tensor<5x3xf32>
}

func.func @dense(%x: tensor<5x32xbf16>) -> tensor<5x3xf32> {
  %w = mx.constant <payload = dense<[
      [16, 50, 84, 118, 152, 186, 220, 254, 1, 35, 69, 103, 137, 171, 205, 239],
      [16, 50, 84, 118, 152, 186, 220, 254, 1, 35, 69, 103, 137, 171, 205, 239],
      [16, 50, 84, 118, 152, 186, 220, 254, 1, 35, 69, 103, 137, 171, 205, 239]]> : tensor<3x16xi8>,
    scales = dense<[[127], [120], [130]]> : tensor<3x1xi8>> : !mx.tensor<3x32, mxfp4, axis = 1>
  %zero = arith.constant dense<0.0> : tensor<5x3xf32>
  %0 = mx.matmul ins(%x, %w : tensor<5x32xbf16>, !mx.tensor<3x32, mxfp4, axis = 1>) outs(%zero : tensor<5x3xf32>)
  return %0 : tensor<5x3xf32>
}

func.func @resource(%x: tensor<5x32xbf16>) -> tensor<5x3xf32> {
  %w = mx.constant <payload = dense_resource<weights> : tensor<3x16xi8>,
    scales = dense_resource<weight_scales> : tensor<3x1xi8>> : !mx.tensor<3x32, mxfp4, axis = 1>
  %zero = arith.constant dense<0.0> : tensor<5x3xf32>
  %0 = mx.matmul ins(%x, %w : tensor<5x32xbf16>, !mx.tensor<3x32, mxfp4, axis = 1>) outs(%zero : tensor<5x3xf32>)
  return %0 : tensor<5x3xf32>
}

func.func @bundled(%x: tensor<5x32xbf16>) -> tensor<5x3xf32> {
  %payload = arith.constant dense_resource<weights> : tensor<3x16xi8>
  %scales = arith.constant dense<[[127], [120], [130]]> : tensor<3x1xi8>
  %w = mx.bundle %payload, %scales : tensor<3x16xi8>, tensor<3x1xi8> to !mx.tensor<3x32, mxfp4, axis = 1>
  %zero = arith.constant dense<0.0> : tensor<5x3xf32>
  %0 = mx.matmul ins(%x, %w : tensor<5x32xbf16>, !mx.tensor<3x32, mxfp4, axis = 1>) outs(%zero : tensor<5x3xf32>)
  return %0 : tensor<5x3xf32>
}

{-#
  dialect_resources: {
    builtin: {
      weights: "0x010000001032547698BADCFE0123456789ABCDEF1032547698BADCFE0123456789ABCDEF1032547698BADCFE0123456789ABCDEF",
      weight_scales: "0x010000007F7882"
    }
  }
#-}

//--- folds.mlir
// CHECK-LABEL: func.func @folded
// CHECK-NOT:     mx.quantize
// CHECK-LABEL: func.func @unfolded
// CHECK:         mx.quantize
func.func @folded() -> (!mx.tensor<2x20, nvfp4, axis = 1>, tensor<2x4xf32>) {
  %x = arith.constant dense<[[0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, -0.8, 0.9, -1.0, 1.1, -1.2, 1.3, -1.4, 1.5, -1.6, 3.0e38, 1.0e-40, -0.0, 0.0],
                             [7.0, 6.9, -6.1, 5.0, 3.5, 2.5, 1.75, 1.25, 0.75, 0.25, 0.0, -0.0, 0.2, 0.3, 0.4, 0.45, 0xFF800000, 0x7FC00000, 1.0, 2.0]]> : tensor<2x20xf32>
  %0 = mx.quantize %x scale_rule(four_over_six_mae) : tensor<2x20xf32> to !mx.tensor<2x20, nvfp4, axis = 1>
  %y = arith.constant dense<[[0.1, -0.2, 0.3, -0.4], [3.0e38, 1.0e-40, -0.0, 0.0]]> : tensor<2x4xf32>
  %1 = mx.rotate %y by hadamard<4, signs = [1, -1, 1, 1]> along 1 : tensor<2x4xf32>
  return %0, %1 : !mx.tensor<2x20, nvfp4, axis = 1>, tensor<2x4xf32>
}

func.func @unfolded() -> (!mx.tensor<2x20, nvfp4, axis = 1>, tensor<2x4xf32>) {
  %c = arith.constant dense<[[0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, -0.8, 0.9, -1.0, 1.1, -1.2, 1.3, -1.4, 1.5, -1.6, 3.0e38, 1.0e-40, -0.0, 0.0],
                             [7.0, 6.9, -6.1, 5.0, 3.5, 2.5, 1.75, 1.25, 0.75, 0.25, 0.0, -0.0, 0.2, 0.3, 0.4, 0.45, 0xFF800000, 0x7FC00000, 1.0, 2.0]]> : tensor<2x20xf32>
  %x = call @hide(%c) : (tensor<2x20xf32>) -> tensor<2x20xf32>
  %d = arith.constant dense<[[0.1, -0.2, 0.3, -0.4], [3.0e38, 1.0e-40, -0.0, 0.0]]> : tensor<2x4xf32>
  %y = call @hide_too(%d) : (tensor<2x4xf32>) -> tensor<2x4xf32>
  %0 = mx.quantize %x scale_rule(four_over_six_mae) : tensor<2x20xf32> to !mx.tensor<2x20, nvfp4, axis = 1>
  %1 = mx.rotate %y by hadamard<4, signs = [1, -1, 1, 1]> along 1 : tensor<2x4xf32>
  return %0, %1 : !mx.tensor<2x20, nvfp4, axis = 1>, tensor<2x4xf32>
}

func.func private @hide(%x: tensor<2x20xf32>) -> tensor<2x20xf32> attributes {no_inline} {
  return %x : tensor<2x20xf32>
}

func.func private @hide_too(%x: tensor<2x4xf32>) -> tensor<2x4xf32> attributes {no_inline} {
  return %x : tensor<2x4xf32>
}
