// What must not be folded: anything whose bits are not known, or too many of them.
// RUN: mx-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @unknown_seed
func.func @unknown_seed(%seed: i64) -> !mx.tensor<4, mxfp4, axis = 0> {
  // CHECK: mx.quantize
  %x = arith.constant dense<1.2> : tensor<4xf32>
  %0 = mx.quantize %x scale_rule(rceil) rounding(stochastic) seed(%seed) : tensor<4xf32> to !mx.tensor<4, mxfp4, axis = 0>
  return %0 : !mx.tensor<4, mxfp4, axis = 0>
}

// CHECK-LABEL: func @unknown_tensor_scale
func.func @unknown_tensor_scale(%t: tensor<f32>) -> (!mx.tensor<4, nvfp4, axis = 0>, !mx.tensor<4, nvfp4, axis = 0>) {
  // CHECK: mx.quantize
  // CHECK: mx.bundle
  %x = arith.constant dense<1.2> : tensor<4xf32>
  %p = arith.constant dense<1> : tensor<2xi8>
  %s = arith.constant dense<1> : tensor<1xi8>
  %0 = mx.quantize %x tensor_scale(%t) scale_rule(amax) : tensor<4xf32> to !mx.tensor<4, nvfp4, axis = 0>
  %1 = mx.bundle %p, %s tensor_scale(%t) : tensor<2xi8>, tensor<1xi8> to !mx.tensor<4, nvfp4, axis = 0>
  return %0, %1 : !mx.tensor<4, nvfp4, axis = 0>, !mx.tensor<4, nvfp4, axis = 0>
}

// CHECK-LABEL: func @unknown_source
func.func @unknown_source(%x: tensor<4xf32>, %b: !mx.tensor<4, mxfp4, axis = 0>, %p: tensor<2xi8>) -> (!mx.tensor<4, mxfp4, axis = 0>, tensor<4xf32>, tensor<4xf32>, !mx.tensor<4, mxfp4, axis = 0>) {
  // CHECK: mx.quantize
  // CHECK: mx.dequantize
  // CHECK: mx.rotate
  // CHECK: mx.bundle
  %s = arith.constant dense<1> : tensor<1xi8>
  %0 = mx.quantize %x scale_rule(even) : tensor<4xf32> to !mx.tensor<4, mxfp4, axis = 0>
  %1 = mx.dequantize %b : !mx.tensor<4, mxfp4, axis = 0> to tensor<4xf32>
  %2 = mx.rotate %x by hadamard<4> along 0 : tensor<4xf32>
  %3 = mx.bundle %p, %s : tensor<2xi8>, tensor<1xi8> to !mx.tensor<4, mxfp4, axis = 0>
  return %0, %1, %2, %3 : !mx.tensor<4, mxfp4, axis = 0>, tensor<4xf32>, tensor<4xf32>, !mx.tensor<4, mxfp4, axis = 0>
}

// CHECK-LABEL: func @dynamic_results
func.func @dynamic_results() -> (!mx.tensor<?, mxfp4, axis = 0>, !mx.tensor<?, mxfp4, axis = 0>, tensor<?xf32>, tensor<?xi8>) {
  // CHECK: mx.quantize {{.*}} : tensor<4xf32> to !mx.tensor<?, mxfp4, axis = 0>
  // CHECK: mx.bundle {{.*}} to !mx.tensor<?, mxfp4, axis = 0>
  // CHECK: mx.dequantize {{.*}} to tensor<?xf32>
  // CHECK: mx.unbundle {{.*}} to tensor<?xi8>, tensor<1xi8>
  %x = arith.constant dense<1.2> : tensor<4xf32>
  %p = arith.constant dense<1> : tensor<2xi8>
  %s = arith.constant dense<1> : tensor<1xi8>
  %c = mx.constant <payload = dense<1> : tensor<2xi8>, scales = dense<1> : tensor<1xi8>> : !mx.tensor<4, mxfp4, axis = 0>
  %0 = mx.quantize %x scale_rule(even) : tensor<4xf32> to !mx.tensor<?, mxfp4, axis = 0>
  %1 = mx.bundle %p, %s : tensor<2xi8>, tensor<1xi8> to !mx.tensor<?, mxfp4, axis = 0>
  %2 = mx.dequantize %c : !mx.tensor<4, mxfp4, axis = 0> to tensor<?xf32>
  %3, %4 = mx.unbundle %c : !mx.tensor<4, mxfp4, axis = 0> to tensor<?xi8>, tensor<1xi8>
  return %0, %1, %2, %3 : !mx.tensor<?, mxfp4, axis = 0>, !mx.tensor<?, mxfp4, axis = 0>, tensor<?xf32>, tensor<?xi8>
}

// Data that is not here.
// CHECK-LABEL: func @missing_resources
func.func @missing_resources() -> (tensor<4xf32>, tensor<4xf32>, !mx.tensor<2x4, mxfp4, axis = 1>, !mx.tensor<1x4, mxfp4, axis = 1>) {
  // CHECK: mx.dequantize
  // CHECK: mx.rotate
  // CHECK: mx.transpose
  // CHECK: mx.reshape
  %c = mx.constant <payload = dense_resource<elsewhere> : tensor<2xi8>, scales = dense<1> : tensor<1xi8>> : !mx.tensor<4, mxfp4, axis = 0>
  %d = mx.constant <payload = dense_resource<elsewhere> : tensor<4x1xi8>, scales = dense<1> : tensor<1x2xi8>> : !mx.tensor<4x2, mxfp4, axis = 0>
  %e = mx.constant <payload = dense_resource<elsewhere> : tensor<2xi8>, scales = dense<1> : tensor<1xi8>> : !mx.tensor<4, mxfp4, axis = 0>
  %x = arith.constant dense_resource<elsewhere> : tensor<4xf32>
  %0 = mx.dequantize %c : !mx.tensor<4, mxfp4, axis = 0> to tensor<4xf32>
  %1 = mx.rotate %x by hadamard<4> along 0 : tensor<4xf32>
  %2 = mx.transpose %d permutation = [1, 0] : !mx.tensor<4x2, mxfp4, axis = 0> to !mx.tensor<2x4, mxfp4, axis = 1>
  %3 = mx.reshape %e : !mx.tensor<4, mxfp4, axis = 0> to !mx.tensor<1x4, mxfp4, axis = 1>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, !mx.tensor<2x4, mxfp4, axis = 1>, !mx.tensor<1x4, mxfp4, axis = 1>
}

// One splat attribute may stand for more elements than any memory holds.
// CHECK-LABEL: func @too_many_elements
func.func @too_many_elements() -> (tensor<1048576x1048576xf32>, !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>,
    tensor<1048576x1048576xi8>, !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 0>, !mx.tensor<1x1048576x1048576, mxfp8_e4m3, axis = 2>,
    tensor<1048576x1048576xf32>, !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>) {
  // CHECK: mx.rotate
  // CHECK: mx.quantize
  // CHECK: mx.unbundle
  // CHECK: mx.transpose
  // CHECK: mx.reshape
  // CHECK: mx.dequantize
  // CHECK: mx.bundle
  %x = arith.constant dense<1.0> : tensor<1048576x1048576xf32>
  %p = arith.constant dense<1> : tensor<1048576x1048576xi8>
  %s = arith.constant dense<1> : tensor<1048576x32768xi8>
  %c = mx.constant <payload = dense<1> : tensor<1048576x1048576xi8>, scales = dense<1> : tensor<1048576x32768xi8>> : !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<1048576x1048576xf32>
  %1 = mx.quantize %x scale_rule(even) : tensor<1048576x1048576xf32> to !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>
  %2, %3 = mx.unbundle %c : !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1> to tensor<1048576x1048576xi8>, tensor<1048576x32768xi8>
  %4 = mx.transpose %c permutation = [1, 0] : !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1> to !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 0>
  %5 = mx.reshape %c : !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1> to !mx.tensor<1x1048576x1048576, mxfp8_e4m3, axis = 2>
  %6 = mx.dequantize %c : !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1> to tensor<1048576x1048576xf32>
  %7 = mx.bundle %p, %s : tensor<1048576x1048576xi8>, tensor<1048576x32768xi8> to !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>
  return %0, %1, %2, %4, %5, %6, %7 : tensor<1048576x1048576xf32>, !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>,
    tensor<1048576x1048576xi8>, !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 0>, !mx.tensor<1x1048576x1048576, mxfp8_e4m3, axis = 2>,
    tensor<1048576x1048576xf32>, !mx.tensor<1048576x1048576, mxfp8_e4m3, axis = 1>
}

// No elements, but sizes over which no loop may run.
// CHECK-LABEL: func @empty_but_long
func.func @empty_but_long() -> (tensor<536870912x536870912x0xf32>, !mx.tensor<536870912x536870912x0, mxfp4, axis = 2>) {
  // CHECK: mx.rotate
  // CHECK: mx.quantize
  %x = arith.constant dense<> : tensor<536870912x536870912x0xf32>
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<536870912x536870912x0xf32>
  %1 = mx.quantize %x scale_rule(even) : tensor<536870912x536870912x0xf32> to !mx.tensor<536870912x536870912x0, mxfp4, axis = 2>
  return %0, %1 : tensor<536870912x536870912x0xf32>, !mx.tensor<536870912x536870912x0, mxfp4, axis = 2>
}
