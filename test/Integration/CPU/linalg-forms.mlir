// The 4-loop generic on functions of small floats runs as it stands; what the exported form of
// mx operations gives, before and after it is imported again, is the same.

// 0x4A: elements -1 and 2; 2^1 and 2^-1 scale the two sides. 16 pairs (-1 + 2) · 1 in each of two blocks.
// RUN: mx-run %s --function=four_loops --check --input=3x2x16xi8=74 --input=5x2x16xi8=34 \
// RUN:   --input=3x2xu8=128 --input=5x2xi8=126 --input=3x5xf32=0.5 | FileCheck %s --check-prefix=LOOPS
// LOOPS: result 0: 3x5xf32 min 32.5 max 32.5
// LOOPS: mx.packed.matmul {{.*}} 15 of 15 0

// The same numbers, by different roads.
// RUN: mx-opt %s --convert-mx-to-linalg -o %t.linalg
// RUN: FileCheck %s --check-prefix=EXPORTED --input-file=%t.linalg
// EXPORTED: func.func @product
// EXPORTED-NOT: mx.matmul
// RUN: mx-opt %t.linalg --mx-import --canonicalize -o %t.imported
// RUN: FileCheck %s --check-prefix=IMPORTED --input-file=%t.imported
// IMPORTED: func.func @product
// IMPORTED: mx.matmul
// RUN: mx-run %s --function=product --check --input='4x64xi8=random(1)' --input=4x2xi8=127 \
// RUN:   --input='7x32xi8=random(2)' --input=7x2xi8=125 --input='4x7xf32=random(3)' > %t.1
// RUN: mx-run %t.linalg --function=product --input='4x64xi8=random(1)' --input=4x2xi8=127 \
// RUN:   --input='7x32xi8=random(2)' --input=7x2xi8=125 --input='4x7xf32=random(3)' > %t.2
// RUN: mx-run %t.imported --function=product --input='4x64xi8=random(1)' --input=4x2xi8=127 \
// RUN:   --input='7x32xi8=random(2)' --input=7x2xi8=125 --input='4x7xf32=random(3)' > %t.3
// RUN: diff %t.2 %t.3
// RUN: FileCheck %s --check-prefix=PRODUCT --input-file=%t.1
// PRODUCT: result 0: 4x7xf32
// PRODUCT: mx.packed.matmul {{.*}} 28 of 28 0

// Small floats move through tensor operations and conversions, as codes.
// RUN: mx-run %s --function=moves --input='2x3xi8=random(4)' --input=2xu8=128 | FileCheck %s --check-prefix=MOVES
// MOVES: result 0: 6x2xu8 {{.*}} [48, 64, 56, 204,
// MOVES: result 1: 2x6xf32 {{.*}} [1, 2, 6, -3,
// MOVES: result 2: 2x3xu8 {{.*}} [33,

// A sum that is no block-scaled product is computed as it is written: 6 · 2^(130-127) each.
// RUN: mx-run %s --function=no_product --input=2x16xi8=119 --input=2xu8=130 | FileCheck %s --check-prefix=NO-PRODUCT
// NO-PRODUCT: result 0: 2xf32 min 1536 max 1536

#a = affine_map<(m, n, ko, kb) -> (m, ko, kb)>
#b = affine_map<(m, n, ko, kb) -> (n, ko, kb)>
#as = affine_map<(m, n, ko, kb) -> (m, ko)>
#bs = affine_map<(m, n, ko, kb) -> (n, ko)>
#c = affine_map<(m, n, ko, kb) -> (m, n)>
func.func @four_loops(%a: tensor<?x?x32xf4E2M1FN>, %b: tensor<?x2x32xf4E2M1FN>, %as: tensor<?x?xf8E8M0FNU>, %bs: tensor<?x2xf8E8M0FNU>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.generic {indexing_maps = [#a, #b, #as, #bs, #c], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%a, %b, %as, %bs : tensor<?x?x32xf4E2M1FN>, tensor<?x2x32xf4E2M1FN>, tensor<?x?xf8E8M0FNU>, tensor<?x2xf8E8M0FNU>) outs(%c : tensor<?x?xf32>) {
  ^bb0(%x: f4E2M1FN, %y: f4E2M1FN, %xs: f8E8M0FNU, %ys: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x, %xs : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y, %ys : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

func.func @product(%a: !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, %b: !mx.tensor<?x64, mxfp4, axis = 1>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, !mx.tensor<?x64, mxfp4, axis = 1>) outs(%c : tensor<?x?xf32>)
  return %0 : tensor<?x?xf32>
}

func.func @moves(%x: tensor<2x6xf4E2M1FN>, %s: tensor<2xf8E8M0FNU>) -> (tensor<6x2xf8E4M3FN>, tensor<2x6xf32>, tensor<2x6xf4E2M1FN>) {
  %init = tensor.empty() : tensor<6x2xf4E2M1FN>
  %0 = linalg.transpose ins(%x : tensor<2x6xf4E2M1FN>) outs(%init : tensor<6x2xf4E2M1FN>) permutation = [1, 0]
  %1 = arith.extf %0 : tensor<6x2xf4E2M1FN> to tensor<6x2xf32>
  %2 = arith.truncf %1 : tensor<6x2xf32> to tensor<6x2xf8E4M3FN>
  %numbers = tensor.empty() : tensor<2x6xf32>
  %3 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%x, %s : tensor<2x6xf4E2M1FN>, tensor<2xf8E8M0FNU>) outs(%numbers : tensor<2x6xf32>) {
  ^bb0(%e: f4E2M1FN, %f: f8E8M0FNU, %out: f32):
    %4 = arith.scaling_extf %e, %f : f4E2M1FN, f8E8M0FNU to f32
    linalg.yield %4 : f32
  } -> tensor<2x6xf32>
  return %2, %3, %x : tensor<6x2xf8E4M3FN>, tensor<2x6xf32>, tensor<2x6xf4E2M1FN>
}

func.func @no_product(%x: tensor<2x32xf4E2M1FN>, %s: tensor<2xf8E8M0FNU>) -> tensor<2xf32> {
  %zero = arith.constant dense<0.0> : tensor<2xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%x, %s : tensor<2x32xf4E2M1FN>, tensor<2xf8E8M0FNU>) outs(%zero : tensor<2xf32>) {
  ^bb0(%e: f4E2M1FN, %f: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %e, %f : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.addf %sum, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
