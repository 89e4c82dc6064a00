// What a right side in the order of fragments (N8.8) must be.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

func.func @other_kernel(%k: index, %a: tensor<4x64xf32>, %w: tensor<2x512xi8>, %s: tensor<2x32xi8>, %c: tensor<4x20xf32>) {
  // expected-error @below {{expected a kernel that reads fragments, got 'matmul_emulated'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%w, %s : tensor<2x512xi8>, tensor<2x32xi8>) outs(%c : tensor<4x20xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_fragments = 127 : i64, kernel = "matmul_emulated"} -> tensor<4x20xf32>
  return
}

// -----

func.func @bytes(%k: index, %a: tensor<4x64xf32>, %w: tensor<2x512xi8>, %s: tensor<2x32xi8>, %c: tensor<4x20xf32>) {
  // expected-error @below {{expected fragments of FP4 in blocks that fill 64 elements, got 'tensor<2x512xi8>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%w, %s : tensor<2x512xi8>, tensor<2x32xi8>) outs(%c : tensor<4x20xf32>)
    {rhs_format = #mx.format<mxfp8_e4m3>, rhs_fragments = 127 : i64, kernel = "matmul_mma_sync"} -> tensor<4x20xf32>
  return
}

// -----

func.func @half_a_line(%k: index, %a: tensor<4x64xf32>, %w: tensor<2x256xi8>, %s: tensor<2x32xi8>, %c: tensor<4x20xf32>) {
  // expected-error @below {{expected lines of '512' bytes of payload and '32' of scales, got 'tensor<2x256xi8>' and 'tensor<2x32xi8>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%w, %s : tensor<2x256xi8>, tensor<2x32xi8>) outs(%c : tensor<4x20xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_fragments = 127 : i64, kernel = "matmul_mma_sync"} -> tensor<4x20xf32>
  return
}

// -----

func.func @wrong_groups(%k: index, %a: tensor<4x64xf32>, %w: tensor<2x512xi8>, %s: tensor<2x32xi8>, %c: tensor<4x40xf32>) {
  // expected-error @below {{expected sizes that fit each other, got 'tensor<4x64xf32>', 'tensor<2x512xi8>' and 'tensor<4x40xf32>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%w, %s : tensor<2x512xi8>, tensor<2x32xi8>) outs(%c : tensor<4x40xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_fragments = 127 : i64, kernel = "matmul_mma_sync"} -> tensor<4x40xf32>
  return
}
