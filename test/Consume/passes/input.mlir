func.func @decode(%x: !mx.tensor<4x64, mxfp4, axis = 1>) -> tensor<4x64xf32> {
  %0 = mx.dequantize %x : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}
