// One case for each message of a graph operation that moves.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// mx.transpose and mx.reshape.

func.func @permutation_of_another_rank(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected a permutation of the dimensions of the source, got [0]}}
  // expected-error @below {{'mx.transpose' op failed to infer returned types}}
  %0 = mx.transpose %x permutation = [0] : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @permutation_with_repetition(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected a permutation of the dimensions of the source, got [1, 1]}}
  // expected-error @below {{'mx.transpose' op failed to infer returned types}}
  %0 = mx.transpose %x permutation = [1, 1] : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @permutation_out_of_range(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected a permutation of the dimensions of the source, got [0, 2]}}
  // expected-error @below {{'mx.transpose' op failed to infer returned types}}
  %0 = mx.transpose %x permutation = [0, 2] : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @permutation_with_negative_entry(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected a permutation of the dimensions of the source, got [-1, 0]}}
  // expected-error @below {{'mx.transpose' op failed to infer returned types}}
  %0 = mx.transpose %x permutation = [-1, 0] : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @empty_permutation(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected a permutation of the dimensions of the source, got []}}
  // expected-error @below {{'mx.transpose' op failed to infer returned types}}
  %0 = mx.transpose %x permutation = [] : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @transpose_forgets_the_axis(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{'mx.transpose' op inferred type(s) '!mx.tensor<64x4, mxfp4, axis = 0>' are incompatible with return type(s) of operation '!mx.tensor<64x4, mxfp4, axis = 1>'}}
  // expected-error @below {{'mx.transpose' op failed to infer returned types}}
  %0 = mx.transpose %x permutation = [1, 0] : !mx.tensor<4x64, mxfp4, axis = 1> to !mx.tensor<64x4, mxfp4, axis = 1>
  return
}

// -----

func.func @reshape_to_another_format(%x: !mx.tensor<2x3x64, mxfp4, axis = 2>) {
  // expected-error @below {{expected the same format and rotation on both sides, got '!mx.tensor<2x3x64, mxfp4, axis = 2>' and '!mx.tensor<6x64, mxfp8_e4m3, axis = 1>'}}
  %0 = mx.reshape %x : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<6x64, mxfp8_e4m3, axis = 1>
  return
}

// -----

func.func @reshape_to_another_rotation(%x: !mx.tensor<2x3x64, mxfp4, axis = 2>) {
  // expected-error @below {{expected the same format and rotation on both sides, got '!mx.tensor<2x3x64, mxfp4, axis = 2>'}}
  %0 = mx.reshape %x : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<6x64, mxfp4, axis = 1, rotation = hadamard<32>>
  return
}

// -----

func.func @reshape_along_another_axis(%x: !mx.tensor<64x2x3, mxfp4, axis = 0>) {
  // expected-error @below {{expected the last axis to be the blocked one on both sides, got '!mx.tensor<64x2x3, mxfp4, axis = 0>' and '!mx.tensor<64x6, mxfp4, axis = 0>'}}
  %0 = mx.reshape %x : !mx.tensor<64x2x3, mxfp4, axis = 0> to !mx.tensor<64x6, mxfp4, axis = 0>
  return
}

// -----

func.func @reshape_of_dynamic_shape(%x: !mx.tensor<2x?x64, mxfp4, axis = 2>) {
  // expected-error @below {{expected static shapes, got '!mx.tensor<2x?x64, mxfp4, axis = 2>' and '!mx.tensor<?x64, mxfp4, axis = 1>'}}
  %0 = mx.reshape %x : !mx.tensor<2x?x64, mxfp4, axis = 2> to !mx.tensor<?x64, mxfp4, axis = 1>
  return
}

// -----

func.func @reshape_of_the_blocked_axis(%x: !mx.tensor<2x3x64, mxfp4, axis = 2>) {
  // expected-error @below {{expected the blocked axis to keep its size 64, got 32}}
  %0 = mx.reshape %x : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<12x32, mxfp4, axis = 1>
  return
}

// -----

func.func @reshape_to_fewer_rows(%x: !mx.tensor<2x3x64, mxfp4, axis = 2>) {
  // expected-error @below {{expected 6 rows in the result, got 5}}
  %0 = mx.reshape %x : !mx.tensor<2x3x64, mxfp4, axis = 2> to !mx.tensor<5x64, mxfp4, axis = 1>
  return
}
