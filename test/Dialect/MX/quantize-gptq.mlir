// gptq makes up for the error of one column in the next, as the Hessian of the site
// says.
// RUN: %python %S/Inputs/calibration.py %t "plain=1,0.9;0.9,1" "sorted=1,0.9;0.9,2" \
// RUN:   "dead=0,0;0,1" "difficult=1,2;2,1" "hopeless=1,99;99,1" "rotated=0,0;0,1" "other=1,0;0,1"
// RUN: mx-opt %s --mx-quantize=calibration=%t | FileCheck %s
// RUN: mx-opt %s --mx-quantize="calibration=%t act-order=false" | FileCheck %s --check-prefix=UNSORTED
// RUN: mx-opt %s --mx-quantize="calibration=%t damping=20" | FileCheck %s --check-prefix=DAMPED
// RUN: mx-opt %s --mx-quantize="calibration=%t damping=0.5" --remarks-filter=mx-quantize --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=HALF
// RUN: mx-opt %s --mx-quantize=calibration=%t --remarks-filter=mx-quantize --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#plan = #mx.plan<rhs = mxfp4 by even, method = gptq>

// The scale is 1. To nearest, 2.5 becomes 2 (code 4) and 4.8 becomes 4 (code 6). Here
// the second is raised by what the first lost, and becomes 6 (code 7).
// With much damping, columns hardly count as alike, and it stays 4.
// CHECK-LABEL: func @plain
// DAMPED-LABEL: func @plain
func.func @plain(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: payload = dense<116> : tensor<1x1xi8>, scales = dense<127>
  // DAMPED: payload = dense<100>
  // REMARK: plain: mxfp4 by even, gptq, relative squared error 0.0577, 8 bits per weight
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "plain", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// The column of larger activations comes first: 4.8 becomes 4, and 2.5 becomes 3.
// CHECK-LABEL: func @sorted
// UNSORTED-LABEL: func @sorted
func.func @sorted(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: payload = dense<101>
  // UNSORTED: payload = dense<116>
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "sorted", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// CHECK-LABEL: func @dead
func.func @dead(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: payload = dense<96>
  // REMARK: dead: 1 columns that no activation reaches became zero
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "dead", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// CHECK-LABEL: func @difficult
func.func @difficult(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // HALF: difficult: damping raised to 5
  // REMARK: remark: [Missed] gptq {{.*}}difficult: damping raised to 10
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "difficult", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// CHECK-LABEL: func @hopeless
func.func @hopeless(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: payload = dense<100>
  // REMARK: remark: [Missed] gptq {{.*}}hopeless: no damping makes the Hessian positive definite; rounded to nearest
  // REMARK: hopeless: mxfp4 by even, rtn, relative squared error
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "hopeless", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// The file knows of rows that are not rotated: the column that is dead there is in
// both columns here.
// CHECK-LABEL: func @rotated
func.func @rotated(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // REMARK-NOT: rotated: 1 columns
  // REMARK: rotated: mxfp4 by even, gptq, rotated
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %r = mx.rotate %w by hadamard<2> along 1 : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %r : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "rotated", mx.rotated = #mx.hadamard<2>, mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// A weight that several sites use is encoded for all of their rows.
// CHECK-LABEL: func @shared
func.func @shared(%x: tensor<4x2xf32>, %y: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK-COUNT-1: mx.constant
  // REMARK: plain, other: mxfp4 by even, gptq
  %w = arith.constant dense<[[2.5, 4.8]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "plain", mx.plan = #plan}
  %1 = mx.matmul ins(%y, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%0 : tensor<4x1xf32>) {mx.site = "other", mx.plan = #plan}
  return %1 : tensor<4x1xf32>
}

// Without a constant there is nothing for gptq to do.
// CHECK-LABEL: func @activations
func.func @activations(%x: tensor<4x2xf32>, %y: tensor<1x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: mx.quantize %{{.+}} scale_rule(even)
  // REMARK: remark: [Missed] method {{.*}}scores: rounded to nearest instead of gptq, because no side that is encoded is a constant
  %0 = mx.matmul ins(%x, %y : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "scores", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}
