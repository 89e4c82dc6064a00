// Generics that scale, as IREE and torch-mlir write them. Loops and operands may
// stand in any order; k is two loops, or one with scales indexed by k floordiv block.
// RUN: mx-opt %s --mx-import --split-input-file | FileCheck %s
// RUN: mx-opt %s --mx-import --split-input-file --remarks-filter-passed=mx-import --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#map = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d2)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-LABEL: func @four_loops
// CHECK-SAME:    %[[A:.+]]: tensor<?x?x32xf4E2M1FN>, %[[B:.+]]: tensor<?x?x32xf4E2M1FN>, %[[AS:.+]]: tensor<?x?xf8E8M0FNU>, %[[BS:.+]]: tensor<?x?xf8E8M0FNU>, %[[C:.+]]: tensor<?x?xf32>
func.func @four_loops(%a: tensor<?x?x32xf4E2M1FN>, %b: tensor<?x?x32xf4E2M1FN>, %as: tensor<?x?xf8E8M0FNU>, %bs: tensor<?x?xf8E8M0FNU>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // CHECK: %[[AJ:.+]] = tensor.collapse_shape %[[A]] {{\[\[}}0], [1, 2]]
  // CHECK: %[[LHS:.+]] = mx.bundle %[[AJ]], %[[AS]] : {{.+}} to !mx.tensor<?x?, mxfp4, axis = 1>
  // CHECK: %[[BJ:.+]] = tensor.collapse_shape %[[B]] {{\[\[}}0], [1, 2]]
  // CHECK: %[[RHS:.+]] = mx.bundle %[[BJ]], %[[BS]] : {{.+}} to !mx.tensor<?x?, mxfp4, axis = 1>
  // CHECK: mx.matmul ins(%[[LHS]], %[[RHS]] : {{.+}}) outs(%[[C]] : tensor<?x?xf32>)
  %0 = linalg.generic {indexing_maps = [#map, #map1, #map2, #map3, #map4], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%a, %b, %as, %bs : tensor<?x?x32xf4E2M1FN>, tensor<?x?x32xf4E2M1FN>, tensor<?x?xf8E8M0FNU>, tensor<?x?xf8E8M0FNU>) outs(%c : tensor<?x?xf32>) {
  ^bb0(%in: f4E2M1FN, %in_0: f4E2M1FN, %in_1: f8E8M0FNU, %in_2: f8E8M0FNU, %out: f32):
    %1 = arith.scaling_extf %in, %in_1 : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %in_0, %in_2 : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %out, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// Scales first, k loops first, sum and product turned round; and the output
// indexed (n, m), which makes B the left side.
#a = affine_map<(ko, kb, m, n) -> (m, ko, kb)>
#b = affine_map<(ko, kb, m, n) -> (n, ko, kb)>
#as = affine_map<(ko, kb, m, n) -> (m, ko)>
#bs = affine_map<(ko, kb, m, n) -> (n, ko)>
#c = affine_map<(ko, kb, m, n) -> (n, m)>
// CHECK-LABEL: func @any_order
func.func @any_order(%a: tensor<4x2x32xf8E5M2>, %b: tensor<8x2x32xf6E3M2FN>, %as: tensor<4x2xf8E8M0FNU>, %bs: tensor<8x2xf8E8M0FNU>, %c: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // CHECK: mx.matmul ins({{.+}} : !mx.tensor<8x64, mxfp6_e3m2, axis = 1>, !mx.tensor<4x64, mxfp8_e5m2, axis = 1>) outs({{.+}} : tensor<8x4xf32>)
  %0 = linalg.generic {indexing_maps = [#bs, #as, #a, #b, #c], iterator_types = ["reduction", "reduction", "parallel", "parallel"]} ins(%bs, %as, %a, %b : tensor<8x2xf8E8M0FNU>, tensor<4x2xf8E8M0FNU>, tensor<4x2x32xf8E5M2>, tensor<8x2x32xf6E3M2FN>) outs(%c : tensor<8x4xf32>) {
  ^bb0(%ys: f8E8M0FNU, %xs: f8E8M0FNU, %x: f8E5M2, %y: f6E3M2FN, %sum: f32):
    %1 = arith.scaling_extf %x, %xs : f8E5M2, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y, %ys : f6E3M2FN, f8E8M0FNU to f32
    %3 = arith.mulf %2, %1 : f32
    %4 = arith.addf %3, %sum : f32
    linalg.yield %4 : f32
  } -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// -----

#a = affine_map<(b, m, n, ko, kb) -> (b, m, ko, kb)>
#b = affine_map<(b, m, n, ko, kb) -> (b, n, ko, kb)>
#as = affine_map<(b, m, n, ko, kb) -> (b, m, ko)>
#bs = affine_map<(b, m, n, ko, kb) -> (b, n, ko)>
#c = affine_map<(b, m, n, ko, kb) -> (b, m, n)>
// CHECK-LABEL: func @batch
func.func @batch(%a: tensor<?x4x2x32xf6E2M3FN>, %b: tensor<?x8x2x32xf8E4M3FN>, %as: tensor<?x4x2xf8E8M0FNU>, %bs: tensor<?x8x2xf8E8M0FNU>, %c: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: mx.matmul ins({{.+}} : !mx.tensor<?x4x64, mxfp6_e2m3, axis = 2>, !mx.tensor<?x8x64, mxfp8_e4m3, axis = 2>)
  %0 = linalg.generic {indexing_maps = [#a, #b, #as, #bs, #c], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %b, %as, %bs : tensor<?x4x2x32xf6E2M3FN>, tensor<?x8x2x32xf8E4M3FN>, tensor<?x4x2xf8E8M0FNU>, tensor<?x8x2xf8E8M0FNU>) outs(%c : tensor<?x4x8xf32>) {
  ^bb0(%x: f6E2M3FN, %y: f8E4M3FN, %xs: f8E8M0FNU, %ys: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x, %xs : f6E2M3FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y, %ys : f8E4M3FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}

// -----

// Plain activations, and one weight for all batches: the batches are rows.
#a = affine_map<(b, m, n, ko, kb) -> (b, m, ko, kb)>
#b = affine_map<(b, m, n, ko, kb) -> (n, ko, kb)>
#bs = affine_map<(b, m, n, ko, kb) -> (n, ko)>
#c = affine_map<(b, m, n, ko, kb) -> (b, m, n)>
// CHECK-LABEL: func @shared_weight
// CHECK-SAME:    %[[A:.+]]: tensor<?x4x2x32xbf16>
func.func @shared_weight(%a: tensor<?x4x2x32xbf16>, %b: tensor<8x2x32xf4E2M1FN>, %bs: tensor<8x2xf8E8M0FNU>, %c: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  // CHECK: %[[BLOCKS:.+]] = tensor.collapse_shape %[[A]] {{\[\[}}0], [1], [2, 3]]
  // CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[BLOCKS]] {{\[\[}}0, 1], [2]]
  // CHECK: mx.matmul ins(%[[ROWS]], {{.+}} : tensor<?x64xbf16>, !mx.tensor<8x64, mxfp4, axis = 1>) outs({{.+}} : tensor<?x8xf32>)
  // CHECK: tensor.expand_shape {{.+}} : tensor<?x8xf32> into tensor<?x4x8xf32>
  %0 = linalg.generic {indexing_maps = [#a, #b, #bs, #c], iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%a, %b, %bs : tensor<?x4x2x32xbf16>, tensor<8x2x32xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%c : tensor<?x4x8xf32>) {
  ^bb0(%x: bf16, %y: f4E2M1FN, %ys: f8E8M0FNU, %sum: f32):
    %1 = arith.extf %x : bf16 to f32
    %2 = arith.scaling_extf %y, %ys : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}

// -----

// Scales of f8E4M3FN and a block of 16 make a format of their own.
// REMARK: Remark="linalg.generic became mx.matmul, with the scales of f8E4M3FN taken by value"
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#as = affine_map<(m, n, k) -> (m, k floordiv 16)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @e4m3_scales
func.func @e4m3_scales(%a: tensor<?x64xf4E2M1FN>, %as: tensor<?x4xf8E4M3FN>, %b: tensor<8x64xf32>, %c: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: mx.matmul ins({{.+}} : !mx.tensor<?x64, format<element = f4E2M1FN, scale = f8E4M3FN, block = 16>, axis = 1>, tensor<8x64xf32>)
  %0 = linalg.generic {indexing_maps = [#a, #as, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %as, %b : tensor<?x64xf4E2M1FN>, tensor<?x4xf8E4M3FN>, tensor<8x64xf32>) outs(%c : tensor<?x8xf32>) {
  ^bb0(%x: f4E2M1FN, %xs: f8E4M3FN, %y: f32, %sum: f32):
    %1 = arith.scaling_extf %x, %xs : f4E2M1FN, f8E4M3FN to f32
    %2 = arith.mulf %1, %y : f32
    %3 = arith.addf %sum, %2 : f32
    linalg.yield %3 : f32
  } -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Three loops, blocks of 32 and 16, and a last block that is shorter (N1.6).
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#as = affine_map<(m, n, k) -> (m, k floordiv 32)>
#bs = affine_map<(m, n, k) -> (n, k floordiv 16)>
#c = affine_map<(m, n, k) -> (m, n)>
// CHECK-LABEL: func @three_loops
// CHECK-SAME:    %[[A:.+]]: tensor<4x100xf4E2M1FN>, %[[AS:.+]]: tensor<4x4xf8E8M0FNU>
func.func @three_loops(%a: tensor<4x100xf4E2M1FN>, %as: tensor<4x4xf8E8M0FNU>, %b: tensor<8x100xf8E4M3FN>, %bs: tensor<8x7xf8E8M0FNU>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[LHS:.+]] = mx.bundle %[[A]], %[[AS]] : {{.+}} to !mx.tensor<4x100, mxfp4, axis = 1>
  // CHECK: mx.matmul ins(%[[LHS]], {{.+}} : {{.+}}, !mx.tensor<8x100, format<element = f8E4M3FN, scale = f8E8M0FNU, block = 16>, axis = 1>)
  %0 = linalg.generic {indexing_maps = [#a, #as, #b, #bs, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %as, %b, %bs : tensor<4x100xf4E2M1FN>, tensor<4x4xf8E8M0FNU>, tensor<8x100xf8E4M3FN>, tensor<8x7xf8E8M0FNU>) outs(%c : tensor<4x8xf32>) {
  ^bb0(%x: f4E2M1FN, %xs: f8E8M0FNU, %y: f8E4M3FN, %ys: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x, %xs : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y, %ys : f8E4M3FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
