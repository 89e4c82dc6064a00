// After import: codes and scales are one value, and TOSA is gone.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-opt %S/01-source.mlir --mx-pipeline=stop-after=import | FileCheck %s

// CHECK-LABEL: func.func @product
// CHECK:      mx.quantize %{{.+}} scale_rule(even) : tensor<1x4x64xf32> to !mx.tensor<1x4x64, mxfp4, axis = 2>
// CHECK:      mx.bundle {{.*}} to !mx.tensor<1x16x64, mxfp4, axis = 2>
// CHECK-NEXT: mx.matmul
// CHECK-NOT:  tosa.

func.func @product(%x: tensor<1x4x64xf32>, %codes: tensor<1x16x64xf4E2M1FN>,
                   %scales: tensor<1x16x2xf8E8M0FNU>) -> tensor<1x4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %a = mx.quantize %x scale_rule(even)
    : tensor<1x4x64xf32> to !mx.tensor<1x4x64, mxfp4, axis = 2>
  %empty = tensor.empty() : tensor<1x4x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %b = mx.bundle %codes, %scales : tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>
    to !mx.tensor<1x16x64, mxfp4, axis = 2>
  %y = mx.matmul ins(%a, %b : !mx.tensor<1x4x64, mxfp4, axis = 2>,
                              !mx.tensor<1x16x64, mxfp4, axis = 2>)
                 outs(%init : tensor<1x4x16xf32>)
  return %y : tensor<1x4x16xf32>
}
