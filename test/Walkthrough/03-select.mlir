// After select: each operation that computes names its kernel.
// RUN: mx-opt %s -o /dev/null
// RUN: mx-opt %S/02-import.mlir --mx-pipeline=stop-after=select | FileCheck %s

// CHECK-LABEL: func.func @product
// CHECK:     mx.quantize {{.*}}kernel = "quantize_emulated"
// CHECK:     mx.bundle
// CHECK-NOT: kernel
// CHECK:     mx.matmul {{.*}}kernel = "matmul_emulated"

func.func @product(%x: tensor<1x4x64xf32>, %codes: tensor<1x16x64xf4E2M1FN>,
                   %scales: tensor<1x16x2xf8E8M0FNU>) -> tensor<1x4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %a = mx.quantize %x scale_rule(even) {kernel = "quantize_emulated"}
    : tensor<1x4x64xf32> to !mx.tensor<1x4x64, mxfp4, axis = 2>
  %empty = tensor.empty() : tensor<1x4x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
  %b = mx.bundle %codes, %scales : tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>
    to !mx.tensor<1x16x64, mxfp4, axis = 2>
  %y = mx.matmul ins(%a, %b : !mx.tensor<1x4x64, mxfp4, axis = 2>,
                              !mx.tensor<1x16x64, mxfp4, axis = 2>)
                 outs(%init : tensor<1x4x16xf32>) {kernel = "matmul_emulated"}
  return %y : tensor<1x4x16xf32>
}
