// The policy chooses by what a side is, by function, by name and by size; names do
// not depend on it. What it does not choose is left, with the reason.
// RUN: mx-opt %s --mx-raise-matmuls | FileCheck %s --check-prefixes=CHECK,CONSTANT
// RUN: mx-opt %s --mx-raise-matmuls=policy=none | FileCheck %s --check-prefix=NONE
// RUN: mx-opt %s --mx-raise-matmuls="policy=all functions=^two$" | FileCheck %s --check-prefixes=CHECK,TWO
// RUN: mx-opt %s --mx-raise-matmuls="policy=all sites=q_proj" | FileCheck %s --check-prefixes=CHECK,NAMED
// RUN: mx-opt %s --mx-raise-matmuls=min-elements=33 | FileCheck %s --check-prefixes=CHECK,LARGE
// RUN: mx-opt %s --mx-raise-matmuls="functions=one min-elements=33" --remarks-filter-missed=mx-raise --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: mx-opt %s --mx-raise-matmuls="sites=proj" --remarks-filter=mx-raise --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=NAMES

// NONE-NOT: mx.
// CHECK-LABEL: func @one
func.func @one(%x: tensor<2x8xf32>, %y: tensor<8x8xf32>, %c: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %w = arith.constant dense<1.0> : tensor<8x8xf32>
  %small = arith.constant dense<2.0> : tensor<8x4xf32>
  %d = arith.constant dense<0.0> : tensor<2x4xf32>
  // CONSTANT: linalg.matmul
  // TWO: linalg.matmul
  // NAMED: linalg.matmul
  // LARGE: linalg.matmul
  // REMARK: linalg.matmul: expected a constant side
  // NAMES: linalg.matmul: its name 'one.0' does not match 'proj'
  %0 = linalg.matmul ins(%x, %y : tensor<2x8xf32>, tensor<8x8xf32>) outs(%c : tensor<2x8xf32>) -> tensor<2x8xf32>
  // CONSTANT: mx.matmul {{.+}} {mx.site = "layers.0.q_proj"}
  // TWO: linalg.matmul
  // NAMED: mx.matmul {{.+}} {mx.site = "layers.0.q_proj"}
  // LARGE: mx.matmul {{.+}} {mx.site = "layers.0.q_proj"}
  // NAMES: linalg.matmul became site 'layers.0.q_proj'
  %1 = linalg.matmul ins(%0, %w : tensor<2x8xf32>, tensor<8x8xf32>) outs(%c : tensor<2x8xf32>) -> tensor<2x8xf32> loc("layers.0.q_proj")
  // CONSTANT: mx.matmul {{.+}} {mx.site = "one.2"}
  // TWO: linalg.matmul
  // NAMED: linalg.matmul
  // LARGE: linalg.matmul
  // REMARK: linalg.matmul: expected a weight of at least 33 elements, got 32
  %2 = linalg.matmul ins(%x, %small : tensor<2x8xf32>, tensor<8x4xf32>) outs(%d : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x8xf32>
}

// CHECK-LABEL: func @two
func.func @two(%x: tensor<2x8xf32>, %y: tensor<8x?xf32>, %c: tensor<8x2xf32>, %d: tensor<2x?xf32>) -> (tensor<8x2xf32>, tensor<2x?xf32>) {
  // A constant on the left stays there.
  // CHECK: %[[W:.+]] = arith.constant
  %w = arith.constant dense<1.0> : tensor<8x8xf32>
  %t = tensor.empty() : tensor<8x2xf32>
  %xt = linalg.transpose ins(%x : tensor<2x8xf32>) outs(%t : tensor<8x2xf32>) permutation = [1, 0]
  // CONSTANT: mx.matmul ins(%[[W]], %arg0 : {{.+}} {mx.site = "layers.0.q_proj.1"}
  // TWO: mx.matmul ins(%[[W]], %arg0 : {{.+}} {mx.site = "layers.0.q_proj.1"}
  // NAMED: mx.matmul ins(%[[W]], %arg0 : {{.+}} {mx.site = "layers.0.q_proj.1"}
  // LARGE: mx.matmul ins(%[[W]], %arg0 : {{.+}} {mx.site = "layers.0.q_proj.1"}
  // REMARK: linalg.matmul: its function does not match 'one'
  // NAMES: linalg.matmul became site 'layers.0.q_proj.1'
  %0 = linalg.matmul ins(%w, %xt : tensor<8x8xf32>, tensor<8x2xf32>) outs(%c : tensor<8x2xf32>) -> tensor<8x2xf32> loc(fused["a.py":1:2, "layers.0.q_proj"])
  // CONSTANT: linalg.matmul
  // TWO: mx.matmul {{.+}} {mx.site = "two.1"}
  // NAMED: linalg.matmul
  // LARGE: linalg.matmul
  %1 = linalg.matmul ins(%x, %y : tensor<2x8xf32>, tensor<8x?xf32>) outs(%d : tensor<2x?xf32>) -> tensor<2x?xf32>
  return %0, %1 : tensor<8x2xf32>, tensor<2x?xf32>
}
