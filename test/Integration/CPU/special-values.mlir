// What N1.4, N1.6, N3.5 to N3.7 and N7.1 say of NaN, infinities, zeros and missing elements, from
// the encoder to the product.

// Block 1 of row 1 holds a NaN; a product is NaN if it meets the block.
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write %t.x "<f4" 3x40 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 nan 1 1 1 1
// RUN: mx-run %s --function=poison --check --input=@%t.x | FileCheck %s --check-prefix=POISON
// POISON: result 0: 3x5xi8 min 0 max {{[0-9]+}}
// POISON: result 1: 3x2xi8 {{.*}}[125, 125, 125, -1, 125, 125]
// POISON: result 2: 3x2xf32 min 40 max 40 mean 40 NaN 2 [40, 40, {{-?}}nan, {{-?}}nan, 40, 40]

// An infinity poisons like NaN, or counts as the largest number. Zeros keep their signs.
// RUN: mx-run %s --function=infinities --check --input=1x32xbf16=inf | FileCheck %s --check-prefix=INFINITIES
// INFINITIES: result 0: 1x32xf32 NaN 32
// INFINITIES: result 1: 1x32xf32 min 2.97{{[0-9e+]*}} max 2.97
// RUN: mx-run %s --function=infinities --check --input=1x32xbf16=-0.0 | FileCheck %s --check-prefix=ZEROS
// ZEROS: result 0: 1x32xf32 min -0 max -0 mean 0 [-0, -0,
// ZEROS: result 1: 1x32xf32 min -0 max -0 mean 0 [-0, -0,

// A bad tensor scale poisons everything (N4.1), a NaN one reaches every product.
// RUN: mx-run %s --function=tensor_scale --check --input=2x16xf16=3 --input=f32=-1 | FileCheck %s --check-prefix=BAD
// BAD: result 0: 2x16xf32 NaN 32
// RUN: mx-run %s --function=tensor_scale --check --input=2x16xf16=3 --input=f32=0.5 | FileCheck %s --check-prefix=GOOD
// GOOD: result 0: 2x16xf32 min 3 max 3

// Nothing in, nothing out: zero rows, zero columns, zero batches, along each axis.
// RUN: mx-run %s --function=nothing --check --input=0x64xf32=1 | FileCheck %s --check-prefix=NO-ROWS
// NO-ROWS: result 0: 0x32xu8
// NO-ROWS: result 1: 0x2xu8
// NO-ROWS: result 2: 0x64xf32
// NO-ROWS: result 3: 64x0xf16
// RUN: mx-run %s --function=nothing --check --input=3x0xf32=1 | FileCheck %s --check-prefix=NO-COLUMNS
// NO-COLUMNS: result 0: 3x0xu8
// NO-COLUMNS: result 1: 3x0xu8
// NO-COLUMNS: result 2: 3x0xf32
// NO-COLUMNS: result 3: 0x3xf16

// The contracted dimension is empty: the initial values, rounded to themselves.
// RUN: mx-run %s --function=empty_sum --check --input=2x0xi8=0 --input=2x0xi8=0 --input=3x0xbf16=0 --input=3x2xbf16=0.3 | FileCheck %s --check-prefix=EMPTY-SUM
// EMPTY-SUM: result 0: 3x2xbf16 min 0.3007812 max 0.3007812

// A result of zeros, for which LLVM calls calloc.
// RUN: mx-run %s --function=zeros | FileCheck %s --check-prefix=ALL-ZERO
// ALL-ZERO: result 0: 64xf32 min 0 max 0

// A sum that overflows before the tensor scale makes it small is outside of N7.2 and not compared.
// RUN: mx-run %s --function=overflow --check --input=2x16xf32=3e38 --input=f32=1e-10 | FileCheck %s --check-prefix=OVERFLOW
// OVERFLOW: result 0: 2x3xf32 min inf max inf
// OVERFLOW: mx.packed.matmul {{.*}} 0 of 6 0

func.func @poison(%x: tensor<3x40xf32>) -> (tensor<3x5xi8>, tensor<3x2xi8>, tensor<3x2xf32>) {
  %0 = mx.quantize %x scale_rule(floor) : tensor<3x40xf32> to !mx.tensor<3x40, mxfp4, axis = 1>
  %payload, %scales = mx.unbundle %0 : !mx.tensor<3x40, mxfp4, axis = 1> to tensor<3x20xi8>, tensor<3x2xi8>
  %first = tensor.extract_slice %payload[0, 15] [3, 5] [1, 1] : tensor<3x20xi8> to tensor<3x5xi8>
  %ones = arith.constant dense<1.0> : tensor<2x40xf16>
  %zero = arith.constant dense<0.0> : tensor<3x2xf32>
  %1 = mx.matmul ins(%0, %ones : !mx.tensor<3x40, mxfp4, axis = 1>, tensor<2x40xf16>) outs(%zero : tensor<3x2xf32>)
  return %first, %scales, %1 : tensor<3x5xi8>, tensor<3x2xi8>, tensor<3x2xf32>
}

func.func @infinities(%x: tensor<1x32xbf16>) -> (tensor<1x32xf32>, tensor<1x32xf32>) {
  %0 = mx.quantize %x scale_rule(rceil) : tensor<1x32xbf16> to !mx.tensor<1x32, mxfp6_e3m2, axis = 1>
  %1 = mx.quantize %x scale_rule(floor) satfinite : tensor<1x32xbf16> to !mx.tensor<1x32, mxfp6_e3m2, axis = 1>
  %2 = mx.dequantize %0 : !mx.tensor<1x32, mxfp6_e3m2, axis = 1> to tensor<1x32xf32>
  %3 = mx.dequantize %1 : !mx.tensor<1x32, mxfp6_e3m2, axis = 1> to tensor<1x32xf32>
  return %2, %3 : tensor<1x32xf32>, tensor<1x32xf32>
}

func.func @tensor_scale(%x: tensor<2x16xf16>, %t: f32) -> tensor<2x16xf32> {
  %scale = tensor.from_elements %t : tensor<f32>
  %0 = mx.quantize %x tensor_scale(%scale) scale_rule(sweep) : tensor<2x16xf16> to !mx.tensor<2x16, nvfp4, axis = 1>
  %1 = mx.dequantize %0 : !mx.tensor<2x16, nvfp4, axis = 1> to tensor<2x16xf32>
  return %1 : tensor<2x16xf32>
}

func.func @nothing(%x: tensor<?x?xf32>) -> (!mx.tensor<?x?, mxfp4, axis = 1>, tensor<?x?xf32>, tensor<?x?xf16>) {
  %0 = mx.rotate %x by hadamard<8> along 1 : tensor<?x?xf32>
  %1 = mx.quantize %0 scale_rule(mse) : tensor<?x?xf32> to !mx.tensor<?x?, mxfp4, axis = 1>
  %2 = mx.dequantize %1 : !mx.tensor<?x?, mxfp4, axis = 1> to tensor<?x?xf32>
  %3 = mx.quantize %2 scale_rule(amax) : tensor<?x?xf32> to !mx.tensor<?x?, nvfp4, axis = 0>
  %4 = mx.transpose %3 permutation = [1, 0] : !mx.tensor<?x?, nvfp4, axis = 0> to !mx.tensor<?x?, nvfp4, axis = 1>
  %5 = mx.dequantize %4 : !mx.tensor<?x?, nvfp4, axis = 1> to tensor<?x?xf16>
  return %1, %2, %5 : !mx.tensor<?x?, mxfp4, axis = 1>, tensor<?x?xf32>, tensor<?x?xf16>
}

func.func @empty_sum(%a: !mx.tensor<2x?, mxfp4, axis = 1>, %b: tensor<3x?xbf16>, %c: tensor<3x2xbf16>) -> tensor<3x2xbf16> {
  %0 = mx.matmul ins(%b, %a : tensor<3x?xbf16>, !mx.tensor<2x?, mxfp4, axis = 1>) outs(%c : tensor<3x2xbf16>)
  return %0 : tensor<3x2xbf16>
}

func.func @zeros() -> tensor<64xf32> {
  %0 = arith.constant dense<0.0> : tensor<64xf32>
  return %0 : tensor<64xf32>
}

func.func @overflow(%x: tensor<2x16xf32>, %t: f32) -> tensor<2x3xf32> {
  %scale = tensor.from_elements %t : tensor<f32>
  %codes = arith.constant dense<119> : tensor<3x8xi8>
  %scales = arith.constant dense<56> : tensor<3x1xi8>
  %0 = mx.bundle %codes, %scales tensor_scale(%scale) : tensor<3x8xi8>, tensor<3x1xi8> to !mx.tensor<3x16, nvfp4, axis = 1>
  %zero = arith.constant dense<0.0> : tensor<2x3xf32>
  %1 = mx.matmul ins(%x, %0 : tensor<2x16xf32>, !mx.tensor<3x16, nvfp4, axis = 1>) outs(%zero : tensor<2x3xf32>)
  return %1 : tensor<2x3xf32>
}
