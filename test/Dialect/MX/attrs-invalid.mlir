// One case for each message of an attribute.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// Enumerations.

// expected-error @below {{expected a scale rule (floor, ceil, rceil, even, mse, abs3, amax, four_over_six_mse, four_over_six_mae, sweep), got 'nearest'}}
func.func private @unknown_rule() attributes {a = #mx.scale_rule<nearest>}

// -----

// expected-error @below {{expected a rounding (nearest_even, stochastic), got 'up'}}
func.func private @unknown_rounding() attributes {a = #mx.rounding<up>}

// -----

// expected-error @below {{expected '>'}}
func.func private @unclosed_rule() attributes {a = #mx.scale_rule<even, floor>}

// -----

// Formats.

// expected-error @below {{expected a format name or 'element', 'scale', 'block' or 'tensor_scale', got 'mxfp5'}}
func.func private @unknown_format_name() attributes {a = #mx.format<mxfp5>}

// -----

// expected-error @below {{expected a format name or 'element', 'scale', 'block' or 'tensor_scale', got 'mxfp4'}}
func.func private @name_after_a_field() attributes {a = #mx.format<block = 32, mxfp4>}

// -----

// expected-error @below {{expected '>'}}
func.func private @field_after_a_name() attributes {a = #mx.format<mxfp4, block = 16>}

// -----

// expected-error @below {{expected 'element' once, got it twice}}
func.func private @element_twice() attributes {a = #mx.format<element = f4E2M1FN, element = f4E2M1FN>}

// -----

// expected-error @below {{expected 'scale' once, got it twice}}
func.func private @scale_twice() attributes {a = #mx.format<scale = f8E8M0FNU, scale = f8E4M3FN>}

// -----

// expected-error @below {{expected 'block' once, got it twice}}
func.func private @block_twice() attributes {a = #mx.format<block = 32, block = 16>}

// -----

// expected-error @below {{expected 'tensor_scale' once, got it twice}}
func.func private @tensor_scale_twice() attributes {a = #mx.format<tensor_scale, tensor_scale>}

// -----

// expected-error @below {{expected an element type of f4E2M1FN, f6E2M3FN, f6E3M2FN, f8E4M3FN or f8E5M2, got 'f8E4M3FNUZ'}}
func.func private @unknown_element() attributes {a = #mx.format<element = f8E4M3FNUZ, scale = f8E8M0FNU, block = 32>}

// -----

// expected-error @below {{expected a scale type of f8E8M0FNU or f8E4M3FN, got 'f32'}}
func.func private @unknown_scale() attributes {a = #mx.format<element = f4E2M1FN, scale = f32, block = 32>}

// -----

// expected-error @below {{expected 'element', 'scale' and 'block' in a format, got no 'element'}}
func.func private @no_element() attributes {a = #mx.format<scale = f8E8M0FNU, block = 32>}

// -----

// expected-error @below {{expected 'element', 'scale' and 'block' in a format, got no 'scale'}}
func.func private @no_scale() attributes {a = #mx.format<element = f4E2M1FN, block = 32>}

// -----

// expected-error @below {{expected 'element', 'scale' and 'block' in a format, got no 'block'}}
func.func private @no_block() attributes {a = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU>}

// -----

// expected-error @below {{expected a block of 1 to 65536 elements, got a block of 0 elements of 4 bits}}
func.func private @empty_block() attributes {a = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 0>}

// -----

// expected-error @below {{expected a block of 1 to 65536 elements, got a block of -32 elements of 4 bits}}
func.func private @negative_block() attributes {a = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = -32>}

// -----

// expected-error @below {{expected a block of 1 to 65536 elements, got a block of 65538 elements of 4 bits}}
func.func private @long_block() attributes {a = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 65538>}

// -----

// expected-error @below {{expected a block that is a whole number of bytes, got a block of 2 elements of 6 bits}}
func.func private @block_of_part_of_a_byte() attributes {a = #mx.format<element = f6E2M3FN, scale = f8E8M0FNU, block = 2>}

// -----

// expected-error @below {{integer value too large}}
func.func private @huge_block() attributes {a = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 99999999999999999999>}

// -----

// Rotations.

// expected-error @below {{expected a rotation size that is a power of two from 2 to 256, got 24}}
func.func private @rotation_of_no_power_of_two() attributes {a = #mx.hadamard<24>}

// -----

// expected-error @below {{expected a rotation size that is a power of two from 2 to 256, got 512}}
func.func private @long_rotation() attributes {a = #mx.hadamard<512>}

// -----

// expected-error @below {{expected 4 signs, got 3}}
func.func private @too_few_signs() attributes {a = #mx.hadamard<4, signs = [1, -1, 1]>}

// -----

// expected-error @below {{expected 4 signs, got none}}
func.func private @no_signs() attributes {a = #mx.hadamard<4, signs = []>}

// -----

// expected-error @below {{expected each sign to be 1 or -1, got 0}}
func.func private @sign_of_zero() attributes {a = #mx.hadamard<2, signs = [1, 0]>}

// -----

// expected-error @below {{integer value too large}}
func.func private @huge_sign() attributes {a = #mx.hadamard<2, signs = [1, 257]>}

// -----

// Constant data.

// expected-error @below {{expected 'payload' to be dense or dense_resource, got 3 : i64}}
func.func private @payload_of_a_number() attributes {a = #mx.elements<payload = 3, scales = dense<0> : tensor<1xi8>>}

// -----

// expected-error @below {{expected 'scales' to be dense or dense_resource, got array<i8: 1>}}
func.func private @scales_of_an_array() attributes {a = #mx.elements<payload = dense<0> : tensor<16xi8>, scales = array<i8: 1>>}

// -----

// expected-error @below {{expected 'scales' to be dense or dense_resource, got sparse<0, 1> : tensor<1xi8>}}
func.func private @sparse_scales() attributes {a = #mx.elements<payload = dense<0> : tensor<16xi8>, scales = sparse<0, 1> : tensor<1xi8>>}

// -----

// expected-error @below {{expected 'tensor_scale' to be a number, got "1"}}
func.func private @tensor_scale_of_text() attributes {a = #mx.elements<payload = dense<0> : tensor<16xi8>, scales = dense<0> : tensor<2xi8>, tensor_scale = "1">}

// -----

// expected-error @below {{expected a tensor scale of 'f32', got 'f64'}}
func.func private @tensor_scale_of_f64() attributes {a = #mx.elements<payload = dense<0> : tensor<16xi8>, scales = dense<0> : tensor<2xi8>, tensor_scale = 1.0>}

// -----

// Decisions.

// expected-error @below {{expected a method (rtn, gptq), got 'awq'}}
func.func private @unknown_method() attributes {a = #mx.method<awq>}

// -----

// expected-error @below {{expected a rule for E8M0 scales (floor, ceil, rceil, even, mse), got amax}}
func.func private @rule_of_another_scale() attributes {a = #mx.encoding<mxfp4 by amax>}

// -----

// expected-error @below {{expected 'by'}}
func.func private @encoding_without_a_rule() attributes {a = #mx.encoding<mxfp4>}

// -----

// expected-error @below {{expected a format name or 'format<...>', got 'int4'}}
func.func private @encoding_in_no_format() attributes {a = #mx.encoding<int4 by even>}

// -----

// expected-error @below {{expected either 'keep' or an encoding of 'lhs' or 'rhs', got none}}
func.func private @empty_plan() attributes {a = #mx.plan<>}

// -----

// expected-error @below {{expected either 'keep' or an encoding of 'lhs' or 'rhs', got both}}
func.func private @kept_and_encoded() attributes {a = #mx.plan<keep, rhs = mxfp4 by mse>}

// -----

// expected-error @below {{expected 'keep', 'lhs', 'rhs', 'rotation' or 'method', got 'bits'}}
func.func private @unknown_plan_field() attributes {a = #mx.plan<bits = 4>}

// -----

// expected-error @below {{expected 'rhs' once, got it twice}}
func.func private @side_twice() attributes {a = #mx.plan<rhs = mxfp4 by mse, rhs = mxfp4 by even>}

// -----

// expected-error @below {{expected 'rotation' once, got it twice}}
func.func private @rotation_twice() attributes {a = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>, rotation = hadamard<32>>}

// -----

// expected-error @below {{expected 'hadamard'}}
func.func private @other_rotation() attributes {a = #mx.plan<rhs = mxfp4 by mse, rotation = givens<32>>}

// -----

// expected-error @below {{expected a method only where a side is encoded, got gptq}}
func.func private @method_of_nothing() attributes {a = #mx.plan<keep, method = gptq>}

// -----

// Targets.

// expected-error @below {{expected the target 'cpu' or 'nvvm', got 'gpu'}}
func.func private @unknown_target() attributes {a = #mx.target<gpu>}

// -----

// expected-error @below {{expected a chip (sm_80, sm_86, sm_87, sm_88, sm_89, sm_90, sm_90a, sm_100, sm_100a, sm_100f, sm_103, sm_103a, sm_103f, sm_110, sm_110a, sm_110f, sm_120, sm_120a, sm_120f, sm_121, sm_121a, sm_121f), got 'sm_101a'}}
func.func private @unknown_chip() attributes {a = #mx.target<nvvm, chip = "sm_101a">}

// -----

// expected-error @below {{got ''}}
func.func private @no_chip() attributes {a = #mx.target<nvvm>}

// -----

// expected-error @below {{expected the features of 'sm_120a' to be +ptx87, +ptx88 or +ptx90, got '+ptx86'}}
func.func private @ptx_without_the_chip() attributes {a = #mx.target<nvvm, chip = "sm_120a", features = "+ptx86">}

// -----

// expected-error @below {{got '+ptx87,+avx2'}}
func.func private @more_than_ptx() attributes {a = #mx.target<nvvm, chip = "sm_120a", features = "+ptx87,+avx2">}

// -----

// expected-error @below {{expected 'chip' or 'features', got 'cores'}}
func.func private @unknown_target_field() attributes {a = #mx.target<cpu, cores = "2">}

// -----

// expected-error @below {{expected 'chip' once, got it twice}}
func.func private @chip_twice() attributes {a = #mx.target<cpu, chip = "", chip = "x86-64-v3">}

// -----

// expected-error @below {{expected 'features' once, got it twice}}
func.func private @features_twice() attributes {a = #mx.target<cpu, features = "+avx2", features = "+avx2">}

// -----

// The rotation without signs has one spelling.
// expected-error @below {{expected at least one sign of -1, got only 1, which is the rotation without signs}}
func.func private @signs_without_effect() attributes {a = #mx.hadamard<2, signs = [1, 1]>}
