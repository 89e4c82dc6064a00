// mx operations between upstream ones: a small attention block, loops and branches that carry
// block-scaled values, views, bf16 and f16 arithmetic, and calls.

// RUN: mx-run %s --function=attention --check --input='6x64xbf16=random(1)' --input='9x64xbf16=random(2)' \
// RUN:   --input='64x9xbf16=random(3)' | FileCheck %s --check-prefix=ATTENTION
// ATTENTION: result 0: 6x64xbf16
// ATTENTION-NOT: NaN
// ATTENTION: mx.packed.matmul {{.*}} 54 of 54 0
// ATTENTION: mx.packed.matmul {{.*}} 384 of 384 0

// RUN: mx-run %s --function=control --check --input='4x32xf32=random(4)' --input=i1=1 --input=i64=3 | FileCheck %s --check-prefix=CONTROL
// RUN: mx-run %s --function=control --check --input='4x32xf32=random(4)' --input=i1=0 --input=i64=0 | FileCheck %s --check-prefix=SKIPPED
// CONTROL: result 0: 4x32xf32
// CONTROL: mx.packed.quantize {{.*}} 3 300 of 300 0 bits
// SKIPPED: result 0: 4x32xf32
// SKIPPED: mx.packed.quantize {{.*}} 1 100 of 100 0 bits
// SKIPPED-NOT: mx.packed.quantize

// Ones, padded by zeros to 4x40: row 0 has 33 of them and five rows share the sums.
// RUN: mx-run %s --function=views --check --input=3x33xf16=1 | FileCheck %s --check-prefix=VIEWS
// VIEWS: result 0: 2x2x2xf32 min 0 max 33
// VIEWS-SAME: [33, 33, 33, 0, 33, 33, 33, 0]

// RUN: mx-run %s --function=caller --check --input='5x48xf32=random(5)' | FileCheck %s --check-prefix=CALLER
// CALLER: result 0: 48x5xf32
// CALLER: mx.packed.dequantize {{.*}} 2 480 of 480 0 bits

func.func @attention(%q: tensor<6x64xbf16>, %k: tensor<9x64xbf16>, %v: tensor<64x9xbf16>) -> tensor<6x64xbf16> {
  %scale = arith.constant dense<0.125> : tensor<6x64xbf16>
  %q1 = arith.mulf %q, %scale : tensor<6x64xbf16>
  %q2 = mx.quantize %q1 rotate scale_rule(even) : tensor<6x64xbf16> to !mx.tensor<6x64, mxfp8_e4m3, axis = 1, rotation = hadamard<64>>
  %k2 = mx.quantize %k rotate scale_rule(mse) : tensor<9x64xbf16> to !mx.tensor<9x64, mxfp4, axis = 1, rotation = hadamard<64>>
  %zero = arith.constant dense<0.0> : tensor<6x9xf32>
  %scores = mx.matmul ins(%q2, %k2 : !mx.tensor<6x64, mxfp8_e4m3, axis = 1, rotation = hadamard<64>>, !mx.tensor<9x64, mxfp4, axis = 1, rotation = hadamard<64>>) outs(%zero : tensor<6x9xf32>)
  %init = tensor.empty() : tensor<6x9xf32>
  %weights = linalg.softmax dimension(1) ins(%scores : tensor<6x9xf32>) outs(%init : tensor<6x9xf32>) -> tensor<6x9xf32>
  %v2 = mx.quantize %v scale_rule(amax) : tensor<64x9xbf16> to !mx.tensor<64x9, nvfp4, axis = 1>
  %none = arith.constant dense<0.0> : tensor<6x64xbf16>
  %0 = mx.matmul ins(%weights, %v2 : tensor<6x9xf32>, !mx.tensor<64x9, nvfp4, axis = 1>) outs(%none : tensor<6x64xbf16>)
  %1 = math.exp %0 : tensor<6x64xbf16>
  %2 = arith.addf %1, %q : tensor<6x64xbf16>
  return %2 : tensor<6x64xbf16>
}

func.func @control(%x: tensor<4x32xf32>, %flag: i1, %count: index) -> tensor<4x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = mx.quantize %x scale_rule(rceil) : tensor<4x32xf32> to !mx.tensor<4x32, mxfp6_e2m3, axis = 1>
  %chosen = scf.if %flag -> (!mx.tensor<4x32, mxfp6_e2m3, axis = 1>) {
    %half = arith.constant dense<0.5> : tensor<4x32xf32>
    %0 = arith.mulf %x, %half : tensor<4x32xf32>
    %1 = mx.quantize %0 scale_rule(floor) : tensor<4x32xf32> to !mx.tensor<4x32, mxfp6_e2m3, axis = 1>
    scf.yield %1 : !mx.tensor<4x32, mxfp6_e2m3, axis = 1>
  } else {
    scf.yield %first : !mx.tensor<4x32, mxfp6_e2m3, axis = 1>
  }
  %last, %sum = scf.for %i = %c0 to %count step %c1 iter_args(%value = %chosen, %total = %x) -> (!mx.tensor<4x32, mxfp6_e2m3, axis = 1>, tensor<4x32xf32>) {
    %0 = mx.dequantize %value : !mx.tensor<4x32, mxfp6_e2m3, axis = 1> to tensor<4x32xf32>
    %1 = arith.addf %total, %0 : tensor<4x32xf32>
    %2 = mx.quantize %1 scale_rule(even) : tensor<4x32xf32> to !mx.tensor<4x32, mxfp6_e2m3, axis = 1>
    scf.yield %2, %1 : !mx.tensor<4x32, mxfp6_e2m3, axis = 1>, tensor<4x32xf32>
  }
  %0 = mx.dequantize %last : !mx.tensor<4x32, mxfp6_e2m3, axis = 1> to tensor<4x32xf32>
  %1 = arith.subf %sum, %0 : tensor<4x32xf32>
  return %1 : tensor<4x32xf32>
}

func.func @views(%x: tensor<3x33xf16>) -> tensor<2x2x2xf32> {
  %zero = arith.constant 0.0 : f16
  %0 = tensor.pad %x low[0, 0] high[1, 7] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f16
  } : tensor<3x33xf16> to tensor<4x40xf16>
  %1 = mx.quantize %0 scale_rule(ceil) : tensor<4x40xf16> to !mx.tensor<4x40, mxfp8_e5m2, axis = 1>
  %2 = arith.constant dense<1.0> : tensor<2x2x40xbf16>
  %3 = tensor.collapse_shape %2 [[0, 1], [2]] : tensor<2x2x40xbf16> into tensor<4x40xbf16>
  %4 = tensor.extract_slice %3[0, 0] [2, 40] [2, 1] : tensor<4x40xbf16> to tensor<2x40xbf16>
  %5 = arith.constant dense<0.0> : tensor<4x2xf32>
  %6 = mx.matmul ins(%1, %4 : !mx.tensor<4x40, mxfp8_e5m2, axis = 1>, tensor<2x40xbf16>) outs(%5 : tensor<4x2xf32>)
  %7 = tensor.empty() : tensor<2x4xf32>
  %8 = linalg.transpose ins(%6 : tensor<4x2xf32>) outs(%7 : tensor<2x4xf32>) permutation = [1, 0]
  %9 = tensor.extract_slice %8[0, 0] [1, 4] [1, 1] : tensor<2x4xf32> to tensor<1x4xf32>
  %10 = tensor.insert_slice %9 into %8[1, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<2x4xf32>
  %11 = tensor.expand_shape %10 [[0], [1, 2]] output_shape [2, 2, 2] : tensor<2x4xf32> into tensor<2x2x2xf32>
  return %11 : tensor<2x2x2xf32>
}

func.func @caller(%x: tensor<5x48xf32>) -> tensor<48x5xf32> {
  %0 = mx.quantize %x scale_rule(four_over_six_mse) : tensor<5x48xf32> to !mx.tensor<5x48, nvfp4, axis = 1>
  %1, %2 = call @both(%0) : (!mx.tensor<5x48, nvfp4, axis = 1>) -> (!mx.tensor<48x5, nvfp4, axis = 0>, !mx.tensor<5x48, nvfp4, axis = 1>)
  %3 = call @numbers(%1) : (!mx.tensor<48x5, nvfp4, axis = 0>) -> tensor<48x5xf32>
  %4, %5 = call @both(%2) : (!mx.tensor<5x48, nvfp4, axis = 1>) -> (!mx.tensor<48x5, nvfp4, axis = 0>, !mx.tensor<5x48, nvfp4, axis = 1>)
  %6 = call @numbers(%4) : (!mx.tensor<48x5, nvfp4, axis = 0>) -> tensor<48x5xf32>
  %7 = arith.addf %3, %6 : tensor<48x5xf32>
  return %7 : tensor<48x5xf32>
}
func.func private @both(%0: !mx.tensor<5x48, nvfp4, axis = 1>) -> (!mx.tensor<48x5, nvfp4, axis = 0>, !mx.tensor<5x48, nvfp4, axis = 1>) {
  %1 = mx.transpose %0 permutation = [1, 0] : !mx.tensor<5x48, nvfp4, axis = 1> to !mx.tensor<48x5, nvfp4, axis = 0>
  return %1, %0 : !mx.tensor<48x5, nvfp4, axis = 0>, !mx.tensor<5x48, nvfp4, axis = 1>
}
func.func private @numbers(%0: !mx.tensor<48x5, nvfp4, axis = 0>) -> tensor<48x5xf32> {
  %1 = mx.dequantize %0 : !mx.tensor<48x5, nvfp4, axis = 0> to tensor<48x5xf32>
  return %1 : tensor<48x5xf32>
}
