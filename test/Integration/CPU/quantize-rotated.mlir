// A rotation is part of the encoding that follows it: one operation where groups
// lie within blocks, two where they do not. Each gives the bits of lib/Numerics.

// RUN: mx-run %s --check --function=block '--input=7x64xf32=random(3)' | FileCheck %s --check-prefix=BLOCK
// BLOCK-NOT: mx.packed.rotate
// BLOCK: mx.packed.quantize {{.*}} 238 of 238 0 bits
// RUN: mx-run %s --check --function=ragged_signs '--input=5x48xbf16=random(3)' | FileCheck %s --check-prefix=RAGGED-SIGNS
// RAGGED-SIGNS-NOT: mx.packed.rotate
// RAGGED-SIGNS: mx.packed.quantize {{.*}} 130 of 130 0 bits
// RUN: mx-run %s --check --function=within_block '--input=5x24xf32=random(5)' | FileCheck %s --check-prefix=WITHIN-BLOCK
// WITHIN-BLOCK-NOT: mx.packed.rotate
// WITHIN-BLOCK: mx.packed.quantize {{.*}} 70 of 70 0 bits
// RUN: mx-run %s --check --function=across_blocks '--input=3x256xf32=random(5)' | FileCheck %s --check-prefix=ACROSS-BLOCKS
// ACROSS-BLOCKS: mx.packed.rotate {{.*}} 768 of 768 0 bits
// ACROSS-BLOCKS: mx.packed.quantize {{.*}} 432 of 432 0 bits
// RUN: mx-run %s --check --function=stochastic_columns '--input=32x3xf32=random(5)' --input=i64=9 | FileCheck %s --check-prefix=STOCHASTIC-COLUMNS
// STOCHASTIC-COLUMNS-NOT: mx.packed.rotate
// STOCHASTIC-COLUMNS: mx.packed.quantize {{.*}} 99 of 99 0 bits
// RUN: mx-run %s --check --function=long_block '--input=2x128xf32=random(5)' | FileCheck %s --check-prefix=LONG-BLOCK
// LONG-BLOCK-NOT: mx.packed.rotate
// LONG-BLOCK: mx.packed.quantize {{.*}} 196 of 196 0 bits

// A size that the rotation does not divide ends the program.
// RUN: not mx-run %s --function=within_block '--input=5x20xf32=random(5)' 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: expected the rotated axis to be a multiple of 8

func.func @block(%x: tensor<?x64xf32>) -> (tensor<?x32xi8>, tensor<?x2xi8>) {
  %0 = mx.quantize %x rotate scale_rule(even) : tensor<?x64xf32> to !mx.tensor<?x64, mxfp4, axis = 1, rotation = hadamard<32>>
  %p, %s = mx.unbundle %0 : !mx.tensor<?x64, mxfp4, axis = 1, rotation = hadamard<32>> to tensor<?x32xi8>, tensor<?x2xi8>
  return %p, %s : tensor<?x32xi8>, tensor<?x2xi8>
}

func.func @ragged_signs(%x: tensor<5x48xbf16>) -> (tensor<5x24xi8>, tensor<5x2xi8>) {
  %0 = mx.quantize %x rotate scale_rule(mse) : tensor<5x48xbf16> to !mx.tensor<5x48, mxfp4, axis = 1, rotation = hadamard<16, signs = [-1,1,1,-1,1,1,1,1,-1,1,1,-1,1,1,1,1]>>
  %p, %s = mx.unbundle %0 : !mx.tensor<5x48, mxfp4, axis = 1, rotation = hadamard<16, signs = [-1,1,1,-1,1,1,1,1,-1,1,1,-1,1,1,1,1]>> to tensor<5x24xi8>, tensor<5x2xi8>
  return %p, %s : tensor<5x24xi8>, tensor<5x2xi8>
}

func.func @within_block(%x: tensor<5x?xf32>) -> (tensor<5x?xi8>, tensor<5x?xi8>, tensor<f32>) {
  %0 = mx.quantize %x rotate scale_rule(sweep) : tensor<5x?xf32> to !mx.tensor<5x?, nvfp4, axis = 1, rotation = hadamard<8>>
  %p, %s, %t = mx.unbundle %0 : !mx.tensor<5x?, nvfp4, axis = 1, rotation = hadamard<8>> to tensor<5x?xi8>, tensor<5x?xi8>, tensor<f32>
  return %p, %s, %t : tensor<5x?xi8>, tensor<5x?xi8>, tensor<f32>
}

func.func @across_blocks(%x: tensor<3x256xf32>) -> (tensor<3x128xi8>, tensor<3x16xi8>, tensor<f32>) {
  %0 = mx.quantize %x rotate scale_rule(amax) : tensor<3x256xf32> to !mx.tensor<3x256, nvfp4, axis = 1, rotation = hadamard<128>>
  %p, %s, %t = mx.unbundle %0 : !mx.tensor<3x256, nvfp4, axis = 1, rotation = hadamard<128>> to tensor<3x128xi8>, tensor<3x16xi8>, tensor<f32>
  return %p, %s, %t : tensor<3x128xi8>, tensor<3x16xi8>, tensor<f32>
}

func.func @stochastic_columns(%x: tensor<32x3xf32>, %seed: i64) -> (tensor<32x3xi8>, tensor<1x3xi8>) {
  %0 = mx.quantize %x rotate scale_rule(rceil) rounding(stochastic) seed(%seed) : tensor<32x3xf32> to !mx.tensor<32x3, mxfp8_e4m3, axis = 0, rotation = hadamard<4>>
  %p, %s = mx.unbundle %0 : !mx.tensor<32x3, mxfp8_e4m3, axis = 0, rotation = hadamard<4>> to tensor<32x3xi8>, tensor<1x3xi8>
  return %p, %s : tensor<32x3xi8>, tensor<1x3xi8>
}

func.func @long_block(%x: tensor<2x128xf32>) -> (tensor<2x96xi8>, tensor<2x2xi8>) {
  %0 = mx.quantize %x rotate scale_rule(even) : tensor<2x128xf32> to !mx.tensor<2x128, format<element = f6E2M3FN, scale = f8E8M0FNU, block = 64>, axis = 1, rotation = hadamard<64>>
  %p, %s = mx.unbundle %0 : !mx.tensor<2x128, format<element = f6E2M3FN, scale = f8E8M0FNU, block = 64>, axis = 1, rotation = hadamard<64>> to tensor<2x96xi8>, tensor<2x2xi8>
  return %p, %s : tensor<2x96xi8>, tensor<2x2xi8>
}
