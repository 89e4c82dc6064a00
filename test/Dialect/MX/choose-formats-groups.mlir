// RUN: mx-opt %s --mx-choose-formats="formats=mxfp4 rotation=32" --split-input-file | FileCheck %s
// RUN: mx-opt %s --mx-choose-formats="formats=mxfp4 activations=mxfp8_e4m3" --split-input-file | FileCheck %s --check-prefix=FOLLOW
// RUN: mx-opt %s --mx-choose-formats="formats=mxfp4" --split-input-file --remarks-filter=mx-choose --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// Sites that share an operand are rotated and encoded together; plans that are there
// already are left, and set an example where the options leave the choice open.

// CHECK-LABEL: @shared_activation
// REMARK: remark: {{.*}}gate: rhs = mxfp4 by mse{{.*}}decided together with 1 other site of the same operands
// REMARK: remark: {{.*}}up: rhs = mxfp4 by mse{{.*}}decided together with 1 other site of the same operands
func.func @shared_activation(%x: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %gate = arith.constant dense<0.3> : tensor<8x64xf32>
  %up = arith.constant dense<0.7> : tensor<8x64xf32>
  // CHECK: rotation = hadamard<32>
  %0 = mx.matmul ins(%x, %gate : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.site = "gate"}
  // CHECK: rotation = hadamard<32>
  %1 = mx.matmul ins(%x, %up : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.site = "up"}
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// CHECK-LABEL: @planned
// FOLLOW-LABEL: @planned
// REMARK: remark: {{.*}}q: lhs = mxfp4 by ceil, rhs = nvfp4 by amax, rotation = hadamard<16>{{.*}}because it was planned before
func.func @planned(%x: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %q = arith.constant dense<0.3> : tensor<8x64xf32>
  %k = arith.constant dense<0.7> : tensor<8x64xf32>
  // CHECK: mx.plan = #mx.plan<lhs = mxfp4 by ceil, rhs = nvfp4 by amax, rotation = hadamard<16>>
  // FOLLOW: mx.plan = #mx.plan<lhs = mxfp4 by ceil, rhs = nvfp4 by amax, rotation = hadamard<16>>
  %0 = mx.matmul ins(%x, %q : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>)
    {mx.site = "q", mx.plan = #mx.plan<lhs = mxfp4 by ceil, rhs = nvfp4 by amax, rotation = hadamard<16>>}
  // CHECK: mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
  // FOLLOW: mx.plan = #mx.plan<lhs = mxfp4 by ceil, rhs = mxfp4 by mse, rotation = hadamard<16>>
  %1 = mx.matmul ins(%x, %k : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.site = "k"}
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// What is rotated already is not rotated again.
// CHECK-LABEL: @rotated
func.func @rotated(%x: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.3> : tensor<8x64xf32>
  %xr = mx.rotate %x by hadamard<64> along 1 : tensor<4x64xf32>
  %wr = mx.rotate %w by hadamard<64> along 1 : tensor<8x64xf32>
  // CHECK: mx.plan = #mx.plan<rhs = mxfp4 by mse>, mx.rotated = #mx.hadamard<64>
  %0 = mx.matmul ins(%xr, %wr : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.rotated = #mx.hadamard<64>}
  return %0 : tensor<4x8xf32>
}

// -----

// Two constants, one of them shared: both become constants of a format.
// CHECK-LABEL: @constants
func.func @constants(%init: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %a = arith.constant dense<0.3> : tensor<8x64xf32>
  // CHECK: mx.plan = #mx.plan<lhs = mxfp4 by mse, rhs = mxfp4 by mse, rotation = hadamard<32>>
  %0 = mx.matmul ins(%a, %a : tensor<8x64xf32>, tensor<8x64xf32>) outs(%init : tensor<8x8xf32>)
  return %0 : tensor<8x8xf32>
}

// -----

// A plan stands although its error cannot be known.
// REMARK: remark: {{.*}}v: rhs = mxfp4 by even; relative error 0, {{.*}}because it was planned before, at an unknown error: it holds NaN at [0, 0]
// CHECK-LABEL: @planned_not_finite
func.func @planned_not_finite(%x: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %v = arith.constant dense<0x7FC00000> : tensor<8x64xf32>
  // CHECK: mx.plan = #mx.plan<rhs = mxfp4 by even>
  %0 = mx.matmul ins(%x, %v : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>)
    {mx.site = "v", mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0 : tensor<4x8xf32>
}

// -----

// The example is what the plan did to this activation, whichever side it is on.
// FOLLOW-LABEL: @planned_right
func.func @planned_right(%x: tensor<4x64xf32>, %init: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %q = arith.constant dense<0.3> : tensor<8x64xf32>
  %k = arith.constant dense<0.7> : tensor<8x64xf32>
  // FOLLOW: mx.plan = #mx.plan<lhs = nvfp4 by amax, rhs = mxfp4 by ceil>
  %0 = mx.matmul ins(%q, %x : tensor<8x64xf32>, tensor<4x64xf32>) outs(%init : tensor<8x4xf32>)
    {mx.plan = #mx.plan<lhs = nvfp4 by amax, rhs = mxfp4 by ceil>}
  // FOLLOW: mx.plan = #mx.plan<lhs = mxfp4 by mse, rhs = mxfp4 by ceil>
  %1 = mx.matmul ins(%k, %x : tensor<8x64xf32>, tensor<4x64xf32>) outs(%init : tensor<8x4xf32>)
  return %0, %1 : tensor<8x4xf32>, tensor<8x4xf32>
}
