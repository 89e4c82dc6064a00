// RUN: mx-opt %s --mx-lower-records --verify-diagnostics --split-input-file

func.func @tensor(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected a buffer (run bufferisation first), got 'tensor<4x64xf32>'}}
  mx.record %x for ["a"] : tensor<4x64xf32>
  return
}

// -----

func.func @other_memory(%x: memref<4x64xf32, 3>) {
  // expected-error @+1 {{expected a buffer in the default memory space, got 'memref<4x64xf32, 3>'}}
  mx.record %x for ["a"] : memref<4x64xf32, 3>
  return
}
