// A stock mlir-opt that loads MXPlugin.so reads the dialect and runs its passes
// between its own.
// REQUIRES: plugin
// RUN: mlir-opt --load-dialect-plugin=%mx_plugin --load-pass-plugin=%mx_plugin \
// RUN:   --pass-pipeline='builtin.module(canonicalize,mx-select-kernels)' %s | FileCheck %s
// RUN: mlir-opt --load-dialect-plugin=%mx_plugin --load-pass-plugin=%mx_plugin \
// RUN:   --pass-pipeline='builtin.module(mx-pipeline{stop-after=lower})' %s \
// RUN:   | FileCheck %s --check-prefix=LOWER

// CHECK-LABEL: func.func @product
// CHECK: mx.matmul
// CHECK-SAME: kernel = "matmul_emulated"
// LOWER-LABEL: func.func @product
// LOWER-NOT: mx.
// LOWER: scf.for
func.func @product(%a: !mx.tensor<?x64, mxfp4, axis = 1>,
                   %b: !mx.tensor<16x64, mxfp4, axis = 1>,
                   %c: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = mx.matmul ins(%a, %b : !mx.tensor<?x64, mxfp4, axis = 1>,
                              !mx.tensor<16x64, mxfp4, axis = 1>)
                 outs(%c : tensor<?x16xf32>)
  return %0 : tensor<?x16xf32>
}
