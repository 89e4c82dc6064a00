// Loops of mx operations and of linalg, with ragged ends.
func.func @layer(%x: tensor<67x96xf32>, %w: tensor<40x96xf32>) -> tensor<67x40xf32> {
  %a = mx.quantize %x scale_rule(even) : tensor<67x96xf32> to !mx.tensor<67x96, mxfp4, axis = 1>
  %b = mx.quantize %w scale_rule(even) : tensor<40x96xf32> to !mx.tensor<40x96, mxfp4, axis = 1>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<67x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<67x40xf32>) -> tensor<67x40xf32>
  %y = mx.matmul ins(%a, %b : !mx.tensor<67x96, mxfp4, axis = 1>, !mx.tensor<40x96, mxfp4, axis = 1>)
                 outs(%init : tensor<67x40xf32>)
  %e = math.exp %y : tensor<67x40xf32>
  return %e : tensor<67x40xf32>
}
