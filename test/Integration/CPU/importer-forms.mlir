// Linear layers as importers write them give the same bytes before they are raised and
// after, at sizes that are known when the program runs.

// RUN: mx-opt %s --mx-raise-matmuls --remarks-filter-missed=mx-raise --remark-format=emitRemark -o %t.sites.mlir 2> %t.remarks
// RUN: FileCheck %s --input-file %t.sites.mlir
// RUN: FileCheck %s --input-file %t.remarks --check-prefix=REMARK --allow-empty
// RUN: mx-opt %t.sites.mlir --mx-quantize -o %t.kept.mlir
// REMARK-NOT: remark
// CHECK-COUNT-6: mx.site

// RUN: mx-run %s '--input=2x3x4xf32=random(1)' '--input=2x4xf32=random(2)' '--input=3x4xf32=random(3)' --output=@%t.0 --output=@%t.1 --output=@%t.2 --output=@%t.3 --output=@%t.4 --output=@%t.5
// RUN: mx-run %t.kept.mlir '--input=2x3x4xf32=random(1)' '--input=2x4xf32=random(2)' '--input=3x4xf32=random(3)' --output=@%t.k0 --output=@%t.k1 --output=@%t.k2 --output=@%t.k3 --output=@%t.k4 --output=@%t.k5
// RUN: cmp %t.0 %t.k0
// RUN: cmp %t.1 %t.k1
// RUN: cmp %t.2 %t.k2
// RUN: cmp %t.3 %t.k3
// RUN: cmp %t.4 %t.k4
// RUN: cmp %t.5 %t.k5

#wide = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#inner = affine_map<(d0, d1, d2) -> (d1, d2)>
#one = affine_map<(d0, d1, d2) -> (0, d1, d2)>
#last = affine_map<(d0, d1, d2) -> (d2)>
#btk = affine_map<(b, t, n, k) -> (b, t, k)>
#kn = affine_map<(b, t, n, k) -> (k, n)>
#btn = affine_map<(b, t, n, k) -> (b, t, n)>

func.func @forms(%x: tensor<?x?x4xf32>, %v: tensor<?x4xf32>, %once: tensor<?x4xf32>)
    -> (tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?x3xf32>, tensor<?x?x3xf32>, tensor<2x?x3xf32>) {
  %w = arith.constant dense<[[1.1, -0.2, 0.3, 0.7], [0.4, 0.5, -1.6, 0.9], [-0.7, 1.8, 0.9, 0.1]]> : tensor<3x4xf32>
  %w3 = arith.constant dense<[[[1.1, 0.4, -0.7], [-0.2, 0.5, 1.8], [0.3, -1.6, 0.9], [0.7, 0.9, 0.1]]]> : tensor<1x4x3xf32>
  %bias = arith.constant dense<[0.25, -0.5, 0.125]> : tensor<3xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x4xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x4xf32>
  %e = tensor.empty(%b, %t) : tensor<?x?x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
  %et = tensor.empty() : tensor<4x3xf32>
  %wt = linalg.transpose ins(%w : tensor<3x4xf32>) outs(%et : tensor<4x3xf32>) permutation = [1, 0]

  // A generic repeats the matrix; the bias is added afterwards.
  %eb = tensor.empty(%b) : tensor<?x4x3xf32>
  %all = linalg.generic {indexing_maps = [#inner, #wide], iterator_types = ["parallel", "parallel", "parallel"]} ins(%wt : tensor<4x3xf32>) outs(%eb : tensor<?x4x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?x4x3xf32>
  %p0 = linalg.batch_matmul ins(%x, %all : tensor<?x?x4xf32>, tensor<?x4x3xf32>) outs(%f : tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
  %r0 = linalg.generic {indexing_maps = [#wide, #last, #wide], iterator_types = ["parallel", "parallel", "parallel"]} ins(%p0, %bias : tensor<?x?x3xf32>, tensor<3xf32>) outs(%e : tensor<?x?x3xf32>) {
  ^bb0(%in: f32, %add: f32, %out: f32):
    %0 = arith.addf %in, %add : f32
    linalg.yield %0 : f32
  } -> tensor<?x?x3xf32>

  // A matrix of rank 3 is repeated; the bias is what the product is added to.
  %all3 = linalg.generic {indexing_maps = [#one, #wide], iterator_types = ["parallel", "parallel", "parallel"]} ins(%w3 : tensor<1x4x3xf32>) outs(%eb : tensor<?x4x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?x4x3xf32>
  %start = linalg.generic {indexing_maps = [#last, #wide], iterator_types = ["parallel", "parallel", "parallel"]} ins(%bias : tensor<3xf32>) outs(%e : tensor<?x?x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<?x?x3xf32>
  %r1 = linalg.batch_matmul ins(%x, %all3 : tensor<?x?x4xf32>, tensor<?x4x3xf32>) outs(%start : tensor<?x?x3xf32>) -> tensor<?x?x3xf32>

  // The matrix has no batch loops.
  %r2 = linalg.contract indexing_maps = [#btk, #kn, #btn] ins(%x, %wt : tensor<?x?x4xf32>, tensor<4x3xf32>) outs(%f : tensor<?x?x3xf32>) -> tensor<?x?x3xf32>

  // One vector of each batch.
  %em = tensor.empty(%b) : tensor<?x3x4xf32>
  %ms = linalg.broadcast ins(%w : tensor<3x4xf32>) outs(%em : tensor<?x3x4xf32>) dimensions = [0]
  %ev = tensor.empty(%b) : tensor<?x3xf32>
  %fv = linalg.fill ins(%zero : f32) outs(%ev : tensor<?x3xf32>) -> tensor<?x3xf32>
  %r3 = linalg.batch_matvec ins(%ms, %v : tensor<?x3x4xf32>, tensor<?x4xf32>) outs(%fv : tensor<?x3xf32>) -> tensor<?x3xf32>

  // Views around a product of rank 2.
  %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  %count = tensor.dim %rows, %c0 : tensor<?x4xf32>
  %e2 = tensor.empty(%count) : tensor<?x3xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x3xf32>) -> tensor<?x3xf32>
  %p4 = linalg.matmul ins(%rows, %wt : tensor<?x4xf32>, tensor<4x3xf32>) outs(%f2 : tensor<?x3xf32>) -> tensor<?x3xf32>
  %r4 = tensor.expand_shape %p4 [[0, 1], [2]] output_shape [%b, %t, 3] : tensor<?x3xf32> into tensor<?x?x3xf32>

  // One activation for two matrices.
  %ex = tensor.empty(%t) : tensor<2x?x4xf32>
  %xs = linalg.broadcast ins(%once : tensor<?x4xf32>) outs(%ex : tensor<2x?x4xf32>) dimensions = [0]
  %w2 = arith.constant dense<[[[1.1, 0.4, -0.7], [-0.2, 0.5, 1.8], [0.3, -1.6, 0.9], [0.7, 0.9, 0.1]],
                              [[0.1, 1.4, 0.7], [-0.3, 0.6, 0.8], [1.3, -0.6, 0.2], [0.5, 0.2, 1.1]]]> : tensor<2x4x3xf32>
  %e5 = tensor.empty(%t) : tensor<2x?x3xf32>
  %f5 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<2x?x3xf32>) -> tensor<2x?x3xf32>
  %r5 = linalg.batch_matmul ins(%xs, %w2 : tensor<2x?x4xf32>, tensor<2x4x3xf32>) outs(%f5 : tensor<2x?x3xf32>) -> tensor<2x?x3xf32>

  return %r0, %r1, %r2, %r3, %r4, %r5 : tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?x?x3xf32>, tensor<?x3xf32>, tensor<?x?x3xf32>, tensor<2x?x3xf32>
}
