// RUN: mx-run %s --function=ties | FileCheck %s --check-prefix=TIES
// RUN: mx-run %s --function=saturation | FileCheck %s --check-prefix=SATURATION
// RUN: mx-run %s --function=poison --input='32xf32=nan' | FileCheck %s --check-prefix=POISON

// Numbers that a reader can check by hand. Sources stand behind an scf.if that no folder sees
// through, so that the compiled code is what runs.

// Ties go to the even code: 1.25 to 1, 2.5 to 2, 5 to 4 (N2.1).
// TIES: result 0: 1x16xf32 {{.*}}[6, 0, 1, 1, 2, 2, 4, 4, …]
func.func @ties() -> tensor<1x16xf32> {
  %x = arith.constant dense<[[6.0, 0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0,
                              -0.25, -0.75, -1.25, -1.75, -2.5, -3.5, -5.0, -6.0]]> : tensor<1x16xf32>
  %hidden = call @hide(%x) : (tensor<1x16xf32>) -> tensor<1x16xf32>
  %0 = mx.quantize %hidden scale_rule(floor) : tensor<1x16xf32> to !mx.tensor<1x16, mxfp4, axis = 1>
  %1 = mx.dequantize %0 : !mx.tensor<1x16, mxfp4, axis = 1> to tensor<1x16xf32>
  return %1 : tensor<1x16xf32>
}

// FLOOR saturates 7 to 6 (N3.1, N2.2).
// SATURATION: result 0: 1x6xf32 {{.*}}[6, 4, -4, 1, 0.5, 0]
func.func @saturation() -> tensor<1x6xf32> {
  %x = arith.constant dense<[[7.0, 5.0, -3.5, 1.0, 0.5, 0.25]]> : tensor<1x6xf32>
  %0 = tensor.cast %x : tensor<1x6xf32> to tensor<1x?xf32>
  %1 = call @hide_dynamic(%0) : (tensor<1x?xf32>) -> tensor<1x?xf32>
  %hidden = tensor.cast %1 : tensor<1x?xf32> to tensor<1x6xf32>
  %2 = mx.quantize %hidden scale_rule(floor) : tensor<1x6xf32> to !mx.tensor<1x6, mxfp4, axis = 1>
  %3 = mx.dequantize %2 : !mx.tensor<1x6, mxfp4, axis = 1> to tensor<1x6xf32>
  return %3 : tensor<1x6xf32>
}

// A NaN makes its block NaN: scale 0xFF, codes 0 (N3.6).
// POISON: result 0: 16xi8 min 0 max 0
// POISON: result 1: 1xi8 min -1 max -1
func.func @poison(%x: tensor<32xf32>) -> (tensor<16xi8>, tensor<1xi8>) {
  %0 = mx.quantize %x scale_rule(rceil) : tensor<32xf32> to !mx.tensor<32, mxfp4, axis = 0>
  %payload, %scales = mx.unbundle %0 : !mx.tensor<32, mxfp4, axis = 0> to tensor<16xi8>, tensor<1xi8>
  return %payload, %scales : tensor<16xi8>, tensor<1xi8>
}

func.func private @hide(%x: tensor<1x16xf32>) -> tensor<1x16xf32> attributes {no_inline} {
  return %x : tensor<1x16xf32>
}
func.func private @hide_dynamic(%x: tensor<1x?xf32>) -> tensor<1x?xf32> attributes {no_inline} {
  return %x : tensor<1x?xf32>
}
