// After rotate: both sides are rotated, and the product says so. Nothing is computed
// yet: the weights are an expression.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-opt %S/03-format.mlir --mx-pipeline=stop-after=rotate | FileCheck %s

// CHECK-LABEL: func.func @product
// CHECK-DAG: %[[ROWS:.+]] = mx.rotate %{{.+}} by hadamard<16> along 1 : tensor<4x16xf32>
// CHECK-DAG: %[[W:.+]] = mx.rotate %{{.+}} by hadamard<16> along 1 : tensor<2x16xf32>
// CHECK:     mx.matmul ins(%[[ROWS]], %[[W]] :
// CHECK-SAME:  mx.plan = #mx.plan<lhs = nvfp4 by amax, rhs = nvfp4 by amax>, mx.rotated = #mx.hadamard<16>

func.func @product(%x: tensor<1x4x64xf32>, %codes: tensor<1x16x64xf4E2M1FN>,
                   %scales: tensor<1x16x2xf8E8M0FNU>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %a = mx.quantize %x scale_rule(even)
    : tensor<1x4x64xf32> to !mx.tensor<1x4x64, mxfp4, axis = 2>
  %empty = tensor.empty() : tensor<1x4x16xf32>
  %first = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %b = mx.bundle %codes, %scales : tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>
    to !mx.tensor<1x16x64, mxfp4, axis = 2>
  %y = mx.matmul ins(%a, %b : !mx.tensor<1x4x64, mxfp4, axis = 2>,
                              !mx.tensor<1x16x64, mxfp4, axis = 2>)
                 outs(%first : tensor<1x4x16xf32>)
  %rows = tensor.collapse_shape %y [[0, 1], [2]] : tensor<1x4x16xf32> into tensor<4x16xf32>
  %init = arith.constant dense<0.0> : tensor<4x2xf32>
  %r = mx.rotate %rows by hadamard<16> along 1 : tensor<4x16xf32>
  %w = arith.constant dense<[
    [0.3, -0.1], [1.2, 0.4], [-0.7, 0.9], [0.1, -2.0], [0.6, 0.3], [-0.2, 1.1], [0.8, -0.5], [-1.6, 0.2],
    [0.5, 0.7], [-0.4, -1.3], [0.9, 0.6], [1.4, -0.8], [-0.3, 0.1], [0.2, 1.7], [-1.1, 0.5], [0.7, -0.6]
  ]> : tensor<16x2xf32>
  %turned = tensor.empty() : tensor<2x16xf32>
  %t = linalg.transpose ins(%w : tensor<16x2xf32>) outs(%turned : tensor<2x16xf32>) permutation = [1, 0]
  %u = mx.rotate %t by hadamard<16> along 1 : tensor<2x16xf32>
  %z = mx.matmul ins(%r, %u : tensor<4x16xf32>, tensor<2x16xf32>)
                 outs(%init : tensor<4x2xf32>)
    {mx.plan = #mx.plan<lhs = nvfp4 by amax, rhs = nvfp4 by amax>,
     mx.rotated = #mx.hadamard<16>, mx.site = "product.0"}
  return %z : tensor<4x2xf32>
}
