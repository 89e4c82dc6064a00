// Rotations that are there already are moved like inserted ones. One that meets its inverse disappears, also
// if it first has to come through other operations; any other one stays.
// RUN: mx-opt %s --mx-fuse-rotations | FileCheck %s

// CHECK-LABEL: func @inverse
// CHECK-SAME:    %[[X:[^:]+]]:
// CHECK-NEXT:    return %[[X]]
func.func @inverse(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %0 = mx.rotate %x by hadamard<8, signs = [1, -1, 1, 1, 1, 1, 1, 1]> along 1 : tensor<8x64xf32>
  %1 = mx.rotate %0 by hadamard<8, signs = [1, -1, 1, 1, 1, 1, 1, 1]> along 1 inverse : tensor<8x64xf32>
  return %1 : tensor<8x64xf32>
}

// Without signs a rotation is its own inverse, with signs it is not.
// CHECK-LABEL: func @twice
// CHECK-SAME:    %[[X:[^:]+]]:
// CHECK-NEXT:    %[[A:.+]] = mx.rotate %[[X]] by hadamard<8, signs
// CHECK-NEXT:    %[[B:.+]] = mx.rotate %[[A]] by hadamard<8, signs
// CHECK-NEXT:    return %[[X]], %[[B]]
func.func @twice(%x: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>) {
  %0 = mx.rotate %x by hadamard<8> along 1 : tensor<8x64xf32>
  %1 = mx.rotate %0 by hadamard<8> along 1 : tensor<8x64xf32>
  %2 = mx.rotate %x by hadamard<8, signs = [1, -1, 1, 1, 1, 1, 1, 1]> along 1 : tensor<8x64xf32>
  %3 = mx.rotate %2 by hadamard<8, signs = [1, -1, 1, 1, 1, 1, 1, 1]> along 1 : tensor<8x64xf32>
  return %1, %3 : tensor<8x64xf32>, tensor<8x64xf32>
}

// CHECK-LABEL: func @through_a_sum
// CHECK-SAME:    %[[X:[^:]+]]: tensor<8x64xf32>, %[[Y:[^:]+]]:
// CHECK-NEXT:    %[[SUM:.+]] = arith.addf %[[X]], %[[Y]]
// CHECK-NEXT:    return %[[SUM]]
func.func @through_a_sum(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %0 = mx.rotate %x by hadamard<32> along 1 inverse : tensor<8x64xf32>
  %1 = mx.rotate %y by hadamard<32> along 1 inverse : tensor<8x64xf32>
  %2 = arith.addf %0, %1 : tensor<8x64xf32>
  %3 = mx.rotate %2 by hadamard<32> along 1 : tensor<8x64xf32>
  return %3 : tensor<8x64xf32>
}

// The plain sum is read too, so that one tensor is rotated instead of three.
// CHECK-LABEL: func @sum_that_is_read
// CHECK-SAME:    %[[X:[^:]+]]: tensor<8x64xf32>, %[[Y:[^:]+]]:
// CHECK-NEXT:    %[[SUM:.+]] = arith.addf %[[X]], %[[Y]]
// CHECK-NEXT:    %[[BACK:.+]] = mx.rotate %[[SUM]] by hadamard<32> along 1 inverse
// CHECK-NEXT:    return %[[SUM]], %[[BACK]]
func.func @sum_that_is_read(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>) {
  %0 = mx.rotate %x by hadamard<32> along 1 inverse : tensor<8x64xf32>
  %1 = mx.rotate %y by hadamard<32> along 1 inverse : tensor<8x64xf32>
  %2 = arith.addf %0, %1 : tensor<8x64xf32>
  %3 = mx.rotate %2 by hadamard<32> along 1 : tensor<8x64xf32>
  return %3, %2 : tensor<8x64xf32>, tensor<8x64xf32>
}

// Other sizes, other axes and unknown sizes.
// CHECK-LABEL: func @others
// CHECK-COUNT-6: mx.rotate
// CHECK:         return
func.func @others(%x: tensor<64x64xf32>, %y: tensor<8x?xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>, tensor<8x?xf32>) {
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<64x64xf32>
  %1 = mx.rotate %0 by hadamard<16> along 1 inverse : tensor<64x64xf32>
  %2 = mx.rotate %x by hadamard<4> along 1 : tensor<64x64xf32>
  %3 = mx.rotate %2 by hadamard<4> along 0 inverse : tensor<64x64xf32>
  %4 = mx.rotate %y by hadamard<4> along 1 : tensor<8x?xf32>
  %5 = arith.negf %4 : tensor<8x?xf32>
  %6 = mx.rotate %5 by hadamard<4> along 1 inverse : tensor<8x?xf32>
  return %1, %3, %6 : tensor<64x64xf32>, tensor<64x64xf32>, tensor<8x?xf32>
}

// A rotation and its inverse along one axis with another axis in between.
// CHECK-LABEL: func @two_axes
// CHECK-SAME:    %[[X:[^:]+]]:
// CHECK-NEXT:    %[[R:.+]] = mx.rotate %[[X]] by hadamard<32> along 0 :
// CHECK-NEXT:    return %[[R]]
func.func @two_axes(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = mx.rotate %x by hadamard<32> along 1 inverse : tensor<64x64xf32>
  %1 = mx.rotate %0 by hadamard<32> along 0 : tensor<64x64xf32>
  %2 = mx.rotate %1 by hadamard<32> along 1 : tensor<64x64xf32>
  return %2 : tensor<64x64xf32>
}

// CHECK-LABEL: func @two_axes_in_turn
// CHECK-SAME:    %[[X:[^:]+]]:
// CHECK-NEXT:    return %[[X]]
func.func @two_axes_in_turn(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = mx.rotate %x by hadamard<32> along 1 inverse : tensor<64x64xf32>
  %1 = mx.rotate %0 by hadamard<32> along 0 inverse : tensor<64x64xf32>
  %2 = mx.rotate %1 by hadamard<32> along 1 : tensor<64x64xf32>
  %3 = mx.rotate %2 by hadamard<32> along 0 : tensor<64x64xf32>
  return %3 : tensor<64x64xf32>
}

// Code that is never reached may hold cycles.
// CHECK-LABEL: func @unreachable
// CHECK:         mx.rotate
func.func @unreachable(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  return %x : tensor<64x64xf32>
^bb1:
  %0 = mx.rotate %1 by hadamard<32> along 1 inverse : tensor<64x64xf32>
  %1 = mx.rotate %0 by hadamard<32> along 1 : tensor<64x64xf32>
  %2 = mx.rotate %2 by hadamard<32> along 1 : tensor<64x64xf32>
  %3 = arith.addf %3, %4 : tensor<64x64xf32>
  %4 = mx.rotate %3 by hadamard<32> along 0 : tensor<64x64xf32>
  %5 = tensor.cast %6 : tensor<64x64xf32> to tensor<64x64xf32>
  %6 = tensor.cast %5 : tensor<64x64xf32> to tensor<64x64xf32>
  %7 = mx.rotate %6 by hadamard<32> along 0 : tensor<64x64xf32>
  return %7 : tensor<64x64xf32>
}
