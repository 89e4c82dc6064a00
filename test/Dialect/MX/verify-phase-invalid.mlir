// RUN: mx-opt %s --mx-verify-phase=phase=import --split-input-file --verify-diagnostics

// What must not be left after a phase is reported where it stands.

func.func @tosa_left(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expected no tosa operation after the import phase, got 'tosa.abs'}}
  %0 = tosa.abs %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
