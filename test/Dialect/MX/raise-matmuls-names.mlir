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
