// One case for each message of a graph operation that encodes, decodes or rotates.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// mx.quantize.

func.func @quantize_to_another_shape(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a result of shape [4, 64], got [4, 32]}}
  %0 = mx.quantize %x scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x32, mxfp4, axis = 1>
  return
}

// -----

func.func @unknown_rule(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a scale rule (floor, ceil, rceil, even, mse, abs3, amax, four_over_six_mse, four_over_six_mae, sweep), got 'nearest'}}
  %0 = mx.quantize %x scale_rule(nearest) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @unknown_rounding(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a rounding (nearest_even, stochastic), got 'up'}}
  %0 = mx.quantize %x scale_rule(even) rounding(up) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @ue4m3_rule_for_e8m0(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a rule for E8M0 scales (floor, ceil, rceil, even, mse), got 'amax'}}
  %0 = mx.quantize %x scale_rule(amax) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @e8m0_rule_for_ue4m3(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a rule for UE4M3 scales (amax, four_over_six_mse, four_over_six_mae, sweep), got 'even'}}
  %0 = mx.quantize %x scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x64, nvfp4, axis = 1>
  return
}

// -----

func.func @abs3_without_tensor_scale(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a rule for E8M0 scales (floor, ceil, rceil, even, mse), got 'abs3'}}
  %0 = mx.quantize %x scale_rule(abs3) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @e8m0_with_tensor_scale_but_not_abs3(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected the rule for E8M0 scales with a tensor scale (abs3), got 'even'}}
  %0 = mx.quantize %x scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1>
  return
}

// -----

func.func @four_over_six_for_fp8(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected E2M1 elements for the four_over_six rules, got 'four_over_six_mse'}}
  %0 = mx.quantize %x scale_rule(four_over_six_mse) : tensor<4x64xf32> to !mx.tensor<4x64, format<element = f8E4M3FN, scale = f8E4M3FN, block = 16>, axis = 1>
  return
}

// -----

func.func @stochastic_rounding_with_a_rule_that_clips(%x: tensor<4x64xf32>, %seed: i64) {
  // expected-error @below {{expected a rule that cannot clip for stochastic rounding (ceil, rceil, abs3, amax), got 'even'}}
  %0 = mx.quantize %x scale_rule(even) rounding(stochastic) seed(%seed) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @needless_tensor_scale(%x: tensor<4x64xf32>, %t: tensor<f32>) {
  // expected-error @below {{expected no tensor scale, because the format has none, got one}}
  %0 = mx.quantize %x tensor_scale(%t) scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @tensor_scale_with_abs3(%x: tensor<4x64xf32>, %t: tensor<f32>) {
  // expected-error @below {{expected no tensor scale with the rule 'abs3', which fixes it to 1/3, got one}}
  %0 = mx.quantize %x tensor_scale(%t) scale_rule(abs3) : tensor<4x64xf32> to !mx.tensor<4x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1>
  return
}

// -----

func.func @rotate_without_rotation(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a result type with a rotation, because 'rotate' is set, got '!mx.tensor<4x64, mxfp4, axis = 1>'}}
  %0 = mx.quantize %x rotate scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @stochastic_rounding_without_seed(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected a seed with stochastic rounding, got none}}
  %0 = mx.quantize %x scale_rule(rceil) rounding(stochastic) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @seed_without_stochastic_rounding(%x: tensor<4x64xf32>, %seed: i64) {
  // expected-error @below {{expected no seed with nearest_even rounding, got one}}
  %0 = mx.quantize %x scale_rule(rceil) seed(%seed) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @no_random_bits(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected random_bits from 1 to 23, got 0}}
  %0 = mx.quantize %x scale_rule(rceil) random_bits(0) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @too_many_random_bits(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected random_bits from 1 to 23, got 24}}
  %0 = mx.quantize %x scale_rule(rceil) random_bits(24) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @negative_random_bits(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected random_bits from 1 to 23, got -1}}
  %0 = mx.quantize %x scale_rule(rceil) random_bits(-1) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @seed_of_another_type(%x: tensor<4x64xf32>, %seed: i32) {
  // expected-error @below {{operand #1 must be 64-bit signless integer, but got 'i32'}}
  %0 = "mx.quantize"(%x, %seed) <{scale_rule = #mx.scale_rule<rceil>, rounding = #mx.rounding<stochastic>, operandSegmentSizes = array<i32: 1, 0, 1>}> : (tensor<4x64xf32>, i32) -> !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @quantize_f64(%x: tensor<4x64xf64>) {
  // expected-error @below {{operand #0 must be tensor of f32, bf16 or f16 with rank 1 to 8 and at most 2^58 elements, but got 'tensor<4x64xf64>'}}
  %0 = mx.quantize %x scale_rule(even) : tensor<4x64xf64> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @quantize_scalar(%x: tensor<f32>) {
  // expected-error @below {{operand #0 must be tensor of f32, bf16 or f16 with rank 1 to 8 and at most 2^58 elements, but got 'tensor<f32>'}}
  %0 = mx.quantize %x scale_rule(even) : tensor<f32> to !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @two_sources(%x: tensor<4x64xf32>) {
  // expected-error @below {{failed to verify that there is one source}}
  %0 = "mx.quantize"(%x, %x) <{scale_rule = #mx.scale_rule<even>, operandSegmentSizes = array<i32: 2, 0, 0>}> : (tensor<4x64xf32>, tensor<4x64xf32>) -> !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

func.func @quantize_without_rule(%x: tensor<4x64xf32>) {
  // expected-error @below {{'mx.quantize' op requires attribute 'scale_rule'}}
  %0 = "mx.quantize"(%x) <{operandSegmentSizes = array<i32: 1, 0, 0>}> : (tensor<4x64xf32>) -> !mx.tensor<4x64, mxfp4, axis = 1>
  return
}

// -----

// mx.dequantize and mx.rotate.

func.func @dequantize_to_another_shape(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{expected a result of shape [4, 64], got [4, 32]}}
  %0 = mx.dequantize %x : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x32xf32>
  return
}

// -----

func.func @dequantize_to_another_rank(%x: !mx.tensor<?x?, mxfp4, axis = 1>) {
  // expected-error @below {{expected a result of shape [?, ?], got [?]}}
  %0 = mx.dequantize %x : !mx.tensor<?x?, mxfp4, axis = 1> to tensor<?xf32>
  return
}

// -----

func.func @dequantize_to_f64(%x: !mx.tensor<4x64, mxfp4, axis = 1>) {
  // expected-error @below {{result #0 must be tensor of f32, bf16 or f16 with rank 1 to 8 and at most 2^58 elements, but got 'tensor<4x64xf64>'}}
  %0 = mx.dequantize %x : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x64xf64>
  return
}

// -----

func.func @dequantize_numbers(%x: tensor<4x64xf32>) {
  // expected-error @below {{operand #0 must be block-scaled tensor, but got 'tensor<4x64xf32>'}}
  %0 = mx.dequantize %x : tensor<4x64xf32> to tensor<4x64xf32>
  return
}

// -----

func.func @rotate_beyond_the_rank(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected an axis from 0 to 1, got 2}}
  %0 = mx.rotate %x by hadamard<32> along 2 : tensor<4x64xf32>
  return
}

// -----

func.func @rotate_along_negative_axis(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected an axis from 0 to 1, got -1}}
  %0 = mx.rotate %x by hadamard<32> along -1 : tensor<4x64xf32>
  return
}

// -----

func.func @rotation_does_not_divide(%x: tensor<4x64xf32>) {
  // expected-error @below {{expected the rotated axis (0) to be a multiple of the rotation size 8, got 4}}
  %0 = mx.rotate %x by hadamard<8> along 0 : tensor<4x64xf32>
  return
}

// -----

func.func @rotate_too_many_elements(%x: tensor<4294967296x4294967296xf32>) {
  // expected-error @below {{operand #0 must be tensor of f32, bf16 or f16 with rank 1 to 8 and at most 2^58 elements, but got 'tensor<4294967296x4294967296xf32>'}}
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<4294967296x4294967296xf32>
  return
}

// -----

func.func @rotate_to_another_type(%x: tensor<4x64xf32>) {
  // expected-error @below {{failed to verify that all of {source, result} have same type}}
  %0 = "mx.rotate"(%x) <{axis = 1 : i64, rotation = #mx.hadamard<32>}> : (tensor<4x64xf32>) -> tensor<4x64xbf16>
  return
}
