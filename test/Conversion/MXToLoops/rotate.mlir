// N6.2: signs, butterflies of growing stride, then the factor; the inverse has
// the signs last.

// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @n6_2_order
func.func @n6_2_order(%x: memref<?x8xf32>, %y: memref<?x8xbf16>) {
  // CHECK: %[[LOADED:.+]] = vector.load
  // CHECK: %[[SIGNS:.+]] = arith.constant dense<[1.000000e+00, -1.000000e+00, 1.000000e+00, 1.000000e+00]>
  // CHECK: %[[SIGNED:.+]] = arith.mulf %[[LOADED]], %[[SIGNS]]
  // CHECK: %[[PARTNER1:.+]] = vector.shuffle %[[SIGNED]], %[[SIGNED]] [1, 0, 3, 2]
  // CHECK: %[[OWN1:.+]] = arith.mulf %[[SIGNED]]
  // CHECK: %[[STAGE1:.+]] = arith.addf %[[PARTNER1]], %[[OWN1]]
  // CHECK: %[[PARTNER2:.+]] = vector.shuffle %[[STAGE1]], %[[STAGE1]] [2, 3, 0, 1]
  // CHECK: %[[OWN2:.+]] = arith.mulf %[[STAGE1]]
  // CHECK: %[[STAGE2:.+]] = arith.addf %[[PARTNER2]], %[[OWN2]]
  // CHECK: %[[FACTOR:.+]] = arith.constant dense<5.000000e-01> : vector<4xf32>
  // CHECK: arith.mulf %[[STAGE2]], %[[FACTOR]]
  // CHECK: vector.store {{.+}} vector<4xbf16>
  mx.packed.rotate ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xbf16>)
    {rotation = #mx.hadamard<4, signs = [1, -1, 1, 1]>}
  return
}

// -----

// CHECK-LABEL: func.func @n6_2_inverse
func.func @n6_2_inverse(%x: memref<8xf32>) {
  // CHECK: %[[STAGE:.+]] = arith.addf
  // CHECK: %[[FACTOR:.+]] = arith.constant dense<0.707106769> : vector<2xf32>
  // CHECK: %[[SCALED:.+]] = arith.mulf %[[STAGE]], %[[FACTOR]]
  // CHECK: %[[SIGNS:.+]] = arith.constant dense<[1.000000e+00, -1.000000e+00]>
  // CHECK: %[[SIGNED:.+]] = arith.mulf %[[SCALED]], %[[SIGNS]]
  // CHECK: vector.store %[[SIGNED]]
  mx.packed.rotate ins(%x : memref<8xf32>) outs(%x : memref<8xf32>)
    {rotation = #mx.hadamard<2, signs = [1, -1]>, inverse}
  return
}
