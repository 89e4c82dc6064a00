// RUN: mx-run %s --function=narrow --input=4x8xbf16=1.5 --input=8x4xbf16=1 --input=4x4xf32=0.5 --input=4x4xbf16=1 | FileCheck %s --check-prefix=NARROW
// RUN: mx-run %s --function=batch --input=2x4x8xf16=1.5 --input=2x8x4xf16=1 | FileCheck %s --check-prefix=BATCH
// RUN: mx-run %s --function=softmax --input=2x4xbf16=3 | FileCheck %s --check-prefix=SOFTMAX

// Named operations of linalg that compute in bf16 or f16: their bodies are known by heart to linalg,
// and the conversions in them become code of ours.

// NARROW: result 0: 4x4xf32 min 12.5 max 12.5
// NARROW: result 1: 4x4xbf16 min 13 max 13
func.func @narrow(%a: tensor<4x8xbf16>, %b: tensor<8x4xbf16>, %wide: tensor<4x4xf32>, %same: tensor<4x4xbf16>) -> (tensor<4x4xf32>, tensor<4x4xbf16>) {
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xbf16>, tensor<8x4xbf16>) outs(%wide : tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = linalg.matmul ins(%a, %b : tensor<4x8xbf16>, tensor<8x4xbf16>) outs(%same : tensor<4x4xbf16>) -> tensor<4x4xbf16>
  return %0, %1 : tensor<4x4xf32>, tensor<4x4xbf16>
}

// BATCH: result 0: 2x4x4xf32 min 12 max 12
func.func @batch(%a: tensor<2x4x8xf16>, %b: tensor<2x8x4xf16>) -> tensor<2x4x4xf32> {
  %zero = arith.constant dense<0.0> : tensor<2x4x4xf32>
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x4x8xf16>, tensor<2x8x4xf16>) outs(%zero : tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  return %0 : tensor<2x4x4xf32>
}

// SOFTMAX: result 0: 2x4xbf16 min 0.25 max 0.25
func.func @softmax(%x: tensor<2x4xbf16>) -> tensor<2x4xbf16> {
  %init = tensor.empty() : tensor<2x4xbf16>
  %0 = linalg.softmax dimension(1) ins(%x : tensor<2x4xbf16>) outs(%init : tensor<2x4xbf16>) -> tensor<2x4xbf16>
  return %0 : tensor<2x4xbf16>
}
