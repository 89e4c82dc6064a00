// RUN: mx-opt %s --mx-instrument --remarks-filter-missed=mx-instrument --remark-format=emitRemark --verify-diagnostics

func.func @f(%x: tensor<8x64xf32>, %y: tensor<32x64xf32>, %c: tensor<8x32xf32>)
    -> (tensor<8x32xf32>, tensor<8x32xf32>) {
  %u = arith.constant dense<0.5> : tensor<8x64xf32>
  %v = arith.constant dense<0.5> : tensor<32x64xf32>
  // expected-remark @+1 {{site 'two' is not recorded: neither side is constant}}
  %0 = mx.matmul ins(%x, %y : tensor<8x64xf32>, tensor<32x64xf32>)
                 outs(%c : tensor<8x32xf32>) {mx.site = "two"}
  // expected-remark @+1 {{site 'none' is not recorded: both sides are constant}}
  %1 = mx.matmul ins(%u, %v : tensor<8x64xf32>, tensor<32x64xf32>)
                 outs(%c : tensor<8x32xf32>) {mx.site = "none"}
  return %0, %1 : tensor<8x32xf32>, tensor<8x32xf32>
}
