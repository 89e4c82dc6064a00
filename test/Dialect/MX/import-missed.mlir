// What has no counterpart is left, with the reason: TOSA, and scaling elsewhere.
// RUN: mx-opt %s --mx-import --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-import --remark-format=emitRemark | FileCheck %s
// CHECK-NOT: {{[ !#]}}mx.

func.func @to_mxint8(%x: tensor<4x64xf32>) -> (tensor<4x64x!tosa.mxint8>, tensor<4x2xf8E8M0FNU>) {
  // expected-remark@+1 {{tosa.cast_to_block_scaled: expected elements of a block-scaled format, got '!tosa.mxint8'}}
  %r0, %r1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<4x64xf32>) -> (tensor<4x64x!tosa.mxint8>, tensor<4x2xf8E8M0FNU>)
  return %r0, %r1 : tensor<4x64x!tosa.mxint8>, tensor<4x2xf8E8M0FNU>
}

func.func @to_unranked(%x: tensor<*xf32>) -> (tensor<*xf4E2M1FN>, tensor<*xf8E8M0FNU>) {
  // expected-remark@+1 {{tosa.cast_to_block_scaled: expected ranked tensors, got 'tensor<*xf32>'}}
  %r0, %r1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<*xf32>) -> (tensor<*xf4E2M1FN>, tensor<*xf8E8M0FNU>)
  return %r0, %r1 : tensor<*xf4E2M1FN>, tensor<*xf8E8M0FNU>
}

func.func @to_from_integers(%x: tensor<4x64xi32>) -> (tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) {
  // expected-remark@+1 {{tosa.cast_to_block_scaled: expected numbers of f32, bf16 or f16, got 'i32'}}
  %r0, %r1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<4x64xi32>) -> (tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
  return %r0, %r1 : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>
}

func.func @to_rank_9(%x: tensor<1x1x1x1x1x1x1x1x64xf32>) -> (tensor<1x1x1x1x1x1x1x1x64xf4E2M1FN>, tensor<1x1x1x1x1x1x1x1x2xf8E8M0FNU>) {
  // expected-remark@+1 {{tosa.cast_to_block_scaled: expected a rank from 1 to 8, got 9}}
  %r0, %r1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<1x1x1x1x1x1x1x1x64xf32>) -> (tensor<1x1x1x1x1x1x1x1x64xf4E2M1FN>, tensor<1x1x1x1x1x1x1x1x2xf8E8M0FNU>)
  return %r0, %r1 : tensor<1x1x1x1x1x1x1x1x64xf4E2M1FN>, tensor<1x1x1x1x1x1x1x1x2xf8E8M0FNU>
}

func.func @from_mxint8(%x: tensor<4x64x!tosa.mxint8>, %s: tensor<4x2xf8E8M0FNU>) -> tensor<4x64xf32> {
  // expected-remark@+1 {{tosa.cast_from_block_scaled: expected elements of a block-scaled format, got '!tosa.mxint8'}}
  %r0 = tosa.cast_from_block_scaled %x, %s {block_size = BLOCK_SIZE_32} : (tensor<4x64x!tosa.mxint8>, tensor<4x2xf8E8M0FNU>) -> tensor<4x64xf32>
  return %r0 : tensor<4x64xf32>
}

func.func @from_unranked_data(%x: tensor<*xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>) -> tensor<4x64xf32> {
  // expected-remark@+1 {{tosa.cast_from_block_scaled: expected ranked tensors, got 'tensor<*xf4E2M1FN>'}}
  %r0 = tosa.cast_from_block_scaled %x, %s {block_size = BLOCK_SIZE_32} : (tensor<*xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) -> tensor<4x64xf32>
  return %r0 : tensor<4x64xf32>
}

func.func @from_unranked_scales(%x: tensor<4x64xf4E2M1FN>, %s: tensor<*xf8E8M0FNU>) -> tensor<4x64xf32> {
  // expected-remark@+1 {{tosa.cast_from_block_scaled: expected ranked tensors, got 'tensor<*xf8E8M0FNU>'}}
  %r0 = tosa.cast_from_block_scaled %x, %s {block_size = BLOCK_SIZE_32} : (tensor<4x64xf4E2M1FN>, tensor<*xf8E8M0FNU>) -> tensor<4x64xf32>
  return %r0 : tensor<4x64xf32>
}

func.func @from_to_f64(%x: tensor<4x64xf4E2M1FN>, %s: tensor<4x2xf8E8M0FNU>) -> tensor<4x64xf64> {
  // expected-remark@+1 {{tosa.cast_from_block_scaled: expected numbers of f32, bf16 or f16, got 'f64'}}
  %r0 = tosa.cast_from_block_scaled %x, %s {block_size = BLOCK_SIZE_32} : (tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) -> tensor<4x64xf64>
  return %r0 : tensor<4x64xf64>
}

func.func @product_of_unknown_batches(%a: tensor<?x8x64xf4E2M1FN>, %as: tensor<?x8x2xf8E8M0FNU>, %b: tensor<?x16x64xf4E2M1FN>, %bs: tensor<?x16x2xf8E8M0FNU>) -> tensor<?x8x16xf32> {
  // expected-remark@+1 {{tosa.matmul_t_block_scaled: expected a static batch size of B, because the size 1 broadcasts, got '?'}}
  %r0 = tosa.matmul_t_block_scaled %a, %as, %b, %bs {block_size = BLOCK_SIZE_32} : (tensor<?x8x64xf4E2M1FN>, tensor<?x8x2xf8E8M0FNU>, tensor<?x16x64xf4E2M1FN>, tensor<?x16x2xf8E8M0FNU>) -> tensor<?x8x16xf32>
  return %r0 : tensor<?x8x16xf32>
}

func.func @product_in_f16(%a: tensor<1x8x64xf4E2M1FN>, %as: tensor<1x8x2xf8E8M0FNU>, %b: tensor<1x16x64xf4E2M1FN>, %bs: tensor<1x16x2xf8E8M0FNU>) -> tensor<1x8x16xf16> {
  // expected-remark@+1 {{tosa.matmul_t_block_scaled: expected a result of f32, got 'f16'}}
  %r0 = tosa.matmul_t_block_scaled %a, %as, %b, %bs {block_size = BLOCK_SIZE_32} : (tensor<1x8x64xf4E2M1FN>, tensor<1x8x2xf8E8M0FNU>, tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>) -> tensor<1x8x16xf16>
  return %r0 : tensor<1x8x16xf16>
}

func.func @product_of_mxint8(%a: tensor<1x8x64x!tosa.mxint8>, %as: tensor<1x8x2xf8E8M0FNU>, %b: tensor<1x16x64x!tosa.mxint8>, %bs: tensor<1x16x2xf8E8M0FNU>) -> tensor<1x8x16xf32> {
  // expected-remark@+1 {{tosa.matmul_t_block_scaled: expected elements of a block-scaled format, got '!tosa.mxint8'}}
  %r0 = tosa.matmul_t_block_scaled %a, %as, %b, %bs {block_size = BLOCK_SIZE_32} : (tensor<1x8x64x!tosa.mxint8>, tensor<1x8x2xf8E8M0FNU>, tensor<1x16x64x!tosa.mxint8>, tensor<1x16x2xf8E8M0FNU>) -> tensor<1x8x16xf32>
  return %r0 : tensor<1x8x16xf32>
}

func.func @outside_of_linalg(%x: f4E2M1FN, %s: f8E8M0FNU) -> f32 {
  // expected-remark@+1 {{arith.scaling_extf: expected it in the body of a linalg.generic}}
  %0 = arith.scaling_extf %x, %s : f4E2M1FN, f8E8M0FNU to f32
  return %0 : f32
}

func.func @tensors_outside_of_linalg(%x: tensor<4xf32>, %s: tensor<4xf8E8M0FNU>) -> tensor<4xf4E2M1FN> {
  // expected-remark@+1 {{arith.scaling_truncf: expected it in the body of a linalg.generic}}
  %0 = arith.scaling_truncf %x, %s : tensor<4xf32>, tensor<4xf8E8M0FNU> to tensor<4xf4E2M1FN>
  return %0 : tensor<4xf4E2M1FN>
}
