// RUN: mx-opt %s --mx-pack-layouts --split-input-file --verify-diagnostics

// An operation that knows nothing of parts cannot hold a block-scaled value.

func.func @unknown_user(%w: !mx.tensor<4x32, mxfp4, axis = 1>) {
  // expected-error @+1 {{expected block-scaled tensors in mx, func, scf and cf operations and arith.select only, got 'builtin.unrealized_conversion_cast'}}
  %0 = builtin.unrealized_conversion_cast %w : !mx.tensor<4x32, mxfp4, axis = 1> to i32
  return
}

// -----

// A block of two codes is one byte.
func.func @interleaved_blocks(%x: tensor<4x64xf32>, %w: !mx.tensor<8x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 2>, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @+1 {{expected block-scaled weights whose blocks are whole units of 4 bytes for the kernel "matmul_shuffle_fma", got '!mx.tensor<8x64}}
  %y = mx.matmul ins(%x, %w : tensor<4x64xf32>, !mx.tensor<8x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 2>, axis = 1>)
    outs(%c : tensor<4x8xf32>) {kernel = "matmul_shuffle_fma"}
  return %y : tensor<4x8xf32>
}
