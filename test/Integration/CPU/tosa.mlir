// RUN: mx-run %s --function=matmul --check --input='2x4x32xi8=random(1)' --input='2x4x2xi8=125' --input='2x8x32xi8=random(2)' --input='2x8x2xi8=126' | FileCheck %s --check-prefix=MATMUL
// RUN: mx-run %s --function=round_trip --check --input='3x5x96xf32=random(3)' | FileCheck %s --check-prefix=CAST
// RUN: mx-run %s --function=broadcast --check --input='2x4x64xi8=33' --input='2x4x2xi8=127' --input='1x8x64xi8=33' --input='1x8x2xi8=127' | FileCheck %s --check-prefix=BROADCAST

// TOSA's block-scaled operations run from text to numbers, which upstream cannot lower.

// MATMUL: result 0: 2x4x8xf32
// MATMUL: {{^mx.packed.matmul .* 64 of 64 +0 }}
func.func @matmul(%a: tensor<2x4x64xf4E2M1FN>, %a_scale: tensor<2x4x2xf8E8M0FNU>,
                  %b: tensor<2x8x64xf4E2M1FN>, %b_scale: tensor<2x8x2xf8E8M0FNU>)
    -> tensor<2x4x8xf32> {
  %0 = tosa.matmul_t_block_scaled %a, %a_scale, %b, %b_scale {block_size = #tosa.block_size<BLOCK_SIZE_32>}
    : (tensor<2x4x64xf4E2M1FN>, tensor<2x4x2xf8E8M0FNU>, tensor<2x8x64xf4E2M1FN>, tensor<2x8x2xf8E8M0FNU>)
    -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// CAST: result 0: 3x5x96xf32
// CAST: {{^mx.packed.quantize .* 0  bits$}}
// CAST: {{^mx.packed.dequantize .* 1440 of 1440 +0  bits$}}
func.func @round_trip(%x: tensor<3x5x96xf32>) -> tensor<3x5x96xf32> {
  %data, %scale = tosa.cast_to_block_scaled %x {block_size = #tosa.block_size<BLOCK_SIZE_32>}
    : (tensor<3x5x96xf32>) -> (tensor<3x5x96xf4E2M1FN>, tensor<3x5x3xf8E8M0FNU>)
  %0 = tosa.cast_from_block_scaled %data, %scale {block_size = #tosa.block_size<BLOCK_SIZE_32>}
    : (tensor<3x5x96xf4E2M1FN>, tensor<3x5x3xf8E8M0FNU>) -> tensor<3x5x96xf32>
  return %0 : tensor<3x5x96xf32>
}

// 0x21 is 2^-3 · 1.125 in E4M3: 64 products of its square.
// BROADCAST: result 0: 2x4x8xf32 min 1.265625 max 1.265625
func.func @broadcast(%a: tensor<2x4x64xf8E4M3FN>, %a_scale: tensor<2x4x2xf8E8M0FNU>,
                     %b: tensor<1x8x64xf8E4M3FN>, %b_scale: tensor<1x8x2xf8E8M0FNU>)
    -> tensor<2x4x8xf32> {
  %0 = tosa.matmul_t_block_scaled %a, %a_scale, %b, %b_scale {block_size = #tosa.block_size<BLOCK_SIZE_32>}
    : (tensor<2x4x64xf8E4M3FN>, tensor<2x4x2xf8E8M0FNU>, tensor<1x8x64xf8E4M3FN>, tensor<1x8x2xf8E8M0FNU>)
    -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}
