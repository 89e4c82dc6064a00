// What a plan says is done: constants are encoded, other sides get an mx.quantize,
// and no plan is left.
// RUN: mx-opt %s --mx-quantize --mx-verify-phase=phase=quantize | FileCheck %s

// 1.0 everywhere: each scale is 2^-2 (125) and each code 4.0 (6, twice in a byte).
// CHECK-LABEL: func @both_sides
// CHECK-SAME: %[[X:.+]]: tensor<4x32xf32>, %[[INIT:.+]]: tensor<4x2xf32>
func.func @both_sides(%x: tensor<4x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK-DAG: %[[A:.+]] = mx.quantize %[[X]] scale_rule(even) : tensor<4x32xf32> to !mx.tensor<4x32, mxfp8_e4m3, axis = 1>
  // CHECK-DAG: %[[W:.+]] = mx.constant <payload = dense<102> : tensor<2x16xi8>, scales = dense<125> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  // CHECK: mx.matmul ins(%[[A]], %[[W]] : {{.*}}) outs(%[[INIT]] : tensor<4x2xf32>)
  // CHECK-NOT: mx.plan
  // CHECK-NOT: arith.constant
  %w = arith.constant dense<1.0> : tensor<2x32xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>)
    {mx.site = "up", mx.plan = #mx.plan<lhs = mxfp8_e4m3 by even, rhs = mxfp4 by mse>}
  return %0 : tensor<4x2xf32>
}

// A side without an encoding stays as it is.
// CHECK-LABEL: func @weight_only
func.func @weight_only(%x: tensor<4x32xbf16>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: mx.matmul ins(%{{.+}}, %{{.+}} : tensor<4x32xbf16>, !mx.tensor<2x32, mxfp4, axis = 1>)
  %w = arith.constant dense<1.0> : tensor<2x32xbf16>
  %0 = mx.matmul ins(%x, %w : tensor<4x32xbf16>, tensor<2x32xbf16>) outs(%init : tensor<4x2xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse>}
  return %0 : tensor<4x2xf32>
}

// CHECK-LABEL: func @constant_on_the_left
func.func @constant_on_the_left(%x: tensor<4x32xf32>, %init: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK: %[[W:.+]] = mx.constant
  // CHECK: mx.matmul ins(%[[W]], %{{.+}} : !mx.tensor<2x32, mxfp4, axis = 1>, tensor<4x32xf32>)
  %w = arith.constant dense<1.0> : tensor<2x32xf32>
  %0 = mx.matmul ins(%w, %x : tensor<2x32xf32>, tensor<4x32xf32>) outs(%init : tensor<2x4xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by mse>}
  return %0 : tensor<2x4xf32>
}

// A side that is encoded stays, and says whether the other one is rotated.
// CHECK-LABEL: func @one_side_left
func.func @one_side_left(%x: tensor<4x32xf32>, %w: !mx.tensor<2x32, mxfp4, axis = 1, rotation = hadamard<32>>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: mx.quantize %{{.+}} scale_rule(rceil) : tensor<4x32xf32> to !mx.tensor<4x32, mxfp4, axis = 1, rotation = hadamard<32>>
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, !mx.tensor<2x32, mxfp4, axis = 1, rotation = hadamard<32>>) outs(%init : tensor<4x2xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by rceil, rhs = mxfp8_e4m3 by even>}
  return %0 : tensor<4x2xf32>
}

// A mark of rotation goes, with or without a plan.
// CHECK-LABEL: func @nothing_left_to_do
func.func @nothing_left_to_do(%x: !mx.tensor<4x32, mxfp4, axis = 1>, %w: !mx.tensor<2x32, mxfp4, axis = 1>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: mx.matmul ins({{.*}}) outs(%{{.+}} : tensor<4x2xf32>){{$}}
  // CHECK-NEXT: mx.matmul ins({{.*}}) outs(%{{.+}} : tensor<4x2xf32>){{$}}
  %0 = mx.matmul ins(%x, %w : !mx.tensor<4x32, mxfp4, axis = 1>, !mx.tensor<2x32, mxfp4, axis = 1>) outs(%init : tensor<4x2xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by rceil>}
  %1 = mx.matmul ins(%x, %w : !mx.tensor<4x32, mxfp4, axis = 1>, !mx.tensor<2x32, mxfp4, axis = 1>) outs(%0 : tensor<4x2xf32>)
    {mx.rotated = #mx.hadamard<32>}
  return %1 : tensor<4x2xf32>
}

// Each activation is encoded once for all products that want it alike, and so is
// each constant.
// CHECK-LABEL: func @shared
// CHECK-SAME: %[[X:.+]]: tensor<?x32xf32>,
func.func @shared(%x: tensor<?x32xf32>, %init: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>) {
  %w = arith.constant dense<1.0> : tensor<2x32xf32>
  // CHECK-DAG: %[[EVEN:.+]] = mx.quantize %[[X]] scale_rule(even)
  // CHECK-DAG: %[[CEIL:.+]] = mx.quantize %[[X]] scale_rule(ceil)
  // CHECK-DAG: %[[W:.+]] = mx.constant
  // CHECK-NOT: mx.constant
  // CHECK-NOT: mx.quantize
  // CHECK: mx.matmul ins(%[[EVEN]], %[[W]] :
  %0 = mx.matmul ins(%x, %w : tensor<?x32xf32>, tensor<2x32xf32>) outs(%init : tensor<?x2xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by mse>}
  // CHECK: mx.matmul ins(%[[EVEN]], %[[W]] :
  %1 = mx.matmul ins(%x, %w : tensor<?x32xf32>, tensor<2x32xf32>) outs(%0 : tensor<?x2xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by mse>}
  // CHECK: mx.matmul ins(%[[CEIL]], %[[W]] :
  %2 = mx.matmul ins(%x, %w : tensor<?x32xf32>, tensor<2x32xf32>) outs(%1 : tensor<?x2xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by ceil, rhs = mxfp4 by mse>}
  return %0, %1, %2 : tensor<?x2xf32>, tensor<?x2xf32>, tensor<?x2xf32>
}

// Matrices of experts and of batches are one constant; a ragged row has a short
// block.
// CHECK-LABEL: func @many_matrices
func.func @many_matrices(%x: tensor<4x40xf32>, %y: tensor<3x4x40xf32>, %ends: tensor<3xi32>, %c: tensor<4x2xf32>, %d: tensor<3x4x2xf32>) -> (tensor<4x2xf32>, tensor<3x4x2xf32>) {
  // CHECK: %[[W:.+]] = mx.constant <payload = dense<102> : tensor<3x2x20xi8>, scales = dense<125> : tensor<3x2x2xi8>> : !mx.tensor<3x2x40, mxfp4, axis = 2>
  %w = arith.constant dense<1.0> : tensor<3x2x40xf32>
  // CHECK: mx.grouped_matmul ins(%{{.+}}, %[[W]], %{{.+}} :
  %0 = mx.grouped_matmul ins(%x, %w, %ends : tensor<4x40xf32>, tensor<3x2x40xf32>, tensor<3xi32>) outs(%c : tensor<4x2xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse>}
  // CHECK: mx.matmul ins(%{{.+}}, %[[W]] : tensor<3x4x40xf32>,
  %1 = mx.matmul ins(%y, %w : tensor<3x4x40xf32>, tensor<3x2x40xf32>) outs(%d : tensor<3x4x2xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse>}
  return %0, %1 : tensor<4x2xf32>, tensor<3x4x2xf32>
}
