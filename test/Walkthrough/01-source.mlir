// A product as an exporter writes it: TOSA encodes the activations %x and
// multiplies them by weights that come as loose codes and scales.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-run %s --check --input='1x4x64xf32=random(7)' --input=1x16x32xi8=34 \
// RUN:   --input=1x16x2xi8=127 | FileCheck %s

// Both operations agree with the reference on every value.
// CHECK: mx.packed.quantize {{.*}} 136 of 136 0 bits
// CHECK: mx.packed.matmul {{.*}} 64 of 64 0

func.func @product(%x: tensor<1x4x64xf32>, %codes: tensor<1x16x64xf4E2M1FN>,
                   %scales: tensor<1x16x2xf8E8M0FNU>) -> tensor<1x4x16xf32> {
  %a, %s = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32}
    : (tensor<1x4x64xf32>) -> (tensor<1x4x64xf4E2M1FN>, tensor<1x4x2xf8E8M0FNU>)
  %y = tosa.matmul_t_block_scaled %a, %s, %codes, %scales {block_size = BLOCK_SIZE_32}
    : (tensor<1x4x64xf4E2M1FN>, tensor<1x4x2xf8E8M0FNU>,
       tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>) -> tensor<1x4x16xf32>
  return %y : tensor<1x4x16xf32>
}
