// A product that is raised and then kept gives the same bytes as before: transposes,
// reshapes and vectors move numbers, and do not change the order of sums.

// RUN: mx-opt %s --mx-raise-matmuls=policy=all --remarks-filter-missed=mx-raise --remark-format=emitRemark -o %t.sites.mlir 2> %t.remarks
// RUN: FileCheck %s --input-file %t.sites.mlir
// RUN: FileCheck %s --input-file %t.remarks --check-prefix=REMARK --allow-empty
// RUN: mx-opt %t.sites.mlir --mx-quantize -o %t.kept.mlir
// RUN: FileCheck %s --input-file %t.kept.mlir --check-prefix=KEPT
// REMARK-NOT: remark
// CHECK-COUNT-7: mx.site
// KEPT-NOT: {{[ !#]}}mx.

// RUN: mx-run %s '--input=3x5xf32=random(1)' '--input=5x7xf32=random(2)' '--input=2x3x5xbf16=random(3)' '--input=2x5x4xf16=random(4)' '--input=2x4x3x6xf32=random(5)' --output=@%t.0 --output=@%t.1 --output=@%t.2 --output=@%t.3 --output=@%t.4 --output=@%t.5 --output=@%t.6
// RUN: mx-run %t.kept.mlir '--input=3x5xf32=random(1)' '--input=5x7xf32=random(2)' '--input=2x3x5xbf16=random(3)' '--input=2x5x4xf16=random(4)' '--input=2x4x3x6xf32=random(5)' --output=@%t.k0 --output=@%t.k1 --output=@%t.k2 --output=@%t.k3 --output=@%t.k4 --output=@%t.k5 --output=@%t.k6
// RUN: cmp %t.0 %t.k0
// RUN: cmp %t.1 %t.k1
// RUN: cmp %t.2 %t.k2
// RUN: cmp %t.3 %t.k3
// RUN: cmp %t.4 %t.k4
// RUN: cmp %t.5 %t.k5
// RUN: cmp %t.6 %t.k6

#mk = affine_map<(m, n, k) -> (m, k)>
#nk = affine_map<(m, n, k) -> (n, k)>
#nm = affine_map<(m, n, k) -> (n, m)>
#bmk = affine_map<(b, m, n, k) -> (b, m, k)>
#kn = affine_map<(b, m, n, k) -> (k, n)>
#bmn = affine_map<(b, m, n, k) -> (b, m, n)>
#p = affine_map<(b, s, h, d, t) -> (b, h, s, t)>
#v = affine_map<(b, s, h, d, t) -> (b, h, t, d)>
#o = affine_map<(b, s, h, d, t) -> (b, s, h, d)>

func.func @forms(%a: tensor<?x5xf32>, %b: tensor<5x7xf32>, %x: tensor<2x?x5xbf16>, %y: tensor<2x5x4xf16>, %q: tensor<2x4x?x6xf32>)
    -> (tensor<?x7xf32>, tensor<?x?xf32>, tensor<2x?x4xf32>, tensor<2x?x7xf32>, tensor<2x?x4x?xf32>, tensor<7xf32>, tensor<5xf32>) {
  %zero = arith.constant 0.25 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %rows = tensor.dim %a, %c0 : tensor<?x5xf32>
  %more = tensor.dim %x, %c1 : tensor<2x?x5xbf16>
  %tokens = tensor.dim %q, %c2 : tensor<2x4x?x6xf32>

  %e0 = tensor.empty(%rows) : tensor<?x7xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x7xf32>) -> tensor<?x7xf32>
  %r0 = linalg.matmul ins(%a, %b : tensor<?x5xf32>, tensor<5x7xf32>) outs(%f0 : tensor<?x7xf32>) -> tensor<?x7xf32>

  // The output transposed.
  %e1 = tensor.empty(%rows, %rows) : tensor<?x?xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x?xf32>) -> tensor<?x?xf32>
  %r1 = linalg.generic {indexing_maps = [#mk, #nk, #nm], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %a : tensor<?x5xf32>, tensor<?x5xf32>) outs(%f1 : tensor<?x?xf32>) {
  ^bb0(%l: f32, %r: f32, %out: f32):
    %1 = arith.mulf %l, %r : f32
    %2 = arith.addf %out, %1 : f32
    linalg.yield %2 : f32
  } -> tensor<?x?xf32>

  %e2 = tensor.empty(%more) : tensor<2x?x4xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  %r2 = linalg.batch_matmul ins(%x, %y : tensor<2x?x5xbf16>, tensor<2x5x4xf16>) outs(%f2 : tensor<2x?x4xf32>) -> tensor<2x?x4xf32>

  // One matrix for all batches.
  %e3 = tensor.empty(%more) : tensor<2x?x7xf32>
  %f3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<2x?x7xf32>) -> tensor<2x?x7xf32>
  %r3 = linalg.contract indexing_maps = [#bmk, #kn, #bmn] ins(%x, %b : tensor<2x?x5xbf16>, tensor<5x7xf32>) outs(%f3 : tensor<2x?x7xf32>) -> tensor<2x?x7xf32>

  // Batches apart.
  %t = tensor.empty(%tokens) : tensor<2x4x6x?xf32>
  %qt = linalg.transpose ins(%q : tensor<2x4x?x6xf32>) outs(%t : tensor<2x4x6x?xf32>) permutation = [0, 1, 3, 2]
  %e4 = tensor.empty(%tokens, %tokens) : tensor<2x?x4x?xf32>
  %f4 = linalg.fill ins(%zero : f32) outs(%e4 : tensor<2x?x4x?xf32>) -> tensor<2x?x4x?xf32>
  %r4 = linalg.contract indexing_maps = [#p, #v, #o] ins(%q, %qt : tensor<2x4x?x6xf32>, tensor<2x4x6x?xf32>) outs(%f4 : tensor<2x?x4x?xf32>) -> tensor<2x?x4x?xf32>

  // Vectors.
  %row = tensor.extract_slice %a[0, 0] [1, 5] [1, 1] : tensor<?x5xf32> to tensor<5xf32>
  %e5 = tensor.empty() : tensor<7xf32>
  %f5 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<7xf32>) -> tensor<7xf32>
  %r5 = linalg.vecmat ins(%row, %b : tensor<5xf32>, tensor<5x7xf32>) outs(%f5 : tensor<7xf32>) -> tensor<7xf32>
  %e6 = tensor.empty() : tensor<5xf32>
  %f6 = linalg.fill ins(%zero : f32) outs(%e6 : tensor<5xf32>) -> tensor<5xf32>
  %r6 = linalg.matvec ins(%b, %r5 : tensor<5x7xf32>, tensor<7xf32>) outs(%f6 : tensor<5xf32>) -> tensor<5xf32>

  return %r0, %r1, %r2, %r3, %r4, %r5, %r6 : tensor<?x7xf32>, tensor<?x?xf32>, tensor<2x?x4xf32>, tensor<2x?x7xf32>, tensor<2x?x4x?xf32>, tensor<7xf32>, tensor<5xf32>
}
