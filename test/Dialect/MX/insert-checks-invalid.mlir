// RUN: mx-opt %s --mx-insert-checks --verify-diagnostics

// Checks compare memory, so tensors must have become buffers.
func.func @tensors(%x: tensor<4x3xi8>, %y: tensor<4x5xi8>) -> tensor<4x5xi8> {
  // expected-error @+1 {{expected buffers (run bufferisation first), got 'tensor<4x3xi8>'}}
  %0 = mx.packed.unpack ins(%x : tensor<4x3xi8>) outs(%y : tensor<4x5xi8>) {bits = 4 : i64}
    -> tensor<4x5xi8>
  return %0 : tensor<4x5xi8>
}
