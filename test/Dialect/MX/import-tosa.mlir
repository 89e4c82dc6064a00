// RUN: mx-opt %s --mx-import --split-input-file | FileCheck %s

//===----------------------------------------------------------------------===//
// tosa.cast_to_block_scaled: TOSA's rule is `even`, for E4M3 `rceil`.
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @to_f4(
// CHECK: %[[VALUE:.+]] = mx.quantize %{{.+}} scale_rule(even) : tensor<64xf32> to !mx.tensor<64, mxfp4, axis = 0>
// CHECK: %[[PAYLOAD:.+]], %[[SCALES:.+]] = mx.unbundle %[[VALUE]]
// CHECK: return %[[PAYLOAD]], %[[SCALES]]
func.func @to_f4(%x: tensor<64xf32>) -> (tensor<64xf4E2M1FN>, tensor<2xf8E8M0FNU>) {
  %0, %1 = tosa.cast_to_block_scaled %x {block_size = #tosa.block_size<BLOCK_SIZE_32>} : (tensor<64xf32>) -> (tensor<64xf4E2M1FN>, tensor<2xf8E8M0FNU>)
  return %0, %1 : tensor<64xf4E2M1FN>, tensor<2xf8E8M0FNU>
}
// CHECK-LABEL: func @to_f6e2m3(
// CHECK: mx.quantize %{{.+}} scale_rule(even) : tensor<4x64xbf16> to !mx.tensor<4x64, mxfp6_e2m3, axis = 1>
func.func @to_f6e2m3(%x: tensor<4x64xbf16>) -> (tensor<4x64xf6E2M3FN>, tensor<4x2xf8E8M0FNU>) {
  %0, %1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<4x64xbf16>) -> (tensor<4x64xf6E2M3FN>, tensor<4x2xf8E8M0FNU>)
  return %0, %1 : tensor<4x64xf6E2M3FN>, tensor<4x2xf8E8M0FNU>
}
// CHECK-LABEL: func @to_f6e3m2(
// CHECK: mx.quantize %{{.+}} scale_rule(even) : tensor<1x2x3x32xf16> to !mx.tensor<1x2x3x32, mxfp6_e3m2, axis = 3>
func.func @to_f6e3m2(%x: tensor<1x2x3x32xf16>) -> (tensor<1x2x3x32xf6E3M2FN>, tensor<1x2x3x1xf8E8M0FNU>) {
  %0, %1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<1x2x3x32xf16>) -> (tensor<1x2x3x32xf6E3M2FN>, tensor<1x2x3x1xf8E8M0FNU>)
  return %0, %1 : tensor<1x2x3x32xf6E3M2FN>, tensor<1x2x3x1xf8E8M0FNU>
}
// CHECK-LABEL: func @to_f8e4m3(
// CHECK: mx.quantize %{{.+}} scale_rule(rceil) : tensor<4x64xf32> to !mx.tensor<4x64, mxfp8_e4m3, axis = 1>
func.func @to_f8e4m3(%x: tensor<4x64xf32>) -> (tensor<4x64xf8E4M3FN>, tensor<4x2xf8E8M0FNU>) {
  %0, %1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<4x64xf32>) -> (tensor<4x64xf8E4M3FN>, tensor<4x2xf8E8M0FNU>)
  return %0, %1 : tensor<4x64xf8E4M3FN>, tensor<4x2xf8E8M0FNU>
}
// CHECK-LABEL: func @to_f8e5m2_dynamic(
// CHECK: mx.quantize %{{.+}} scale_rule(even) : tensor<?x?xf32> to !mx.tensor<?x?, mxfp8_e5m2, axis = 1>
func.func @to_f8e5m2_dynamic(%x: tensor<?x?xf32>) -> (tensor<?x?xf8E5M2>, tensor<?x?xf8E8M0FNU>) {
  %0, %1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<?x?xf32>) -> (tensor<?x?xf8E5M2>, tensor<?x?xf8E8M0FNU>)
  return %0, %1 : tensor<?x?xf8E5M2>, tensor<?x?xf8E8M0FNU>
}
// What shape inference has not filled in is a cast.
// CHECK-LABEL: func @to_uninferred(
// CHECK: mx.unbundle
// CHECK: tensor.cast %{{.+}} : tensor<4x64xf4E2M1FN> to tensor<*xf4E2M1FN>
// CHECK: tensor.cast %{{.+}} : tensor<4x2xf8E8M0FNU> to tensor<?x2xf8E8M0FNU>
func.func @to_uninferred(%x: tensor<4x64xf32>) -> (tensor<*xf4E2M1FN>, tensor<?x2xf8E8M0FNU>) {
  %0, %1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<4x64xf32>) -> (tensor<*xf4E2M1FN>, tensor<?x2xf8E8M0FNU>)
  return %0, %1 : tensor<*xf4E2M1FN>, tensor<?x2xf8E8M0FNU>
}

// -----

//===----------------------------------------------------------------------===//
// tosa.cast_from_block_scaled
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @from_f4(
// CHECK: mx.dequantize %{{.+}} : !mx.tensor<64, mxfp4, axis = 0> to tensor<64xf32>
func.func @from_f4(%x: tensor<64xf4E2M1FN>, %s: tensor<2xf8E8M0FNU>) -> tensor<64xf32> {
  %0 = tosa.cast_from_block_scaled %x, %s {block_size = BLOCK_SIZE_32} : (tensor<64xf4E2M1FN>, tensor<2xf8E8M0FNU>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}
// CHECK-LABEL: func @from_f6_bf16(
// CHECK: mx.dequantize %{{.+}} : !mx.tensor<4x64, mxfp6_e3m2, axis = 1> to tensor<4x64xbf16>
func.func @from_f6_bf16(%x: tensor<4x64xf6E3M2FN>, %s: tensor<4x2xf8E8M0FNU>) -> tensor<4x64xbf16> {
  %0 = tosa.cast_from_block_scaled %x, %s {block_size = BLOCK_SIZE_32} : (tensor<4x64xf6E3M2FN>, tensor<4x2xf8E8M0FNU>) -> tensor<4x64xbf16>
  return %0 : tensor<4x64xbf16>
}
// CHECK-LABEL: func @from_f8_dynamic(
// CHECK: mx.dequantize %{{.+}} : !mx.tensor<?x?x64, mxfp8_e5m2, axis = 2> to tensor<?x?x64xf16>
// CHECK: tensor.cast %{{.+}} : tensor<?x?x64xf16> to tensor<2x?x64xf16>
func.func @from_f8_dynamic(%x: tensor<?x?x64xf8E5M2>, %s: tensor<?x?x2xf8E8M0FNU>) -> tensor<2x?x64xf16> {
  %0 = tosa.cast_from_block_scaled %x, %s {block_size = BLOCK_SIZE_32} : (tensor<?x?x64xf8E5M2>, tensor<?x?x2xf8E8M0FNU>) -> tensor<2x?x64xf16>
  return %0 : tensor<2x?x64xf16>
}
// The parts of a value are the value.
// CHECK-LABEL: func @to_and_from(
// CHECK-NEXT: %[[VALUE:.+]] = mx.quantize
// CHECK-NEXT: mx.dequantize %[[VALUE]]
// CHECK-NEXT: return
func.func @to_and_from(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %0, %1 = tosa.cast_to_block_scaled %x {block_size = BLOCK_SIZE_32} : (tensor<4x64xf32>) -> (tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>)
  %2 = tosa.cast_from_block_scaled %0, %1 {block_size = BLOCK_SIZE_32} : (tensor<4x64xf4E2M1FN>, tensor<4x2xf8E8M0FNU>) -> tensor<4x64xf32>
  return %2 : tensor<4x64xf32>
}

// -----

//===----------------------------------------------------------------------===//
// tosa.matmul_t_block_scaled
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @batches(
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[ZEROS:.+]] = linalg.fill ins(%[[ZERO]] : f32)
// CHECK: mx.matmul ins(%{{.+}}, %{{.+}} : !mx.tensor<3x8x64, mxfp6_e2m3, axis = 2>, !mx.tensor<3x16x64, mxfp6_e2m3, axis = 2>) outs(%[[ZEROS]] : tensor<3x8x16xf32>)
func.func @batches(%a: tensor<3x8x64xf6E2M3FN>, %as: tensor<3x8x2xf8E8M0FNU>, %b: tensor<3x16x64xf6E2M3FN>, %bs: tensor<3x16x2xf8E8M0FNU>) -> tensor<3x8x16xf32> {
  %0 = tosa.matmul_t_block_scaled %a, %as, %b, %bs {block_size = #tosa.block_size<BLOCK_SIZE_32>} : (tensor<3x8x64xf6E2M3FN>, tensor<3x8x2xf8E8M0FNU>, tensor<3x16x64xf6E2M3FN>, tensor<3x16x2xf8E8M0FNU>) -> tensor<3x8x16xf32>
  return %0 : tensor<3x8x16xf32>
}
// CHECK-LABEL: func @dynamic_rows(
// CHECK: mx.matmul ins(%{{.+}}, %{{.+}} : !mx.tensor<?x?x64, mxfp8_e4m3, axis = 2>, !mx.tensor<3x?x64, mxfp8_e4m3, axis = 2>) outs(%{{.+}} : tensor<?x?x?xf32>)
// CHECK: tensor.cast %{{.+}} : tensor<?x?x?xf32> to tensor<3x?x?xf32>
func.func @dynamic_rows(%a: tensor<?x?x64xf8E4M3FN>, %as: tensor<?x?x2xf8E8M0FNU>, %b: tensor<3x?x64xf8E4M3FN>, %bs: tensor<3x?x2xf8E8M0FNU>) -> tensor<3x?x?xf32> {
  %0 = tosa.matmul_t_block_scaled %a, %as, %b, %bs {block_size = BLOCK_SIZE_32} : (tensor<?x?x64xf8E4M3FN>, tensor<?x?x2xf8E8M0FNU>, tensor<3x?x64xf8E4M3FN>, tensor<3x?x2xf8E8M0FNU>) -> tensor<3x?x?xf32>
  return %0 : tensor<3x?x?xf32>
}
// One B for every batch: the batches of A are rows.
// CHECK-LABEL: func @broadcast(
// CHECK: %[[A:.+]] = mx.reshape %{{.+}} : !mx.tensor<3x8x64, mxfp4, axis = 2> to !mx.tensor<24x64, mxfp4, axis = 1>
// CHECK: %[[B:.+]] = mx.reshape %{{.+}} to !mx.tensor<16x64, mxfp4, axis = 1>
// CHECK: %[[C:.+]] = mx.matmul ins(%[[A]], %[[B]] : {{.+}}) outs(%{{.+}} : tensor<24x16xf32>)
// CHECK: tensor.expand_shape %[[C]] {{\[\[}}0, 1], [2]] output_shape [3, 8, 16]
func.func @broadcast(%a: tensor<3x8x64xf4E2M1FN>, %as: tensor<3x8x2xf8E8M0FNU>, %b: tensor<1x16x64xf4E2M1FN>, %bs: tensor<1x16x2xf8E8M0FNU>) -> tensor<3x8x16xf32> {
  %0 = tosa.matmul_t_block_scaled %a, %as, %b, %bs {block_size = BLOCK_SIZE_32} : (tensor<3x8x64xf4E2M1FN>, tensor<3x8x2xf8E8M0FNU>, tensor<1x16x64xf4E2M1FN>, tensor<1x16x2xf8E8M0FNU>) -> tensor<3x8x16xf32>
  return %0 : tensor<3x8x16xf32>
}
// CHECK-LABEL: func @broadcast_dynamic(
// CHECK: %[[DATA:.+]] = tensor.collapse_shape %{{.+}} {{\[\[}}0, 1], [2]] : tensor<?x8x64xf8E5M2>
// CHECK: %[[SCALES:.+]] = tensor.collapse_shape %{{.+}} {{\[\[}}0, 1], [2]] : tensor<?x8x2xf8E8M0FNU>
// CHECK: mx.bundle %[[DATA]], %[[SCALES]] : {{.+}} to !mx.tensor<?x64, mxfp8_e5m2, axis = 1>
// CHECK: tensor.expand_shape
func.func @broadcast_dynamic(%a: tensor<?x8x64xf8E5M2>, %as: tensor<?x8x2xf8E8M0FNU>, %b: tensor<1x16x64xf8E5M2>, %bs: tensor<1x16x2xf8E8M0FNU>) -> tensor<?x8x16xf32> {
  %0 = tosa.matmul_t_block_scaled %a, %as, %b, %bs {block_size = BLOCK_SIZE_32} : (tensor<?x8x64xf8E5M2>, tensor<?x8x2xf8E8M0FNU>, tensor<1x16x64xf8E5M2>, tensor<1x16x2xf8E8M0FNU>) -> tensor<?x8x16xf32>
  return %0 : tensor<?x8x16xf32>
}
