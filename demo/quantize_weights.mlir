// Quantises the weights of one expert to the bytes of a gpt-oss checkpoint: the scale of each
// block is searched for the least squared error (N3.3).

func.func @quantize_weights(%weights: tensor<?x2880xf32>)
    -> (tensor<?x90x16xi8>, tensor<?x90xi8>) {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %weights, %c0 : tensor<?x2880xf32>
  %quantized = mx.quantize %weights scale_rule(mse)
    : tensor<?x2880xf32> to !mx.tensor<?x2880, mxfp4, axis = 1>
  %bytes, %scales = mx.unbundle %quantized
    : !mx.tensor<?x2880, mxfp4, axis = 1> to tensor<?x1440xi8>, tensor<?x90xi8>
  %blocks = tensor.expand_shape %bytes [[0], [1, 2]] output_shape [%rows, 90, 16]
    : tensor<?x1440xi8> into tensor<?x90x16xi8>
  return %blocks, %scales : tensor<?x90x16xi8>, tensor<?x90xi8>
}
