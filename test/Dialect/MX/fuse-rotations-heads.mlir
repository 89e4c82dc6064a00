// Attention mixes rows of V and leaves its columns alone: the rotation that the output projection asks for
// goes through, head by head, into the columns of V's projection. Heads that share one are no obstacle.
// RUN: mx-opt %s --mx-fuse-rotations | FileCheck %s

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>
#p = affine_map<(h, g, s, d, t) -> (h, g, s, t)>
#v = affine_map<(h, g, s, d, t) -> (h, t, d)>
#o = affine_map<(h, g, s, d, t) -> (h, g, s, d)>

// CHECK-LABEL: func @values
// CHECK:         %[[WV:.+]] = arith.constant dense_resource<v> : tensor<128x64xf32>
// CHECK-NEXT:    %[[IN:.+]] = mx.rotate %[[WV]] by hadamard<32> along 1
// CHECK-NEXT:    %[[BOTH:.+]] = mx.rotate %[[IN]] by hadamard<32> along 0
// CHECK:         mx.matmul ins({{.+}}, %[[BOTH]] {{.*}} mx.site = "v"
// CHECK-NOT:     mx.rotate {{.*}} : tensor<8x256xf32>
// CHECK:         mx.matmul {{.*}} mx.rotated = #mx.hadamard<32>, mx.site = "o"
func.func @values(%x: tensor<8x64xf32>, %scores: tensor<2x2x8x8xf32>) -> tensor<8x64xf32> {
  %f = arith.constant 0.0 : f32
  %wv = arith.constant dense_resource<v> : tensor<128x64xf32>
  %zero = arith.constant dense<0.0> : tensor<8x128xf32>
  %v = mx.matmul ins(%x, %wv : tensor<8x64xf32>, tensor<128x64xf32>) outs(%zero : tensor<8x128xf32>) {mx.site = "v", mx.plan = #rotated}
  // Two heads of V, each for two of the query.
  %heads = tensor.expand_shape %v [[0], [1, 2]] output_shape [8, 2, 64] : tensor<8x128xf32> into tensor<8x2x64xf32>
  %t = tensor.empty() : tensor<2x8x64xf32>
  %first = linalg.transpose ins(%heads : tensor<8x2x64xf32>) outs(%t : tensor<2x8x64xf32>) permutation = [1, 0, 2]
  %e = tensor.empty() : tensor<2x2x8x64xf32>
  %none = linalg.fill ins(%f : f32) outs(%e : tensor<2x2x8x64xf32>) -> tensor<2x2x8x64xf32>
  %mixed = linalg.generic {indexing_maps = [#p, #v, #o], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%scores, %first : tensor<2x2x8x8xf32>, tensor<2x8x64xf32>) outs(%none : tensor<2x2x8x64xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x2x8x64xf32>
  %u = tensor.empty() : tensor<8x2x2x64xf32>
  %back = linalg.transpose ins(%mixed : tensor<2x2x8x64xf32>) outs(%u : tensor<8x2x2x64xf32>) permutation = [2, 0, 1, 3]
  %joined = tensor.collapse_shape %back [[0], [1, 2, 3]] : tensor<8x2x2x64xf32> into tensor<8x256xf32>
  %wo = arith.constant dense_resource<o> : tensor<64x256xf32>
  %out = arith.constant dense<0.0> : tensor<8x64xf32>
  %y = mx.matmul ins(%joined, %wo : tensor<8x256xf32>, tensor<64x256xf32>) outs(%out : tensor<8x64xf32>) {mx.site = "o", mx.plan = #rotated}
  return %y : tensor<8x64xf32>
}

// As a site itself, the product of scores and V contracts the rows of V, which is another axis.
// CHECK-LABEL: func @values_as_site
// CHECK:         %[[V:.+]] = mx.matmul ins(%{{.+}}, %{{.+}} : tensor<64x64xf32>, tensor<32x64xf32>)
// CHECK:         %[[VT:.+]] = linalg.transpose ins(%[[V]]
// CHECK:         %[[VR:.+]] = mx.rotate %[[VT]] by hadamard<32> along 1
// CHECK:         mx.matmul ins(%{{.+}}, %[[VR]]
// CHECK-NOT:     mx.rotate {{.*}} : tensor<8x32xf32>
// CHECK:         mx.site = "o"
func.func @values_as_site(%x: tensor<64x64xf32>, %scores: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %wv = arith.constant dense_resource<v> : tensor<32x64xf32>
  %zero = arith.constant dense<0.0> : tensor<64x32xf32>
  %v = mx.matmul ins(%x, %wv : tensor<64x64xf32>, tensor<32x64xf32>) outs(%zero : tensor<64x32xf32>) {mx.plan = #mx.plan<keep>}
  %t = tensor.empty() : tensor<32x64xf32>
  %columns = linalg.transpose ins(%v : tensor<64x32xf32>) outs(%t : tensor<32x64xf32>) permutation = [1, 0]
  %none = arith.constant dense<0.0> : tensor<8x32xf32>
  %mixed = mx.matmul ins(%scores, %columns : tensor<8x64xf32>, tensor<32x64xf32>) outs(%none : tensor<8x32xf32>)
    {mx.plan = #mx.plan<lhs = mxfp8_e4m3 by even, rhs = mxfp4 by even, rotation = hadamard<32>>}
  %wo = arith.constant dense_resource<o> : tensor<64x32xf32>
  %out = arith.constant dense<0.0> : tensor<8x64xf32>
  %y = mx.matmul ins(%mixed, %wo : tensor<8x32xf32>, tensor<64x32xf32>) outs(%out : tensor<8x64xf32>) {mx.site = "o", mx.plan = #rotated}
  return %y : tensor<8x64xf32>
}
