// RUN: mx-opt %s --mx-verify-phase=phase=import | FileCheck %s
// RUN: not mx-opt %s --mx-verify-phase=phase=select 2>&1 | FileCheck %s --check-prefix=SELECT
// RUN: not mx-opt %s --mx-verify-phase=phase=pack 2>&1 | FileCheck %s --check-prefix=PACK
// RUN: not mx-opt %s --mx-verify-phase=phase=lower 2>&1 | FileCheck %s --check-prefix=LOWER
// RUN: not mx-opt %s --mx-verify-phase=phase=llvm 2>&1 | FileCheck %s --check-prefix=LLVM
// RUN: not mx-opt %s --mx-verify-phase=phase=tea 2>&1 | FileCheck %s --check-prefix=TEA
// RUN: mx-opt %s --mx-select-kernels --mx-verify-phase=phase=select | FileCheck %s

// One program, held against the contract of every phase.

// CHECK-LABEL: @source
func.func @source(%w: !mx.tensor<8x64, mxfp4, axis = 1>) -> tensor<8x64xf32> {
  // SELECT: [[@LINE+4]]:{{.*}}error: expected a kernel after the select phase, got 'mx.dequantize'
  // PACK: error: expected no block-scaled tensor after the pack phase, got
  // LOWER: error: expected no {{.*}} after the lower phase, got
  // LLVM: error: expected only the LLVM dialect after the llvm phase, got
  %0 = mx.dequantize %w : !mx.tensor<8x64, mxfp4, axis = 1> to tensor<8x64xf32>
  return %0 : tensor<8x64xf32>
}
// TEA: error: expected a phase (import, format, rotate, quantize, select, pack, lower, llvm), got 'tea'
