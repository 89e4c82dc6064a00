// What cannot be written is an error, whatever is written.
// REQUIRES: full-device

// RUN: mkdir -p %t && cd %t && rm -f full.* && ln -s /dev/full full.mlir && ln -s /dev/full full.o && ln -s /dev/full full.json
// RUN: not mx-run %s --input=2x32xf32=1 --output=@/dev/full 2>&1 | FileCheck %s
// RUN: not mx-compile %s -o full.mlir 2>&1 | FileCheck %s
// RUN: not mx-compile %s -o full.o 2>&1 | FileCheck %s
// RUN: not mx-compile %s --quantize=speed --report=full.json --stop-after=format 2>&1 | FileCheck %s
// RUN: not mx-compile %s -o - 2>&1 > /dev/full | FileCheck %s
// CHECK: error: {{(expected to write the report, got )?(/dev/full|full.mlir|full.o|full.json|standard output)}}: No space left on device
// CHECK-NOT: error

func.func @f(%x: tensor<2x32xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<0.5> : tensor<32x2xf32>
  %zero = arith.constant dense<0.0> : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<2x32xf32>, tensor<32x2xf32>)
                     outs(%zero : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
