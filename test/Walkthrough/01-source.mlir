// Two products as an exporter writes them. For the first, TOSA encodes the activations
// %x and multiplies them by weights that come as loose codes and scales; the second is
// plain, by the weights %w.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-run %s --quantize=nvidia --activations=auto --rotation=16 --check \
// RUN:   --input='1x4x64xf32=random(7)' --input=1x16x32xi8=34 --input=1x16x2xi8=127 | FileCheck %s

// All operations agree with the reference on every value.
// CHECK: mx.packed.quantize {{.*}} 136 of 136 {{.*}}0 bits
// CHECK: mx.packed.matmul {{.*}} 64 of 64 {{.*}}0
// CHECK: mx.packed.matmul {{.*}} 8 of 8 {{.*}}0

func.func @product(%x: tensor<1x4x64xf32>, %codes: tensor<1x16x64xf4E2M1FN>,
                   %scales: tensor<1x16x2xf8E8M0FNU>) -> tensor<4x2xf32> {
  %a, %s = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32}
    : (tensor<1x4x64xf32>) -> (tensor<1x4x64xf4E2M1FN>, tensor<1x4x2xf8E8M0FNU>)
  %y = tosa.matmul_t_block_scaled %a, %s, %codes, %scales {block_size = BLOCK_SIZE_32}
    : (tensor<1x4x64xf4E2M1FN>, tensor<1x4x2xf8E8M0FNU>,
       tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>) -> tensor<1x4x16xf32>
  %rows = tensor.collapse_shape %y [[0, 1], [2]] : tensor<1x4x16xf32> into tensor<4x16xf32>
  %w = arith.constant dense<[
    [0.3, -0.1], [1.2, 0.4], [-0.7, 0.9], [0.1, -2.0], [0.6, 0.3], [-0.2, 1.1], [0.8, -0.5], [-1.6, 0.2],
    [0.5, 0.7], [-0.4, -1.3], [0.9, 0.6], [1.4, -0.8], [-0.3, 0.1], [0.2, 1.7], [-1.1, 0.5], [0.7, -0.6]
  ]> : tensor<16x2xf32>
  %init = arith.constant dense<0.0> : tensor<4x2xf32>
  %z = linalg.matmul ins(%rows, %w : tensor<4x16xf32>, tensor<16x2xf32>)
                     outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %z : tensor<4x2xf32>
}
