// What is in no function keeps a plan without a rotation, so that no plan asks for one afterwards.
// RUN: mx-opt %s --mx-fuse-rotations --allow-unregistered-dialect --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-rotate --remark-format=emitRemark | FileCheck %s

// CHECK:     mx.matmul {{.*}} {mx.plan = #mx.plan<rhs = mxfp4 by mse>}
// CHECK-NOT: mx.rotate
"test.graph"() ({
  %x = "test.input"() : () -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %zero = arith.constant dense<0.0> : tensor<8x64xf32>
  // expected-remark @below {{'mx.matmul' is not rotated by hadamard<32>: it is in no function}}
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%zero : tensor<8x64xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>}
  "test.output"(%0) : (tensor<8x64xf32>) -> ()
}) : () -> ()
