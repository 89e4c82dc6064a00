// Out to linalg and back is the identity, up to dead code.
// RUN: mx-opt %s --canonicalize -o %t.before
// RUN: mx-opt %s --convert-mx-to-linalg -o %t.linalg
// RUN: FileCheck %s --check-prefix=LINALG --input-file=%t.linalg
// RUN: mx-opt %t.linalg --mx-import --canonicalize -o %t.after
// RUN: diff %t.before %t.after

// LINALG-NOT: mx.matmul
// LINALG-NOT: mx.dequantize

func.func @product(%a: !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, %b: !mx.tensor<16x64, mxfp4, axis = 1>, %c: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, !mx.tensor<16x64, mxfp4, axis = 1>) outs(%c : tensor<?x16xf32>)
  return %0 : tensor<?x16xf32>
}
func.func @batches(%a: !mx.tensor<?x3x4x96, mxfp6_e2m3, axis = 3>, %b: !mx.tensor<?x3x?x96, mxfp6_e3m2, axis = 3>, %c: tensor<?x3x4x?xf32>) -> tensor<?x3x4x?xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<?x3x4x96, mxfp6_e2m3, axis = 3>, !mx.tensor<?x3x?x96, mxfp6_e3m2, axis = 3>) outs(%c : tensor<?x3x4x?xf32>)
  return %0 : tensor<?x3x4x?xf32>
}
func.func @plain_left(%a: tensor<?x64xbf16>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = mx.matmul ins(%a, %b : tensor<?x64xbf16>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}
func.func @plain_right(%a: !mx.tensor<4x64, mxfp8_e5m2, axis = 1>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp8_e5m2, axis = 1>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
func.func @square(%a: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = mx.matmul ins(%a, %a : !mx.tensor<8x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<8x8xf32>)
  return %0 : tensor<8x8xf32>
}
func.func @other_block(%a: !mx.tensor<4x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>, axis = 1>, %b: tensor<8x64xf16>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>, axis = 1>, tensor<8x64xf16>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
func.func @dequantize(%0: !mx.tensor<?x64, mxfp4, axis = 1>) -> tensor<?x64xf32> {
  %1 = mx.dequantize %0 : !mx.tensor<?x64, mxfp4, axis = 1> to tensor<?x64xf32>
  return %1 : tensor<?x64xf32>
}
func.func @dequantize_first_axis(%0: !mx.tensor<64x4, mxfp8_e5m2, axis = 0>) -> tensor<64x4xbf16> {
  %1 = mx.dequantize %0 : !mx.tensor<64x4, mxfp8_e5m2, axis = 0> to tensor<64x4xbf16>
  return %1 : tensor<64x4xbf16>
}
func.func @dequantize_vector(%0: !mx.tensor<96, mxfp6_e2m3, axis = 0>) -> tensor<96xf32> {
  %1 = mx.dequantize %0 : !mx.tensor<96, mxfp6_e2m3, axis = 0> to tensor<96xf32>
  return %1 : tensor<96xf32>
}
