// Generics are known by their body and their maps.
// RUN: mx-opt %s --mx-raise-matmuls=policy=all --split-input-file | FileCheck %s

// Loops, operands and arithmetic in another order; the output is indexed (n, m),
// which makes the second input the left side.
#a = affine_map<(k, m, n) -> (m, k)>
#b = affine_map<(k, m, n) -> (n, k)>
#c = affine_map<(k, m, n) -> (n, m)>
// CHECK-LABEL: func @any_order
// CHECK-SAME:    %[[A:.+]]: tensor<4x8xbf16>, %[[B:.+]]: tensor<16x8xf16>, %[[C:.+]]: tensor<16x4xf32>
func.func @any_order(%a: tensor<4x8xbf16>, %b: tensor<16x8xf16>, %c: tensor<16x4xf32>) -> tensor<16x4xf32> {
  // CHECK-NEXT: mx.matmul ins(%[[B]], %[[A]] : tensor<16x8xf16>, tensor<4x8xbf16>) outs(%[[C]] : tensor<16x4xf32>)
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["reduction", "parallel", "parallel"]} ins(%a, %b : tensor<4x8xbf16>, tensor<16x8xf16>) outs(%c : tensor<16x4xf32>) {
  ^bb0(%x: bf16, %y: f16, %out: f32):
    %1 = arith.extf %y : f16 to f32
    %2 = arith.extf %x : bf16 to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %3, %out : f32
    linalg.yield %4 : f32
  } -> tensor<16x4xf32>
  return %0 : tensor<16x4xf32>
}

// -----

// A narrow product that is added up in f32, and a narrow sum: mx.matmul rounds
// once instead.
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @narrow
func.func @narrow(%a: tensor<4x8xbf16>, %b: tensor<16x8xbf16>, %c: tensor<4x16xf32>, %d: tensor<4x16xbf16>) -> (tensor<4x16xf32>, tensor<4x16xbf16>) {
  // CHECK: mx.matmul ins(%arg0, %arg1 : {{.+}}) outs(%arg2 : tensor<4x16xf32>)
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xbf16>, tensor<16x8xbf16>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: bf16, %y: bf16, %out: f32):
    %2 = arith.mulf %x, %y : bf16
    %3 = arith.extf %2 : bf16 to f32
    %4 = arith.addf %out, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x16xf32>
  // CHECK: mx.matmul ins(%arg0, %arg1 : {{.+}}) outs(%arg3 : tensor<4x16xbf16>)
  %1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%a, %b : tensor<4x8xbf16>, tensor<16x8xbf16>) outs(%d : tensor<4x16xbf16>) -> tensor<4x16xbf16>
  return %0, %1 : tensor<4x16xf32>, tensor<4x16xbf16>
}
