// Generics whose body or element types are not recognised are left, with the reason.
// RUN: mx-opt %s --mx-import --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-import --remark-format=emitRemark | FileCheck %s
// CHECK-NOT: {{[ !#]}}mx.

#m_ko_kb = affine_map<(m, n, ko, kb) -> (m, ko, kb)>
#m_ko = affine_map<(m, n, ko, kb) -> (m, ko)>
#n_ko_kb = affine_map<(m, n, ko, kb) -> (n, ko, kb)>
#n_ko = affine_map<(m, n, ko, kb) -> (n, ko)>
#m_n = affine_map<(m, n, ko, kb) -> (m, n)>
#mkokb_m_ko_kb = affine_map<(m, ko, kb) -> (m, ko, kb)>
#mkokb_m_ko = affine_map<(m, ko, kb) -> (m, ko)>
#i_i = affine_map<(i) -> (i)>

// Every partial sum is rounded to bf16, which mx.matmul never does.
func.func @bf16_accumulator(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xbf16>) -> tensor<4x8xbf16> {
  // expected-remark@+1 {{linalg.generic: expected an accumulator of f32, got 'bf16'}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xbf16>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: bf16):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to bf16
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to bf16
    %3 = arith.mulf %1, %2 : bf16
    %4 = arith.addf %sum, %3 : bf16
    linalg.yield %4 : bf16
  } -> tensor<4x8xbf16>
  return %0 : tensor<4x8xbf16>
}

func.func @no_accumulator(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected a sum (arith.addf) with the output}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.maximumf %sum, %1 : f32
    linalg.yield %3 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @sum_of_sums(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected a product (arith.mulf) of extended inputs}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.addf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @negated_factor(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected a product (arith.mulf) of extended inputs}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %n = arith.negf %1 : f32
    %3 = arith.mulf %n, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @scaled_twice(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf4E2M1FN>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected arith.scaling_extf of two inputs}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf4E2M1FN>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f4E2M1FN, %ys_: f8E8M0FNU, %sum: f32):
    %t = arith.truncf %sum : f32 to f8E8M0FNU
    %1 = arith.scaling_extf %x_, %t : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.scaling_extf %y_, %ys_ : f4E2M1FN, f8E8M0FNU to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @f8_without_scales(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf8E4M3FN>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected a plain side of f32, bf16 or f16, got 'f8E4M3FN'}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf8E4M3FN>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %y_: f8E4M3FN, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = arith.extf %y_ : f8E4M3FN to f32
    %3 = arith.mulf %1, %2 : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @scales_unused(%x: tensor<4x2x32xbf16>, %xs: tensor<4x2xf8E8M0FNU>, %y: tensor<8x2x32xf32>, %ys: tensor<8x2xf8E8M0FNU>, %out: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-remark@+1 {{linalg.generic: expected a product of extended inputs of which one is scaled}}
  %0 = linalg.generic {indexing_maps = [#m_ko_kb, #m_ko, #n_ko_kb, #n_ko, #m_n], iterator_types = ["parallel", "parallel", "reduction", "reduction"]} ins(%x, %xs, %y, %ys : tensor<4x2x32xbf16>, tensor<4x2xf8E8M0FNU>, tensor<8x2x32xf32>, tensor<8x2xf8E8M0FNU>) outs(%out : tensor<4x8xf32>) {
  ^bb0(%x_: bf16, %xs_: f8E8M0FNU, %y_: f32, %ys_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : bf16, f8E8M0FNU to f32
    %2 = arith.extf %x_ : bf16 to f32
    %3 = arith.mulf %2, %y_ : f32
    %4 = arith.addf %sum, %3 : f32
    linalg.yield %4 : f32
  } -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

func.func @truncf_given_scales(%x: tensor<4x2x32xf32>, %xs: tensor<4x2xf8E8M0FNU>, %out: tensor<4x2x32xf4E2M1FN>) -> tensor<4x2x32xf4E2M1FN> {
  // expected-remark@+1 {{linalg.generic: arith.scaling_truncf is given its scales, which mx.quantize chooses itself}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x32xf32>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<4x2x32xf4E2M1FN>) {
  ^bb0(%x_: f32, %xs_: f8E8M0FNU, %sum: f4E2M1FN):
    %1 = arith.scaling_truncf %x_, %xs_ : f32, f8E8M0FNU to f4E2M1FN
    linalg.yield %1 : f4E2M1FN
  } -> tensor<4x2x32xf4E2M1FN>
  return %0 : tensor<4x2x32xf4E2M1FN>
}

func.func @dequantize_and_more(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %out: tensor<4x2x32xf32>) -> tensor<4x2x32xf32> {
  // expected-remark@+1 {{linalg.generic: expected the body to yield arith.scaling_extf}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<4x2x32xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    %2 = math.exp %1 : f32
    linalg.yield %2 : f32
  } -> tensor<4x2x32xf32>
  return %0 : tensor<4x2x32xf32>
}

func.func @dequantize_to_f16(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %out: tensor<4x2x32xf16>) -> tensor<4x2x32xf16> {
  // expected-remark@+1 {{linalg.generic: expected a result of f32 or bf16 with E8M0 scales, which f16 cannot hold, got 'f16'}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<4x2x32xf16>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %sum: f16):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f16
    linalg.yield %1 : f16
  } -> tensor<4x2x32xf16>
  return %0 : tensor<4x2x32xf16>
}

func.func @dequantize_to_f64(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %out: tensor<4x2x32xf64>) -> tensor<4x2x32xf64> {
  // expected-remark@+1 {{linalg.generic: expected a result of f32, bf16 or f16, got 'f64'}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<4x2x32xf64>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %sum: f64):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f64
    linalg.yield %1 : f64
  } -> tensor<4x2x32xf64>
  return %0 : tensor<4x2x32xf64>
}

func.func @f32_scales(%x: tensor<4x2x32xf4E2M1FN>, %xs: tensor<4x2xf32>, %out: tensor<4x2x32xf32>) -> tensor<4x2x32xf32> {
  // expected-remark@+1 {{linalg.generic: expected scales of 'f8E8M0FNU' or 'f8E4M3FN', got 'f32'}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x32xf4E2M1FN>, tensor<4x2xf32>) outs(%out : tensor<4x2x32xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f32, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f32 to f32
    linalg.yield %1 : f32
  } -> tensor<4x2x32xf32>
  return %0 : tensor<4x2x32xf32>
}

func.func @bf16_payload(%x: tensor<4x2x32xbf16>, %xs: tensor<4x2xf8E8M0FNU>, %out: tensor<4x2x32xf32>) -> tensor<4x2x32xf32> {
  // expected-remark@+1 {{linalg.generic: expected elements of a block-scaled format, got 'bf16'}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x32xbf16>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<4x2x32xf32>) {
  ^bb0(%x_: bf16, %xs_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : bf16, f8E8M0FNU to f32
    linalg.yield %1 : f32
  } -> tensor<4x2x32xf32>
  return %0 : tensor<4x2x32xf32>
}

func.func @block_of_five_nibbles(%x: tensor<4x2x5xf4E2M1FN>, %xs: tensor<4x2xf8E8M0FNU>, %out: tensor<4x2x5xf32>) -> tensor<4x2x5xf32> {
  // expected-remark@+1 {{linalg.generic: expected a block that is a whole number of bytes, got a block of 5 elements of 'f4E2M1FN'}}
  %0 = linalg.generic {indexing_maps = [#mkokb_m_ko_kb, #mkokb_m_ko, #mkokb_m_ko_kb], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %xs : tensor<4x2x5xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) outs(%out : tensor<4x2x5xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %sum: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    linalg.yield %1 : f32
  } -> tensor<4x2x5xf32>
  return %0 : tensor<4x2x5xf32>
}

func.func private @print(f32)
func.func @side_effect(%x: tensor<32xf4E2M1FN>, %xs: tensor<32xf8E8M0FNU>, %out: tensor<32xf32>) -> tensor<32xf32> {
  // expected-remark@+1 {{linalg.generic: expected a body without side effects}}
  %0 = linalg.generic {indexing_maps = [#i_i, #i_i, #i_i], iterator_types = ["parallel"]} ins(%x, %xs : tensor<32xf4E2M1FN>, tensor<32xf8E8M0FNU>) outs(%out : tensor<32xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %old: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    func.call @print(%1) : (f32) -> ()
    linalg.yield %1 : f32
  } -> tensor<32xf32>
  return %0 : tensor<32xf32>
}

func.func @two_outputs(%x: tensor<32xf4E2M1FN>, %xs: tensor<32xf8E8M0FNU>, %out: tensor<32xf32>) -> (tensor<32xf32>, tensor<32xf32>) {
  // expected-remark@+1 {{linalg.generic: expected one output, got 2}}
  %0:2 = linalg.generic {indexing_maps = [#i_i, #i_i, #i_i, #i_i], iterator_types = ["parallel"]} ins(%x, %xs : tensor<32xf4E2M1FN>, tensor<32xf8E8M0FNU>) outs(%out, %out : tensor<32xf32>, tensor<32xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %old: f32, %older: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    linalg.yield %1, %1 : f32, f32
  } -> (tensor<32xf32>, tensor<32xf32>)
  return %0#0, %0#1 : tensor<32xf32>, tensor<32xf32>
}

func.func @buffers(%x: memref<32xf4E2M1FN>, %xs: memref<32xf8E8M0FNU>, %out: memref<32xf32>) {
  // expected-remark@+1 {{linalg.generic: expected operands of tensor type}}
  linalg.generic {indexing_maps = [#i_i, #i_i, #i_i], iterator_types = ["parallel"]} ins(%x, %xs : memref<32xf4E2M1FN>, memref<32xf8E8M0FNU>) outs(%out : memref<32xf32>) {
  ^bb0(%x_: f4E2M1FN, %xs_: f8E8M0FNU, %old: f32):
    %1 = arith.scaling_extf %x_, %xs_ : f4E2M1FN, f8E8M0FNU to f32
    linalg.yield %1 : f32
  }
  return
}
