// One row times weights of FP4, more columns than a thread takes at once.
func.func @decode(%x: tensor<?x96xf32>, %w: tensor<300x96xf32>) -> tensor<?x300xf32> {
  %b = mx.quantize %w scale_rule(even) : tensor<300x96xf32> to !mx.tensor<300x96, mxfp4, axis = 1>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x96xf32>
  %empty = tensor.empty(%rows) : tensor<?x300xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x300xf32>) -> tensor<?x300xf32>
  %y = mx.matmul ins(%x, %b : tensor<?x96xf32>, !mx.tensor<300x96, mxfp4, axis = 1>)
                 outs(%init : tensor<?x300xf32>)
  return %y : tensor<?x300xf32>
}
