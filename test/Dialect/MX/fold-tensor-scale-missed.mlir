// Factors that stay, and why.
// RUN: mx-opt %s --mx-fold-tensor-scale --verify-diagnostics --remarks-filter-missed=mx-fold-tensor-scale --remark-format=emitRemark | FileCheck %s

!weight = !mx.tensor<2x16, nvfp4, axis = 1>

// CHECK-LABEL: func @more_uses
func.func @more_uses(%x: tensor<4x16xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  // CHECK: arith.mulf
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0 : f32> : !weight
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %factor = arith.constant dense<2.0> : tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xf32>, !weight) outs(%zero : tensor<4x2xf32>)
  // expected-remark @below {{factor stays: the product has other uses}}
  %1 = arith.mulf %0, %factor : tensor<4x2xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<4x2xf32>
}

// CHECK-LABEL: func @initial_value
func.func @initial_value(%x: tensor<4x16xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: arith.mulf
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0 : f32> : !weight
  %factor = arith.constant dense<2.0> : tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xf32>, !weight) outs(%init : tensor<4x2xf32>)
  // expected-remark @below {{factor stays: expected an initial value of zero}}
  %1 = arith.mulf %0, %factor : tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// CHECK-LABEL: func @negative
func.func @negative(%x: tensor<4x16xf32>) -> tensor<4x2xf32> {
  // CHECK: arith.mulf
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0 : f32> : !weight
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %factor = arith.constant dense<-2.0> : tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xf32>, !weight) outs(%zero : tensor<4x2xf32>)
  // expected-remark @below {{factor stays: expected a positive factor}}
  %1 = arith.mulf %0, %factor : tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// CHECK-LABEL: func @subnormal
func.func @subnormal(%x: tensor<4x16xf32>) -> tensor<4x2xf32> {
  // CHECK: arith.mulf
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0e-30 : f32> : !weight
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %factor = arith.constant dense<1.0e-9> : tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xf32>, !weight) outs(%zero : tensor<4x2xf32>)
  // expected-remark @below {{factor stays: expected a tensor scale that is positive, finite and not subnormal}}
  %1 = arith.mulf %0, %factor : tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// CHECK-LABEL: func @infinite
func.func @infinite(%x: tensor<4x16xf32>) -> tensor<4x2xf32> {
  // CHECK: arith.divf
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0e30 : f32> : !weight
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %factor = arith.constant dense<1.0e-9> : tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xf32>, !weight) outs(%zero : tensor<4x2xf32>)
  // expected-remark @below {{factor stays: expected a tensor scale that is positive, finite and not subnormal}}
  %1 = arith.divf %0, %factor : tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// CHECK-LABEL: func @no_tensor_scale
func.func @no_tensor_scale(%x: tensor<4x32xf32>) -> tensor<4x2xf32> {
  // CHECK: arith.mulf
  %w = mx.constant <payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %factor = arith.constant dense<2.0> : tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, !mx.tensor<2x32, mxfp4, axis = 1>) outs(%zero : tensor<4x2xf32>)
  // expected-remark @below {{factor stays: no side is a constant with a tensor scale}}
  %1 = arith.mulf %0, %factor : tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// A number over the product, one of many numbers, and what is encoded afterwards are
// no such factors.
// CHECK-LABEL: func @no_factor
func.func @no_factor(%x: tensor<4x16xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  // CHECK: arith.divf
  // CHECK: arith.mulf
  // CHECK: arith.mulf
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0 : f32> : !weight
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %number = arith.constant dense<2.0> : tensor<4x2xf32>
  %numbers = arith.constant dense<[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]> : tensor<4x2xf32>
  %twos = arith.constant dense<2.0> : tensor<4x16xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xf32>, !weight) outs(%zero : tensor<4x2xf32>)
  %1 = arith.divf %number, %0 : tensor<4x2xf32>
  %2 = arith.mulf %1, %numbers : tensor<4x2xf32>
  %y = arith.mulf %x, %twos : tensor<4x16xf32>
  %a = mx.quantize %y scale_rule(even) : tensor<4x16xf32> to !mx.tensor<4x16, mxfp8_e4m3, axis = 1>
  %3 = mx.matmul ins(%a, %w : !mx.tensor<4x16, mxfp8_e4m3, axis = 1>, !weight) outs(%zero : tensor<4x2xf32>)
  return %2, %3 : tensor<4x2xf32>, tensor<4x2xf32>
}
