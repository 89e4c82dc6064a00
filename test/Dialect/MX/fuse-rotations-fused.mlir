// One product for queries, keys and values is cut apart afterwards. The rotation that the output projection
// asks for is absorbed by the rows of its weight that make the values; the others stay as they are.
// RUN: mx-opt %s --mx-fuse-rotations=seed=7 --split-input-file --remarks-filter=mx-rotate --remark-format=emitRemark 2> %t | FileCheck %s
// RUN: FileCheck %s --input-file %t --check-prefix=REMARK

// Heads of 16; scores are an argument. Batches of unknown size, and a bias.
// CHECK-LABEL: func @attention
// CHECK:         %[[W:.+]] = arith.constant dense_resource<qkv> : tensor<96x32xf32>
// CHECK:         %[[PART:.+]] = tensor.extract_slice %[[W]][64, 0] [32, 32] [1, 1] : tensor<96x32xf32> to tensor<32x32xf32>
// CHECK:         %[[ROTATED:.+]] = mx.rotate %[[PART]] by hadamard<16, signs = [{{.+}}]> along 0
// CHECK:         %[[ALL:.+]] = tensor.insert_slice %[[ROTATED]] into %[[W]][64, 0] [32, 32] [1, 1]
// CHECK:         mx.matmul ins(%{{.+}}, %[[ALL]] : {{.*}}mx.site = "qkv"
// CHECK-NOT:     mx.rotate {{.*}} : tensor<?x32xf32>
// CHECK:         mx.site = "o"
// REMARK-DAG: absorbed by 32 rows from 64 on of the weights of 'qkv'
// REMARK-DAG: 'o' by hadamard<16, signs>: lhs offline; rhs constant
#two = affine_map<(d0, d1) -> (d0, d1)>
#last = affine_map<(d0, d1) -> (d1)>
#p = affine_map<(h, s, d, t) -> (h, s, t)>
#v = affine_map<(h, s, d, t) -> (h, t, d)>
#o = affine_map<(h, s, d, t) -> (h, s, d)>
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
func.func @attention(%x: tensor<?x32xf32>, %scores: tensor<2x?x?xf32>) -> (tensor<?x32xf32>, tensor<?x2x16xf32>, tensor<?x2x16xf32>) {
  %f = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x32xf32>
  %w = arith.constant dense_resource<qkv> : tensor<96x32xf32>
  %bias = arith.constant dense_resource<bias> : tensor<96xf32>
  %e = tensor.empty(%n) : tensor<?x96xf32>
  %zero = linalg.fill ins(%f : f32) outs(%e : tensor<?x96xf32>) -> tensor<?x96xf32>
  %product = mx.matmul ins(%x, %w : tensor<?x32xf32>, tensor<96x32xf32>) outs(%zero : tensor<?x96xf32>) {mx.site = "qkv"}
  %qkv = linalg.generic {indexing_maps = [#two, #last, #two], iterator_types = ["parallel", "parallel"]} ins(%product, %bias : tensor<?x96xf32>, tensor<96xf32>) outs(%e : tensor<?x96xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x96xf32>
  %heads = tensor.expand_shape %qkv [[0], [1, 2, 3]] output_shape [%n, 3, 2, 16] : tensor<?x96xf32> into tensor<?x3x2x16xf32>
  %et = tensor.empty(%n) : tensor<3x2x?x16xf32>
  %apart = linalg.transpose ins(%heads : tensor<?x3x2x16xf32>) outs(%et : tensor<3x2x?x16xf32>) permutation = [1, 2, 0, 3]
  %q = tensor.extract_slice %apart[0, 0, 0, 0] [1, 2, %n, 16] [1, 1, 1, 1] : tensor<3x2x?x16xf32> to tensor<2x?x16xf32>
  %k = tensor.extract_slice %apart[1, 0, 0, 0] [1, 2, %n, 16] [1, 1, 1, 1] : tensor<3x2x?x16xf32> to tensor<2x?x16xf32>
  %v = tensor.extract_slice %apart[2, 0, 0, 0] [1, 2, %n, 16] [1, 1, 1, 1] : tensor<3x2x?x16xf32> to tensor<2x?x16xf32>
  %eh = tensor.empty(%n) : tensor<2x?x16xf32>
  %none = linalg.fill ins(%f : f32) outs(%eh : tensor<2x?x16xf32>) -> tensor<2x?x16xf32>
  %mixed = linalg.generic {indexing_maps = [#p, #v, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%scores, %v : tensor<2x?x?xf32>, tensor<2x?x16xf32>) outs(%none : tensor<2x?x16xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x?x16xf32>
  %eb = tensor.empty(%n) : tensor<?x2x16xf32>
  %back = linalg.transpose ins(%mixed : tensor<2x?x16xf32>) outs(%eb : tensor<?x2x16xf32>) permutation = [1, 0, 2]
  %qb = linalg.transpose ins(%q : tensor<2x?x16xf32>) outs(%eb : tensor<?x2x16xf32>) permutation = [1, 0, 2]
  %kb = linalg.transpose ins(%k : tensor<2x?x16xf32>) outs(%eb : tensor<?x2x16xf32>) permutation = [1, 0, 2]
  %qt = math.tanh %qb : tensor<?x2x16xf32>
  %joined = tensor.collapse_shape %back [[0], [1, 2]] : tensor<?x2x16xf32> into tensor<?x32xf32>
  %wo = arith.constant dense_resource<o> : tensor<32x32xf32>
  %e2 = tensor.empty(%n) : tensor<?x32xf32>
  %out = linalg.fill ins(%f : f32) outs(%e2 : tensor<?x32xf32>) -> tensor<?x32xf32>
  %y = mx.matmul ins(%joined, %wo : tensor<?x32xf32>, tensor<32x32xf32>) outs(%out : tensor<?x32xf32>) {mx.site = "o", mx.plan = #mx.plan<keep, rotation = hadamard<16>>}
  return %y, %qt, %kb : tensor<?x32xf32>, tensor<?x2x16xf32>, tensor<?x2x16xf32>
}

// -----

// Gate and up are one product. The rotation before the down projection stays, and
// the rows that make the second half take over its signs.
// CHECK-LABEL: func @gate_up
// CHECK:         arith.constant dense<[1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, {{.*}}-1.000000e+00{{.*}}]> : tensor<8xf32>
// CHECK:         mx.rotate %{{.+}} by hadamard<4> along 1 : tensor<2x4xf32>
// REMARK-DAG: signs of hadamard<4, signs> merged into constants
func.func @gate_up(%x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %w = arith.constant dense<0.5> : tensor<8x4xf32>
  %zero = arith.constant dense<0.0> : tensor<2x8xf32>
  %both = mx.matmul ins(%x, %w : tensor<2x4xf32>, tensor<8x4xf32>) outs(%zero : tensor<2x8xf32>) {mx.site = "gate_up"}
  %gate = tensor.extract_slice %both[0, 0] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
  %up = tensor.extract_slice %both[0, 4] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
  %act = math.exp %gate : tensor<2x4xf32>
  %h = arith.mulf %act, %up : tensor<2x4xf32>
  %wd = arith.constant dense<0.25> : tensor<3x4xf32>
  %none = arith.constant dense<0.0> : tensor<2x3xf32>
  %y = mx.matmul ins(%h, %wd : tensor<2x4xf32>, tensor<3x4xf32>) outs(%none : tensor<2x3xf32>) {mx.site = "down", mx.plan = #mx.plan<keep, rotation = hadamard<4>>}
  return %y : tensor<2x3xf32>
}

// -----

// Gate and up by turns: what one slice takes is no run of columns.
// CHECK-LABEL: func @by_turns
// CHECK:         mx.rotate %{{.+}} : tensor<2x8xf32>
// REMARK-DAG: stops at a slice of a product that is not made of whole groups of 4 columns
func.func @by_turns(%x: tensor<2x4xf32>) -> tensor<2x3xf32> {
  %w = arith.constant dense<0.5> : tensor<16x4xf32>
  %zero = arith.constant dense<0.0> : tensor<2x16xf32>
  %both = mx.matmul ins(%x, %w : tensor<2x4xf32>, tensor<16x4xf32>) outs(%zero : tensor<2x16xf32>) {mx.site = "fused"}
  %turns = tensor.expand_shape %both [[0], [1, 2, 3]] output_shape [2, 2, 2, 4] : tensor<2x16xf32> into tensor<2x2x2x4xf32>
  %first = tensor.extract_slice %turns[0, 0, 0, 0] [2, 2, 1, 4] [1, 1, 1, 1] : tensor<2x2x2x4xf32> to tensor<2x2x4xf32>
  %h = tensor.collapse_shape %first [[0], [1, 2]] : tensor<2x2x4xf32> into tensor<2x8xf32>
  %wd = arith.constant dense<0.25> : tensor<3x8xf32>
  %none = arith.constant dense<0.0> : tensor<2x3xf32>
  %y = mx.matmul ins(%h, %wd : tensor<2x8xf32>, tensor<3x8xf32>) outs(%none : tensor<2x3xf32>) {mx.site = "down", mx.plan = #mx.plan<keep, rotation = hadamard<4>>}
  return %y : tensor<2x3xf32>
}

// -----

// Slices that overlap share columns, so that all or none is rotated.
// CHECK-LABEL: func @overlapping
// CHECK-NOT:     tensor.insert_slice
// CHECK:         mx.rotate %{{.+}} : tensor<2x4xf32>
func.func @overlapping(%x: tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<2x4xf32>) {
  %w = arith.constant dense<0.5> : tensor<8x4xf32>
  %zero = arith.constant dense<0.0> : tensor<2x8xf32>
  %both = mx.matmul ins(%x, %w : tensor<2x4xf32>, tensor<8x4xf32>) outs(%zero : tensor<2x8xf32>) {mx.site = "fused"}
  %first = tensor.extract_slice %both[0, 0] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
  %second = tensor.extract_slice %both[0, 2] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
  %wd = arith.constant dense<0.25> : tensor<3x4xf32>
  %none = arith.constant dense<0.0> : tensor<2x3xf32>
  %y = mx.matmul ins(%first, %wd : tensor<2x4xf32>, tensor<3x4xf32>) outs(%none : tensor<2x3xf32>) {mx.site = "down", mx.plan = #mx.plan<keep, rotation = hadamard<4>>}
  return %y, %second : tensor<2x3xf32>, tensor<2x4xf32>
}
