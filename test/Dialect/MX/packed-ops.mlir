// Every packed operation, on tensors and on buffers, survives text, its generic
// form and bytecode.
// RUN: mx-opt %s | mx-opt | FileCheck %s
// RUN: mx-opt %s --mlir-print-op-generic | mx-opt | FileCheck %s
// RUN: mx-opt %s --emit-bytecode | mx-opt | FileCheck %s

// CHECK-LABEL: func @tensor_scales
func.func @tensor_scales(%x: tensor<?x64xbf16>, %t: tensor<f32>, %m: memref<4xf32>, %mt: memref<f32>) {
  // CHECK: mx.packed.tensor_scale ins(%{{.*}} : tensor<?x64xbf16>) outs(%{{.*}} : tensor<f32>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>} -> tensor<f32>
  %0 = mx.packed.tensor_scale ins(%x : tensor<?x64xbf16>) outs(%t : tensor<f32>) {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>} -> tensor<f32>
  // CHECK: mx.packed.tensor_scale ins(%{{.*}} : memref<4xf32>) outs(%{{.*}} : memref<f32>) {format = #mx.format<nvfp4>, kernel = "k", rounding = #mx.rounding<stochastic>, satfinite, scale_rule = #mx.scale_rule<amax>}
  mx.packed.tensor_scale ins(%m : memref<4xf32>) outs(%mt : memref<f32>) {format = #mx.format<nvfp4>, kernel = "k", rounding = #mx.rounding<stochastic>, satfinite, scale_rule = #mx.scale_rule<amax>}
  return
}

// CHECK-LABEL: func @quantises
func.func @quantises(%x: tensor<4x64xf32>, %p: tensor<4x32xi8>, %s: tensor<4x2xi8>, %ns: tensor<4x4xi8>, %t: tensor<f32>, %seed: i64,
                     %mx: memref<?xf16>, %mp: memref<?xi8>, %ms: memref<?xi8>) {
  // CHECK: mx.packed.quantize ins(%{{.*}} : tensor<4x64xf32>) outs(%{{.*}}, %{{.*}} : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, index_axis = 1 : i64, scale_rule = #mx.scale_rule<even>} -> tensor<4x32xi8>, tensor<4x2xi8>
  %0:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) outs(%p, %s : tensor<4x32xi8>, tensor<4x2xi8>) {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64} -> tensor<4x32xi8>, tensor<4x2xi8>
  // CHECK: mx.packed.quantize ins(%{{.*}} : tensor<4x64xf32>) tensor_scale(%{{.*}} : tensor<f32>) seed(%{{.*}}) outs({{.*}}) {format = #mx.format<nvfp4>, index_axis = 0 : i64, kernel = "k", random_bits = 23 : i32, rounding = #mx.rounding<stochastic>, satfinite, scale_rule = #mx.scale_rule<amax>}
  %1:2 = mx.packed.quantize ins(%x : tensor<4x64xf32>) tensor_scale(%t : tensor<f32>) seed(%seed) outs(%p, %ns : tensor<4x32xi8>, tensor<4x4xi8>) {format = #mx.format<nvfp4>, index_axis = 0 : i64, kernel = "k", random_bits = 23 : i32, rounding = #mx.rounding<stochastic>, satfinite, scale_rule = #mx.scale_rule<amax>} -> tensor<4x32xi8>, tensor<4x4xi8>
  // CHECK: mx.packed.quantize ins(%{{.*}} : memref<?xf16>) outs(%{{.*}}, %{{.*}} : memref<?xi8>, memref<?xi8>) {format = #mx.format<mxfp6_e2m3>, index_axis = 0 : i64, scale_rule = #mx.scale_rule<floor>}
  mx.packed.quantize ins(%mx : memref<?xf16>) outs(%mp, %ms : memref<?xi8>, memref<?xi8>) {format = #mx.format<mxfp6_e2m3>, index_axis = 0 : i64, scale_rule = #mx.scale_rule<floor>}
  return
}

// CHECK-LABEL: func @dequantises
func.func @dequantises(%p: tensor<4x32xi8>, %s: tensor<4x4xi8>, %t: tensor<f32>, %y: tensor<4x64xbf16>,
                       %mp: memref<4x5xi8>, %ms: memref<4x1xi8>, %my: memref<4x5xf32, strided<[10, 1]>>) {
  // CHECK: mx.packed.dequantize ins(%{{.*}}, %{{.*}} : tensor<4x32xi8>, tensor<4x4xi8>) tensor_scale(%{{.*}} : tensor<f32>) outs(%{{.*}} : tensor<4x64xbf16>) {format = #mx.format<nvfp4>} -> tensor<4x64xbf16>
  %0 = mx.packed.dequantize ins(%p, %s : tensor<4x32xi8>, tensor<4x4xi8>) tensor_scale(%t : tensor<f32>) outs(%y : tensor<4x64xbf16>) {format = #mx.format<nvfp4>} -> tensor<4x64xbf16>
  // CHECK: mx.packed.dequantize ins(%{{.*}}, %{{.*}} : memref<4x5xi8>, memref<4x1xi8>) outs(%{{.*}} : memref<4x5xf32, strided<[10, 1]>>) {format = #mx.format<mxfp8_e5m2>, kernel = "k"}
  mx.packed.dequantize ins(%mp, %ms : memref<4x5xi8>, memref<4x1xi8>) outs(%my : memref<4x5xf32, strided<[10, 1]>>) {format = #mx.format<mxfp8_e5m2>, kernel = "k"}
  return
}

// CHECK-LABEL: func @rotates
func.func @rotates(%x: tensor<4x64xbf16>, %y: tensor<4x64xf32>, %m: memref<?x?xf32>) {
  // CHECK: mx.packed.rotate ins(%{{.*}} : tensor<4x64xbf16>) outs(%{{.*}} : tensor<4x64xf32>) {inverse, kernel = "k", rotation = #mx.hadamard<32>} -> tensor<4x64xf32>
  %0 = mx.packed.rotate ins(%x : tensor<4x64xbf16>) outs(%y : tensor<4x64xf32>) {inverse, kernel = "k", rotation = #mx.hadamard<32>} -> tensor<4x64xf32>
  // CHECK: mx.packed.rotate ins(%[[M:.+]] : memref<?x?xf32>) outs(%[[M]] : memref<?x?xf32>) {rotation = #mx.hadamard<2, signs = [1, -1]>}
  mx.packed.rotate ins(%m : memref<?x?xf32>) outs(%m : memref<?x?xf32>) {rotation = #mx.hadamard<2, signs = [1, -1]>}
  return
}

// CHECK-LABEL: func @products
func.func @products(%k: index, %a: tensor<4x64xf32>, %p: tensor<8x32xi8>, %s: tensor<8x2xi8>, %ns: tensor<8x4xi8>, %t: tensor<f32>, %c: tensor<4x8xf32>,
                    %ma: memref<?x64xbf16>, %mp: memref<8x16x32xi8>, %ms: memref<8x16x2xi8>, %e: memref<8xi32>, %mc: memref<?x16xf32>) {
  // CHECK: mx.packed.matmul k(%{{.*}}) lhs(%{{.*}} : tensor<4x64xf32>) rhs(%{{.*}}, %{{.*}} : tensor<8x32xi8>, tensor<8x2xi8>) outs(%{{.*}} : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  %0 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%p, %s : tensor<8x32xi8>, tensor<8x2xi8>) outs(%c : tensor<4x8xf32>) {rhs_format = #mx.format<mxfp4>} -> tensor<4x8xf32>
  // CHECK: mx.packed.matmul k(%{{.*}}) lhs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<8x32xi8>, tensor<8x4xi8>, tensor<f32>) rhs(%{{.*}} : tensor<4x64xf32>) outs({{.*}}) {kernel = "k", lhs_format = #mx.format<nvfp4>}
  %ct = tensor.empty() : tensor<8x4xf16>
  %1 = mx.packed.matmul k(%k) lhs(%p, %ns, %t : tensor<8x32xi8>, tensor<8x4xi8>, tensor<f32>) rhs(%a : tensor<4x64xf32>) outs(%ct : tensor<8x4xf16>) {kernel = "k", lhs_format = #mx.format<nvfp4>} -> tensor<8x4xf16>
  // CHECK: mx.packed.matmul k(%{{.*}}) lhs(%{{.*}} : memref<?x64xbf16>) rhs(%{{.*}}, %{{.*}} : memref<8x16x32xi8>, memref<8x16x2xi8>) group_ends(%{{.*}} : memref<8xi32>) outs(%{{.*}} : memref<?x16xf32>) {rhs_format = #mx.format<mxfp4>}
  mx.packed.matmul k(%k) lhs(%ma : memref<?x64xbf16>) rhs(%mp, %ms : memref<8x16x32xi8>, memref<8x16x2xi8>) group_ends(%e : memref<8xi32>) outs(%mc : memref<?x16xf32>) {rhs_format = #mx.format<mxfp4>}
  return
}

// CHECK-LABEL: func @interleaved
func.func @interleaved(%k: index, %a: tensor<4x64xf32>, %p: tensor<20x32xi8>, %w: tensor<2x512xi8>, %ws: tensor<2x32xi8>, %c: tensor<4x20xf32>,
                       %mp: memref<?x?x?xi8>, %ms: memref<3x?x?xi8>) {
  // CHECK: mx.packed.interleave ins(%{{.*}} : tensor<20x32xi8>) outs(%{{.*}} : tensor<2x512xi8>) {padding = 0 : i8, unit = 4 : i64} -> tensor<2x512xi8>
  %0 = mx.packed.interleave ins(%p : tensor<20x32xi8>) outs(%w : tensor<2x512xi8>) {unit = 4 : i64, padding = 0 : i8} -> tensor<2x512xi8>
  // CHECK: mx.packed.interleave ins(%{{.*}} : memref<?x?x?xi8>) outs(%{{.*}} : memref<3x?x?xi8>) {kernel = "k", padding = 127 : i8, unit = 1 : i64}
  mx.packed.interleave ins(%mp : memref<?x?x?xi8>) outs(%ms : memref<3x?x?xi8>) {unit = 1 : i64, padding = 127 : i8, kernel = "k"}
  // CHECK: mx.packed.matmul {{.*}} rhs(%{{.*}}, %{{.*}} : tensor<2x512xi8>, tensor<2x32xi8>) outs({{.*}}) {kernel = "matmul_shuffle_fma", rhs_format = #mx.format<mxfp4>, rhs_interleaved}
  %1 = mx.packed.matmul k(%k) lhs(%a : tensor<4x64xf32>) rhs(%0, %ws : tensor<2x512xi8>, tensor<2x32xi8>) outs(%c : tensor<4x20xf32>) {rhs_format = #mx.format<mxfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"} -> tensor<4x20xf32>
  return
}

// CHECK-LABEL: func @codes
func.func @codes(%p: tensor<4x3xi8>, %c: tensor<4x5xi8>, %mp: memref<?xi8>, %mc: memref<?xi8>) {
  // CHECK: mx.packed.unpack ins(%{{.*}} : tensor<4x3xi8>) outs(%{{.*}} : tensor<4x5xi8>) {bits = 4 : i64} -> tensor<4x5xi8>
  %0 = mx.packed.unpack ins(%p : tensor<4x3xi8>) outs(%c : tensor<4x5xi8>) {bits = 4 : i64} -> tensor<4x5xi8>
  // CHECK: mx.packed.pack ins(%{{.*}} : tensor<4x5xi8>) outs(%{{.*}} : tensor<4x3xi8>) {bits = 4 : i64, kernel = "k"} -> tensor<4x3xi8>
  %1 = mx.packed.pack ins(%c : tensor<4x5xi8>) outs(%p : tensor<4x3xi8>) {bits = 4 : i64, kernel = "k"} -> tensor<4x3xi8>
  // CHECK: mx.packed.unpack ins(%{{.*}} : memref<?xi8>) outs(%{{.*}} : memref<?xi8>) {bits = 6 : i64}
  mx.packed.unpack ins(%mp : memref<?xi8>) outs(%mc : memref<?xi8>) {bits = 6 : i64}
  // CHECK: mx.packed.pack ins(%{{.*}} : memref<?xi8>) outs(%{{.*}} : memref<?xi8>) {bits = 8 : i64}
  mx.packed.pack ins(%mc : memref<?xi8>) outs(%mp : memref<?xi8>) {bits = 8 : i64}
  return
}
