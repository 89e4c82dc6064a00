// After quantize: the weights are a constant of 16 bytes, two scales and a tensor scale,
// and the rotation of the rows is part of the operation that encodes them.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-opt %S/04-rotate.mlir --mx-pipeline=stop-after=quantize | FileCheck %s

// CHECK-LABEL: func.func @product
// CHECK-DAG: %[[ROWS:.+]] = mx.quantize %{{.+}} rotate scale_rule(amax) : tensor<4x16xf32> to !mx.tensor<4x16, nvfp4, axis = 1, rotation = hadamard<16>>
// CHECK-DAG: %[[W:.+]] = mx.constant {{.*}} : !mx.tensor<2x16, nvfp4, axis = 1, rotation = hadamard<16>>
// CHECK:     mx.matmul ins(%[[ROWS]], %[[W]] :
// CHECK-NOT: mx.plan

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
  %r = mx.quantize %rows rotate scale_rule(amax)
    : tensor<4x16xf32> to !mx.tensor<4x16, nvfp4, axis = 1, rotation = hadamard<16>>
  %v = mx.constant <payload = dense<[[-108, 34, -75, 42, 90, -42, -6, 37], [82, -26, 125, -116, -71, -94, 1, -13]]> : tensor<2x8xi8>,
                    scales = dense<126> : tensor<2x1xi8>, tensor_scale = 7.25446444E-4 : f32>
    : !mx.tensor<2x16, nvfp4, axis = 1, rotation = hadamard<16>>
  %z = mx.matmul ins(%r, %v : !mx.tensor<4x16, nvfp4, axis = 1, rotation = hadamard<16>>,
                              !mx.tensor<2x16, nvfp4, axis = 1, rotation = hadamard<16>>)
                 outs(%init : tensor<4x2xf32>)
  return %z : tensor<4x2xf32>
}
