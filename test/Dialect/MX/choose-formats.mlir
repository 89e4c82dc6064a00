// RUN: mx-opt %s --mx-choose-formats=objective=ocp | FileCheck %s
// RUN: mx-opt %s --mx-choose-formats="objective=ocp activations=auto" | FileCheck %s --check-prefix=OCP
// RUN: mx-opt %s --mx-choose-formats="objective=nvidia activations=auto" | FileCheck %s --check-prefix=NVIDIA
// RUN: mx-opt %s --mx-choose-formats="objective=speed activations=auto rotation=off" | FileCheck %s --check-prefix=SPEED
// RUN: mx-opt %s --mx-choose-formats="formats=mxfp4 activations=mxfp4" | FileCheck %s --check-prefix=ACCURACY
// RUN: mx-opt %s --mx-choose-formats="formats=keep activations=mxfp4" | FileCheck %s --check-prefix=KEEP
// RUN: mx-opt %s --mx-choose-formats="objective=speed formats=nvfp4,mxfp8_e4m3 rotation=64" | FileCheck %s --check-prefix=FORCED
// RUN: mx-opt %s --mx-choose-formats="objective=ocp" --mx-choose-formats | FileCheck %s

// Each objective has its formats, rules and rotations; sides that are not constant
// follow `activations`. What was decided once stays decided.

// CHECK-LABEL: @weight
func.func @weight(%x: tensor<4x64xbf16>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.3> : tensor<8x64xbf16>
  // CHECK: mx.matmul {{.*}} {mx.plan = #mx.plan<rhs = mxfp4 by floor>, mx.site = "layer0.up"}
  // OCP: mx.plan = #mx.plan<lhs = mxfp8_e4m3 by floor, rhs = mxfp4 by floor>
  // NVIDIA: mx.plan = #mx.plan<lhs = nvfp4 by amax, rhs = nvfp4 by amax>
  // SPEED: mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by even>
  // ACCURACY: mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by mse
  // KEEP: mx.plan = #mx.plan<keep>
  // FORCED: mx.plan = #mx.plan<rhs = nvfp4 by amax, rotation = hadamard<64>>
  %0 = mx.matmul ins(%x, %w : tensor<4x64xbf16>, tensor<8x64xbf16>)
                 outs(%init : tensor<4x8xf32>) {mx.site = "layer0.up"}
  return %0 : tensor<4x8xf32>
}

// A constant on the left, and experts in groups.
// CHECK-LABEL: @left
func.func @left(%x: tensor<4x64xf32>, %init: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %w = arith.constant dense<0.3> : tensor<8x64xf32>
  // CHECK: mx.plan = #mx.plan<lhs = mxfp4 by floor>
  // OCP-LABEL: @left
  // OCP: mx.plan = #mx.plan<lhs = mxfp4 by floor, rhs = mxfp8_e4m3 by floor>
  %0 = mx.matmul ins(%w, %x : tensor<8x64xf32>, tensor<4x64xf32>) outs(%init : tensor<8x4xf32>)
  return %0 : tensor<8x4xf32>
}
// CHECK-LABEL: @experts
func.func @experts(%x: tensor<?x64xf32>, %ends: tensor<2xi32>, %init: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %w = arith.constant dense<0.3> : tensor<2x8x64xf32>
  // CHECK: mx.plan = #mx.plan<rhs = mxfp4 by floor>
  %0 = mx.grouped_matmul ins(%x, %w, %ends : tensor<?x64xf32>, tensor<2x8x64xf32>, tensor<2xi32>)
                         outs(%init : tensor<?x8xf32>)
  return %0 : tensor<?x8xf32>
}

// No side is constant: both are encoded, or the site is kept.
// CHECK-LABEL: @scores
func.func @scores(%q: tensor<4x64xf32>, %k: tensor<8x64xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: mx.plan = #mx.plan<keep>
  // OCP-LABEL: @scores
  // OCP: mx.plan = #mx.plan<lhs = mxfp8_e4m3 by floor, rhs = mxfp8_e4m3 by floor>
  %0 = mx.matmul ins(%q, %k : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// Not sites: a side is block-scaled, so that nothing is left to be decided.
// CHECK-LABEL: @encoded
func.func @encoded(%x: tensor<4x64xf32>, %w: !mx.tensor<8x64, mxfp4, axis = 1>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NOT: mx.plan
  // CHECK: return
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%init : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
