// The option insert rotates products that nobody planned for; a product that cannot be rotated keeps a plan
// without a rotation, and a remark says why.
// RUN: mx-opt %s --mx-fuse-rotations=insert=32 --split-input-file --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-rotate --remark-format=emitRemark | FileCheck %s

// CHECK-LABEL: func @no_plan
// CHECK:         mx.matmul {{.*}} {mx.rotated = #mx.hadamard<32>}
// CHECK:         mx.matmul {{.*}} {mx.plan = #mx.plan<keep>}
// expected-remark @below {{hadamard<32> stops at an argument of 'func.func'; without it, 512 elements fewer}}
func.func @no_plan(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>) {
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>)
  %1 = mx.matmul ins(%y, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #mx.plan<keep>}
  return %0, %1 : tensor<8x64xf32>, tensor<8x64xf32>
}

// -----

// CHECK-LABEL: func @size_that_does_not_divide
// CHECK-NOT:     mx.rotate
func.func @size_that_does_not_divide(%x: tensor<8x80xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %w = arith.constant dense_resource<w> : tensor<64x80xf32>
  // expected-remark @below {{'up' is not rotated by hadamard<32>: the contracted size 80 is not a multiple of 32}}
  %0 = mx.matmul ins(%x, %w : tensor<8x80xf32>, tensor<64x80xf32>) outs(%out : tensor<8x64xf32>) {mx.site = "up"}
  return %0 : tensor<8x64xf32>
}

// -----

// CHECK-LABEL: func @unknown_size
// CHECK-NOT:     mx.rotate
// CHECK:         mx.plan = #mx.plan<lhs = mxfp4 by even>
func.func @unknown_size(%x: tensor<8x?xf32>, %y: tensor<64x?xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{'mx.matmul' is not rotated by hadamard<16>: the contracted size is not known}}
  %0 = mx.matmul ins(%x, %y : tensor<8x?xf32>, tensor<64x?xf32>) outs(%out : tensor<8x64xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by even, rotation = hadamard<16>>}
  return %0 : tensor<8x64xf32>
}

// -----

// CHECK-LABEL: func @quantised_weight
// CHECK-NOT:     mx.rotate
// CHECK:         mx.plan = #mx.plan<lhs = mxfp4 by even>
func.func @quantised_weight(%x: tensor<8x64xf32>, %out: tensor<8x2xf32>) -> tensor<8x2xf32> {
  %w = mx.constant <payload = dense<34> : tensor<2x32xi8>, scales = dense<127> : tensor<2x2xi8>> : !mx.tensor<2x64, mxfp4, axis = 1>
  %0 = mx.dequantize %w : !mx.tensor<2x64, mxfp4, axis = 1> to tensor<2x64xf32>
  // expected-remark @below {{an operand is quantised already and would be quantised again}}
  %1 = mx.matmul ins(%x, %0 : tensor<8x64xf32>, tensor<2x64xf32>) outs(%out : tensor<8x2xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by even, rotation = hadamard<16>>}
  return %1 : tensor<8x2xf32>
}

// -----

// CHECK-LABEL: func @quantised_side
// CHECK-NOT:     mx.rotate
// CHECK:         mx.plan = #mx.plan<rhs = mxfp4 by mse>
func.func @quantised_side(%x: !mx.tensor<8x64, mxfp8_e4m3, axis = 1>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  // expected-remark @below {{an operand is quantised already and would be quantised again}}
  %0 = mx.matmul ins(%x, %w : !mx.tensor<8x64, mxfp8_e4m3, axis = 1>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<16>>}
  return %0 : tensor<8x64xf32>
}

// -----

// Rotating the columns of its result would change the numbers that the weight was rounded to.
// CHECK-LABEL: func @quantised_weight_before
// CHECK:         mx.rotate {{.*}} along 1 : tensor<8x64xf32>
func.func @quantised_weight_before(%x: tensor<8x32xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %v = mx.constant <payload = dense<34> : tensor<64x16xi8>, scales = dense<127> : tensor<64x1xi8>> : !mx.tensor<64x32, mxfp4, axis = 1>
  %0 = mx.dequantize %v : !mx.tensor<64x32, mxfp4, axis = 1> to tensor<64x32xf32>
  %none = arith.constant dense<0.0> : tensor<8x64xf32>
  // expected-remark @below {{stops at quantisation: a weight that is encoded already}}
  %1 = mx.matmul ins(%x, %0 : tensor<8x32xf32>, tensor<64x32xf32>) outs(%none : tensor<8x64xf32>) {mx.plan = #mx.plan<keep>}
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %2 = mx.matmul ins(%1, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>)
  return %2 : tensor<8x64xf32>
}

// -----

// CHECK-LABEL: func @rotated_before
// CHECK-NOT:     mx.rotate {{.*}} : tensor<8x64xf32>
func.func @rotated_before(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  // expected-remark @below {{'mx.matmul' is not rotated by hadamard<64>: it is rotated already}}
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>)
    {mx.rotated = #mx.hadamard<32>, mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<64>>}
  return %0 : tensor<8x64xf32>
}
