// RUN: mx-opt %s --mx-order-globals | FileCheck %s
// RUN: mx-opt %s --mx-order-globals | mx-opt --mx-order-globals | FileCheck %s

// Constants that bufferisation made stand in the order of their first use, which is the same
// in every run; other globals stay where they are.

// CHECK:      memref.global "private" constant @__constant_0 : memref<2xf32> = dense<[1.000000e+00, 2.000000e+00]>
// CHECK-NEXT: memref.global "private" constant @__constant_2 : memref<2xf32> = dense<[3.000000e+00, 4.000000e+00]>
// CHECK-NEXT: memref.global "private" constant @mine

module {
  memref.global "private" constant @mine : memref<2xf32> = dense<7.0>
  memref.global "private" constant @__constant_2xf32 : memref<2xf32> = dense<[3.0, 4.0]>
  memref.global "private" constant @__constant_2xf32_0 : memref<2xf32> = dense<[1.0, 2.0]>

  // CHECK-LABEL: func.func @user
  // CHECK: memref.get_global @__constant_0
  // CHECK: memref.get_global @__constant_2
  // CHECK: memref.get_global @mine
  // CHECK: memref.get_global @__constant_0
  func.func @user() -> (memref<2xf32>, memref<2xf32>, memref<2xf32>, memref<2xf32>) {
    %0 = memref.get_global @__constant_2xf32_0 : memref<2xf32>
    %1 = memref.get_global @__constant_2xf32 : memref<2xf32>
    %2 = memref.get_global @mine : memref<2xf32>
    %3 = memref.get_global @__constant_2xf32_0 : memref<2xf32>
    return %0, %1, %2, %3 : memref<2xf32>, memref<2xf32>, memref<2xf32>, memref<2xf32>
  }
  func.func private @__constant_1()
}
