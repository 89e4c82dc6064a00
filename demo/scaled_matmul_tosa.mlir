// A scaled matmul as torch-mlir writes it for aten._scaled_mm: both operands with their scales,
// the right one transposed, batch dimension first.

module attributes {tosa.target_env = #tosa.target_env<specification_version = "1.1.draft", level = none, profiles = [pro_fp], extensions = [bf16, mxfp]>} {
  func.func @forward(%a: tensor<1x4x64xf4E2M1FN>, %a_scale: tensor<1x4x2xf8E8M0FNU>,
                     %b: tensor<1x8x64xf4E2M1FN>, %b_scale: tensor<1x8x2xf8E8M0FNU>)
      -> tensor<1x4x8xf32> {
    %0 = tosa.matmul_t_block_scaled %a, %a_scale, %b, %b_scale {block_size = #tosa.block_size<BLOCK_SIZE_32>}
      : (tensor<1x4x64xf4E2M1FN>, tensor<1x4x2xf8E8M0FNU>, tensor<1x8x64xf4E2M1FN>, tensor<1x8x2xf8E8M0FNU>)
      -> tensor<1x4x8xf32>
    return %0 : tensor<1x4x8xf32>
  }
}
