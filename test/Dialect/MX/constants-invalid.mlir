// One case for each message of a graph operation on constants and parts.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// mx.constant.

func.func @constant_of_dynamic_shape() {
  // expected-error @below {{expected a static shape, got '!mx.tensor<?x64, mxfp4, axis = 1>'}}
  %0 = mx.constant <payload = dense<0> : tensor<4x32xi8>, scales = dense<0> : tensor<4x2xi8>> : !mx.tensor<?x64, mxfp4, axis = 1>
  return
}

// -----

func.func @constant_with_short_payload() {
  // expected-error @below {{expected a payload of type 'tensor<4x32xi8>', got 'tensor<4x31xi8>'}}
  %0 = mx.constant <payload = dense<0> : tensor<4x31xi8>, scales = dense<0> : tensor<4x2xi8>> : !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @constant_with_payload_of_elements() {
  // expected-error @below {{expected a payload of type 'tensor<4x32xi8>', got 'tensor<4x64xf4E2M1FN>'}}
  %0 = mx.constant <payload = dense<0.0> : tensor<4x64xf4E2M1FN>, scales = dense<0> : tensor<4x2xi8>> : !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @constant_with_payload_in_a_vector() {
  // expected-error @below {{expected a payload of type 'tensor<4x32xi8>', got 'vector<4x32xi8>'}}
  %0 = mx.constant <payload = dense<0> : vector<4x32xi8>, scales = dense<0> : tensor<4x2xi8>> : !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @constant_with_scales_of_another_block() {
  // expected-error @below {{expected scales of type 'tensor<4x2xi8>', got 'tensor<4x4xi8>'}}
  %0 = mx.constant <payload = dense<0> : tensor<4x32xi8>, scales = dense<0> : tensor<4x4xi8>> : !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @constant_with_short_payload_resource() {
  // expected-error @below {{expected a payload of 128 bytes, got 3}}
  %0 = mx.constant <payload = dense_resource<short> : tensor<4x32xi8>, scales = dense<0> : tensor<4x2xi8>> : !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

{-# dialect_resources: { builtin: { short: "0x01000000010203" } } #-}

// -----

func.func @constant_with_long_scales_resource() {
  // expected-error @below {{expected scales of 1 bytes, got 3}}
  %0 = mx.constant <payload = dense<0> : tensor<1xi8>, scales = dense_resource<short> : tensor<1xi8>> : !mx.tensor<2, mxfp4, axis = 0>
  return
}

{-# dialect_resources: { builtin: { short: "0x01000000010203" } } #-}

// -----

func.func @constant_without_tensor_scale() {
  // expected-error @below {{expected a tensor scale, because the format has one, got none}}
  %0 = mx.constant <payload = dense<0> : tensor<4x32xi8>, scales = dense<0> : tensor<4x4xi8>> : !mx.tensor<4x64, nvfp4, axis = 1>
  return
}

// -----

func.func @constant_with_needless_tensor_scale() {
  // expected-error @below {{expected no tensor scale, because the format has none, got one}}
  %0 = mx.constant <payload = dense<0> : tensor<4x32xi8>, scales = dense<0> : tensor<4x2xi8>, tensor_scale = 1.0 : f32> : !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @constant_of_plain_type() {
  // expected-error @below {{'mx.constant' op result #0 must be block-scaled tensor, but got 'tensor<4x64xf32>'}}
  %0 = mx.constant <payload = dense<0> : tensor<4x32xi8>, scales = dense<0> : tensor<4x2xi8>> : tensor<4x64xf32>
  return
}

// -----

// mx.bundle and mx.unbundle, whose checks are the same.

func.func @payload_of_another_element(%p: tensor<4x64xf8E5M2>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a payload of 'f4E2M1FN' or 'i8', got 'f8E5M2'}}
  %0 = mx.bundle %p, %s : tensor<4x64xf8E5M2>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @scales_of_another_type(%p: tensor<4x32xi8>, %s: tensor<4x2xf8E4M3FN>) {
  // expected-error @below {{expected scales of 'f8E8M0FNU' or 'i8', got 'f8E4M3FN'}}
  %0 = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x2xf8E4M3FN> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @bytes_of_the_shape_of_elements(%p: tensor<4x64xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a payload of shape [4, 32], got [4, 64]}}
  %0 = mx.bundle %p, %s : tensor<4x64xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @elements_of_the_shape_of_bytes(%p: tensor<4x32xf4E2M1FN>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a payload of shape [4, 64], got [4, 32]}}
  %0 = mx.bundle %p, %s : tensor<4x32xf4E2M1FN>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @payload_of_another_rank(%p: tensor<4x2x16xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a payload of shape [4, 32], got [4, 2, 16]}}
  %0 = mx.bundle %p, %s : tensor<4x2x16xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @scales_of_another_block(%p: tensor<?x32xi8>, %s: tensor<?x4xi8>) {
  // expected-error @below {{expected scales of shape [?, 2], got [?, 4]}}
  %0 = mx.bundle %p, %s : tensor<?x32xi8>, tensor<?x4xi8> to !mx.tensor<?x64, mxfp4, axis = 1>
  return
}

// -----

func.func @scales_along_another_axis(%p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected scales of shape [1, 64], got [4, 2]}}
  %0 = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 0>
  return
}

// -----

func.func @bundle_without_tensor_scale(%p: tensor<4x32xi8>, %s: tensor<4x4xi8>) {
  // expected-error @below {{expected a tensor scale, because the format has one, got none}}
  %0 = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x4xi8> to !mx.tensor<4x64, nvfp4, axis = 1>
  return
}

// -----

func.func @bundle_with_needless_tensor_scale(%p: tensor<4x32xi8>, %s: tensor<4x2xi8>, %t: tensor<f32>) {
  // expected-error @below {{expected no tensor scale, because the format has none, got one}}
  %0 = mx.bundle %p, %s tensor_scale(%t) : tensor<4x32xi8>, tensor<4x2xi8> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @bundle_of_unranked_payload(%p: tensor<*xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{operand #0 must be tensor of f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN, f8E5M2 or i8 with at most 2^58 elements, but got 'tensor<*xi8>'}}
  %0 = "mx.bundle"(%p, %s) : (tensor<*xi8>, tensor<4x2xi8>) -> !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @bundle_of_wide_scales(%p: tensor<4x32xi8>, %s: tensor<4x2xf32>) {
  // expected-error @below {{operand #1 must be tensor of f8E8M0FNU, f8E4M3FN or i8 with at most 2^58 elements, but got 'tensor<4x2xf32>'}}
  %0 = mx.bundle %p, %s : tensor<4x32xi8>, tensor<4x2xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @bundle_with_tensor_scale_of_rank_one(%p: tensor<4x32xi8>, %s: tensor<4x4xi8>, %t: tensor<1xf32>) {
  // expected-error @below {{operand #2 must be tensor<f32>, but got 'tensor<1xf32>'}}
  %0 = "mx.bundle"(%p, %s, %t) : (tensor<4x32xi8>, tensor<4x4xi8>, tensor<1xf32>) -> !mx.tensor<4x64, nvfp4, axis = 1>
  return
}

// -----

func.func @unbundle_to_another_element(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected a payload of 'f4E2M1FN' or 'i8', got 'f6E2M3FN'}}
  %0:2 = mx.unbundle %x : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x64xf6E2M3FN>, tensor<4x2xi8>
  return
}

// -----

func.func @unbundle_to_scales_of_another_shape(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected scales of shape [4, 2], got [4, 1]}}
  %0:2 = mx.unbundle %x : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x32xi8>, tensor<4x1xi8>
  return
}

// -----

func.func @unbundle_without_tensor_scale(%x: !mx.tensor<4x64, nvfp4, axis = 1>) {
  // expected-error @below {{expected a tensor scale, because the format has one, got none}}
  %0:2 = mx.unbundle %x : !mx.tensor<4x64, nvfp4, axis = 1> to tensor<4x32xi8>, tensor<4x4xi8>
  return
}

// -----

func.func @unbundle_to_tensor_scale_of_f64(%x: !mx.tensor<4x64, nvfp4, axis = 1>) {
  // expected-error @below {{result #2 must be tensor<f32>, but got 'tensor<f64>'}}
  %0:3 = mx.unbundle %x : !mx.tensor<4x64, nvfp4, axis = 1> to tensor<4x32xi8>, tensor<4x4xi8>, tensor<f64>
  return
}
