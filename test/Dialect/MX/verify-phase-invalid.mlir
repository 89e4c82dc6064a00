// RUN: split-file %s %t
// RUN: mx-opt %t/import.mlir --mx-verify-phase=phase=import --verify-diagnostics --split-input-file
// RUN: mx-opt %t/format.mlir --mx-verify-phase=phase=format --verify-diagnostics
// RUN: mx-opt %t/rotate.mlir --mx-verify-phase=phase=rotate --verify-diagnostics
// RUN: mx-opt %t/quantize.mlir --mx-verify-phase=phase=quantize --verify-diagnostics --split-input-file

// What must not be left after a phase is reported where it stands.

//--- import.mlir

func.func @tosa_left(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expected no tosa operation after the import phase, got 'tosa.abs'}}
  %0 = tosa.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @unknown_float(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expected no float of fewer than 16 bits that is not in N1.1, nor tf32, after the import phase, got 'arith.truncf'}}
  %0 = arith.truncf %x : tensor<4xf32> to tensor<4xf8E4M3FNUZ>
  %1 = arith.extf %0 : tensor<4xf8E4M3FNUZ> to tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @known_floats(%x: tensor<4xf32>) -> tensor<4xf64> {
  %0 = arith.truncf %x : tensor<4xf32> to tensor<4xf6E3M2FN>
  %1 = arith.extf %0 : tensor<4xf6E3M2FN> to tensor<4xf64>
  return %1 : tensor<4xf64>
}

//--- format.mlir

func.func @undecided(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %b: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // A product with a block-scaled side is decided on.
  %0 = mx.matmul ins(%x, %b : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
  %1 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%0 : tensor<4x8xf32>) {mx.plan = #mx.plan<keep, rotation = hadamard<32>>}
  // expected-error @+1 {{expected a plan of each product of plain operands after the format phase, got 'mx.matmul'}}
  %2 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%1 : tensor<4x8xf32>)
  return %2 : tensor<4x8xf32>
}

//--- rotate.mlir

func.func @not_rotated(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>) {mx.plan = #mx.plan<keep>, mx.rotated = #mx.hadamard<32>}
  // expected-error @+1 {{expected no plan with a rotation after the rotate phase, got 'mx.matmul'}}
  %1 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%0 : tensor<4x8xf32>) {mx.plan = #mx.plan<keep, rotation = hadamard<32>>}
  return %1 : tensor<4x8xf32>
}

//--- quantize.mlir

func.func @not_quantized(%x: tensor<4x64xf32>, %w: tensor<2x8x64xf32>, %e: tensor<2xi32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{expected no product of two plain operands after the quantize phase, got 'mx.grouped_matmul'}}
  %0 = mx.grouped_matmul ins(%x, %w, %e : tensor<4x64xf32>, tensor<2x8x64xf32>, tensor<2xi32>) outs(%c : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// -----

func.func @plan_left(%x: tensor<4x64xf32>, %w: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{expected no plan after the quantize phase, got 'mx.matmul'}}
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>) {mx.plan = #mx.plan<lhs = mxfp4 by even>}
  return %0 : tensor<4x8xf32>
}
