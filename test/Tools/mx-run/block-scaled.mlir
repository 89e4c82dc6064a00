// A block-scaled argument or result is its parts: payload, scales, tensor
// scale. Narrow floats are bytes, two FP4 numbers in one.

// RUN: mkdir -p %t && cd %t
// 0x42 is 1.0 (low nibble, first) and 2.0; scale 128 is 2.
// RUN: %python %S/Inputs/npy.py write payload.npy "|u1" 1x16 66
// RUN: %python %S/Inputs/npy.py write scales.npy "|u1" 1x1 128
// RUN: mx-run %s --function=decode --input=@payload.npy --input=@scales.npy --output=@y.npy
// RUN: %python %S/Inputs/npy.py print y.npy | FileCheck %s --check-prefix=DECODE
// DECODE: <f4 (1, 32) 2.0 4.0 2.0 4.0

// RUN: mx-run %s --function=encode --input=2x32xf32=3 | FileCheck %s --check-prefix=ENCODE
// ENCODE: result 0: 2x16xu8 {{.*}}[119, 119,
// ENCODE: result 1: 2x2xu8
// ENCODE: result 2: f32 min 0.001116071

// RUN: mx-run %s --function=widen --input=3xu8=66 | FileCheck %s --check-prefix=WIDEN
// WIDEN: result 0: 5xf32 min 1 max 2 mean 1.4 [1, 2, 1, 2, 1]

// RUN: not mx-run %s --function=decode --input=3x16xu8=1 --input=2x1xu8=1 2>&1 | FileCheck %s --check-prefix=ROWS
// ROWS: error: expected the scales of '!mx.tensor<?x32, mxfp4, axis = 1>' to fit a payload of '3x16xu8', got '2x1xu8'

// RUN: not mx-run %s --function=decode --input=3x17xu8=1 --input=3x1xu8=1 2>&1 | FileCheck %s --check-prefix=PAYLOAD
// PAYLOAD: for payload of '!mx.tensor<?x32, mxfp4, axis = 1>': expected '?x16xu8', got '3x17xu8'

// RUN: not mx-run %s --function=decode --input=3x16xu8=1 2>&1 | FileCheck %s --check-prefix=ARITY
// ARITY: error: expected 2 inputs for 'decode' (payload of '!mx.tensor<?x32, mxfp4, axis = 1>', scales of {{.*}}), got 1

func.func @decode(%x: !mx.tensor<?x32, mxfp4, axis = 1>) -> tensor<?x32xf32> {
  %0 = mx.dequantize %x : !mx.tensor<?x32, mxfp4, axis = 1> to tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

func.func @encode(%x: tensor<2x32xf32>) -> !mx.tensor<2x32, nvfp4, axis = 1> {
  %0 = mx.quantize %x scale_rule(amax) : tensor<2x32xf32> to !mx.tensor<2x32, nvfp4, axis = 1>
  return %0 : !mx.tensor<2x32, nvfp4, axis = 1>
}

func.func @widen(%x: tensor<5xf4E2M1FN>) -> tensor<5xf32> {
  %0 = arith.extf %x : tensor<5xf4E2M1FN> to tensor<5xf32>
  return %0 : tensor<5xf32>
}
