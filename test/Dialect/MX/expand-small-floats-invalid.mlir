// RUN: mx-opt %s --mx-expand-small-floats --split-input-file --verify-diagnostics

// What has no meaning on codes is refused, never computed on integers.

func.func @arithmetic(%x: f4E2M1FN) -> f4E2M1FN {
  // expected-error @+1 {{expected values extended by arith.extf first, got 'f4E2M1FN'}}
  %0 = arith.addf %x, %x : f4E2M1FN
  return %0 : f4E2M1FN
}

// -----

func.func @in_a_body(%x: tensor<4xf8E4M3FN>, %y: tensor<f8E4M3FN>) -> tensor<f8E4M3FN> {
  %0 = linalg.reduce ins(%x : tensor<4xf8E4M3FN>) outs(%y : tensor<f8E4M3FN>)
    dimensions = [0] (%in: f8E4M3FN, %sum: f8E4M3FN) {
      // expected-error @+1 {{expected values extended by arith.extf first, got 'f8E4M3FN'}}
      %1 = arith.maximumf %in, %sum : f8E4M3FN
      linalg.yield %1 : f8E4M3FN
    }
  return %0 : tensor<f8E4M3FN>
}

// -----

func.func @reduction(%x: vector<4xf8E5M2>) -> f8E5M2 {
  // expected-error @+1 {{expected values extended by arith.extf first, got 'vector<4xf8E5M2>'}}
  %0 = vector.reduction <add>, %x : vector<4xf8E5M2> into f8E5M2
  return %0 : f8E5M2
}

// -----

func.func @rounding(%x: f32) -> f4E2M1FN {
  // expected-error @+1 {{expected rounding to_nearest_even, got toward_zero}}
  %0 = arith.truncf %x toward_zero : f32 to f4E2M1FN
  return %0 : f4E2M1FN
}

// -----

func.func @other_float(%x: f80) -> f4E2M1FN {
  // expected-error @+1 {{expected f64, f32, f16, bf16 or small floats, got 'f80'}}
  %0 = arith.truncf %x : f80 to f4E2M1FN
  return %0 : f4E2M1FN
}

// -----

func.func @f64_scale(%x: f32, %scale: f64) -> f4E2M1FN {
  // expected-error @+1 {{expected a scale of f32 or a narrower type, got 'f64'}}
  %0 = arith.scaling_truncf %x, %scale : f32, f64 to f4E2M1FN
  return %0 : f4E2M1FN
}

// -----

func.func @regrouping_bitcast(%x: vector<8xf4E2M1FN>) -> vector<4xi8> {
  // expected-error @+1 {{expected elements of the same width on both sides, got 'vector<8xf4E2M1FN>' and 'vector<4xi8>'}}
  %0 = vector.bitcast %x : vector<8xf4E2M1FN> to vector<4xi8>
  return %0 : vector<4xi8>
}

// -----

func.func @sparse() -> tensor<4xf8E5M2> {
  // expected-error @+1 {{expected a dense constant, got sparse<0, 1.000000e+00> : tensor<4xf8E5M2>}}
  %0 = arith.constant sparse<[0], 1.0> : tensor<4xf8E5M2>
  return %0 : tensor<4xf8E5M2>
}

// -----

func.func @resource() -> tensor<3xf4E2M1FN> {
  // expected-error @+1 {{expected a resource of 3 bytes, one for each element of 'tensor<3xf4E2M1FN>', got 2}}
  %0 = arith.constant dense_resource<codes> : tensor<3xf4E2M1FN>
  return %0 : tensor<3xf4E2M1FN>
}
{-#
  dialect_resources: { builtin: { codes: "0x010000003C40" } }
#-}

// -----

// expected-error @+1 {{expected arguments and results of 4- and 6-bit elements to be ranked tensors, got 'memref<4xf4E2M1FN>'}}
func.func @shared_buffer(%x: memref<4xf4E2M1FN>) {
  return
}
