// The kernels of GPUs that convert: two numbers by one instruction, whose bytes are
// stored as they are.

// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @mxfp4
func.func @mxfp4(%x: memref<4x64xf32>, %p: memref<4x32xi8>, %s: memref<4x2xi8>) {
  // CHECK-COUNT-16: nvvm.convert.f32x2.to.f4x2 %{{.+}}, %{{.+}} : i8(f4E2M1FN)
  // CHECK-NOT: nvvm.convert
  // CHECK-NOT: vector.shuffle
  // CHECK: vector.store %{{.+}} : memref<4x32xi8>, vector<16xi8>
  mx.packed.quantize ins(%x : memref<4x64xf32>) outs(%p, %s : memref<4x32xi8>, memref<4x2xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64, kernel = "quantize_convert"}
  return
}

// -----

// A scale is a number, too, and a search decodes what it has encoded.
// CHECK-LABEL: func.func @nvfp4
func.func @nvfp4(%x: memref<4x64xf32>, %t: memref<f32>, %p: memref<4x32xi8>, %s: memref<4x4xi8>) {
  // CHECK: nvvm.convert.f32x2.to.f8x2 %{{.+}}, %{{.+}} {{.*}} : vector<2xi8>(f8E4M3FN)
  // CHECK: nvvm.convert.f32x2.to.f4x2
  // CHECK: nvvm.convert.f4x2.to.f16x2
  mx.packed.quantize ins(%x : memref<4x64xf32>) tensor_scale(%t : memref<f32>) outs(%p, %s : memref<4x32xi8>, memref<4x4xi8>)
    {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<four_over_six_mse>, index_axis = 1 : i64, kernel = "quantize_convert"}
  return
}

// -----

// There is no instruction for random bits of ours.
// CHECK-LABEL: func.func @stochastic
// CHECK-NOT: nvvm.convert
func.func @stochastic(%x: memref<4x64xf32>, %seed: i64, %p: memref<4x32xi8>, %s: memref<4x2xi8>) {
  mx.packed.quantize ins(%x : memref<4x64xf32>) seed(%seed) outs(%p, %s : memref<4x32xi8>, memref<4x2xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<ceil>, rounding = #mx.rounding<stochastic>,
     index_axis = 1 : i64, kernel = "quantize_convert"}
  return
}

// -----

// CHECK-LABEL: func.func @decode
func.func @decode(%p: memref<4x48xi8>, %s: memref<4x2xi8>, %y: memref<4x64xf32>) {
  // CHECK: %[[HALVES:.+]] = nvvm.convert.f6x2.to.f16x2 %{{.+}} : vector<2xi8>(f6E2M3FN) -> vector<2xf16>
  // CHECK: arith.extf %[[HALVES]] : vector<2xf16> to vector<2xf32>
  mx.packed.dequantize ins(%p, %s : memref<4x48xi8>, memref<4x2xi8>) outs(%y : memref<4x64xf32>)
    {format = #mx.format<mxfp6_e2m3>, kernel = "dequantize_convert"}
  return
}
