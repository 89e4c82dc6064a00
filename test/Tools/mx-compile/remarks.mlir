// --remarks-filter prints what the passes decided and why.

// RUN: mx-compile %s --remarks-filter='mx-select' -o %t.mlir 2>&1 | FileCheck %s
// RUN: mx-compile %s -o %t.mlir 2>&1 | count 0
// CHECK: remarks.mlir:[[#@LINE+8]]:8: remark: {{.*}}mx-select
// RUN: not mx-compile %s --fail-on-emulation -o %t.mlir 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: remarks.mlir:[[#@LINE+6]]:8: error:
// RUN: not mx-run %s --fail-on-emulation 2>&1 | FileCheck %s --check-prefix=ERROR


func.func @f(%a: tensor<4x64xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>,
             %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>)
                 outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
