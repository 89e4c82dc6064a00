// RUN: mx-opt %s --pass-pipeline='builtin.module(func.func(mx-expand-views))' | FileCheck %s

// Two sizes of a group are not known: strides are computed from those stated.

// CHECK-LABEL: @batch_and_sequence
// CHECK-SAME:    %[[X:.+]]: memref<?x4xf32>, %[[B:.+]]: index, %[[T:.+]]: index
func.func @batch_and_sequence(%x: memref<?x4xf32>, %b: index, %t: index) -> memref<?x?x4xf32> {
  // CHECK: %[[BASE:.+]], %{{.+}}, %{{.+}}:2, %[[STRIDES:.+]]:2 = memref.extract_strided_metadata %[[X]]
  // CHECK: %[[OUTER:.+]] = arith.muli %[[STRIDES]]#0, %[[T]]
  // CHECK: memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[B]], %[[T]], 4], strides: [%[[OUTER]], 4, 1] : memref<f32> to memref<?x?x4xf32>
  %r = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %t, 4] : memref<?x4xf32> into memref<?x?x4xf32>
  return %r : memref<?x?x4xf32>
}

// A strided source keeps its offset and strides.

// CHECK-LABEL: @strided
func.func @strided(%x: memref<?xf32, strided<[?], offset: ?>>, %b: index, %t: index) -> memref<?x?xf32, strided<[?, ?], offset: ?>> {
  // CHECK: %[[BASE:.+]], %[[OFFSET:.+]], %{{.+}}, %[[STRIDE:.+]] = memref.extract_strided_metadata
  // CHECK: memref.reinterpret_cast %[[BASE]] to offset: [%[[OFFSET]]], sizes: [%{{.+}}, %{{.+}}], strides: [%{{.+}}, %[[STRIDE]]]
  %r = memref.expand_shape %x [[0, 1]] output_shape [%b, %t] : memref<?xf32, strided<[?], offset: ?>> into memref<?x?xf32, strided<[?, ?], offset: ?>>
  return %r : memref<?x?xf32, strided<[?, ?], offset: ?>>
}

// One size is left to MLIR.

// CHECK-LABEL: @batch
func.func @batch(%x: memref<?x4xf32>, %b: index) -> memref<?x8x4xf32> {
  // CHECK: memref.expand_shape
  %r = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, 8, 4] : memref<?x4xf32> into memref<?x8x4xf32>
  return %r : memref<?x8x4xf32>
}
