// Sites that are kept, or that nobody decided on, become linalg.
// RUN: mx-opt %s --mx-quantize --mx-verify-phase=phase=quantize | FileCheck %s
// RUN: mx-opt %s --mx-quantize --remarks-filter=mx-quantize --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK-NOT: [Missed]
// CHECK-LABEL: func @kept
func.func @kept(%x: tensor<4x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[W:.+]] = arith.constant dense<1.000000e+00> : tensor<2x32xf32>
  // CHECK: linalg.{{.*}} ins(%{{.+}}, %[[W]] : tensor<4x32xf32>, tensor<2x32xf32>)
  // CHECK-NOT: mx.
  %w = arith.constant dense<1.0> : tensor<2x32xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>)
    {mx.site = "kept", mx.plan = #mx.plan<keep>}
  return %0 : tensor<4x2xf32>
}

// CHECK-LABEL: func @undecided
func.func @undecided(%x: tensor<4x32xf32>, %y: tensor<2x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: linalg.
  // CHECK-NOT: mx.
  // REMARK: [[@LINE+1]]:{{.*}}remark: [Missed] plan {{.*}}logits: kept, because it has no plan
  %0 = mx.matmul ins(%x, %y : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>) {mx.site = "logits"}
  return %0 : tensor<4x2xf32>
}

// What a product that is kept gives may be encoded for the next one.
// CHECK-LABEL: func @kept_before_encoded
func.func @kept_before_encoded(%x: tensor<4x32xf32>, %y: tensor<32x32xf32>, %init: tensor<4x32xf32>) -> tensor<4x32xf32> {
  // CHECK: %[[HIDDEN:.+]] = linalg.
  // CHECK: %[[A:.+]] = mx.quantize %[[HIDDEN]] scale_rule(even)
  // CHECK: mx.matmul ins(%[[A]],
  %w = arith.constant dense<1.0> : tensor<32x32xf32>
  %0 = mx.matmul ins(%x, %y : tensor<4x32xf32>, tensor<32x32xf32>) outs(%init : tensor<4x32xf32>) {mx.plan = #mx.plan<keep>}
  %1 = mx.matmul ins(%0, %w : tensor<4x32xf32>, tensor<32x32xf32>) outs(%init : tensor<4x32xf32>)
    {mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by mse>}
  return %1 : tensor<4x32xf32>
}

// CHECK-LABEL: func @kept_experts
func.func @kept_experts(%x: tensor<4x32xf32>, %w: tensor<3x2x32xf32>, %ends: tensor<3xi32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK: scf.for
  // CHECK-NOT: mx.
  %0 = mx.grouped_matmul ins(%x, %w, %ends : tensor<4x32xf32>, tensor<3x2x32xf32>, tensor<3xi32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<4x2xf32>
}
// REMARK-NOT: [Missed]
