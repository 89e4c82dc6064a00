// What is no product of two float tensors is left, with the reason.
// RUN: mx-opt %s --mx-raise-matmuls=policy=all --split-input-file --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-raise --remark-format=emitRemark | FileCheck %s
// CHECK-NOT: {{[ !#]}}mx.

func.func @integers(%a: tensor<4x8xi8>, %b: tensor<8x16xi8>, %c: tensor<4x16xi32>, %f: tensor<4x16xf32>) -> (tensor<4x16xi32>, tensor<4x16xf32>) {
  // expected-remark@+1 {{linalg.matmul: expected a result of f32, bf16 or f16, got 'i32'}}
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xi8>, tensor<8x16xi8>) outs(%c : tensor<4x16xi32>) -> tensor<4x16xi32>
  // expected-remark@+1 {{linalg.matmul: expected a product (arith.mulf) of inputs, extended at most}}
  %1 = linalg.matmul {cast = #linalg.type_fn<cast_unsigned>} ins(%a, %b : tensor<4x8xi8>, tensor<8x16xi8>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0, %1 : tensor<4x16xi32>, tensor<4x16xf32>
}

// -----

func.func @complex(%a: tensor<4x8xcomplex<f32>>, %b: tensor<8x16xcomplex<f32>>, %c: tensor<4x16xcomplex<f32>>) -> tensor<4x16xcomplex<f32>> {
  // expected-remark@+1 {{linalg.matmul: expected a result of f32, bf16 or f16, got 'complex<f32>'}}
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xcomplex<f32>>, tensor<8x16xcomplex<f32>>) outs(%c : tensor<4x16xcomplex<f32>>) -> tensor<4x16xcomplex<f32>>
  return %0 : tensor<4x16xcomplex<f32>>
}

// -----

func.func @small_floats(%a: tensor<4x8xf8E4M3FN>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-remark@+1 {{linalg.matmul: expected numbers of f32, bf16 or f16, got 'f8E4M3FN'}}
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xf8E4M3FN>, tensor<8x16xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

// The operands would be rounded before they are multiplied.
func.func @rounded_operands(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xbf16>) -> tensor<4x16xbf16> {
  // expected-remark@+1 {{linalg.matmul: expected a product (arith.mulf) of inputs, extended at most}}
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x16xf32>) outs(%c : tensor<4x16xbf16>) -> tensor<4x16xbf16>
  return %0 : tensor<4x16xbf16>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @max_plus(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-remark@+1 {{linalg.generic: expected a sum (arith.addf) with the output}}
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %1 = arith.addf %x, %y : f32
    %2 = arith.maximumf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @sum_of_sums(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-remark@+1 {{linalg.generic: expected a product (arith.mulf) of inputs, extended at most}}
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %1 = arith.addf %x, %y : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x16xf32>
  // expected-remark@+1 {{linalg.generic: expected a product of two inputs, got one twice}}
  %3 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    %1 = arith.mulf %x, %x : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x16xf32>
  return %3 : tensor<4x16xf32>
}

// -----

func.func private @tell(f32)
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @side_effect(%a: tensor<4x8xf32>, %b: tensor<16x8xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-remark@+1 {{linalg.generic: expected a body without side effects}}
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %out: f32):
    func.call @tell(%x) : (f32) -> ()
    %1 = arith.mulf %x, %y : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}

// -----

func.func @buffers(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  // expected-remark@+1 {{linalg.matmul: expected operands of tensor type}}
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}
