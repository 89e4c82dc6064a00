// Products of plain operands, with their name and what was decided for them, survive
// text and bytecode.
// RUN: mx-opt %s | mx-opt | FileCheck %s
// RUN: mx-opt %s --emit-bytecode | mx-opt | FileCheck %s

// CHECK-LABEL: func @product_of_plain_numbers
func.func @product_of_plain_numbers(%a: tensor<4x64xf32>, %b: tensor<8x64xbf16>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: mx.matmul ins(%{{.*}}, %{{.*}} : tensor<4x64xf32>, tensor<8x64xbf16>) outs(%{{.*}} : tensor<4x8xf32>)
  // CHECK-SAME: {mx.plan = #mx.plan<lhs = mxfp8_e4m3 by even, rhs = mxfp4 by mse>, mx.rotated = #mx.hadamard<32>, mx.site = "layer0.up"}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, tensor<8x64xbf16>) outs(%c : tensor<4x8xf32>)
    {mx.site = "layer0.up", mx.plan = #mx.plan<rhs = mxfp4 by mse, lhs = mxfp8_e4m3 by even>, mx.rotated = #mx.hadamard<32>}
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func @grouped_product_of_plain_numbers
func.func @grouped_product_of_plain_numbers(%a: tensor<?x64xf32>, %b: tensor<2x8x64xf32>, %e: tensor<2xi32>, %c: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: mx.grouped_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<2x8x64xf32>, tensor<2xi32>)
  // CHECK-SAME: {mx.plan = #mx.plan<keep>, mx.site = "experts"}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<?x64xf32>, tensor<2x8x64xf32>, tensor<2xi32>) outs(%c : tensor<?x8xf32>)
    {mx.site = "experts", mx.plan = #mx.plan<keep>}
  return %0 : tensor<?x8xf32>
}

// A rotation is not held against a size that is not known.
// CHECK-LABEL: func @dynamic_contraction
func.func @dynamic_contraction(%a: tensor<4x?xf32>, %b: tensor<8x?xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: {mx.plan = #mx.plan<rhs = nvfp4 by sweep, rotation = hadamard<16>>}
  %0 = mx.matmul ins(%a, %b : tensor<4x?xf32>, tensor<8x?xf32>) outs(%c : tensor<4x8xf32>)
    {mx.plan = #mx.plan<rhs = nvfp4 by sweep, rotation = hadamard<16>>}
  return %0 : tensor<4x8xf32>
}

// A side may be encoded already.
// CHECK-LABEL: func @one_side_left
func.func @one_side_left(%a: tensor<4x64xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: {mx.plan = #mx.plan<lhs = mxfp4 by even>}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by even>}
  return %0 : tensor<4x8xf32>
}
