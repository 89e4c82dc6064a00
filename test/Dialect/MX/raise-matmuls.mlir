// Every form of linalg's matmul becomes mx.matmul, which contracts the last axis
// of both sides; transposes stand where a side has another order.
// RUN: mx-opt %s --mx-raise-matmuls=policy=all --split-input-file | FileCheck %s

// CHECK-LABEL: func @matmul
// CHECK-SAME:    %[[A:.+]]: tensor<4x8xf32>, %[[B:.+]]: tensor<8x16xf32>, %[[C:.+]]: tensor<4x16xf32>
func.func @matmul(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // CHECK: %[[EMPTY:.+]] = tensor.empty() : tensor<16x8xf32>
  // CHECK: %[[BT:.+]] = linalg.transpose ins(%[[B]] : tensor<8x16xf32>) outs(%[[EMPTY]] : tensor<16x8xf32>) permutation = [1, 0]
  // CHECK: %[[RESULT:.+]] = mx.matmul ins(%[[A]], %[[BT]] : tensor<4x8xf32>, tensor<16x8xf32>) outs(%[[C]] : tensor<4x16xf32>) {mx.site = "matmul.0"}
  // CHECK: return %[[RESULT]]
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x16xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @transposed_b
// CHECK-SAME:    %[[A:.+]]: tensor<4x8xbf16>, %[[B:.+]]: tensor<16x8xbf16>, %[[C:.+]]: tensor<4x16xf32>
func.func @transposed_b(%a: tensor<4x8xbf16>, %b: tensor<16x8xbf16>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // CHECK-NEXT: mx.matmul ins(%[[A]], %[[B]] : tensor<4x8xbf16>, tensor<16x8xbf16>) outs(%[[C]] : tensor<4x16xf32>)
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%a, %b : tensor<4x8xbf16>, tensor<16x8xbf16>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

#a = affine_map<(m, n, k) -> (k, m)>
#b = affine_map<(m, n, k) -> (k, n)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @transposed_a
func.func @transposed_a(%a: tensor<?x4xf16>, %b: tensor<?x16xbf16>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // CHECK: %[[SIZE:.+]] = tensor.dim %arg0
  // CHECK: %[[EMPTY:.+]] = tensor.empty(%[[SIZE]]) : tensor<4x?xf16>
  // CHECK: %[[AT:.+]] = linalg.transpose ins(%arg0 : tensor<?x4xf16>) outs(%[[EMPTY]] : tensor<4x?xf16>) permutation = [1, 0]
  // CHECK: %[[BT:.+]] = linalg.transpose ins(%arg1 : tensor<?x16xbf16>)
  // CHECK: mx.matmul ins(%[[AT]], %[[BT]] : tensor<4x?xf16>, tensor<16x?xbf16>)
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%a, %b : tensor<?x4xf16>, tensor<?x16xbf16>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

// A transpose that is there already is not undone, but left out.
// CHECK-LABEL: func @transpose_before
// CHECK-SAME:    %[[A:.+]]: tensor<4x8xf32>, %[[B:.+]]: tensor<16x8xf32>
func.func @transpose_before(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>, %c: tensor<4x16xf32>, %e: tensor<8x16xf32>) -> tensor<4x16xf32> {
  // CHECK: mx.matmul ins(%[[A]], %[[B]] : tensor<4x8xf32>, tensor<16x8xf32>)
  %t = linalg.transpose ins(%b : tensor<16x8xf32>) outs(%e : tensor<8x16xf32>) permutation = [1, 0]
  %0 = linalg.matmul ins(%a, %t : tensor<4x8xf32>, tensor<8x16xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

// So are extensions, and casts that forget a size.
// CHECK-LABEL: func @extension_before
// CHECK-SAME:    %[[A:.+]]: tensor<4x8xbf16>, %[[B:.+]]: tensor<16x8xf16>, %[[C:.+]]: tensor<?x?xf32>
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @extension_before(%a: tensor<4x8xbf16>, %b: tensor<16x8xf16>, %c: tensor<?x?xf32>, %e: tensor<16x8xf32>) -> tensor<?x?xf32> {
  // CHECK: mx.matmul ins(%[[A]], %[[B]] : tensor<4x8xbf16>, tensor<16x8xf16>) outs(%[[C]] : tensor<?x?xf32>)
  %wide = arith.extf %a : tensor<4x8xbf16> to tensor<4x8xf32>
  %any = tensor.cast %wide : tensor<4x8xf32> to tensor<?x?xf32>
  %x = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%b : tensor<16x8xf16>) outs(%e : tensor<16x8xf32>) {
  ^bb0(%in: f16, %out: f32):
    %1 = arith.extf %in : f16 to f32
    linalg.yield %1 : f32
  } -> tensor<16x8xf32>
  %0 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%any, %x : tensor<?x?xf32>, tensor<16x8xf32>) outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// One that reads the result of another.
// CHECK-LABEL: func @chain
func.func @chain(%a: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  // CHECK: %[[FIRST:.+]] = mx.matmul {{.+}} {mx.site = "chain.0"}
  // CHECK: mx.matmul ins(%[[FIRST]], {{.+}} {mx.site = "chain.1"}
  %0 = linalg.matmul ins(%a, %a : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = linalg.matmul ins(%0, %a : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %1 : tensor<8x8xf32>
}
