// Every graph operation survives text, its generic form and bytecode.
// RUN: mx-opt %s | mx-opt | FileCheck %s
// RUN: mx-opt %s --mlir-print-op-generic | mx-opt | FileCheck %s
// RUN: mx-opt %s --emit-bytecode | mx-opt | FileCheck %s

// CHECK-LABEL: func @constants
func.func @constants() {
  // CHECK: mx.constant <payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  %0 = mx.constant <payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  // CHECK: mx.constant <payload = dense_resource<codes> : tensor<1x2xi8>, scales = dense<56> : tensor<1x1xi8>, tensor_scale = 0x7FC00000 : f32> : !mx.tensor<1x3, nvfp4, axis = 1>
  %1 = mx.constant <payload = dense_resource<codes> : tensor<1x2xi8>, scales = dense<56> : tensor<1x1xi8>, tensor_scale = 0x7FC00000 : f32> : !mx.tensor<1x3, nvfp4, axis = 1>
  // Data that another file holds.
  // CHECK: mx.constant <payload = dense_resource<elsewhere> : tensor<16xi8>, scales = dense<1> : tensor<1xi8>> : !mx.tensor<32, mxfp4, axis = 0>
  %2 = mx.constant <payload = dense_resource<elsewhere> : tensor<16xi8>, scales = dense<1> : tensor<1xi8>> : !mx.tensor<32, mxfp4, axis = 0>
  return
}

// CHECK-LABEL: func @bundles
func.func @bundles(%e: tensor<4x64xf4E2M1FN>, %b: tensor<4x32xi8>, %s: tensor<4x2xf8E8M0FNU>,
                   %ns: tensor<4x4xi8>, %t: tensor<f32>, %dyn: tensor<?x?xi8>, %ds: tensor<?x?xi8>) {
  // CHECK: mx.bundle %{{.*}}, %{{.*}} : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU> to !mx.tensor<4x64, mxfp4, axis = 1>
  %0 = mx.bundle %e, %s : tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU> to !mx.tensor<4x64, mxfp4, axis = 1>
  // CHECK: mx.bundle %{{.*}}, %{{.*}} tensor_scale(%{{.*}}) {note = "x"} : tensor<4x32xi8>, tensor<4x4xi8> to !mx.tensor<4x64, nvfp4, axis = 1>
  %1 = mx.bundle %b, %ns tensor_scale(%t) {note = "x"} : tensor<4x32xi8>, tensor<4x4xi8> to !mx.tensor<4x64, nvfp4, axis = 1>
  // CHECK: mx.bundle %{{.*}}, %{{.*}} : tensor<?x?xi8>, tensor<?x?xi8> to !mx.tensor<?x?, mxfp8_e4m3, axis = 0>
  %2 = mx.bundle %dyn, %ds : tensor<?x?xi8>, tensor<?x?xi8> to !mx.tensor<?x?, mxfp8_e4m3, axis = 0>
  // CHECK: mx.bundle %{{.*}}, %{{.*}} : tensor<?x?xi8>, tensor<?x?xi8> to !mx.tensor<4x64, mxfp6_e2m3, axis = 1>
  %3 = mx.bundle %dyn, %ds : tensor<?x?xi8>, tensor<?x?xi8> to !mx.tensor<4x64, mxfp6_e2m3, axis = 1>
  return
}

// CHECK-LABEL: func @unbundles
func.func @unbundles(%x: !mx.tensor<4x60, mxfp6_e3m2, axis = 1>, %n: !mx.tensor<?x64, nvfp4, axis = 1>) {
  // CHECK: mx.unbundle %{{.*}} : !mx.tensor<4x60, mxfp6_e3m2, axis = 1> to tensor<4x60xf6E3M2FN>, tensor<4x2xi8>
  %0:2 = mx.unbundle %x : !mx.tensor<4x60, mxfp6_e3m2, axis = 1> to tensor<4x60xf6E3M2FN>, tensor<4x2xi8>
  // CHECK: mx.unbundle %{{.*}} : !mx.tensor<4x60, mxfp6_e3m2, axis = 1> to tensor<4x45xi8>, tensor<4x2xf8E8M0FNU>
  %1:2 = mx.unbundle %x : !mx.tensor<4x60, mxfp6_e3m2, axis = 1> to tensor<4x45xi8>, tensor<4x2xf8E8M0FNU>
  // CHECK: mx.unbundle %{{.*}} : !mx.tensor<?x64, nvfp4, axis = 1> to tensor<?x32xi8>, tensor<?x4xf8E4M3FN>, tensor<f32>
  %2:3 = mx.unbundle %n : !mx.tensor<?x64, nvfp4, axis = 1> to tensor<?x32xi8>, tensor<?x4xf8E4M3FN>, tensor<f32>
  return
}

// CHECK-LABEL: func @quantises
func.func @quantises(%x: tensor<?x64xf32>, %b: tensor<4x64xbf16>, %h: tensor<64xf16>, %t: tensor<f32>, %seed: i64) {
  // CHECK: mx.quantize %{{.*}} scale_rule(even) : tensor<?x64xf32> to !mx.tensor<?x64, mxfp4, axis = 1>
  %0 = mx.quantize %x scale_rule(even) : tensor<?x64xf32> to !mx.tensor<?x64, mxfp4, axis = 1>
  // The defaults are not printed.
  // CHECK: mx.quantize %{{.*}} scale_rule(mse) : tensor<4x64xbf16> to !mx.tensor<4x64, mxfp8_e5m2, axis = 0>
  %1 = mx.quantize %b scale_rule(mse) rounding(nearest_even) random_bits(16) : tensor<4x64xbf16> to !mx.tensor<4x64, mxfp8_e5m2, axis = 0>
  // CHECK: mx.quantize %{{.*}} tensor_scale(%{{.*}}) rotate scale_rule(amax) rounding(stochastic) seed(%{{.*}}) random_bits(8) satfinite {kernel = "k"} : tensor<64xf16> to !mx.tensor<64, nvfp4, axis = 0, rotation = hadamard<16>>
  %2 = mx.quantize %h tensor_scale(%t) rotate scale_rule(amax) rounding(stochastic) seed(%seed) random_bits(8) satfinite {kernel = "k"} : tensor<64xf16> to !mx.tensor<64, nvfp4, axis = 0, rotation = hadamard<16>>
  // The source is rotated already.
  // CHECK: mx.quantize %{{.*}} scale_rule(floor) satfinite : tensor<?x64xf32> to !mx.tensor<?x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [-1, 1]>>
  %3 = mx.quantize %x scale_rule(floor) satfinite : tensor<?x64xf32> to !mx.tensor<?x64, mxfp4, axis = 1, rotation = hadamard<2, signs = [-1, 1]>>
  // CHECK: mx.quantize %{{.*}} scale_rule(abs3) : tensor<?x64xf32> to !mx.tensor<?x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1>
  %4 = mx.quantize %x scale_rule(abs3) : tensor<?x64xf32> to !mx.tensor<?x64, format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>, axis = 1>
  // CHECK: mx.quantize %{{.*}} scale_rule(sweep) : tensor<?x64xf32> to !mx.tensor<4x?, format<element = f8E4M3FN, scale = f8E4M3FN, block = 16>, axis = 1>
  %5 = mx.quantize %x scale_rule(sweep) : tensor<?x64xf32> to !mx.tensor<4x?, format<element = f8E4M3FN, scale = f8E4M3FN, block = 16>, axis = 1>
  return
}

// CHECK-LABEL: func @dequantises
func.func @dequantises(%x: !mx.tensor<4x?, mxfp8_e4m3, axis = 1>, %y: !mx.tensor<64, nvfp4, axis = 0, rotation = hadamard<16>>) {
  // CHECK: mx.dequantize %{{.*}} : !mx.tensor<4x?, mxfp8_e4m3, axis = 1> to tensor<4x?xbf16>
  %0 = mx.dequantize %x : !mx.tensor<4x?, mxfp8_e4m3, axis = 1> to tensor<4x?xbf16>
  // CHECK: mx.dequantize %{{.*}} {kernel = "k"} : !mx.tensor<64, nvfp4, axis = 0, rotation = hadamard<16>> to tensor<64xf16>
  %1 = mx.dequantize %y {kernel = "k"} : !mx.tensor<64, nvfp4, axis = 0, rotation = hadamard<16>> to tensor<64xf16>
  return
}

// CHECK-LABEL: func @rotates
func.func @rotates(%x: tensor<?x64xf32>, %y: tensor<64x?xbf16>) {
  // CHECK: mx.rotate %{{.*}} by hadamard<32> along 1 : tensor<?x64xf32>
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<?x64xf32>
  // CHECK: mx.rotate %{{.*}} by hadamard<4, signs = [1, -1, 1, 1]> along 1 inverse {kernel = "k"} : tensor<64x?xbf16>
  %1 = mx.rotate %y by hadamard<4, signs = [1, -1, 1, 1]> along 1 inverse {kernel = "k"} : tensor<64x?xbf16>
  return
}

// CHECK-LABEL: func @moves
func.func @moves(%x: !mx.tensor<2x?x64, mxfp4, axis = 2, rotation = hadamard<32>>, %y: !mx.tensor<2x3x64, nvfp4, axis = 2>) {
  // CHECK: mx.transpose %{{.*}} permutation = [2, 0, 1] : !mx.tensor<2x?x64, mxfp4, axis = 2, rotation = hadamard<32>> to !mx.tensor<64x2x?, mxfp4, axis = 0, rotation = hadamard<32>>
  %0 = mx.transpose %x permutation = [2, 0, 1] : !mx.tensor<2x?x64, mxfp4, axis = 2, rotation = hadamard<32>> to !mx.tensor<64x2x?, mxfp4, axis = 0, rotation = hadamard<32>>
  // CHECK: mx.reshape %{{.*}} : !mx.tensor<2x3x64, nvfp4, axis = 2> to !mx.tensor<6x1x64, nvfp4, axis = 2>
  %1 = mx.reshape %y : !mx.tensor<2x3x64, nvfp4, axis = 2> to !mx.tensor<6x1x64, nvfp4, axis = 2>
  return
}

// CHECK-LABEL: func @products
func.func @products(%a: !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, %b: !mx.tensor<16x64, mxfp4, axis = 1>,
                    %c: tensor<?x16xf32>, %p: tensor<3x8x64xf16>, %r: !mx.tensor<3x16x64, nvfp4, axis = 2, rotation = hadamard<16>>,
                    %i: tensor<3x8x16xbf16>) {
  // CHECK: mx.matmul ins(%{{.*}}, %{{.*}} : !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, !mx.tensor<16x64, mxfp4, axis = 1>) outs(%{{.*}} : tensor<?x16xf32>)
  %0 = mx.matmul ins(%a, %b : !mx.tensor<?x64, mxfp8_e4m3, axis = 1>, !mx.tensor<16x64, mxfp4, axis = 1>) outs(%c : tensor<?x16xf32>)
  // A plain side carries no mark of rotation.
  // CHECK: mx.matmul ins(%{{.*}}, %{{.*}} : tensor<3x8x64xf16>, !mx.tensor<3x16x64, nvfp4, axis = 2, rotation = hadamard<16>>) outs(%{{.*}} : tensor<3x8x16xbf16>) {kernel = "k"}
  %1 = mx.matmul ins(%p, %r : tensor<3x8x64xf16>, !mx.tensor<3x16x64, nvfp4, axis = 2, rotation = hadamard<16>>) outs(%i : tensor<3x8x16xbf16>) {kernel = "k"}
  return
}

// CHECK-LABEL: func @grouped
func.func @grouped(%a: tensor<?x64xbf16>, %b: !mx.tensor<8x16x64, mxfp4, axis = 2>, %e: tensor<8xi32>,
                   %l: tensor<?xi64>, %d: tensor<8xindex>, %c: tensor<?x16xf32>) {
  // CHECK: mx.grouped_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xbf16>, !mx.tensor<8x16x64, mxfp4, axis = 2>, tensor<8xi32>) outs(%{{.*}} : tensor<?x16xf32>)
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<?x64xbf16>, !mx.tensor<8x16x64, mxfp4, axis = 2>, tensor<8xi32>) outs(%c : tensor<?x16xf32>)
  // CHECK: mx.grouped_matmul ins({{.*}} : {{.*}}, tensor<?xi64>) outs(%{{.*}} : tensor<?x16xf32>) {kernel = "k"}
  %1 = mx.grouped_matmul ins(%a, %b, %l : tensor<?x64xbf16>, !mx.tensor<8x16x64, mxfp4, axis = 2>, tensor<?xi64>) outs(%c : tensor<?x16xf32>) {kernel = "k"}
  // CHECK: mx.grouped_matmul ins({{.*}} : {{.*}}, tensor<8xindex>)
  %2 = mx.grouped_matmul ins(%a, %b, %d : tensor<?x64xbf16>, !mx.tensor<8x16x64, mxfp4, axis = 2>, tensor<8xindex>) outs(%c : tensor<?x16xf32>)
  return
}

// The generic form needs only what has no default.
// CHECK-LABEL: func @generic_form
func.func @generic_form(%x: tensor<64xf32>) {
  // CHECK: mx.quantize %{{.*}} scale_rule(even) : tensor<64xf32> to !mx.tensor<64, mxfp4, axis = 0>
  %0 = "mx.quantize"(%x) <{scale_rule = #mx.scale_rule<even>, operandSegmentSizes = array<i32: 1, 0, 0>}> : (tensor<64xf32>) -> !mx.tensor<64, mxfp4, axis = 0>
  return
}

// CHECK: codes: "0x010000001234"
{-# dialect_resources: { builtin: { codes: "0x010000001234" } } #-}
