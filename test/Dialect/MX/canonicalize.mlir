// Pairs of operations that only move data disappear, and keep every bit.
// RUN: mx-opt %s --canonicalize --allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: func @bundle_of_unbundle
// CHECK-SAME:    %[[X:.+]]: !mx.tensor
func.func @bundle_of_unbundle(%x: !mx.tensor<?x64, nvfp4, axis = 1>) -> !mx.tensor<?x64, nvfp4, axis = 1> {
  // CHECK-NEXT: return %[[X]]
  %p, %s, %t = mx.unbundle %x : !mx.tensor<?x64, nvfp4, axis = 1> to tensor<?x32xi8>, tensor<?x4xi8>, tensor<f32>
  %0 = mx.bundle %p, %s tensor_scale(%t) : tensor<?x32xi8>, tensor<?x4xi8> to !mx.tensor<?x64, nvfp4, axis = 1>
  return %0 : !mx.tensor<?x64, nvfp4, axis = 1>
}

// CHECK-LABEL: func @bundle_of_other_parts
func.func @bundle_of_other_parts(%x: !mx.tensor<4x64, mxfp4, axis = 1>, %y: !mx.tensor<4x64, mxfp4, axis = 1>)
    -> (!mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>) {
  // Scales of another value; a claim that x was rotated.
  // CHECK-COUNT-2: mx.bundle
  %p, %s = mx.unbundle %x : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x32xi8>, tensor<4x2xi8>
  %q, %r = mx.unbundle %y : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x32xi8>, tensor<4x2xi8>
  %0 = mx.bundle %p, %r : tensor<4x32xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  %1 = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>
  return %0, %1 : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>
}

// CHECK-LABEL: func @unbundle_of_bundle
// CHECK-SAME:    %[[P:.+]]: tensor<4x32xi8>, %[[S:.+]]: tensor<4x4xi8>, %[[T:.+]]: tensor<f32>
func.func @unbundle_of_bundle(%p: tensor<4x32xi8>, %s: tensor<4x4xi8>, %t: tensor<f32>) -> (tensor<4x32xi8>, tensor<4x4xi8>, tensor<f32>) {
  // CHECK-NEXT: return %[[P]], %[[S]], %[[T]]
  %0 = mx.bundle %p, %s tensor_scale(%t) : tensor<4x32xi8>, tensor<4x4xi8> to !mx.tensor<4x64, nvfp4, axis = 1>
  %1:3 = mx.unbundle %0 : !mx.tensor<4x64, nvfp4, axis = 1> to tensor<4x32xi8>, tensor<4x4xi8>, tensor<f32>
  return %1#0, %1#1, %1#2 : tensor<4x32xi8>, tensor<4x4xi8>, tensor<f32>
}

// CHECK-LABEL: func @unbundle_to_another_form
func.func @unbundle_to_another_form(%p: tensor<4x32xi8>, %s: tensor<4x2xi8>) -> (tensor<4x64xf4E2M1FN>, tensor<4x2xi8>) {
  // CHECK: mx.unbundle
  %0 = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  %1:2 = mx.unbundle %0 : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x64xf4E2M1FN>, tensor<4x2xi8>
  return %1#0, %1#1 : tensor<4x64xf4E2M1FN>, tensor<4x2xi8>
}

// CHECK-LABEL: func @identities
// CHECK-SAME:    %[[X:.+]]: !mx.tensor<4x64
func.func @identities(%x: !mx.tensor<4x64, mxfp4, axis = 1>) -> !mx.tensor<4x64, mxfp4, axis = 1> {
  // CHECK-NEXT: return %[[X]]
  %0 = mx.transpose %x permutation = [0, 1] : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<4x64, mxfp4, axis = 1>
  %1 = mx.reshape %0 : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<4x64, mxfp4, axis = 1>
  return %1 : !mx.tensor<4x64, mxfp4, axis = 1>
}

// Dimension i of the result is dimension permutation[i] of the source.
// CHECK-LABEL: func @transposes
// CHECK-SAME:    %[[X:.+]]: !mx.tensor<2x3x64, mxfp4, axis = 2>
func.func @transposes(%x: !mx.tensor<2x3x64, mxfp4, axis = 2>) -> (!mx.tensor<3x2x64, mxfp4, axis = 2>, !mx.tensor<2x3x64, mxfp4, axis = 2>) {
  // CHECK-NEXT: %[[Y:.+]] = mx.transpose %[[X]] permutation = [1, 0, 2] : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<3x2x64, mxfp4, axis = 2>
  // CHECK-NEXT: return %[[Y]], %[[X]]
  %0 = mx.transpose %x permutation = [2, 0, 1] : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<64x2x3, mxfp4, axis = 0>
  %1 = mx.transpose %0 permutation = [2, 1, 0] : !mx.tensor<64x2x3, mxfp4, axis = 0> to !mx.tensor<3x2x64, mxfp4, axis = 2>
  %2 = mx.transpose %0 permutation = [1, 2, 0] : !mx.tensor<64x2x3, mxfp4, axis = 0> to !mx.tensor<2x3x64, mxfp4, axis = 2>
  return %1, %2 : !mx.tensor<3x2x64, mxfp4, axis = 2>, !mx.tensor<2x3x64, mxfp4, axis = 2>
}

// CHECK-LABEL: func @one_transpose
func.func @one_transpose(%x: !mx.tensor<4x4x64, mxfp4, axis = 2>) -> !mx.tensor<4x4x64, mxfp4, axis = 2> {
  // The type stays, but not the numbers.
  // CHECK: mx.transpose
  %0 = mx.transpose %x permutation = [1, 0, 2] : !mx.tensor<4x4x64, mxfp4, axis = 2> to !mx.tensor<4x4x64, mxfp4, axis = 2>
  return %0 : !mx.tensor<4x4x64, mxfp4, axis = 2>
}

// CHECK-LABEL: func @reshapes
// CHECK-SAME:    %[[X:.+]]: !mx.tensor<2x3x64, mxfp4, axis = 2>
func.func @reshapes(%x: !mx.tensor<2x3x64, mxfp4, axis = 2>) -> (!mx.tensor<3x2x64, mxfp4, axis = 2>, !mx.tensor<2x3x64, mxfp4, axis = 2>) {
  // CHECK-NEXT: %[[Y:.+]] = mx.reshape %[[X]] : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<3x2x64, mxfp4, axis = 2>
  // CHECK-NEXT: return %[[Y]], %[[X]]
  %0 = mx.reshape %x : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<6x64, mxfp4, axis = 1>
  %1 = mx.reshape %0 : !mx.tensor<6x64, mxfp4, axis = 1> to !mx.tensor<3x2x64, mxfp4, axis = 2>
  %2 = mx.reshape %1 : !mx.tensor<3x2x64, mxfp4, axis = 2> to !mx.tensor<2x3x64, mxfp4, axis = 2>
  return %1, %2 : !mx.tensor<3x2x64, mxfp4, axis = 2>, !mx.tensor<2x3x64, mxfp4, axis = 2>
}

// Encoding rounds, so it is not undone; neither is a rotation, in f32.
// CHECK-LABEL: func @roundings
func.func @roundings(%x: tensor<32xf32>, %b: !mx.tensor<32, mxfp4, axis = 0>) -> (tensor<32xf32>, !mx.tensor<32, mxfp4, axis = 0>, tensor<32xf32>) {
  // CHECK: mx.quantize
  // CHECK: mx.dequantize
  // CHECK: mx.dequantize
  // CHECK: mx.quantize
  // CHECK-COUNT-2: mx.rotate
  %0 = mx.quantize %x scale_rule(even) : tensor<32xf32> to !mx.tensor<32, mxfp4, axis = 0>
  %1 = mx.dequantize %0 : !mx.tensor<32, mxfp4, axis = 0> to tensor<32xf32>
  %2 = mx.dequantize %b : !mx.tensor<32, mxfp4, axis = 0> to tensor<32xf32>
  %3 = mx.quantize %2 scale_rule(even) : tensor<32xf32> to !mx.tensor<32, mxfp4, axis = 0>
  %4 = mx.rotate %x by hadamard<32> along 0 : tensor<32xf32>
  %5 = mx.rotate %4 by hadamard<32> along 0 inverse : tensor<32xf32>
  return %1, %3, %5 : tensor<32xf32>, !mx.tensor<32, mxfp4, axis = 0>, tensor<32xf32>
}

// A graph region may hold cycles; they are left alone, and canonicalisation ends.
// CHECK-LABEL: "test.graph"
"test.graph"() ({
  // CHECK: mx.transpose
  %0 = mx.transpose %0 permutation = [1, 0, 2] : !mx.tensor<4x4x64, mxfp4, axis = 2> to !mx.tensor<4x4x64, mxfp4, axis = 2>
  // CHECK-COUNT-3: mx.reshape
  %1 = mx.reshape %3 : !mx.tensor<16x64, mxfp4, axis = 1> to !mx.tensor<4x4x64, mxfp4, axis = 2>
  %2 = mx.reshape %1 : !mx.tensor<4x4x64, mxfp4, axis = 2> to !mx.tensor<8x2x64, mxfp4, axis = 2>
  %3 = mx.reshape %2 : !mx.tensor<8x2x64, mxfp4, axis = 2> to !mx.tensor<16x64, mxfp4, axis = 1>
  // CHECK: mx.unbundle
  // CHECK: mx.bundle
  %p, %s = mx.unbundle %b : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x32xi8>, tensor<4x2xi8>
  %b = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  "test.use"(%0, %1, %b) : (!mx.tensor<4x4x64, mxfp4, axis = 2>, !mx.tensor<4x4x64, mxfp4, axis = 2>, !mx.tensor<4x64, mxfp4, axis = 1>) -> ()
}) : () -> ()
