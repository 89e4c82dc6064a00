// --check compares each operation with lib/Numerics and prints a table.

// RUN: mx-run %s --function=f --check '--input=4x64xf32=random(1)' '--input=9x64xbf16=random(2)' | FileCheck %s
// CHECK: result 0: 4x9xf32
// CHECK: operation location runs checked of total mismatches worst
// CHECK: mx.packed.tensor_scale  {{.*}}check.mlir:[[#@LINE+19]]:8 1 1 of 1 0 bits
// CHECK: mx.packed.quantize      {{.*}}check.mlir:[[#@LINE+18]]:8 1 144 of 144 0 bits
// CHECK: mx.packed.rotate        {{.*}} 576 of 576 0 bits
// CHECK: mx.packed.quantize      {{.*}} 0 bits
// CHECK: mx.packed.dequantize    {{.*}} 256 of 256 0 bits
// CHECK: mx.packed.matmul        {{.*}} 36 of 36 0 0.{{[0-9]+}} of bound

// A large operation is sampled.
// RUN: mx-run %s --function=large --check '--input=2048x64xf32=random(1)' | FileCheck %s --check-prefix=SAMPLE
// SAMPLE: mx.packed.quantize {{.*}} [[#]] of 69632 0 bits

// RUN: mx-run %s --function=plain --check --input=2xf32=1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: check: nothing to check

// RUN: mx-run %s --function=grouped --check '--input=4x32xf32=random(1)' '--input=2x8x32xf32=random(2)' \
// RUN:   --input=2xi32=2 | FileCheck %s --check-prefix=GROUPED
// GROUPED: mx.packed.matmul {{.*}} 32 of 32 0 0.

func.func @f(%x: tensor<4x64xf32>, %y: tensor<9x64xbf16>) -> tensor<4x9xf32> {
  %0 = mx.quantize %x scale_rule(amax)
    : tensor<4x64xf32> to !mx.tensor<4x64, nvfp4, axis = 1>
  %1 = mx.rotate %y by hadamard<4, signs = [1, -1, 1, 1]> along 1 : tensor<9x64xbf16>
  %2 = mx.quantize %1 scale_rule(even)
    : tensor<9x64xbf16> to !mx.tensor<9x64, mxfp6_e2m3, axis = 1>
  %3 = mx.dequantize %0 : !mx.tensor<4x64, nvfp4, axis = 1> to tensor<4x64xf32>
  %4 = arith.constant dense<1.0> : tensor<4x9xf32>
  %5 = mx.matmul ins(%3, %2 : tensor<4x64xf32>, !mx.tensor<9x64, mxfp6_e2m3, axis = 1>)
                 outs(%4 : tensor<4x9xf32>)
  return %5 : tensor<4x9xf32>
}

func.func @large(%x: tensor<2048x64xf32>) -> !mx.tensor<2048x64, mxfp4, axis = 1> {
  %0 = mx.quantize %x scale_rule(mse)
    : tensor<2048x64xf32> to !mx.tensor<2048x64, mxfp4, axis = 1>
  return %0 : !mx.tensor<2048x64, mxfp4, axis = 1>
}

func.func @plain(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = arith.addf %x, %x : tensor<2xf32>
  return %0 : tensor<2xf32>
}

func.func @grouped(%x: tensor<4x32xf32>, %y: tensor<2x8x32xf32>, %ends: tensor<2xi32>)
    -> tensor<4x8xf32> {
  %0 = mx.quantize %y scale_rule(ceil)
    : tensor<2x8x32xf32> to !mx.tensor<2x8x32, mxfp8_e5m2, axis = 2>
  %1 = arith.constant dense<0.5> : tensor<4x8xf32>
  %2 = mx.grouped_matmul ins(%x, %0, %ends : tensor<4x32xf32>,
                             !mx.tensor<2x8x32, mxfp8_e5m2, axis = 2>, tensor<2xi32>)
                         outs(%1 : tensor<4x8xf32>)
  return %2 : tensor<4x8xf32>
}
