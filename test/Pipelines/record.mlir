// RUN: mx-opt %s --mx-pipeline='stop-after=import record=hessian' | FileCheck %s --check-prefix=IMPORT
// RUN: mx-opt %s --mx-pipeline='stop-after=quantize record=rows' | FileCheck %s --check-prefix=QUANTIZE
// RUN: mx-opt %s --mx-pipeline='stop-after=lower record=hessian' | FileCheck %s --check-prefix=LOWER
// RUN: mx-opt %s --mx-pipeline='stop-after=import' | FileCheck %s --check-prefix=WITHOUT

// Recording raises matmuls to sites, records what they multiply, and, if nothing
// is to be quantised, gives back linalg.

// IMPORT: mx.record %arg0 for ["f.0"] : tensor<8x64xbf16>
// IMPORT-NEXT: mx.matmul {{.*}} {mx.site = "f.0"}
// QUANTIZE: mx.record %arg0 for ["f.0"] collect(rows) : tensor<8x64xbf16>
// QUANTIZE-NOT: mx.matmul
// QUANTIZE: linalg.matmul
// LOWER: call @mxrt_record_bf16
// LOWER-NOT: mx.
// WITHOUT-NOT: mx.
func.func @f(%x: tensor<8x64xbf16>) -> tensor<8x32xf32> {
  %zero = arith.constant dense<0.0> : tensor<8x32xf32>
  %w = arith.constant dense<0.5> : tensor<64x32xbf16>
  %0 = linalg.matmul ins(%x, %w : tensor<8x64xbf16>, tensor<64x32xbf16>)
                     outs(%zero : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %0 : tensor<8x32xf32>
}
