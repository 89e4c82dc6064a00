// Element-wise generics that scale.
// RUN: mx-opt %s --mx-import --split-input-file | FileCheck %s

#whole = affine_map<(m, ko, kb) -> (m, ko, kb)>
#scales = affine_map<(m, ko, kb) -> (m, ko)>
// CHECK-LABEL: func @blocks_apart
// CHECK-SAME:    %[[X:.+]]: tensor<4x?x32xf4E2M1FN>, %[[S:.+]]: tensor<4x?xf8E8M0FNU>
func.func @blocks_apart(%x: tensor<4x?x32xf4E2M1FN>, %s: tensor<4x?xf8E8M0FNU>, %out: tensor<4x?x32xbf16>) -> tensor<4x?x32xbf16> {
  // CHECK: %[[JOINED:.+]] = tensor.collapse_shape %[[X]] {{\[\[}}0], [1, 2]]
  // CHECK: %[[VALUE:.+]] = mx.bundle %[[JOINED]], %[[S]] : {{.+}} to !mx.tensor<4x?, mxfp4, axis = 1>
  // CHECK: %[[NUMBERS:.+]] = mx.dequantize %[[VALUE]] : {{.+}} to tensor<4x?xbf16>
  // CHECK: tensor.expand_shape %[[NUMBERS]] {{\[\[}}0], [1, 2]] {{.+}} into tensor<4x?x32xbf16>
  %0 = linalg.generic {indexing_maps = [#whole, #scales, #whole], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %s : tensor<4x?x32xf4E2M1FN>, tensor<4x?xf8E8M0FNU>) outs(%out : tensor<4x?x32xbf16>) {
  ^bb0(%e: f4E2M1FN, %es: f8E8M0FNU, %old: bf16):
    %1 = arith.scaling_extf %e, %es : f4E2M1FN, f8E8M0FNU to bf16
    linalg.yield %1 : bf16
  } -> tensor<4x?x32xbf16>
  return %0 : tensor<4x?x32xbf16>
}

// -----

#whole = affine_map<(m, k) -> (m, k)>
#scales = affine_map<(m, k) -> (m, k floordiv 32)>
// CHECK-LABEL: func @floordiv
func.func @floordiv(%x: tensor<?x64xf8E5M2>, %s: tensor<?x2xf8E8M0FNU>, %out: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // CHECK: mx.dequantize {{.+}} : !mx.tensor<?x64, mxfp8_e5m2, axis = 1> to tensor<?x64xf32>
  // CHECK: tensor.cast {{.+}} : tensor<?x64xf32> to tensor<4x64xf32>
  %0 = linalg.generic {indexing_maps = [#whole, #scales, #whole], iterator_types = ["parallel", "parallel"]} ins(%x, %s : tensor<?x64xf8E5M2>, tensor<?x2xf8E8M0FNU>) outs(%out : tensor<4x64xf32>) {
  ^bb0(%e: f8E5M2, %es: f8E8M0FNU, %old: f32):
    %1 = arith.scaling_extf %e, %es : f8E5M2, f8E8M0FNU to f32
    linalg.yield %1 : f32
  } -> tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// -----

// Blocked along the first axis; an f16 holds any product with an f8E4M3FN scale.
#whole = affine_map<(n, ko, kb) -> (ko, kb, n)>
#scales = affine_map<(n, ko, kb) -> (ko, n)>
// CHECK-LABEL: func @first_axis
func.func @first_axis(%x: tensor<4x16x8xf4E2M1FN>, %s: tensor<4x8xf8E4M3FN>, %out: tensor<4x16x8xf16>) -> tensor<4x16x8xf16> {
  // CHECK: mx.dequantize {{.+}} : !mx.tensor<64x8, format<element = f4E2M1FN, scale = f8E4M3FN, block = 16>, axis = 0> to tensor<64x8xf16>
  // CHECK: tensor.expand_shape {{.+}} {{\[\[}}0, 1], [2]]
  %0 = linalg.generic {indexing_maps = [#whole, #scales, #whole], iterator_types = ["parallel", "parallel", "parallel"]} ins(%x, %s : tensor<4x16x8xf4E2M1FN>, tensor<4x8xf8E4M3FN>) outs(%out : tensor<4x16x8xf16>) {
  ^bb0(%e: f4E2M1FN, %es: f8E4M3FN, %old: f16):
    %1 = arith.scaling_extf %e, %es : f4E2M1FN, f8E4M3FN to f16
    linalg.yield %1 : f16
  } -> tensor<4x16x8xf16>
  return %0 : tensor<4x16x8xf16>
}
