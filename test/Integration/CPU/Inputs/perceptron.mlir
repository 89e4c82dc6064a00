// A gated perceptron in plain linalg; calibration.py fills in the weights.
func.func @f(%x: tensor<?x64xf32>) -> tensor<?x32xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %up = arith.constant dense<"0x@UP@"> : tensor<64x96xf32>
  %gate = arith.constant dense<"0x@GATE@"> : tensor<64x96xf32>
  %down = arith.constant dense<"0x@DOWN@"> : tensor<96x32xf32>
  %rows = tensor.dim %x, %c0 : tensor<?x64xf32>
  %hidden = tensor.empty(%rows) : tensor<?x96xf32>
  %h0 = linalg.fill ins(%zero : f32) outs(%hidden : tensor<?x96xf32>) -> tensor<?x96xf32>
  %u = linalg.matmul ins(%x, %up : tensor<?x64xf32>, tensor<64x96xf32>)
                     outs(%h0 : tensor<?x96xf32>) -> tensor<?x96xf32>
  %g = linalg.matmul ins(%x, %gate : tensor<?x64xf32>, tensor<64x96xf32>)
                     outs(%h0 : tensor<?x96xf32>) -> tensor<?x96xf32>
  %h = linalg.mul ins(%u, %g : tensor<?x96xf32>, tensor<?x96xf32>)
                  outs(%hidden : tensor<?x96xf32>) -> tensor<?x96xf32>
  %result = tensor.empty(%rows) : tensor<?x32xf32>
  %r0 = linalg.fill ins(%zero : f32) outs(%result : tensor<?x32xf32>) -> tensor<?x32xf32>
  %y = linalg.matmul ins(%h, %down : tensor<?x96xf32>, tensor<96x32xf32>)
                     outs(%r0 : tensor<?x32xf32>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}
