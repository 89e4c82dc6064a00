// RUN: mx-opt %s --mx-pack-layouts --split-input-file --verify-diagnostics

// An operation that knows nothing of parts cannot hold a block-scaled value.

func.func @unknown_user(%w: !mx.tensor<4x32, mxfp4, axis = 1>) {
  // expected-error @+1 {{expected block-scaled tensors in mx, func, scf and cf operations and arith.select only, got 'builtin.unrealized_conversion_cast'}}
  %0 = builtin.unrealized_conversion_cast %w : !mx.tensor<4x32, mxfp4, axis = 1> to i32
  return
}
