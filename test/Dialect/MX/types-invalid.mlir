// One case for each message of !mx.tensor.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expected ','}}
func.func private @rank_zero(!mx.tensor<mxfp4, axis = 0>)

// -----

// expected-error @below {{expected a rank from 1 to 8, got 9}}
func.func private @rank_nine(!mx.tensor<1x1x1x1x1x1x1x1x32, mxfp4, axis = 8>)

// -----

// expected-error @below {{invalid dimension}}
func.func private @negative_size(!mx.tensor<4x-64, mxfp4, axis = 1>)

// -----

// expected-error @below {{invalid dimension}}
func.func private @scalable_size(!mx.tensor<4x[64], mxfp4, axis = 1>)

// -----

// expected-error @below {{expected the blocked axis to be from 0 to 1, got 2}}
func.func private @axis_beyond_the_rank(!mx.tensor<4x64, mxfp4, axis = 2>)

// -----

// expected-error @below {{expected the blocked axis to be from 0 to 1, got -1}}
func.func private @negative_axis(!mx.tensor<4x64, mxfp4, axis = -1>)

// -----

// expected-error @below {{expected 'axis'}}
func.func private @no_axis(!mx.tensor<4x64, mxfp4, rotation = hadamard<32>>)

// -----

// expected-error @below {{expected a format name or 'format<...>', got 'mxfp5'}}
func.func private @unknown_format(!mx.tensor<4x64, mxfp5, axis = 1>)

// -----

// expected-error @below {{expected a block of 1 to 65536 elements, got a block of 0 elements of 4 bits}}
func.func private @invalid_format(!mx.tensor<4x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 0>, axis = 1>)

// -----

// expected-error @below {{expected at most 2^58 elements, got the shape [288230376151711745]}}
func.func private @too_many_elements(!mx.tensor<288230376151711745, mxfp4, axis = 0>)

// -----

// expected-error @below {{expected at most 2^58 elements, got the shape [?, 4294967296, 4294967296]}}
func.func private @product_overflows(!mx.tensor<?x4294967296x4294967296, mxfp4, axis = 1>)

// -----

// expected-error @below {{expected at most 2^58 elements, got the shape [0, 9223372036854775807, 2]}}
func.func private @zero_does_not_hide_overflow(!mx.tensor<0x9223372036854775807x2, mxfp4, axis = 1>)

// -----

// expected-error @below {{expected the blocked axis (1) to be a multiple of the rotation size 32, got 48}}
func.func private @rotation_does_not_divide(!mx.tensor<4x48, mxfp4, axis = 1, rotation = hadamard<32>>)

// -----

// expected-error @below {{expected 4 signs, got 2}}
func.func private @invalid_rotation(!mx.tensor<4x48, mxfp4, axis = 1, rotation = hadamard<4, signs = [1, 1]>>)

// -----

// expected-error @below {{expected 'rotation'}}
func.func private @unknown_field(!mx.tensor<4x64, mxfp4, axis = 1, layout = hadamard<32>>)

// -----

// expected-error @below {{expected 'hadamard'}}
func.func private @unknown_rotation(!mx.tensor<4x64, mxfp4, axis = 1, rotation = givens<32>>)
