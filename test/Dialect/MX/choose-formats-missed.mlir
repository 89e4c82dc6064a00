// What stands in the way of a format or of a rotation is remarked, and only that.
// RUN: mx-opt %s --mx-choose-formats="formats=mxfp4 rotation=32" --verify-diagnostics --split-input-file \
// RUN:   --remarks-filter-missed=mx-choose --remark-format=emitRemark | FileCheck %s

// CHECK-LABEL: @not_finite
func.func @not_finite(%x: tensor<4x32xf32>, %init: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %w = arith.constant dense<0x7FC00000> : tensor<2x32xf32>
  %v = arith.constant dense<0xFF800000> : tensor<2x32xf32>
  // CHECK: mx.plan = #mx.plan<keep>
  // expected-remark@+1 {{a: kept, because it holds NaN at [0, 0]}}
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>) {mx.site = "a"}
  // CHECK: mx.plan = #mx.plan<keep>
  // expected-remark@+1 {{b: kept, because it holds an infinity at [0, 0]}}
  %1 = mx.matmul ins(%x, %v : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>) {mx.site = "b"}
  return %0, %1 : tensor<4x2xf32>, tensor<4x2xf32>
}

// -----

// Finite numbers whose rotation is not.
// CHECK-LABEL: @beyond
func.func @beyond(%x: tensor<4x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<3.0e38> : tensor<2x32xf32>
  // CHECK: mx.plan = #mx.plan<keep>
  // expected-remark@+1 {{beyond.site0: kept, because its error is beyond the range of numbers}}
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>)
  return %0 : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: @not_divided
func.func @not_divided(%x: tensor<4x48xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<0.3> : tensor<2x48xf32>
  // CHECK: mx.plan = #mx.plan<rhs = mxfp4 by mse>
  // expected-remark@+1 {{c: not rotated, because 32 does not divide 48}}
  %0 = mx.matmul ins(%x, %w : tensor<4x48xf32>, tensor<2x48xf32>) outs(%init : tensor<4x2xf32>) {mx.site = "c"}
  return %0 : tensor<4x2xf32>
}

// -----

func.func @no_constant(%x: tensor<4x?xf32>, %y: tensor<2x?xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-remark@+2 {{d: not rotated, because the contracted size is not known}}
  // expected-remark@+1 {{d: kept, because neither side is constant}}
  %0 = mx.matmul ins(%x, %y : tensor<4x?xf32>, tensor<2x?xf32>) outs(%init : tensor<4x2xf32>) {mx.site = "d"}
  return %0 : tensor<4x2xf32>
}

// -----

// Nothing is measured in what is empty.
// CHECK-LABEL: @empty
func.func @empty(%x: tensor<4x0xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<> : tensor<2x0xf32>
  // CHECK: mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
  %0 = mx.matmul ins(%x, %w : tensor<4x0xf32>, tensor<2x0xf32>) outs(%init : tensor<4x2xf32>)
  return %0 : tensor<4x2xf32>
}
