// RUN: mx-opt %s --verify-diagnostics --split-input-file

func.func @no_site(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected at least one site, got none}}
  mx.record %x for [] : tensor<4x64xf32>
  return
}

// -----

func.func @site_without_name(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected names of sites in UTF-8, got ""}}
  mx.record %x for ["a", ""] : tensor<4x64xf32>
  return
}

// -----

func.func @broken_utf8(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected names of sites in UTF-8, got "\FF"}}
  mx.record %x for ["\FF"] : tensor<4x64xf32>
  return
}

// -----

// A NUL ends a name on its way to the runtime.
func.func @nul_in_name(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected names of sites in UTF-8, got "a\00b"}}
  mx.record %x for ["a\00b"] : tensor<4x64xf32>
  return
}

// -----

func.func @site_twice(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected each site once, got "a" twice}}
  mx.record %x for ["a", "b", "a"] : tensor<4x64xf32>
  return
}

// -----

func.func @no_rows(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected max_rows of at least 1, got -1}}
  mx.record %x for ["a"] collect(rows) max_rows(-1) : tensor<4x64xf32>
  return
}

// -----

func.func @unknown_collect(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{expected what is collected (hessian, rows), got 'mean'}}
  mx.record %x for ["a"] collect(mean) : tensor<4x64xf32>
  return
}

// -----

func.func @no_columns(%x: tensor<f32>) {
  // expected-error @+1 {{operand #0 must be tensor or memref of f32, bf16 or f16 with rank 1 to 8}}
  mx.record %x for ["a"] : tensor<f32>
  return
}

// -----

func.func @integers(%x: memref<4xi32>) {
  // expected-error @+1 {{operand #0 must be tensor or memref of f32, bf16 or f16 with rank 1 to 8}}
  mx.record %x for ["a"] : memref<4xi32>
  return
}
