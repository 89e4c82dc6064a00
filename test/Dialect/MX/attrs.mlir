// Every attribute survives text and bytecode.
// RUN: mx-opt %s | mx-opt | FileCheck %s
// RUN: mx-opt %s --emit-bytecode | mx-opt | FileCheck %s

// A target's strings may hold any character.
// CHECK: module attributes {mx.target = #mx.target<cpu, chip = "a\22b\\c\0A", features = "+avx2,-fma">}
module attributes {mx.target = #mx.target<cpu, chip = "a\22b\\c\n", features = "+avx2,-fma">} {

// CHECK-LABEL: func private @targets
// CHECK-SAME: bare = #mx.target<cpu>, chip = #mx.target<nvvm, chip = "sm_120a">, features = #mx.target<cpu, features = "+avx2">,
// CHECK-SAME: ptx = #mx.target<nvvm, chip = "sm_120a", features = "+ptx88">,
// CHECK-SAME: swapped = #mx.target<cpu, chip = "x86-64-v3", features = "+avx2">
func.func private @targets() attributes {
  bare = #mx.target<cpu>,
  chip = #mx.target<nvvm, chip = "sm_120a">,
  ptx = #mx.target<nvvm, chip = "sm_120a", features = "+ptx88">,
  features = #mx.target<cpu, chip = "", features = "+avx2">,
  swapped = #mx.target<cpu, features = "+avx2", chip = "x86-64-v3">}

// CHECK-LABEL: func private @formats
// CHECK-SAME: fields = #mx.format<mxfp8_e5m2>, name = #mx.format<mxfp4>,
// CHECK-SAME: other = #mx.format<element = f8E5M2, scale = f8E4M3FN, block = 16, tensor_scale>
func.func private @formats() attributes {
  name = #mx.format<mxfp4>,
  fields = #mx.format<block = 32, element = f8E5M2, scale = f8E8M0FNU>,
  other = #mx.format<element = f8E5M2, scale = f8E4M3FN, block = 16, tensor_scale>}

// CHECK-LABEL: func private @rotations
// CHECK-SAME: largest = #mx.hadamard<256>, signed = #mx.hadamard<4, signs = [1, -1, -1, 1]>, smallest = #mx.hadamard<2>
func.func private @rotations() attributes {
  smallest = #mx.hadamard<2>, largest = #mx.hadamard<256>,
  signed = #mx.hadamard<4, signs = [1, -1, -1, 1]>}

// CHECK-LABEL: func private @rules
// CHECK-SAME: [#mx.scale_rule<floor>, #mx.scale_rule<ceil>, #mx.scale_rule<rceil>, #mx.scale_rule<even>,
// CHECK-SAME:  #mx.scale_rule<mse>, #mx.scale_rule<abs3>, #mx.scale_rule<amax>, #mx.scale_rule<four_over_six_mse>,
// CHECK-SAME:  #mx.scale_rule<four_over_six_mae>, #mx.scale_rule<sweep>]
func.func private @rules() attributes {rules = [
  #mx.scale_rule<floor>, #mx.scale_rule<ceil>, #mx.scale_rule<rceil>, #mx.scale_rule<even>,
  #mx.scale_rule<mse>, #mx.scale_rule<abs3>, #mx.scale_rule<amax>, #mx.scale_rule<four_over_six_mse>,
  #mx.scale_rule<four_over_six_mae>, #mx.scale_rule<sweep>]}

// CHECK-LABEL: func private @roundings
// CHECK-SAME: [#mx.rounding<nearest_even>, #mx.rounding<stochastic>]
func.func private @roundings() attributes {
  roundings = [#mx.rounding<nearest_even>, #mx.rounding<stochastic>]}

// CHECK-LABEL: func private @methods
// CHECK-SAME: methods = [#mx.method<rtn>, #mx.method<gptq>]
func.func private @methods() attributes {methods = [#mx.method<rtn>, #mx.method<gptq>]}

// CHECK-LABEL: func private @encodings
// CHECK-SAME: named = #mx.encoding<mxfp4 by even>,
// CHECK-SAME: other = #mx.encoding<format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale> by abs3>
func.func private @encodings() attributes {
  named = #mx.encoding<format<mxfp4> by even>,
  other = #mx.encoding<format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale> by abs3>}

// CHECK-LABEL: func private @plans
// CHECK-SAME: all = #mx.plan<lhs = mxfp4 by even, rhs = nvfp4 by four_over_six_mse, rotation = hadamard<2, signs = [1, -1]>, method = gptq>,
// CHECK-SAME: keep = #mx.plan<keep>, keep_rotated = #mx.plan<keep, rotation = hadamard<32>>,
// CHECK-SAME: one_side = #mx.plan<lhs = mxfp8_e5m2 by rceil>
func.func private @plans() attributes {
  all = #mx.plan<method = gptq, rotation = hadamard<2, signs = [1, -1]>, rhs = nvfp4 by four_over_six_mse, lhs = mxfp4 by even>,
  keep = #mx.plan<keep>,
  keep_rotated = #mx.plan<keep, rotation = hadamard<32>>,
  one_side = #mx.plan<lhs = mxfp8_e5m2 by rceil, method = rtn>}

// CHECK-LABEL: func private @elements
// CHECK-SAME: dense = #mx.elements<payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>>,
// CHECK-SAME: resource = #mx.elements<payload = dense_resource<codes> : tensor<1x2xi8>, scales = dense<56> : tensor<1x1xi8>, tensor_scale = 5.000000e-01 : f32>
func.func private @elements() attributes {
  dense = #mx.elements<payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>>,
  resource = #mx.elements<payload = dense_resource<codes> : tensor<1x2xi8>,
                          scales = dense<56> : tensor<1x1xi8>, tensor_scale = 0.5 : f32>}

}

// CHECK: codes: "0x010000001234"
{-# dialect_resources: { builtin: { codes: "0x010000001234" } } #-}
