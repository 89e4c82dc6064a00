// Names are printable, and no two sites have the same.
// RUN: mx-opt %s --mx-raise-matmuls=policy=all | FileCheck %s

func.func @"line\0Abreak"(%a: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // CHECK: mx.matmul {{.+}} {mx.site = "line_break.0"}
  %0 = linalg.matmul ins(%a, %a : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  // CHECK: mx.matmul {{.+}} {mx.site = "tab__x"}
  %1 = linalg.matmul ins(%a, %0 : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32> loc("tab\09\0Ax")
  return %1 : tensor<8x8xf32>
}

func.func @taken(%a: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // CHECK: mx.matmul {{.+}} {mx.site = "taken.1.1"}
  %0 = linalg.matmul ins(%a, %a : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32> loc("taken.1")
  // CHECK: mx.matmul {{.+}} {mx.site = "taken.1"}
  %1 = mx.matmul ins(%a, %0 : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) {mx.site = "taken.1"}
  // CHECK: mx.matmul {{.+}} {mx.site = "taken.1.2"}
  %2 = linalg.matmul ins(%a, %1 : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %2 : tensor<8x8xf32>
}

// A product that was written as a site gets a name too.

// CHECK-LABEL: @by_hand
func.func @by_hand(%x: tensor<8x64xf32>, %w: tensor<32x64xf32>, %c: tensor<8x32xf32>) -> tensor<8x32xf32> {
  // CHECK: mx.matmul {{.*}} {mx.site = "up_proj"}
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<32x64xf32>) outs(%c : tensor<8x32xf32>) loc("up_proj")
  return %0 : tensor<8x32xf32>
}
