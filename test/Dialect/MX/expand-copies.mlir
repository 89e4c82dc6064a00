// RUN: mx-opt %s --pass-pipeline='builtin.module(func.func(mx-expand-copies))' | FileCheck %s

// A strided copy becomes a loop nest, a contiguous one stays.

// CHECK-LABEL: @strided
func.func @strided(%x: memref<4x4xf32, strided<[8, 2], offset: 1>>, %y: memref<4x4xf32>) {
  // CHECK-NOT: memref.copy
  // CHECK: linalg.generic
  memref.copy %x, %y : memref<4x4xf32, strided<[8, 2], offset: 1>> to memref<4x4xf32>
  return
}

// CHECK-LABEL: @contiguous
func.func @contiguous(%x: memref<?x4xf32>, %y: memref<?x4xf32>) {
  // CHECK: memref.copy
  memref.copy %x, %y : memref<?x4xf32> to memref<?x4xf32>
  return
}
