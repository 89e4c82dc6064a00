// Rotated numbers are encoded as such, and a rotation that stands before an
// mx.quantize becomes part of it.
// RUN: mx-opt %s --mx-quantize --mx-verify-phase=phase=quantize | FileCheck %s
// RUN: mx-opt %s --mx-quantize --remarks-filter=mx-quantize --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Rows of ones become (√4, 0, 0, 0): codes 4 (6) and 0.
// CHECK-LABEL: func @both_sides
// CHECK-SAME: %[[X:.+]]: tensor<4x8xf32>
func.func @both_sides(%x: tensor<4x8xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK-DAG: %[[A:.+]] = mx.quantize %[[X]] rotate scale_rule(even) : tensor<4x8xf32> to !mx.tensor<4x8, mxfp4, axis = 1, rotation = hadamard<4>>
  // CHECK-DAG: %[[W:.+]] = mx.constant <payload = dense<{{\[}}[6, 0, 6, 0]]> : tensor<1x4xi8>, scales = dense<126> : tensor<1x1xi8>> : !mx.tensor<1x8, mxfp4, axis = 1, rotation = hadamard<4>>
  // CHECK: mx.matmul ins(%[[A]], %[[W]] :
  // CHECK-NOT: mx.rotate
  // REMARK: down: mxfp4 by even, rtn, rotated, relative squared error 0, {{.*}} bits per weight
  %w = arith.constant dense<1.0> : tensor<1x8xf32>
  %rotated = mx.rotate %w by hadamard<4> along 1 : tensor<1x8xf32>
  %y = mx.rotate %x by hadamard<4> along 1 : tensor<4x8xf32>
  %0 = mx.matmul ins(%y, %rotated : tensor<4x8xf32>, tensor<1x8xf32>) outs(%init : tensor<4x1xf32>)
    {mx.site = "down", mx.rotated = #mx.hadamard<4>, mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by even>}
  return %0 : tensor<4x1xf32>
}

// The activation came rotated, without an operation of its own.
// CHECK-LABEL: func @rotated_before
// CHECK-SAME: %[[X:.+]]: tensor<4x8xf32>
func.func @rotated_before(%x: tensor<4x8xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: mx.quantize %[[X]] scale_rule(even) : tensor<4x8xf32> to !mx.tensor<4x8, mxfp4, axis = 1, rotation = hadamard<4>>
  %w = arith.constant dense<1.0> : tensor<1x8xf32>
  %rotated = mx.rotate %w by hadamard<4> along 1 : tensor<1x8xf32>
  %0 = mx.matmul ins(%x, %rotated : tensor<4x8xf32>, tensor<1x8xf32>) outs(%init : tensor<4x1xf32>)
    {mx.rotated = #mx.hadamard<4>, mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by even>}
  return %0 : tensor<4x1xf32>
}

// A plain side stays rotated by its operation.
// CHECK-LABEL: func @weight_only
func.func @weight_only(%x: tensor<4x8xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  // CHECK: %[[Y:.+]] = mx.rotate
  // CHECK: mx.matmul ins(%[[Y]], %{{.+}} : tensor<4x8xf32>, !mx.tensor<1x8, mxfp4, axis = 1, rotation = hadamard<4>>)
  %w = arith.constant dense<1.0> : tensor<1x8xf32>
  %rotated = mx.rotate %w by hadamard<4> along 1 : tensor<1x8xf32>
  %y = mx.rotate %x by hadamard<4> along 1 : tensor<4x8xf32>
  %0 = mx.matmul ins(%y, %rotated : tensor<4x8xf32>, tensor<1x8xf32>) outs(%init : tensor<4x1xf32>)
    {mx.rotated = #mx.hadamard<4>, mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0 : tensor<4x1xf32>
}
