// RUN: mx-run %s --function=all_rules --check --input='3x80xf32=random(1)' --input='80x3xbf16=random(2)' --input='7xi64=7' 2>&1 | FileCheck %s

// Every scale rule and rounding, last and first axis, ragged blocks: the compiled code has the
// bits of the reference.

// CHECK-COUNT-12: {{^mx.packed.quantize .* 0  bits$}}
func.func @all_rules(%x: tensor<?x?xf32>, %y: tensor<?x3xbf16>, %seeds: tensor<7xi64>)
    -> (tensor<?x?xf32>, tensor<?x3xf16>) {
  %c0 = arith.constant 0 : index
  %seed = tensor.extract %seeds[%c0] : tensor<7xi64>
  %0 = mx.quantize %x scale_rule(floor) : tensor<?x?xf32> to !mx.tensor<?x?, mxfp4, axis = 1>
  %1 = mx.dequantize %0 : !mx.tensor<?x?, mxfp4, axis = 1> to tensor<?x?xf32>
  %2 = mx.quantize %1 scale_rule(ceil) : tensor<?x?xf32> to !mx.tensor<?x?, mxfp6_e2m3, axis = 1>
  %3 = mx.dequantize %2 : !mx.tensor<?x?, mxfp6_e2m3, axis = 1> to tensor<?x?xf32>
  %4 = mx.quantize %3 scale_rule(rceil) : tensor<?x?xf32> to !mx.tensor<?x?, mxfp6_e3m2, axis = 1>
  %5 = mx.dequantize %4 : !mx.tensor<?x?, mxfp6_e3m2, axis = 1> to tensor<?x?xf32>
  %6 = mx.quantize %5 scale_rule(even) : tensor<?x?xf32> to !mx.tensor<?x?, mxfp8_e4m3, axis = 0>
  %7 = mx.dequantize %6 : !mx.tensor<?x?, mxfp8_e4m3, axis = 0> to tensor<?x?xf32>
  %8 = mx.quantize %7 scale_rule(mse) satfinite : tensor<?x?xf32> to !mx.tensor<?x?, mxfp8_e5m2, axis = 1>
  %9 = mx.dequantize %8 : !mx.tensor<?x?, mxfp8_e5m2, axis = 1> to tensor<?x?xf32>
  %10 = mx.quantize %9 scale_rule(rceil) rounding(stochastic) seed(%seed)
    : tensor<?x?xf32> to !mx.tensor<?x?, mxfp4, axis = 0>
  %11 = mx.dequantize %10 : !mx.tensor<?x?, mxfp4, axis = 0> to tensor<?x?xf32>

  %20 = mx.quantize %y scale_rule(amax) : tensor<?x3xbf16> to !mx.tensor<?x3, nvfp4, axis = 0>
  %21 = mx.dequantize %20 : !mx.tensor<?x3, nvfp4, axis = 0> to tensor<?x3xbf16>
  %22 = mx.quantize %21 scale_rule(four_over_six_mse) : tensor<?x3xbf16> to !mx.tensor<?x3, nvfp4, axis = 0>
  %23 = mx.dequantize %22 : !mx.tensor<?x3, nvfp4, axis = 0> to tensor<?x3xbf16>
  %24 = mx.quantize %23 scale_rule(four_over_six_mae) : tensor<?x3xbf16> to !mx.tensor<?x3, nvfp4, axis = 1>
  %25 = mx.dequantize %24 : !mx.tensor<?x3, nvfp4, axis = 1> to tensor<?x3xbf16>
  %26 = mx.quantize %25 scale_rule(sweep) : tensor<?x3xbf16> to !mx.tensor<?x3, nvfp4, axis = 0>
  %27 = mx.dequantize %26 : !mx.tensor<?x3, nvfp4, axis = 0> to tensor<?x3xbf16>
  %28 = mx.quantize %27 scale_rule(abs3) : tensor<?x3xbf16>
    to !mx.tensor<?x3, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 0>
  %29 = mx.dequantize %28
    : !mx.tensor<?x3, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 0>
    to tensor<?x3xbf16>
  %30 = mx.quantize %29 scale_rule(amax) rounding(stochastic) seed(%seed) random_bits(8)
    : tensor<?x3xbf16> to !mx.tensor<?x3, nvfp4, axis = 0>
  %31 = mx.dequantize %30 : !mx.tensor<?x3, nvfp4, axis = 0> to tensor<?x3xf16>
  return %11, %31 : tensor<?x?xf32>, tensor<?x3xf16>
}
