// Results of bf16 and f16 are rounded once, at the end (N1.7, N7.1).

// 64 · 4.0625 = 260 + 0.5: f16 has it to a quarter, bf16 to two units.
// RUN: mx-run %s --function=product --check --input=3x64xf32=4.0625 --input=3x5xbf16=0.5 --input=3x5xf16=0.5 | FileCheck %s --check-prefix=ONCE
// ONCE: result 0: 3x5xbf16 min 260 max 260
// ONCE: result 1: 3x5xf16 min 260.5 max 260.5

// Beyond the largest f16 lies infinity; bf16 goes on.
// RUN: mx-run %s --function=product --check --input=3x64xf32=4096 --input=3x5xbf16=0 --input=3x5xf16=0 | FileCheck %s --check-prefix=OVERFLOW
// OVERFLOW: result 0: 3x5xbf16 min 262144 max 262144
// OVERFLOW: result 1: 3x5xf16 min inf max inf

// RUN: mx-run %s --function=product --check '--input=3x64xf32=random(1)' '--input=3x5xbf16=random(2)' '--input=3x5xf16=random(3)' | FileCheck %s --check-prefix=RANDOM
// RANDOM: mx.packed.matmul {{.*}} 15 of 15 0
// RANDOM: mx.packed.matmul {{.*}} 15 of 15 0

// Every code times scales of every size: normal, subnormal and infinite results in each type.
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write %t.codes "|u1" 256x32 0 1 2 5 7 8 9 15 16 31 33 56 64 77 90 101 119 120 123 124 128 129 135 136 170 200 220 247 248 251 252 126
// RUN: %python -c "print(*range(256))" > %t.numbers
// RUN: xargs %python %S/../../Tools/mx-run/Inputs/npy.py write %t.scales "|u1" 256x1 < %t.numbers
// RUN: mx-run %s --function=decode --check --input=@%t.codes --input=@%t.scales --input=f32=0.75 | FileCheck %s --check-prefix=DECODE
// DECODE: mx.packed.dequantize {{.*}} 8192 of 8192 0 bits
// DECODE: mx.packed.dequantize {{.*}} 8192 of 8192 0 bits
// DECODE: mx.packed.dequantize {{.*}} 8192 of 8192 0 bits

func.func @product(%x: tensor<3x64xf32>, %b: tensor<3x5xbf16>, %h: tensor<3x5xf16>) -> (tensor<3x5xbf16>, tensor<3x5xf16>) {
  %one = mx.constant <payload = dense<56> : tensor<5x64xi8>, scales = dense<127> : tensor<5x2xi8>> : !mx.tensor<5x64, mxfp8_e4m3, axis = 1>
  %0 = mx.matmul ins(%x, %one : tensor<3x64xf32>, !mx.tensor<5x64, mxfp8_e4m3, axis = 1>) outs(%b : tensor<3x5xbf16>)
  %1 = mx.matmul ins(%x, %one : tensor<3x64xf32>, !mx.tensor<5x64, mxfp8_e4m3, axis = 1>) outs(%h : tensor<3x5xf16>)
  return %0, %1 : tensor<3x5xbf16>, tensor<3x5xf16>
}

func.func @decode(%codes: tensor<256x32xi8>, %scales: tensor<256x1xi8>, %t: f32) -> (tensor<256x32xf32>, tensor<256x32xbf16>, tensor<256x32xf16>) {
  %scale = tensor.from_elements %t : tensor<f32>
  %0 = mx.bundle %codes, %scales tensor_scale(%scale) : tensor<256x32xi8>, tensor<256x1xi8>
    to !mx.tensor<256x32, format<element = f8E5M2, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1>
  %1 = mx.dequantize %0 : !mx.tensor<256x32, format<element = f8E5M2, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1> to tensor<256x32xf32>
  %2 = mx.dequantize %0 : !mx.tensor<256x32, format<element = f8E5M2, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1> to tensor<256x32xbf16>
  %3 = mx.dequantize %0 : !mx.tensor<256x32, format<element = f8E5M2, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1> to tensor<256x32xf16>
  return %1, %2, %3 : tensor<256x32xf32>, tensor<256x32xbf16>, tensor<256x32xf16>
}
