// Constants are folded to the bytes that lib/Numerics computes. The bytes below
// are worked out by hand; test/unit/Dialect/MX compares many more.
// RUN: mx-opt %s --canonicalize | FileCheck %s

// N2.1: every midpoint of the grid. Codes 7 0 2 2 4 4 6 6 8 A A C C E E F, scale 2^0.
// CHECK-LABEL: func @midpoints
func.func @midpoints() -> (!mx.tensor<16, mxfp4, axis = 0>, tensor<16xf32>) {
  // CHECK-DAG: %[[BLOCKS:.+]] = mx.constant <payload = dense<[7, 34, 68, 102, -88, -54, -20, -2]> : tensor<8xi8>, scales = dense<127> : tensor<1xi8>> : !mx.tensor<16, mxfp4, axis = 0>
  // CHECK-DAG: %[[NUMBERS:.+]] = arith.constant dense<[6.000000e+00, 0.000000e+00, 1.000000e+00, 1.000000e+00, 2.000000e+00, 2.000000e+00, 4.000000e+00, 4.000000e+00, -0.000000e+00, -1.000000e+00, -1.000000e+00, -2.000000e+00, -2.000000e+00, -4.000000e+00, -4.000000e+00, -6.000000e+00]>
  // CHECK: return %[[BLOCKS]], %[[NUMBERS]]
  %x = arith.constant dense<[6.0, 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, -0.25, -0.75, -1.25, -1.75, -2.5, -3.5, -5.0, -6.0]> : tensor<16xf32>
  %0 = mx.quantize %x scale_rule(even) : tensor<16xf32> to !mx.tensor<16, mxfp4, axis = 0>
  %1 = mx.dequantize %0 : !mx.tensor<16, mxfp4, axis = 0> to tensor<16xf32>
  return %0, %1 : !mx.tensor<16, mxfp4, axis = 0>, tensor<16xf32>
}

// N3.1: codes 7 6 E 2 1 0 by floor, 6 4 C 1 0 0 with twice the scale by rceil.
// CHECK-LABEL: func @floor_saturates
func.func @floor_saturates() -> (!mx.tensor<6, mxfp4, axis = 0>, !mx.tensor<6, mxfp4, axis = 0>) {
  // CHECK-DAG: mx.constant <payload = dense<[103, 46, 1]> : tensor<3xi8>, scales = dense<127> : tensor<1xi8>>
  // CHECK-DAG: mx.constant <payload = dense<[70, 28, 0]> : tensor<3xi8>, scales = dense<-128> : tensor<1xi8>>
  %x = arith.constant dense<[7.0, 5.0, -3.5, 1.0, 0.5, 0.25]> : tensor<6xf32>
  %0 = mx.quantize %x scale_rule(floor) : tensor<6xf32> to !mx.tensor<6, mxfp4, axis = 0>
  %1 = mx.quantize %x scale_rule(rceil) : tensor<6xf32> to !mx.tensor<6, mxfp4, axis = 0>
  return %0, %1 : !mx.tensor<6, mxfp4, axis = 0>, !mx.tensor<6, mxfp4, axis = 0>
}

// N3.5 to N3.7: NaN and infinity poison a block, satfinite keeps infinity.
// CHECK-LABEL: func @special_values
func.func @special_values() -> (!mx.tensor<3, mxfp4, axis = 0>, !mx.tensor<3, mxfp4, axis = 0>, !mx.tensor<3, mxfp4, axis = 0>, !mx.tensor<3, nvfp4, axis = 0>) {
  // CHECK-DAG: %[[POISON:.+]] = mx.constant <payload = dense<0> : tensor<2xi8>, scales = dense<-1> : tensor<1xi8>>
  // CHECK-DAG: %[[FINITE:.+]] = mx.constant <payload = dense<[-32, 8]> : tensor<2xi8>, scales = dense<-3> : tensor<1xi8>>
  // CHECK-DAG: %[[UE4M3:.+]] = mx.constant <payload = dense<0> : tensor<2xi8>, scales = dense<127> : tensor<1xi8>, tensor_scale = {{.*}} : f32>
  // CHECK: return %[[POISON]], %[[POISON]], %[[FINITE]], %[[UE4M3]]
  %n = arith.constant dense<[1.0, 0x7FC00000, 2.0]> : tensor<3xf32>
  %i = arith.constant dense<[1.0, 0xFF800000, -0.0]> : tensor<3xf32>
  %0 = mx.quantize %n scale_rule(even) : tensor<3xf32> to !mx.tensor<3, mxfp4, axis = 0>
  %1 = mx.quantize %i scale_rule(even) : tensor<3xf32> to !mx.tensor<3, mxfp4, axis = 0>
  %2 = mx.quantize %i scale_rule(even) satfinite : tensor<3xf32> to !mx.tensor<3, mxfp4, axis = 0>
  %3 = mx.quantize %n scale_rule(amax) : tensor<3xf32> to !mx.tensor<3, nvfp4, axis = 0>
  return %0, %1, %2, %3 : !mx.tensor<3, mxfp4, axis = 0>, !mx.tensor<3, mxfp4, axis = 0>, !mx.tensor<3, mxfp4, axis = 0>, !mx.tensor<3, nvfp4, axis = 0>
}

// N4.1: the largest magnitude 2688 = 6 · 448 gives the tensor scale 1; with 2, the
// block's scale is 224.
// CHECK-LABEL: func @tensor_scales
func.func @tensor_scales() -> (!mx.tensor<4, nvfp4, axis = 0>, !mx.tensor<4, nvfp4, axis = 0>) {
  // CHECK-DAG: mx.constant <payload = dense<[87, -110]> : tensor<2xi8>, scales = dense<126> : tensor<1xi8>, tensor_scale = 1.000000e+00 : f32>
  // CHECK-DAG: mx.constant <payload = dense<[87, -110]> : tensor<2xi8>, scales = dense<118> : tensor<1xi8>, tensor_scale = 2.000000e+00 : f32>
  %x = arith.constant dense<[2688.0, 1344.0, 448.0, -224.0]> : tensor<4xf32>
  %t = arith.constant dense<2.0> : tensor<f32>
  %0 = mx.quantize %x scale_rule(amax) : tensor<4xf32> to !mx.tensor<4, nvfp4, axis = 0>
  %1 = mx.quantize %x tensor_scale(%t) scale_rule(amax) : tensor<4xf32> to !mx.tensor<4, nvfp4, axis = 0>
  return %0, %1 : !mx.tensor<4, nvfp4, axis = 0>, !mx.tensor<4, nvfp4, axis = 0>
}

// A bf16 splat, blocked along the first axis, with a ragged tail; f16 numbers.
// CHECK-LABEL: func @first_axis
func.func @first_axis() -> (!mx.tensor<33x2, mxfp8_e4m3, axis = 0>, !mx.tensor<2x3, mxfp4, axis = 0>, tensor<2x3xbf16>) {
  // CHECK-DAG: mx.constant <payload = dense<124> : tensor<33x2xi8>, scales = dense<119> : tensor<2x2xi8>>
  // CHECK-DAG: mx.constant <payload = dense<{{\[}}[98, 5], [39, 14]]> : tensor<2x2xi8>, scales = dense<{{\[}}[127, 126, 127]]> : tensor<1x3xi8>>
  // CHECK-DAG: arith.constant dense<{{\[}}[1.000000e+00, 2.000000e+00, 3.000000e+00], [6.000000e+00, 5.000000e-01, -4.000000e+00]]> : tensor<2x3xbf16>
  %x = arith.constant dense<1.5> : tensor<33x2xbf16>
  %y = arith.constant dense<[[1.0, 2.0, 3.0], [6.0, 0.5, -4.0]]> : tensor<2x3xf16>
  %0 = mx.quantize %x scale_rule(rceil) : tensor<33x2xbf16> to !mx.tensor<33x2, mxfp8_e4m3, axis = 0>
  %1 = mx.quantize %y scale_rule(rceil) : tensor<2x3xf16> to !mx.tensor<2x3, mxfp4, axis = 0>
  %2 = mx.dequantize %1 : !mx.tensor<2x3, mxfp4, axis = 0> to tensor<2x3xbf16>
  return %0, %1, %2 : !mx.tensor<33x2, mxfp8_e4m3, axis = 0>, !mx.tensor<2x3, mxfp4, axis = 0>, tensor<2x3xbf16>
}

// N1.6: no elements, no blocks.
// CHECK-LABEL: func @empty
func.func @empty() -> (!mx.tensor<0x64, mxfp4, axis = 1>, tensor<4x0xf32>, !mx.tensor<0, nvfp4, axis = 0>) {
  // CHECK-DAG: mx.constant <payload = dense<> : tensor<0x32xi8>, scales = dense<> : tensor<0x2xi8>>
  // CHECK-DAG: arith.constant dense<> : tensor<4x0xf32>
  // CHECK-DAG: mx.constant <payload = dense<> : tensor<0xi8>, scales = dense<> : tensor<0xi8>, tensor_scale = 1.000000e+00 : f32>
  // CHECK-NOT: mx.quantize
  %x = arith.constant dense<> : tensor<0x64xf32>
  %y = arith.constant dense<> : tensor<4x0xf32>
  %z = arith.constant dense<1.0> : tensor<0xf32>
  %0 = mx.quantize %x scale_rule(even) : tensor<0x64xf32> to !mx.tensor<0x64, mxfp4, axis = 1>
  %1 = mx.quantize %y rotate scale_rule(even) : tensor<4x0xf32> to !mx.tensor<4x0, mxfp4, axis = 1, rotation = hadamard<4>>
  %2 = mx.dequantize %1 : !mx.tensor<4x0, mxfp4, axis = 1, rotation = hadamard<4>> to tensor<4x0xf32>
  %3 = mx.quantize %z scale_rule(amax) : tensor<0xf32> to !mx.tensor<0, nvfp4, axis = 0>
  return %0, %2, %3 : !mx.tensor<0x64, mxfp4, axis = 1>, tensor<4x0xf32>, !mx.tensor<0, nvfp4, axis = 0>
}

// N6: with and without signs, along either axis, and before encoding.
// CHECK-LABEL: func @rotations
func.func @rotations() -> (tensor<4xf32>, tensor<4xf32>, tensor<2x2xbf16>, !mx.tensor<4, mxfp8_e4m3, axis = 0, rotation = hadamard<4>>) {
  // CHECK-DAG: arith.constant dense<[5.000000e+00, -1.000000e+00, -2.000000e+00, 0.000000e+00]> : tensor<4xf32>
  // CHECK-DAG: arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
  // CHECK-DAG: arith.constant dense<{{\[}}[-1.414060e+00, -1.414060e+00], [2.828130e+00, 4.250000e+00]]> : tensor<2x2xbf16>
  // CHECK-DAG: mx.constant <payload = dense<[122, -24, -16, 0]> : tensor<4xi8>, scales = dense<121> : tensor<1xi8>>
  %x = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %y = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xbf16>
  %0 = mx.rotate %x by hadamard<4> along 0 : tensor<4xf32>
  %1 = mx.rotate %0 by hadamard<4> along 0 inverse : tensor<4xf32>
  %2 = mx.rotate %y by hadamard<2, signs = [1, -1]> along 0 : tensor<2x2xbf16>
  %3 = mx.quantize %x rotate scale_rule(rceil) : tensor<4xf32> to !mx.tensor<4, mxfp8_e4m3, axis = 0, rotation = hadamard<4>>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<2x2xbf16>, !mx.tensor<4, mxfp8_e4m3, axis = 0, rotation = hadamard<4>>
}

// Parts become one constant, and one constant its parts, in either form. The
// first scale byte 0 is 2^-127, not zero (N1.2).
// CHECK-LABEL: func @parts
func.func @parts() -> (!mx.tensor<2x3, mxfp4, axis = 1>, tensor<2x3xf4E2M1FN>, tensor<2x1xi8>, tensor<2x2xi8>, tensor<2x1xf8E8M0FNU>, tensor<f32>) {
  // CHECK-DAG: mx.constant <payload = dense<{{\[}}[66, 13], [23, 8]]> : tensor<2x2xi8>, scales = dense<{{\[}}[0], [-127]]> : tensor<2x1xi8>>
  // CHECK-DAG: arith.constant dense<{{\[}}[1.000000e+00, 2.000000e+00, -3.000000e+00], [6.000000e+00, 5.000000e-01, -0.000000e+00]]> : tensor<2x3xf4E2M1FN>
  // CHECK-DAG: arith.constant dense<{{\[}}[0], [-127]]> : tensor<2x1xi8>
  // CHECK-DAG: arith.constant dense<{{\[}}[66, 13], [23, 8]]> : tensor<2x2xi8>
  // CHECK-DAG: arith.constant dense<{{\[}}[5.877470e-39], [4.000000e+00]]> : tensor<2x1xf8E8M0FNU>
  // CHECK-DAG: arith.constant dense<5.000000e-01> : tensor<f32>
  // CHECK-NOT: bundle
  %p = arith.constant dense<[[1.0, 2.0, -3.0], [6.0, 0.5, -0.0]]> : tensor<2x3xf4E2M1FN>
  %s = arith.constant dense<[[0], [-127]]> : tensor<2x1xi8>
  %0 = mx.bundle %p, %s : tensor<2x3xf4E2M1FN>, tensor<2x1xi8> to !mx.tensor<2x3, mxfp4, axis = 1>
  %e, %f = mx.unbundle %0 : !mx.tensor<2x3, mxfp4, axis = 1> to tensor<2x3xf4E2M1FN>, tensor<2x1xi8>
  %q, %r = mx.unbundle %0 : !mx.tensor<2x3, mxfp4, axis = 1> to tensor<2x2xi8>, tensor<2x1xf8E8M0FNU>
  %n = mx.constant <payload = dense<0> : tensor<1xi8>, scales = dense<56> : tensor<1xi8>, tensor_scale = 0.5 : f32> : !mx.tensor<1, nvfp4, axis = 0>
  %np, %ns, %nt = mx.unbundle %n : !mx.tensor<1, nvfp4, axis = 0> to tensor<1xi8>, tensor<1xi8>, tensor<f32>
  return %0, %e, %f, %q, %r, %nt : !mx.tensor<2x3, mxfp4, axis = 1>, tensor<2x3xf4E2M1FN>, tensor<2x1xi8>, tensor<2x2xi8>, tensor<2x1xf8E8M0FNU>, tensor<f32>
}

// FP6 codes 31, 33, 8 and 0 fill three bytes; a payload of bytes keeps its unused
// bits, a tensor scale its sign.
// CHECK-LABEL: func @bundles
func.func @bundles() -> (!mx.tensor<4, mxfp6_e2m3, axis = 0>, !mx.tensor<1, nvfp4, axis = 0>) {
  // CHECK-DAG: mx.constant <payload = dense<[95, -120, 0]> : tensor<3xi8>, scales = dense<3> : tensor<1xi8>>
  // CHECK-DAG: mx.constant <payload = dense<-1> : tensor<1xi8>, scales = dense<56> : tensor<1xi8>, tensor_scale = -1.000000e+00 : f32>
  %p = arith.constant dense<[7.5, -0.125, 1.0, 0.0]> : tensor<4xf6E2M3FN>
  %s = arith.constant dense<3> : tensor<1xi8>
  %b = arith.constant dense<-1> : tensor<1xi8>
  %o = arith.constant dense<1.0> : tensor<1xf8E4M3FN>
  %t = arith.constant dense<-1.0> : tensor<f32>
  %0 = mx.bundle %p, %s : tensor<4xf6E2M3FN>, tensor<1xi8> to !mx.tensor<4, mxfp6_e2m3, axis = 0>
  %1 = mx.bundle %b, %o tensor_scale(%t) : tensor<1xi8>, tensor<1xf8E4M3FN> to !mx.tensor<1, nvfp4, axis = 0>
  return %0, %1 : !mx.tensor<4, mxfp6_e2m3, axis = 0>, !mx.tensor<1, nvfp4, axis = 0>
}

// Codes move across bytes: rows 2 4 D | 7 1 8 become columns 2 7 | 4 1 | D 8.
// CHECK-LABEL: func @moves
func.func @moves() -> (!mx.tensor<3x2, mxfp4, axis = 0>, !mx.tensor<2x1x3, mxfp4, axis = 2>) {
  // CHECK-DAG: mx.constant <payload = dense<{{\[}}[114], [20], [-115]]> : tensor<3x1xi8>, scales = dense<{{\[}}[127, -127]]> : tensor<1x2xi8>>
  // CHECK-DAG: mx.constant <payload = dense<{{\[}}{{\[}}[66, 13]], {{\[}}[23, 8]]]> : tensor<2x1x2xi8>, scales = dense<{{\[}}{{\[}}[127]], {{\[}}[-127]]]> : tensor<2x1x1xi8>>
  %0 = mx.constant <payload = dense<[[66, 13], [23, 8]]> : tensor<2x2xi8>, scales = dense<[[127], [-127]]> : tensor<2x1xi8>> : !mx.tensor<2x3, mxfp4, axis = 1>
  %1 = mx.transpose %0 permutation = [1, 0] : !mx.tensor<2x3, mxfp4, axis = 1> to !mx.tensor<3x2, mxfp4, axis = 0>
  %2 = mx.reshape %0 : !mx.tensor<2x3, mxfp4, axis = 1> to !mx.tensor<2x1x3, mxfp4, axis = 2>
  return %1, %2 : !mx.tensor<3x2, mxfp4, axis = 0>, !mx.tensor<2x1x3, mxfp4, axis = 2>
}

// N1.4, N1.7: NaN scales, and a result that overflows bf16.
// CHECK-LABEL: func @dequantises
func.func @dequantises() -> (tensor<2xf32>, tensor<1xf16>, tensor<1xbf16>) {
  // CHECK-DAG: arith.constant dense<0x7FC00000> : tensor<2xf32>
  // CHECK-DAG: arith.constant dense<0x7C00> : tensor<1xf16>
  // CHECK-DAG: arith.constant dense<0x7F80> : tensor<1xbf16>
  %0 = mx.constant <payload = dense<34> : tensor<1xi8>, scales = dense<-1> : tensor<1xi8>> : !mx.tensor<2, mxfp4, axis = 0>
  %1 = mx.constant <payload = dense<7> : tensor<1xi8>, scales = dense<-2> : tensor<1xi8>> : !mx.tensor<1, mxfp4, axis = 0>
  %2 = mx.dequantize %0 : !mx.tensor<2, mxfp4, axis = 0> to tensor<2xf32>
  %3 = mx.dequantize %1 : !mx.tensor<1, mxfp4, axis = 0> to tensor<1xf16>
  %4 = mx.dequantize %1 : !mx.tensor<1, mxfp4, axis = 0> to tensor<1xbf16>
  return %2, %3, %4 : tensor<2xf32>, tensor<1xf16>, tensor<1xbf16>
}

// N5: a seed is a 64-bit pattern of either sign.
// CHECK-LABEL: func @seeds
func.func @seeds() -> (!mx.tensor<4, mxfp4, axis = 0>, !mx.tensor<4, mxfp4, axis = 0>) {
  // CHECK-COUNT-2: mx.constant
  // CHECK-NOT: mx.quantize
  %x = arith.constant dense<[6.0, 1.2, 1.2, -0.7]> : tensor<4xf32>
  %one = arith.constant 1 : i64
  %minus = arith.constant -1 : i64
  %0 = mx.quantize %x scale_rule(rceil) rounding(stochastic) seed(%one) : tensor<4xf32> to !mx.tensor<4, mxfp4, axis = 0>
  %1 = mx.quantize %x scale_rule(rceil) rounding(stochastic) seed(%minus) random_bits(1) : tensor<4xf32> to !mx.tensor<4, mxfp4, axis = 0>
  return %0, %1 : !mx.tensor<4, mxfp4, axis = 0>, !mx.tensor<4, mxfp4, axis = 0>
}
