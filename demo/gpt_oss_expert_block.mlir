// One mixture-of-experts block of gpt-oss-20b: hidden and intermediate size 2880,
// 32 experts, 4 for each token. Weights arrive as the checkpoint stores them: `blocks`
// are FP4 pairs, `scales` E8M0 bytes, and the rows of gate and up alternate.
//
// Rows are (token, expert) pairs sorted by expert. `group_ends` says where each expert's
// rows end, `row_token` and `row_expert` which pair a row is, and `token_rows` where the
// four rows of a token lie.

#rows = affine_map<(r, n) -> (r, n)>
#row = affine_map<(r, n) -> (r)>
#result = affine_map<(t, n, j) -> (t, n)>
#choice = affine_map<(t, n, j) -> (t, j)>

// The initial value of a product: the bias of each row's expert.
func.func private @gather_bias(%bias: tensor<32x?xbf16>, %row_expert: tensor<?xi32>,
                               %columns: index) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %row_expert, %c0 : tensor<?xi32>
  %empty = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %init = linalg.generic {indexing_maps = [#row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%row_expert : tensor<?xi32>) outs(%empty : tensor<?x?xf32>) {
  ^bb0(%expert: i32, %unused: f32):
    %e = arith.index_cast %expert : i32 to index
    %n = linalg.index 1 : index
    %value = tensor.extract %bias[%e, %n] : tensor<32x?xbf16>
    %wide = arith.extf %value : bf16 to f32
    linalg.yield %wide : f32
  } -> tensor<?x?xf32>
  return %init : tensor<?x?xf32>
}

// gpt-oss's activation: (up + 1) · gate · sigmoid(1.702 · gate), with gate at most 7 and
// up within ±7.
func.func private @clamped_swiglu(%gate_up: tensor<?x5760xf32>) -> tensor<?x2880xbf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %alpha = arith.constant 1.702 : f32
  %limit = arith.constant 7.0 : f32
  %negative_limit = arith.constant -7.0 : f32
  %one = arith.constant 1.0 : f32
  %rows = tensor.dim %gate_up, %c0 : tensor<?x5760xf32>
  %empty = tensor.empty(%rows) : tensor<?x2880xbf16>
  %result = linalg.generic {indexing_maps = [#rows], iterator_types = ["parallel", "parallel"]}
      outs(%empty : tensor<?x2880xbf16>) {
  ^bb0(%unused: bf16):
    %r = linalg.index 0 : index
    %n = linalg.index 1 : index
    %gate_column = arith.muli %n, %c2 : index
    %up_column = arith.addi %gate_column, %c1 : index
    %gate = tensor.extract %gate_up[%r, %gate_column] : tensor<?x5760xf32>
    %up = tensor.extract %gate_up[%r, %up_column] : tensor<?x5760xf32>
    %gate_clamped = arith.minimumf %gate, %limit : f32
    %up_low = arith.maximumf %up, %negative_limit : f32
    %up_clamped = arith.minimumf %up_low, %limit : f32
    %scaled = arith.mulf %gate_clamped, %alpha : f32
    %negated = arith.negf %scaled : f32
    %exp = math.exp %negated : f32
    %denominator = arith.addf %exp, %one : f32
    %glu = arith.divf %gate_clamped, %denominator : f32
    %up_plus_one = arith.addf %up_clamped, %one : f32
    %activation = arith.mulf %up_plus_one, %glu : f32
    %narrow = arith.truncf %activation : f32 to bf16
    linalg.yield %narrow : bf16
  } -> tensor<?x2880xbf16>
  return %result : tensor<?x2880xbf16>
}

func.func @expert_block(
    %tokens: tensor<?x2880xbf16>, %row_token: tensor<?xi32>, %row_expert: tensor<?xi32>,
    %row_weight: tensor<?xf32>, %token_rows: tensor<?x4xi32>, %group_ends: tensor<32xi32>,
    %gate_up_blocks: tensor<32x5760x90x16xi8>, %gate_up_scales: tensor<32x5760x90xi8>,
    %gate_up_bias: tensor<32x5760xbf16>,
    %down_blocks: tensor<32x2880x90x16xi8>, %down_scales: tensor<32x2880x90xi8>,
    %down_bias: tensor<32x2880xbf16>) -> tensor<?x2880xf32> {
  %c0 = arith.constant 0 : index
  %c2880 = arith.constant 2880 : index
  %c5760 = arith.constant 5760 : index
  %zero = arith.constant 0.0 : f32
  %token_count = tensor.dim %tokens, %c0 : tensor<?x2880xbf16>
  %row_count = tensor.dim %row_token, %c0 : tensor<?xi32>

  // The checkpoint's bytes become two block-scaled values.
  %gate_up_bytes = tensor.collapse_shape %gate_up_blocks [[0], [1], [2, 3]]
    : tensor<32x5760x90x16xi8> into tensor<32x5760x1440xi8>
  %gate_up = mx.bundle %gate_up_bytes, %gate_up_scales
    : tensor<32x5760x1440xi8>, tensor<32x5760x90xi8>
    to !mx.tensor<32x5760x2880, mxfp4, axis = 2>
  %down_bytes = tensor.collapse_shape %down_blocks [[0], [1], [2, 3]]
    : tensor<32x2880x90x16xi8> into tensor<32x2880x1440xi8>
  %down = mx.bundle %down_bytes, %down_scales
    : tensor<32x2880x1440xi8>, tensor<32x2880x90xi8>
    to !mx.tensor<32x2880x2880, mxfp4, axis = 2>

  // Dispatch: one row for each (token, expert) pair.
  %rows_empty = tensor.empty(%row_count) : tensor<?x2880xbf16>
  %rows = linalg.generic {indexing_maps = [#row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%row_token : tensor<?xi32>) outs(%rows_empty : tensor<?x2880xbf16>) {
  ^bb0(%token: i32, %unused: bf16):
    %t = arith.index_cast %token : i32 to index
    %k = linalg.index 1 : index
    %value = tensor.extract %tokens[%t, %k] : tensor<?x2880xbf16>
    linalg.yield %value : bf16
  } -> tensor<?x2880xbf16>

  // Gate and up in one product, activation, down.
  %gate_up_bias_dynamic = tensor.cast %gate_up_bias : tensor<32x5760xbf16> to tensor<32x?xbf16>
  %hidden_bias = call @gather_bias(%gate_up_bias_dynamic, %row_expert, %c5760)
    : (tensor<32x?xbf16>, tensor<?xi32>, index) -> tensor<?x?xf32>
  %hidden_init = tensor.cast %hidden_bias : tensor<?x?xf32> to tensor<?x5760xf32>
  %hidden = mx.grouped_matmul
    ins(%rows, %gate_up, %group_ends : tensor<?x2880xbf16>,
        !mx.tensor<32x5760x2880, mxfp4, axis = 2>, tensor<32xi32>)
    outs(%hidden_init : tensor<?x5760xf32>)
  %activation = call @clamped_swiglu(%hidden) : (tensor<?x5760xf32>) -> tensor<?x2880xbf16>
  %down_bias_dynamic = tensor.cast %down_bias : tensor<32x2880xbf16> to tensor<32x?xbf16>
  %output_bias = call @gather_bias(%down_bias_dynamic, %row_expert, %c2880)
    : (tensor<32x?xbf16>, tensor<?xi32>, index) -> tensor<?x?xf32>
  %output_init = tensor.cast %output_bias : tensor<?x?xf32> to tensor<?x2880xf32>
  %output = mx.grouped_matmul
    ins(%activation, %down, %group_ends : tensor<?x2880xbf16>,
        !mx.tensor<32x2880x2880, mxfp4, axis = 2>, tensor<32xi32>)
    outs(%output_init : tensor<?x2880xf32>)

  // Combine: the weighted sum of each token's four rows.
  %sum_empty = tensor.empty(%token_count) : tensor<?x2880xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%sum_empty : tensor<?x2880xf32>)
    -> tensor<?x2880xf32>
  %sum = linalg.generic {indexing_maps = [#choice, #result],
                         iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%token_rows : tensor<?x4xi32>) outs(%sum_init : tensor<?x2880xf32>) {
  ^bb0(%row: i32, %partial: f32):
    %r = arith.index_cast %row : i32 to index
    %n = linalg.index 1 : index
    %value = tensor.extract %output[%r, %n] : tensor<?x2880xf32>
    %weight = tensor.extract %row_weight[%r] : tensor<?xf32>
    %weighted = arith.mulf %value, %weight : f32
    %next = arith.addf %partial, %weighted : f32
    linalg.yield %next : f32
  } -> tensor<?x2880xf32>
  return %sum : tensor<?x2880xf32>
}
