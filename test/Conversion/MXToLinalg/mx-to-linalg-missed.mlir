// What arith.scaling_extf cannot express exactly stays, with the reason.
// RUN: mx-opt %s --convert-mx-to-linalg --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-to-linalg --remark-format=emitRemark

func.func @e4m3_scales(%a: tensor<4x64xf32>, %b: !mx.tensor<8x64, nvfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{mx.matmul: expected E8M0 scales, because upstream leaves the meaning of others open, got '!mx.tensor<8x64, nvfp4, axis = 1>'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, !mx.tensor<8x64, nvfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

func.func @tensor_scale(%0: !mx.tensor<8x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1>) -> tensor<8x64xf32> {
  // expected-remark@+1 {{mx.dequantize: expected no tensor scale, got}}
  %1 = mx.dequantize %0 : !mx.tensor<8x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1> to tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}

func.func @rotated(%a: !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>, %b: !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{mx.matmul: expected no rotation, got '!mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>'}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>, !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

func.func @dynamic_k(%0: !mx.tensor<8x?, mxfp4, axis = 1>) -> tensor<8x?xf32> {
  // expected-remark@+1 {{mx.dequantize: expected a blocked axis that is a static multiple of 32, got '!mx.tensor<8x?, mxfp4, axis = 1>'}}
  %1 = mx.dequantize %0 : !mx.tensor<8x?, mxfp4, axis = 1> to tensor<8x?xf32>
  return %1 : tensor<8x?xf32>
}

func.func @ragged_k(%a: tensor<4x100xf32>, %b: !mx.tensor<8x100, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{mx.matmul: expected a blocked axis that is a static multiple of 32, got '!mx.tensor<8x100, mxfp4, axis = 1>'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x100xf32>, !mx.tensor<8x100, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

func.func @dynamic_k_of_plain_side(%a: tensor<4x?xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{mx.matmul: expected a static contracted size, got 'tensor<4x?xf32>'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x?xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

func.func @two_blocks(%a: !mx.tensor<4x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{mx.matmul: expected the same block on both sides, got 16 and 32}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

func.func @bf16_result(%a: tensor<4x64xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xbf16>) -> tensor<4x8xbf16> {
  // expected-remark@+1 {{mx.matmul: expected a result of f32, because the body would round every partial sum, got 'bf16'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xbf16>)
  return %0 : tensor<4x8xbf16>
}

func.func @f16_result(%0: !mx.tensor<8x64, mxfp4, axis = 1>) -> tensor<8x64xf16> {
  // expected-remark@+1 {{mx.dequantize: expected a result of f32 or bf16, because f16 cannot hold the scales, got 'f16'}}
  %1 = mx.dequantize %0 : !mx.tensor<8x64, mxfp4, axis = 1> to tensor<8x64xf16>
  return %1 : tensor<8x64xf16>
}

func.func @no_form(%x: tensor<4x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %ends: tensor<2xi32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{mx.rotate: there is no linalg.generic with arith.scaling_extf for it}}
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<4x64xf32>
  // expected-remark@+1 {{mx.quantize: there is no linalg.generic with arith.scaling_extf for it}}
  %1 = mx.quantize %0 scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  // expected-remark@+1 {{mx.grouped_matmul: there is no linalg.generic with arith.scaling_extf for it}}
  %2 = mx.grouped_matmul ins(%1, %b, %ends : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<4x8xf32>)
  return %2 : tensor<4x8xf32>
}

func.func @undecided_product(%a: tensor<4x64xf32>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{mx.matmul: expected a block-scaled side, got 'tensor<4x64xf32>' and 'tensor<8x64xf32>'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
