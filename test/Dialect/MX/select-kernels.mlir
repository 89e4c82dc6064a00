// RUN: mx-opt %s --mx-select-kernels | FileCheck %s
// RUN: mx-opt %s --mx-select-kernels --remarks-filter=mx-select --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: not mx-opt %s --mx-select-kernels=fail-on-emulation 2>&1 | FileCheck %s --check-prefix=FAIL

// Each operation that computes names a row of Kernels.def; the emulated row is
// remarked, or an error.

// CHECK-LABEL: @quantize_and_multiply
func.func @quantize_and_multiply(%x: tensor<4x64xf32>, %w: !mx.tensor<8x64, mxfp4, axis = 1>,
                                 %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: mx.quantize {{.*}} {kernel = "quantize_emulated"}
  // REMARK: remark: {{.*}}quantize_emulated
  // FAIL: error: 'mx.quantize' op expected a kernel for the target, got only 'quantize_emulated', because no other row of this operation fits the target
  %0 = mx.quantize %x scale_rule(even) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp4, axis = 1>
  // CHECK: mx.matmul {{.*}} {kernel = "matmul_emulated"}
  // REMARK: remark: {{.*}}matmul_emulated
  %1 = mx.matmul ins(%0, %w : !mx.tensor<4x64, mxfp4, axis = 1>, !mx.tensor<8x64, mxfp4, axis = 1>)
                 outs(%c : tensor<4x8xf32>)
  return %1 : tensor<4x8xf32>
}
