// Moving a value moves its blocks: the numbers stay the same, whichever axis is blocked and
// however codes share bytes.

// RUN: mx-run %s --function=there_and_back --check --input='5x3x46xf32=random(1)' --output=@%t.1 --output=@%t.2
// RUN: cmp %t.1 %t.2

// Row-major order of the transposed value: codes 1, 2, 3 … 15 of a 3x5 tensor of FP4 (0.5, 1, 1.5, 2, 3 …).
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write %t.npy "|u1" 3x3 33 67 5 118 152 10 203 237 15
// RUN: mx-run %s --function=nibbles --check --input=@%t.npy --input=1x5xi8=127 --output=@%t.codes --output=@%t.scales
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py print %t.codes | FileCheck %s --check-prefix=NIBBLES
// NIBBLES: (5, 2) 97 11 114 12 131 13 148 14 165 15

// RUN: mx-run %s --function=reshape --check --input='2x6x36xi8=random(2)' --input='2x6x2xu8=random(3)' \
// RUN:   --output=@%t.before --output=@%t.after
// RUN: cmp %t.before %t.after

// RUN: mx-run %s --function=product --check --input='64x7xbf16=random(4)' --input='64x5xf32=random(5)' | FileCheck %s
// CHECK: result 0: 7x5xf32
// CHECK: mx.packed.matmul {{.*}} 35 of 35 0

func.func @there_and_back(%x: tensor<?x3x?xf32>) -> (tensor<?x3x?xf32>, tensor<?x3x?xf32>) {
  %0 = mx.quantize %x scale_rule(mse) : tensor<?x3x?xf32> to !mx.tensor<?x3x?, mxfp6_e2m3, axis = 2>
  %1 = mx.transpose %0 permutation = [2, 0, 1] : !mx.tensor<?x3x?, mxfp6_e2m3, axis = 2> to !mx.tensor<?x?x3, mxfp6_e2m3, axis = 0>
  %2 = scf.execute_region -> !mx.tensor<?x?x3, mxfp6_e2m3, axis = 0> {
    scf.yield %1 : !mx.tensor<?x?x3, mxfp6_e2m3, axis = 0>
  }
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // The loop keeps the two transposes from folding into none.
  %3 = scf.for %i = %c0 to %c1 step %c1 iter_args(%value = %2) -> (!mx.tensor<?x?x3, mxfp6_e2m3, axis = 0>) {
    %4 = mx.dequantize %value : !mx.tensor<?x?x3, mxfp6_e2m3, axis = 0> to tensor<?x?x3xf32>
    %5 = mx.quantize %4 scale_rule(rceil) : tensor<?x?x3xf32> to !mx.tensor<?x?x3, mxfp6_e2m3, axis = 0>
    scf.yield %5 : !mx.tensor<?x?x3, mxfp6_e2m3, axis = 0>
  }
  %6 = mx.transpose %3 permutation = [1, 2, 0] : !mx.tensor<?x?x3, mxfp6_e2m3, axis = 0> to !mx.tensor<?x3x?, mxfp6_e2m3, axis = 2>
  %7 = mx.dequantize %0 : !mx.tensor<?x3x?, mxfp6_e2m3, axis = 2> to tensor<?x3x?xf32>
  %8 = mx.dequantize %6 : !mx.tensor<?x3x?, mxfp6_e2m3, axis = 2> to tensor<?x3x?xf32>
  return %7, %8 : tensor<?x3x?xf32>, tensor<?x3x?xf32>
}

func.func @nibbles(%0: !mx.tensor<3x5, mxfp4, axis = 0>) -> !mx.tensor<5x3, mxfp4, axis = 1> {
  %1 = mx.transpose %0 permutation = [1, 0] : !mx.tensor<3x5, mxfp4, axis = 0> to !mx.tensor<5x3, mxfp4, axis = 1>
  return %1 : !mx.tensor<5x3, mxfp4, axis = 1>
}

func.func @reshape(%0: !mx.tensor<2x6x48, mxfp6_e3m2, axis = 2>) -> (tensor<12x36xi8>, tensor<12x36xi8>) {
  %1 = mx.reshape %0 : !mx.tensor<2x6x48, mxfp6_e3m2, axis = 2> to !mx.tensor<12x48, mxfp6_e3m2, axis = 1>
  %2, %3 = mx.unbundle %1 : !mx.tensor<12x48, mxfp6_e3m2, axis = 1> to tensor<12x36xi8>, tensor<12x2xi8>
  %4, %5 = mx.unbundle %0 : !mx.tensor<2x6x48, mxfp6_e3m2, axis = 2> to tensor<2x6x36xi8>, tensor<2x6x2xi8>
  %6 = tensor.collapse_shape %4 [[0, 1], [2]] : tensor<2x6x36xi8> into tensor<12x36xi8>
  return %2, %6 : tensor<12x36xi8>, tensor<12x36xi8>
}

func.func @product(%x: tensor<64x?xbf16>, %y: tensor<64x5xf32>) -> tensor<?x5xf32> {
  %0 = mx.quantize %x scale_rule(even) : tensor<64x?xbf16> to !mx.tensor<64x?, mxfp4, axis = 0>
  %1 = mx.transpose %0 permutation = [1, 0] : !mx.tensor<64x?, mxfp4, axis = 0> to !mx.tensor<?x64, mxfp4, axis = 1>
  %2 = mx.quantize %y scale_rule(amax) : tensor<64x5xf32> to !mx.tensor<64x5, nvfp4, axis = 0>
  %3 = mx.transpose %2 permutation = [1, 0] : !mx.tensor<64x5, nvfp4, axis = 0> to !mx.tensor<5x64, nvfp4, axis = 1>
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c1 : tensor<64x?xbf16>
  %zero = arith.constant 0.0 : f32
  %4 = tensor.empty(%rows) : tensor<?x5xf32>
  %5 = linalg.fill ins(%zero : f32) outs(%4 : tensor<?x5xf32>) -> tensor<?x5xf32>
  %6 = mx.matmul ins(%1, %3 : !mx.tensor<?x64, mxfp4, axis = 1>, !mx.tensor<5x64, nvfp4, axis = 1>) outs(%5 : tensor<?x5xf32>)
  return %6 : tensor<?x5xf32>
}
