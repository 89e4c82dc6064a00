// One case for each message of a graph operation that multiplies.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// mx.matmul.

func.func @lhs_blocked_along_rows(%a: !mx.tensor<4x64, mxfp4, axis = 0>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected operands blocked along their last axis (the contracted one), got '!mx.tensor<4x64, mxfp4, axis = 0>'}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 0>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return
}

// -----

func.func @rhs_blocked_along_rows(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 0>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected operands blocked along their last axis (the contracted one), got '!mx.tensor<8x64, mxfp4, axis = 0>'}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 0>) outs(%c : tensor<4x8xf32>)
  return
}

// -----

func.func @one_side_rotated(%a: !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected the same rotation on both sides, got '!mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>' and '!mx.tensor<8x64, mxfp4, axis = 1>'}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<32>>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return
}

// -----

func.func @sides_rotated_differently(%a: !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1, -1]>>, %b: !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<2>>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected the same rotation on both sides}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [1, -1]>>, !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<2>>) outs(%c : tensor<4x8xf32>)
  return
}

// -----

func.func @product_of_vectors(%a: !mx.tensor<64, mxfp4, axis = 0>, %b: !mx.tensor<64, mxfp4, axis = 0>, %c: tensor<1xf32>) {
  // expected-error @below {{expected operands of the same rank, 2 or more, got 1, 1 and 1}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<64, mxfp4, axis = 0>, !mx.tensor<64, mxfp4, axis = 0>) outs(%c : tensor<1xf32>)
  return
}

// -----

func.func @product_of_different_ranks(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected operands of the same rank, 2 or more, got 2, 3 and 2}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<2x8x64, mxfp4, axis = 2>) outs(%c : tensor<4x8xf32>)
  return
}

// -----

func.func @product_into_another_rank(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<1x4x8xf32>) {
  // expected-error @below {{expected operands of the same rank, 2 or more, got 2, 2 and 3}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<1x4x8xf32>)
  return
}

// -----

func.func @batches_differ(%a: !mx.tensor<3x4x64, mxfp4, axis = 2>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %c: tensor<3x4x8xf32>) {
  // expected-error @below {{expected the same batch size on both sides, 3, got 2}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<3x4x64, mxfp4, axis = 2>, !mx.tensor<2x8x64, mxfp4, axis = 2>) outs(%c : tensor<3x4x8xf32>)
  return
}

// -----

func.func @result_of_another_batch(%a: !mx.tensor<2x4x64, mxfp4, axis = 2>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %c: tensor<3x4x8xf32>) {
  // expected-error @below {{expected a result of batch size 2, got 3}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<2x4x64, mxfp4, axis = 2>, !mx.tensor<2x8x64, mxfp4, axis = 2>) outs(%c : tensor<3x4x8xf32>)
  return
}

// -----

func.func @contracted_sizes_differ(%a: !mx.tensor<4x32, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected a contracted size of 32, got 64}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x32, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return
}

// -----

func.func @result_of_other_rows(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<5x8xf32>) {
  // expected-error @below {{expected a result with a row count of 4, got 5}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<5x8xf32>)
  return
}

// -----

func.func @result_of_other_columns(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x9xf32>) {
  // expected-error @below {{expected a result with a column count of 8, got 9}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x9xf32>)
  return
}

// -----

func.func @product_of_integers(%a: tensor<4x64xi8>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) {
  // expected-error @below {{operand #0 must be block-scaled tensor or tensor of f32, bf16 or f16 with rank 1 to 8 and at most 2^58 elements, but got 'tensor<4x64xi8>'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xi8>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  return
}

// -----

func.func @product_into_another_type(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) {
  // expected-error @below {{failed to verify that all of {init, result} have same type}}
  %0 = "mx.matmul"(%a, %b, %c) : (!mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>, tensor<4x8xf32>) -> tensor<4x8xbf16>
  return
}

// -----

// mx.grouped_matmul.

func.func @experts_blocked_along_rows(%a: tensor<9x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 1>, %e: tensor<2xi32>, %c: tensor<9x8xf32>) {
  // expected-error @below {{expected operands blocked along their last axis (the contracted one)}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 1>, tensor<2xi32>) outs(%c : tensor<9x8xf32>)
  return
}

// -----

func.func @one_matrix_for_all_groups(%a: tensor<9x64xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %e: tensor<2xi32>, %c: tensor<9x8xf32>) {
  // expected-error @below {{expected operands of rank 2, 3 and 2, got 2, 2 and 2}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>, tensor<2xi32>) outs(%c : tensor<9x8xf32>)
  return
}

// -----

func.func @batched_rows(%a: tensor<1x9x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<2xi32>, %c: tensor<9x8xf32>) {
  // expected-error @below {{expected operands of rank 2, 3 and 2, got 3, 3 and 2}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<1x9x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<9x8xf32>)
  return
}

// -----

func.func @too_many_group_ends(%a: tensor<9x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<3xi32>, %c: tensor<9x8xf32>) {
  // expected-error @below {{expected one group end for each expert, 2, got 3}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<3xi32>) outs(%c : tensor<9x8xf32>)
  return
}

// -----

func.func @grouped_contracted_sizes_differ(%a: tensor<9x32xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<2xi32>, %c: tensor<9x8xf32>) {
  // expected-error @below {{expected a contracted size of 32, got 64}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x32xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<9x8xf32>)
  return
}

// -----

func.func @grouped_result_of_other_rows(%a: tensor<9x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<2xi32>, %c: tensor<8x8xf32>) {
  // expected-error @below {{expected a result with a row count of 9, got 8}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<8x8xf32>)
  return
}

// -----

func.func @grouped_result_of_other_columns(%a: tensor<9x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<2xi32>, %c: tensor<9x9xf32>) {
  // expected-error @below {{expected a result with a column count of 8, got 9}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<9x9xf32>)
  return
}

// -----

func.func @group_ends_of_i8(%a: tensor<9x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<2xi8>, %c: tensor<9x8xf32>) {
  // expected-error @below {{operand #2 must be 1D tensor of 32-bit signless integer or 64-bit signless integer or index values, but got 'tensor<2xi8>'}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi8>) outs(%c : tensor<9x8xf32>)
  return
}

// -----

func.func @group_ends_of_rank_two(%a: tensor<9x64xf32>, %b: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<2x1xi32>, %c: tensor<9x8xf32>) {
  // expected-error @below {{operand #2 must be 1D tensor of}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<9x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2x1xi32>) outs(%c : tensor<9x8xf32>)
  return
}
