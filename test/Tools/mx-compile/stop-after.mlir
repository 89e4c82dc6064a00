// --stop-after writes the IR in which the phase's sentence has become true.

// RUN: mx-compile %s --stop-after=import | FileCheck %s --check-prefix=IMPORT
// IMPORT: mx.matmul
// IMPORT-NOT: kernel =

// RUN: mx-compile %s --stop-after=select | FileCheck %s --check-prefix=SELECT
// SELECT: mx.matmul {{.*}}kernel = "{{.+}}"

// RUN: mx-compile %s --stop-after=pack | FileCheck %s --check-prefix=PACK
// PACK-NOT: !mx.tensor
// PACK: mx.packed.matmul

// RUN: mx-compile %s --stop-after=lower | FileCheck %s --check-prefix=LOWER
// LOWER: module attributes {mx.target = #mx.target<cpu>}
// LOWER-NEXT: func.func @f(%{{.*}}: memref<4x64xf32>
// LOWER-NOT: mx.

// RUN: mx-compile %s --stop-after=llvm | FileCheck %s --check-prefix=LLVM
// LLVM-NOT: func.func
// LLVM: llvm.func @f(

// The output of one phase is input for the next.
// RUN: mx-compile %s --stop-after=pack | mx-compile --stop-after=lower | FileCheck %s --check-prefix=LOWER

func.func @f(%a: tensor<4x64xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>,
             %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>)
                 outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}
