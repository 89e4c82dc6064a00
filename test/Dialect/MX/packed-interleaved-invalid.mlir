// Interleaved rows (N8.7): what mx.packed.interleave and products with them require.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

func.func @unit(%p: tensor<20x32xi8>, %w: tensor<2x512xi8>) {
  // expected-error @below {{expected a unit of 1 or 4 bytes, got '2'}}
  %0 = mx.packed.interleave ins(%p : tensor<20x32xi8>) outs(%w : tensor<2x512xi8>) {unit = 2 : i64, padding = 0 : i8} -> tensor<2x512xi8>
  return
}

// -----

func.func @rank(%p: tensor<32xi8>, %w: tensor<512xi8>) {
  // expected-error @below {{expected rows of rank 2 or more, got 'tensor<32xi8>'}}
  %0 = mx.packed.interleave ins(%p : tensor<32xi8>) outs(%w : tensor<512xi8>) {unit = 4 : i64, padding = 0 : i8} -> tensor<512xi8>
  return
}

// -----

func.func @groups(%p: tensor<20x32xi8>, %w: tensor<3x512xi8>) {
  // expected-error @below {{expected lines of '64' bytes that hold the rows of 'tensor<20x32xi8>', got 'tensor<3x512xi8>'}}
  %0 = mx.packed.interleave ins(%p : tensor<20x32xi8>) outs(%w : tensor<3x512xi8>) {unit = 4 : i64, padding = 0 : i8} -> tensor<3x512xi8>
  return
}

// -----

func.func @no_whole_line(%p: tensor<20x32xi8>, %w: tensor<2x520xi8>) {
  // expected-error @below {{expected lines of '64' bytes that hold the rows of 'tensor<20x32xi8>', got 'tensor<2x520xi8>'}}
  %0 = mx.packed.interleave ins(%p : tensor<20x32xi8>) outs(%w : tensor<2x520xi8>) {unit = 4 : i64, padding = 0 : i8} -> tensor<2x520xi8>
  return
}

// -----

func.func @too_short(%p: tensor<20x33xi8>, %w: tensor<2x512xi8>) {
  // expected-error @below {{expected lines of '64' bytes that hold the rows of 'tensor<20x33xi8>', got 'tensor<2x512xi8>'}}
  %0 = mx.packed.interleave ins(%p : tensor<20x33xi8>) outs(%w : tensor<2x512xi8>) {unit = 4 : i64, padding = 0 : i8} -> tensor<2x512xi8>
  return
}

// -----

func.func @wrong_groups(%k: index, %a: tensor<4x64xf32>, %w: tensor<2x512xi8>, %s: tensor<2x32xi8>, %c: tensor<4x40xf32>) {
  // expected-error @below {{expected sizes that fit each other, got 'tensor<4x64xf32>', 'tensor<2x512xi8>' and 'tensor<4x40xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%w, %s : tensor<2x512xi8>, tensor<2x32xi8>) outs(%c : tensor<4x40xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"} -> tensor<4x40xf32>
  return
}

// -----

func.func @plain_rows(%k: index, %a: tensor<4x32xi8>, %as: tensor<4x2xi8>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected a block-scaled right side with interleaved rows, got 'tensor<8x64xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a, %as : tensor<4x32xi8>, tensor<4x2xi8>) rhs(%b : tensor<8x64xf32>) outs(%c : tensor<4x8xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"} -> tensor<4x8xf32>
  return
}

// -----

func.func @kernel_wants_canonical(%k: index, %a: tensor<4x64xf32>, %w: tensor<2x512xi8>, %s: tensor<2x32xi8>, %c: tensor<4x20xf32>) {
  // expected-error @below {{expected a right side with canonical rows for the kernel 'matmul_emulated', got interleaved ones}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%w, %s : tensor<2x512xi8>, tensor<2x32xi8>) outs(%c : tensor<4x20xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_interleaved, kernel = "matmul_emulated"} -> tensor<4x20xf32>
  return
}

// -----

func.func @kernel_wants_interleaved(%k: index, %a: tensor<4x64xf32>, %w: tensor<20x32xi8>, %s: tensor<20x2xi8>, %c: tensor<4x20xf32>) {
  // expected-error @below {{expected a right side with interleaved rows for the kernel 'matmul_shuffle_fma', got canonical ones}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%w, %s : tensor<20x32xi8>, tensor<20x2xi8>) outs(%c : tensor<4x20xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_shuffle_fma"} -> tensor<4x20xf32>
  return
}
