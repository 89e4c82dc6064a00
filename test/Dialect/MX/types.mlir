// Every form of !mx.tensor survives text and bytecode; a format that has a name
// is printed by it.
// RUN: mx-opt %s | mx-opt | FileCheck %s
// RUN: mx-opt %s --emit-bytecode | mx-opt | FileCheck %s

// CHECK-LABEL: func private @named_formats
// CHECK-SAME: (!mx.tensor<4x64, mxfp4, axis = 1>,
// CHECK-SAME:  !mx.tensor<4x64, nvfp4, axis = 1>,
// CHECK-SAME:  !mx.tensor<4x64, mxfp6_e2m3, axis = 1>,
// CHECK-SAME:  !mx.tensor<4x64, mxfp6_e3m2, axis = 1>,
// CHECK-SAME:  !mx.tensor<4x64, mxfp8_e4m3, axis = 1>,
// CHECK-SAME:  !mx.tensor<4x64, mxfp8_e5m2, axis = 1>)
func.func private @named_formats(
  !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<4x64, nvfp4, axis = 1>,
  !mx.tensor<4x64, mxfp6_e2m3, axis = 1>, !mx.tensor<4x64, mxfp6_e3m2, axis = 1>,
  !mx.tensor<4x64, mxfp8_e4m3, axis = 1>, !mx.tensor<4x64, mxfp8_e5m2, axis = 1>)

// CHECK-LABEL: func private @spelled_out_formats_with_a_name
// CHECK-SAME: (!mx.tensor<64, mxfp4, axis = 0>,
// CHECK-SAME:  !mx.tensor<64, mxfp4, axis = 0>,
// CHECK-SAME:  !mx.tensor<64, nvfp4, axis = 0>)
func.func private @spelled_out_formats_with_a_name(
  !mx.tensor<64, format<mxfp4>, axis = 0>,
  !mx.tensor<64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32>, axis = 0>,
  !mx.tensor<64, format<tensor_scale, block = 16, scale = f8E4M3FN, element = f4E2M1FN>, axis = 0>)

// CHECK-LABEL: func private @formats_without_a_name
// CHECK-SAME: (!mx.tensor<64, format<element = f6E2M3FN, scale = f8E8M0FNU, block = 16>, axis = 0>,
// CHECK-SAME:  !mx.tensor<64, format<element = f6E3M2FN, scale = f8E4M3FN, block = 4>, axis = 0>,
// CHECK-SAME:  !mx.tensor<64, format<element = f8E5M2, scale = f8E4M3FN, block = 1>, axis = 0>,
// CHECK-SAME:  !mx.tensor<64, format<element = f8E4M3FN, scale = f8E4M3FN, block = 16, tensor_scale>, axis = 0>,
// CHECK-SAME:  !mx.tensor<64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 0>,
// CHECK-SAME:  !mx.tensor<64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 65536>, axis = 0>)
func.func private @formats_without_a_name(
  !mx.tensor<64, format<element = f6E2M3FN, scale = f8E8M0FNU, block = 16>, axis = 0>,
  !mx.tensor<64, format<element = f6E3M2FN, scale = f8E4M3FN, block = 4>, axis = 0>,
  !mx.tensor<64, format<element = f8E5M2, scale = f8E4M3FN, block = 1>, axis = 0>,
  !mx.tensor<64, format<element = f8E4M3FN, scale = f8E4M3FN, block = 16, tensor_scale>, axis = 0>,
  !mx.tensor<64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 0>,
  !mx.tensor<64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 65536>, axis = 0>)

// CHECK-LABEL: func private @shapes
// CHECK-SAME: (!mx.tensor<1, mxfp4, axis = 0>, !mx.tensor<?, mxfp4, axis = 0>,
// CHECK-SAME:  !mx.tensor<0x64, mxfp4, axis = 1>, !mx.tensor<4x0, mxfp4, axis = 1>,
// CHECK-SAME:  !mx.tensor<33x7, mxfp4, axis = 0>,
// CHECK-SAME:  !mx.tensor<1x2x3x4x5x6x7x8, mxfp4, axis = 3>,
// CHECK-SAME:  !mx.tensor<?x?x?, nvfp4, axis = 1>,
// CHECK-SAME:  !mx.tensor<288230376151711744, mxfp8_e4m3, axis = 0>)
func.func private @shapes(
  !mx.tensor<1, mxfp4, axis = 0>, !mx.tensor<?, mxfp4, axis = 0>,
  !mx.tensor<0x64, mxfp4, axis = 1>, !mx.tensor<4x0, mxfp4, axis = 1>,
  !mx.tensor<33x7, mxfp4, axis = 0>,
  !mx.tensor<1x2x3x4x5x6x7x8, mxfp4, axis = 3>,
  !mx.tensor<?x?x?, nvfp4, axis = 1>,
  !mx.tensor<288230376151711744, mxfp8_e4m3, axis = 0>)

// CHECK-LABEL: func private @rotations
// CHECK-SAME: (!mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>,
// CHECK-SAME:  !mx.tensor<64x?, mxfp4, axis = 0, rotation = hadamard<2, signs = [1, -1]>>,
// CHECK-SAME:  !mx.tensor<4x?, nvfp4, axis = 1, rotation = hadamard<256>>)
func.func private @rotations(
  !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>,
  !mx.tensor<64x?, mxfp4, axis = 0, rotation = hadamard<2, signs = [1, -1]>>,
  !mx.tensor<4x?, nvfp4, axis = 1, rotation = hadamard<256>>)

// An alias, and a type nested in others.
!blocks = !mx.tensor<?x64, mxfp4, axis = 1>
// CHECK-LABEL: func private @nested
// CHECK-SAME: (!mx.tensor<?x64, mxfp4, axis = 1>, (!mx.tensor<?x64, mxfp4, axis = 1>) -> i32, tuple<!mx.tensor<?x64, mxfp4, axis = 1>>)
func.func private @nested(!blocks, (!blocks) -> i32, tuple<!blocks>)
