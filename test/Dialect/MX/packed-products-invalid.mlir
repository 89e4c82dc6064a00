// One case for each message of a graph operation that multiplies or packs bytes.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// mx.packed.matmul: the parts of a side.

func.func @format_missing(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected 1 operands for rhs, got 2}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {kernel = "k"} -> tensor<4x8xf32>
  return
}

// -----

func.func @scales_missing(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected 2 operands for rhs, got 1}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p : tensor<8x32xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @tensor_scale_missing(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected 3 operands for rhs, got 2}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<nvfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @lhs_missing(%k: index, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected 1 operands for lhs, got 0}}
  %0 = "mx.packed.matmul"(%k, %p, %s, %c) <{rhs_format = #mx.format<mxfp4>, operandSegmentSizes = array<i32: 1, 0, 2, 0, 1>}> : (index, tensor<8x32xi8>, tensor<8x2xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @contracted_size_missing(%a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{failed to verify that there is one contracted size}}
  %0 = "mx.packed.matmul"(%a, %p, %s, %c) <{rhs_format = #mx.format<mxfp4>, operandSegmentSizes = array<i32: 0, 1, 2, 0, 1>}> : (tensor<4x64xf32>, tensor<8x32xi8>, tensor<8x2xi8>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @destination_missing(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>) {
  // expected-error @below {{failed to verify that there is one destination}}
  %0 = "mx.packed.matmul"(%k, %a, %p, %s) <{rhs_format = #mx.format<mxfp4>, operandSegmentSizes = array<i32: 1, 1, 2, 0, 0>}> : (index, tensor<4x64xf32>, tensor<8x32xi8>, tensor<8x2xi8>) -> tensor<4x8xf32>
  return
}

// -----

func.func @numbers_of_f64(%k: index, %a: tensor<4x64xf64>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected lhs of f32, bf16 or f16 with rank 2 or more and at most 2^58 elements, got 'tensor<4x64xf64>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf64>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @numbers_in_a_vector(%k: index, %a: vector<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected lhs of f32, bf16 or f16 with rank 2 or more and at most 2^58 elements, got 'vector<4x64xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : vector<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @unranked_numbers(%k: index, %a: tensor<*xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected lhs of f32, bf16 or f16 with rank 2 or more and at most 2^58 elements, got 'tensor<*xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<*xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @numbers_of_rank_one(%k: index, %a: tensor<64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected lhs of f32, bf16 or f16 with rank 2 or more and at most 2^58 elements, got 'tensor<64xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @too_many_numbers(%k: index, %a: tensor<4294967296x4294967296xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected lhs of f32, bf16 or f16 with rank 2 or more and at most 2^58 elements, got 'tensor<4294967296x4294967296xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4294967296x4294967296xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @payload_of_elements(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x64xf4E2M1FN>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected rhs of i8 with rank 2 or more and at most 2^58 elements, got 'tensor<8x64xf4E2M1FN>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x64xf4E2M1FN>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @scales_of_elements(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xf8E8M0FNU>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected rhs of i8 with rank 2 or more and at most 2^58 elements, got 'tensor<8x2xf8E8M0FNU>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xf8E8M0FNU>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @scales_of_other_rows(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<7x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected scales to fit 'tensor<8x32xi8>', got 'tensor<7x2xi8>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<7x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @tensor_scale_of_rank_one(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>, %t: tensor<1xf32>) {
  // expected-error @below {{expected a tensor scale of f32 with rank 0 for rhs, got 'tensor<1xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s, %t : tensor<8x32xi8>, tensor<8x2xi8>, tensor<1xf32>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<nvfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @tensor_scale_without_tensor(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>, %t: f32) {
  // expected-error @below {{expected a tensor scale of f32 with rank 0 for rhs, got 'f32'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s, %t : tensor<8x32xi8>, tensor<8x2xi8>, f32) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<nvfp4>} -> tensor<4x8xf32>
  return
}

// -----

// mx.packed.matmul: the shape of the product.

func.func @ranks_differ(%k: index, %a: tensor<4x64xf32>, %p: tensor<1x8x32xi8>, %s: tensor<1x8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected matching ranks, got 2, 3 and 2}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<1x8x32xi8>, tensor<1x8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @result_of_another_rank(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<1x4x8xf32>) {
  // expected-error @below {{expected matching ranks, got 2, 2 and 3}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<1x4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<1x4x8xf32>
  return
}

// -----

func.func @grouped_ranks(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>, %e: tensor<2xi32>) {
  // expected-error @below {{expected matching ranks, got 2, 2 and 2}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) group_ends(%e : tensor<2xi32>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

func.func @rows_differ(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<5x8xf32>) {
  // expected-error @below {{expected sizes that fit each other, got 'tensor<4x64xf32>', 'tensor<8x32xi8>' and 'tensor<5x8xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<5x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<5x8xf32>
  return
}

// -----

func.func @columns_differ(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x9xf32>) {
  // expected-error @below {{expected sizes that fit each other}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x9xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x9xf32>
  return
}

// -----

func.func @batches_differ(%k: index, %a: tensor<2x4x64xf32>, %p: tensor<3x8x32xi8>, %s: tensor<3x8x2xi8>, %c: tensor<2x4x8xf32>) {
  // expected-error @below {{expected sizes that fit each other}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<2x4x64xf32>) rhs(%p, %s : tensor<3x8x32xi8>, tensor<3x8x2xi8>) outs(%c : tensor<2x4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<2x4x8xf32>
  return
}

// -----

func.func @experts_differ(%k: index, %a: tensor<9x64xf32>, %p: tensor<2x8x32xi8>, %s: tensor<2x8x2xi8>, %c: tensor<9x8xf32>, %e: tensor<3xi32>) {
  // expected-error @below {{expected sizes that fit each other}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<9x64xf32>) rhs(%p, %s : tensor<2x8x32xi8>, tensor<2x8x2xi8>) group_ends(%e : tensor<3xi32>) outs(%c : tensor<9x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<9x8xf32>
  return
}

// -----

func.func @group_ends_of_rank_two(%k: index, %a: tensor<9x64xf32>, %p: tensor<2x8x32xi8>, %s: tensor<2x8x2xi8>, %c: tensor<9x8xf32>, %e: tensor<2x1xi32>) {
  // expected-error @below {{must be tensor or memref of i32, i64 or index with rank 1, but got 'tensor<2x1xi32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<9x64xf32>) rhs(%p, %s : tensor<2x8x32xi8>, tensor<2x8x2xi8>) group_ends(%e : tensor<2x1xi32>) outs(%c : tensor<9x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<9x8xf32>
  return
}

// -----

func.func @tensors_and_memrefs(%k: index, %a: memref<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected operands that are all tensors or all memrefs, got a mixture}}
  %0 = mx.packed.matmul k(%k) lhs(%a : memref<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  return
}

// -----

// mx.packed.unpack and mx.packed.pack.

func.func @unpack_five_bits(%x: tensor<4x3xi8>, %y: tensor<4x5xi8>) {
  // expected-error @below {{expected 4, 6 or 8 bits, got 5}}
  %0 = mx.packed.unpack ins(%x : tensor<4x3xi8>) outs(%y : tensor<4x5xi8>) {bits = 5 : i64} -> tensor<4x5xi8>
  return
}

// -----

func.func @pack_negative_bits(%x: tensor<4x5xi8>, %y: tensor<4x3xi8>) {
  // expected-error @below {{expected 4, 6 or 8 bits, got -4}}
  %0 = mx.packed.pack ins(%x : tensor<4x5xi8>) outs(%y : tensor<4x3xi8>) {bits = -4 : i64} -> tensor<4x3xi8>
  return
}

// -----

func.func @too_few_bytes(%x: tensor<4x2xi8>, %y: tensor<4x5xi8>) {
  // expected-error @below {{expected packed bytes to fit 'tensor<4x5xi8>', got 'tensor<4x2xi8>'}}
  %0 = mx.packed.unpack ins(%x : tensor<4x2xi8>) outs(%y : tensor<4x5xi8>) {bits = 4 : i64} -> tensor<4x5xi8>
  return
}

// -----

func.func @too_many_bytes(%x: tensor<4x5xi8>, %y: tensor<4x5xi8>) {
  // expected-error @below {{expected packed bytes to fit 'tensor<4x5xi8>', got 'tensor<4x5xi8>'}}
  %0 = mx.packed.pack ins(%x : tensor<4x5xi8>) outs(%y : tensor<4x5xi8>) {bits = 6 : i64} -> tensor<4x5xi8>
  return
}

// -----

func.func @scalar_codes(%x: tensor<i8>, %y: tensor<i8>) {
  // expected-error @below {{expected packed bytes to fit 'tensor<i8>', got 'tensor<i8>'}}
  %0 = mx.packed.pack ins(%x : tensor<i8>) outs(%y : tensor<i8>) {bits = 4 : i64} -> tensor<i8>
  return
}

// -----

func.func @codes_of_f32(%x: tensor<4x3xi8>, %y: tensor<4x5xf32>) {
  // expected-error @below {{operand #1 must be ranked tensor or memref of i8 with at most 2^58 elements, but got 'tensor<4x5xf32>'}}
  %0 = mx.packed.unpack ins(%x : tensor<4x3xi8>) outs(%y : tensor<4x5xf32>) {bits = 4 : i64} -> tensor<4x5xf32>
  return
}
