// One case for each message of a graph operation of packed parts.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// mx.packed.tensor_scale.

func.func @tensor_scale_of_a_format_without(%x: tensor<4xf32>, %t: tensor<f32>) {
  // expected-error @below {{expected a format with a tensor scale, got #mx.format<mxfp4>}}
  %0 = mx.packed.tensor_scale ins(%x : tensor<4xf32>) outs(%t : tensor<f32>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>} -> tensor<f32>
  return
}

// -----

func.func @tensor_scale_by_another_rule(%x: tensor<4xf32>, %t: tensor<f32>) {
  // expected-error @below {{expected a rule for UE4M3 scales (amax, four_over_six_mse, four_over_six_mae, sweep), got 'even'}}
  %0 = mx.packed.tensor_scale ins(%x : tensor<4xf32>) outs(%t : tensor<f32>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<even>} -> tensor<f32>
  return
}

// -----

func.func @tensor_scale_of_rank_one(%x: tensor<4xf32>, %t: tensor<1xf32>) {
  // expected-error @below {{operand #1 must be tensor or memref of f32 with rank 0, but got 'tensor<1xf32>'}}
  %0 = mx.packed.tensor_scale ins(%x : tensor<4xf32>) outs(%t : tensor<1xf32>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>} -> tensor<1xf32>
  return
}

// -----

func.func @tensor_scale_of_unranked_source(%x: tensor<*xf32>, %t: tensor<f32>) {
  // expected-error @below {{operand #0 must be ranked tensor or memref of f32, bf16 or f16 with at most 2^58 elements, but got 'tensor<*xf32>'}}
  %0 = mx.packed.tensor_scale ins(%x : tensor<*xf32>) outs(%t : tensor<f32>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>} -> tensor<f32>
  return
}

// -----

func.func @tensor_scale_of_too_many_elements(%x: memref<4294967296x4294967296xf32>, %t: memref<f32>) {
  // expected-error @below {{operand #0 must be ranked tensor or memref of f32, bf16 or f16 with at most 2^58 elements, but got 'memref<4294967296x4294967296xf32>'}}
  mx.packed.tensor_scale ins(%x : memref<4294967296x4294967296xf32>) outs(%t : memref<f32>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>}
  return
}

// -----

// mx.packed.quantize.

func.func @one_destination(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>) {
  // expected-error @below {{expected 2 destinations, got 1}}
  %0 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p : tensor<4x32xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>
  return
}

// -----

func.func @payload_of_another_size(%x: tensor<4x64xf32>, %p: tensor<4x31xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a payload to fit 'tensor<4x64xf32>', got 'tensor<4x31xi8>'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x31xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x31xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @payload_of_other_rows(%x: tensor<4x64xf32>, %p: tensor<5x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a payload to fit 'tensor<4x64xf32>', got 'tensor<5x32xi8>'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<5x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<5x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @payload_of_another_rank(%x: tensor<4x64xf32>, %p: tensor<32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a payload to fit 'tensor<4x64xf32>', got 'tensor<32xi8>'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @scales_of_another_block(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x4xi8>) {
  // expected-error @below {{expected scales to fit 'tensor<4x64xf32>', got 'tensor<4x4xi8>'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x4xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x4xi8>
  return
}

// -----

func.func @scalar_source(%x: tensor<f32>, %p: tensor<i8>, %s: tensor<i8>) {
  // expected-error @below {{expected a payload to fit 'tensor<f32>', got 'tensor<i8>'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<f32>) outs(%p, %s : tensor<i8>, tensor<i8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<i8>, tensor<i8>
  return
}

// -----

func.func @unranked_payload(%x: tensor<4x64xf32>, %p: tensor<*xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{operand #1 must be variadic of ranked tensor or memref of i8 with at most 2^58 elements, but got 'tensor<*xi8>'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<*xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<*xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @needless_tensor_scale(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>, %t: tensor<f32>) {
  // expected-error @below {{expected no tensor scale for the format #mx.format<mxfp4>, got one}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) tensor_scale(%t : tensor<f32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @no_tensor_scale(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x4xi8>) {
  // expected-error @below {{expected a tensor scale for the format #mx.format<nvfp4>, got none}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x4xi8>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x4xi8>
  return
}

// -----

func.func @rule_of_another_format(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a rule for E8M0 scales (floor, ceil, rceil, even, mse), got 'sweep'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<sweep>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @no_seed(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a seed exactly with stochastic rounding, got none}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<ceil>, index_axis = 1 : i64, rounding = #mx.rounding<stochastic>} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @needless_seed(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>, %seed: i64) {
  // expected-error @below {{expected a seed exactly with stochastic rounding, got one}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) seed(%seed) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @too_many_random_bits(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected random_bits from 1 to 23, got 24}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64, random_bits = 24 : i32} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @index_axis_beyond_the_rank(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected index_axis from 0 to 1, got 2}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 2 : i64} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @negative_index_axis(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected index_axis from 0 to 1, got -1}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = -1 : i64} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @no_results(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected 2 results, got 0}}
  mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  return
}

// -----

func.func @results_on_buffers(%x: memref<4x64xf32>, %p: memref<4x32xi8>, %s: memref<4x2xi8>) {
  // expected-error @below {{expected 0 results, got 2}}
  %0:2 = mx.packed.quantize ins(%x : memref<4x64xf32>) outs(%p, %s : memref<4x32xi8>, memref<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> memref<4x32xi8>, memref<4x2xi8>
  return
}

// -----

func.func @result_of_another_type(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a result of type 'tensor<4x2xi8>', got 'tensor<4x?xi8>'}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x?xi8>
  return
}

// -----

func.func @tensors_and_memrefs(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: memref<4x2xi8>) {
  // expected-error @below {{expected operands that are all tensors or all memrefs, got a mixture}}
  %0 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, memref<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>
  return
}

// -----

func.func @buffer_into_tensors(%x: memref<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected operands that are all tensors or all memrefs, got a mixture}}
  %0:2 = mx.packed.quantize ins(%x : memref<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

// mx.packed.dequantize and mx.packed.rotate.

func.func @bytes_do_not_fit(%p: tensor<4x30xi8>, %s: tensor<4x2xi8>, %y: tensor<4x64xf32>) {
  // expected-error @below {{expected a payload to fit 'tensor<4x64xf32>', got 'tensor<4x30xi8>'}}
  %0 = mx.packed.dequantize ins(%p, %s : tensor<4x30xi8>, tensor<4x2xi8>) outs(%y : tensor<4x64xf32>) {format = #mx.format<mxfp4>} -> tensor<4x64xf32>
  return
}

// -----

func.func @scales_do_not_fit(%p: tensor<4x32xi8>, %s: tensor<4x3xi8>, %y: tensor<4x64xf32>) {
  // expected-error @below {{expected scales to fit 'tensor<4x64xf32>', got 'tensor<4x3xi8>'}}
  %0 = mx.packed.dequantize ins(%p, %s : tensor<4x32xi8>, tensor<4x3xi8>) outs(%y : tensor<4x64xf32>) {format = #mx.format<mxfp4>} -> tensor<4x64xf32>
  return
}

// -----

func.func @dequantize_without_tensor_scale(%p: tensor<4x32xi8>, %s: tensor<4x4xi8>, %y: tensor<4x64xf32>) {
  // expected-error @below {{expected a tensor scale for the format #mx.format<nvfp4>, got none}}
  %0 = mx.packed.dequantize ins(%p, %s : tensor<4x32xi8>, tensor<4x4xi8>) outs(%y : tensor<4x64xf32>) {format = #mx.format<nvfp4>} -> tensor<4x64xf32>
  return
}

// -----

func.func @dequantize_without_result(%p: tensor<4x32xi8>, %s: tensor<4x2xi8>, %y: tensor<4x64xf32>) {
  // expected-error @below {{expected 1 results, got 0}}
  mx.packed.dequantize ins(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) outs(%y : tensor<4x64xf32>) {format = #mx.format<mxfp4>}
  return
}

// -----

func.func @dequantize_to_f64(%p: tensor<4x32xi8>, %s: tensor<4x2xi8>, %y: tensor<4x64xf64>) {
  // expected-error @below {{operand #2 must be ranked tensor or memref of f32, bf16 or f16 with at most 2^58 elements, but got 'tensor<4x64xf64>'}}
  %0 = mx.packed.dequantize ins(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) outs(%y : tensor<4x64xf64>) {format = #mx.format<mxfp4>} -> tensor<4x64xf64>
  return
}

// -----

func.func @rotate_to_another_shape(%x: tensor<4x64xf32>, %y: tensor<4x32xf32>) {
  // expected-error @below {{expected a destination to fit 'tensor<4x64xf32>', got 'tensor<4x32xf32>'}}
  %0 = mx.packed.rotate ins(%x : tensor<4x64xf32>) outs(%y : tensor<4x32xf32>) {rotation = #mx.hadamard<32>} -> tensor<4x32xf32>
  return
}

// -----

func.func @rotate_a_scalar(%x: tensor<f32>, %y: tensor<f32>) {
  // expected-error @below {{expected a destination to fit 'tensor<f32>', got 'tensor<f32>'}}
  %0 = mx.packed.rotate ins(%x : tensor<f32>) outs(%y : tensor<f32>) {rotation = #mx.hadamard<32>} -> tensor<f32>
  return
}

// -----

func.func @rotation_does_not_divide(%x: tensor<4x48xf32>, %y: tensor<4x48xf32>) {
  // expected-error @below {{expected the last axis to be a multiple of the rotation size 32, got 48}}
  %0 = mx.packed.rotate ins(%x : tensor<4x48xf32>) outs(%y : tensor<4x48xf32>) {rotation = #mx.hadamard<32>} -> tensor<4x48xf32>
  return
}

// -----

// A rotation on the way to an encoding.

func.func @quantize_rotated_across_blocks(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>) {
  // expected-error @below {{expected a rotation whose groups divide the block and fill whole bytes, got #mx.hadamard<64> for #mx.format<mxfp4>}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64, rotation = #mx.hadamard<64>} -> tensor<4x32xi8>, tensor<4x2xi8>
  return
}

// -----

func.func @quantize_rotated_in_parts_of_bytes(%x: tensor<4x32xf32>, %p: tensor<4x24xi8>, %s: tensor<4x1xi8>) {
  // expected-error @below {{expected a rotation whose groups divide the block and fill whole bytes, got #mx.hadamard<2> for #mx.format<mxfp6_e2m3>}}
  %0:2 = mx.packed.quantize ins(%x : tensor<4x32xf32>) outs(%p, %s : tensor<4x24xi8>, tensor<4x1xi8>) {format = #mx.format<mxfp6_e2m3>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64, rotation = #mx.hadamard<2>} -> tensor<4x24xi8>, tensor<4x1xi8>
  return
}

// -----

func.func @tensor_scale_of_part_of_a_group(%x: tensor<4x24xf32>, %t: tensor<f32>) {
  // expected-error @below {{expected the last axis to be a multiple of the rotation size 16, got 24}}
  %0 = mx.packed.tensor_scale ins(%x : tensor<4x24xf32>) outs(%t : tensor<f32>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>, rotation = #mx.hadamard<16>} -> tensor<f32>
  return
}
