// Tensor scales of activations from calibration: the largest number by 6 · 448 = 2688 (N4.1).
// RUN: %python %S/Inputs/calibration.py %t "q=1,0;0,1" "q:amax=5376,1" "k=1,0;0,1" "k:amax=2,10752" \
// RUN:   "rotated:rows=2688,2688;1,2" "moved=1,0;0,1" "moved:amax=2688,2688" "other=1,0;0,1" "zero:rows=0,0"
// RUN: mx-opt %s --mx-quantize="calibration=%t activation-scale=static" --canonicalize | FileCheck %s
// RUN: mx-opt %s --mx-quantize="calibration=%t activation-scale=dynamic" | FileCheck %s --check-prefix=DYNAMIC
// RUN: mx-opt %s --mx-quantize="calibration=%t activation-scale=static" --remarks-filter=mx-quantize \
// RUN:   --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// DYNAMIC-NOT: tensor_scale(

#plan = #mx.plan<lhs = nvfp4 by amax, rhs = nvfp4 by amax>

// One activation is quantised once, with the scale of the largest that either site saw.
// CHECK-LABEL: func @shared
func.func @shared(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> (tensor<4x1xf32>, tensor<4x1xf32>) {
  // CHECK-DAG: %[[T:.+]] = arith.constant dense<4.000000e+00> : tensor<f32>
  // CHECK: %[[X:.+]] = mx.quantize %{{.+}} tensor_scale(%[[T]]) scale_rule(amax)
  // CHECK-NOT: mx.quantize
  // CHECK: mx.matmul ins(%[[X]],
  // CHECK: mx.matmul ins(%[[X]],
  // REMARK-DAG: remark: [Passed] activation-scale {{.*}}q, k: tensor scale of the activation 4, because it was at most 1.075e+04 in calibration
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %v = arith.constant dense<[[2.0, 2.0]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "q", mx.plan = #plan}
  %1 = mx.matmul ins(%x, %v : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "k", mx.plan = #plan}
  return %0, %1 : tensor<4x1xf32>, tensor<4x1xf32>
}

// The file has rows that are not rotated: 2688 twice becomes 2688 · √2 and 0.
// CHECK-LABEL: func @rotated
func.func @rotated(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK-DAG: %[[T:.+]] = arith.constant dense<1.41421{{[0-9]*}}> : tensor<f32>
  // CHECK: mx.quantize %{{.+}} tensor_scale(%[[T]]) rotate scale_rule(amax)
  // REMARK-DAG: rotated: tensor scale of the activation 1.414,
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %r = mx.rotate %x by hadamard<2> along 1 : tensor<4x2xf32>
  %0 = mx.matmul ins(%r, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>)
    {mx.site = "rotated", mx.rotated = #mx.hadamard<2>, mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

#whole = affine_map<(n, k) -> (n, k)>
#channel = affine_map<(n, k) -> (k)>

// The rows in the file still have the gain that has moved to the weight.
// CHECK-LABEL: func @moved
func.func @moved(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK-DAG: %[[T:.+]] = arith.constant dense<2.000000e+00> : tensor<f32>
  // CHECK: mx.quantize %{{.+}} tensor_scale(%[[T]]) scale_rule(amax)
  %w = arith.constant dense<[[5.0, 4.8]]> : tensor<1x2xf32>
  %gain = arith.constant dense<[-0.5, 1.0]> : tensor<2xf32>
  %empty = tensor.empty() : tensor<1x2xf32>
  %g = linalg.generic {indexing_maps = [#whole, #channel, #whole], iterator_types = ["parallel", "parallel"]}
    ins(%w, %gain : tensor<1x2xf32>, tensor<2xf32>) outs(%empty : tensor<1x2xf32>) attrs = {mx.moved_gain} {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %g : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "moved", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// Zeros have the scale 1. Rows are enough where they are all there were.
// CHECK-LABEL: func @zero
func.func @zero(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK-DAG: %[[T:.+]] = arith.constant dense<1.000000e+00> : tensor<f32>
  // CHECK: mx.quantize %{{.+}} tensor_scale(%[[T]]) scale_rule(amax)
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "zero", mx.plan = #plan}
  return %0 : tensor<4x1xf32>
}

// Formats without a tensor scale need no statistics.
// CHECK-LABEL: func @without
func.func @without(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: mx.quantize %{{.+}} scale_rule(even)
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "none", mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}

// Products of two activations are not recorded.
// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<4x16xf32>, %k: tensor<4x16xf32>, %init: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // CHECK-NOT: tensor_scale
  // CHECK: return
  // REMARK-DAG: remark: [Missed] activation-scale {{.*}}scores: tensor scale of the lhs computed at run time, because its other side is no constant and it was not recorded
  // REMARK-DAG: scores: tensor scale of the rhs
  %0 = mx.matmul ins(%q, %k : tensor<4x16xf32>, tensor<4x16xf32>) outs(%init : tensor<4x4xf32>) {mx.site = "scores", mx.plan = #plan}
  return %0 : tensor<4x4xf32>
}
