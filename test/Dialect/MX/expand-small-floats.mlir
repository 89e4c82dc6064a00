// RUN: mx-opt %s --mx-expand-small-floats --canonicalize --split-input-file | FileCheck %s

// Small floats become one code in each byte; conversions become integer and f32
// arithmetic; function boundaries carry canonical bytes.

// 4-bit arguments and results are packed bytes, 8-bit ones are bytes anyway.
// CHECK-LABEL: func.func @boundaries(
// CHECK-SAME:    %[[F4:.+]]: tensor<4x3xi8>, %[[F8:.+]]: tensor<4x5xi8>, %[[F6:.+]]: tensor<?x?xi8>
// CHECK-SAME:    -> (tensor<5x2xi8>, tensor<4x5xi8>)
// CHECK:         %[[CODES:.+]] = mx.packed.unpack ins(%[[F4]] : tensor<4x3xi8>) outs(%{{.+}} : tensor<4x5xi8>) {bits = 4 : i64}
// CHECK:         %[[SWAPPED:.+]] = linalg.transpose ins(%[[CODES]] : tensor<4x5xi8>)
// CHECK:         %[[PACKED:.+]] = mx.packed.pack ins(%[[SWAPPED]]{{.*}} : tensor<5x4xi8>) outs(%{{.+}} : tensor<5x2xi8>) {bits = 4 : i64}
// CHECK:         return %[[PACKED]], %[[F8]]
func.func @boundaries(%f4: tensor<4x5xf4E2M1FN>, %f8: tensor<4x5xf8E8M0FNU>,
                      %f6: tensor<?x?xf6E2M3FN>)
    -> (tensor<5x4xf4E2M1FN>, tensor<4x5xf8E8M0FNU>) {
  %init = tensor.empty() : tensor<5x4xf4E2M1FN>
  %0 = linalg.transpose ins(%f4 : tensor<4x5xf4E2M1FN>)
    outs(%init : tensor<5x4xf4E2M1FN>) permutation = [1, 0]
  return %0, %f8 : tensor<5x4xf4E2M1FN>, tensor<4x5xf8E8M0FNU>
}

// -----

// What is only passed on is not unpacked.
// CHECK-LABEL: func.func @pass_on(
// CHECK-SAME:    %[[X:.+]]: tensor<?x?xi8>) -> tensor<?x?xi8>
// CHECK-NEXT:    %[[RESULT:.+]] = call @pass_on(%[[X]]) : (tensor<?x?xi8>) -> tensor<?x?xi8>
// CHECK-NEXT:    return %[[RESULT]]
func.func @pass_on(%x: tensor<?x?xf6E3M2FN>) -> tensor<?x?xf6E3M2FN> {
  %0 = func.call @pass_on(%x) : (tensor<?x?xf6E3M2FN>) -> tensor<?x?xf6E3M2FN>
  return %0 : tensor<?x?xf6E3M2FN>
}

// -----

// N1.1: an f4 below the smallest normal number is exact without subnormals.
// CHECK-LABEL: func.func @decode(
// CHECK-SAME:    %[[CODE:.+]]: i8) -> f32
// CHECK-NOT:     arith.extf
// CHECK:         arith.extui %[[CODE]] : i8 to i32
// CHECK:         arith.subf
// CHECK:         return %{{.+}} : f32
func.func @decode(%x: f4E2M1FN) -> f32 {
  %0 = arith.extf %x : f4E2M1FN to f32
  return %0 : f32
}

// -----

// N2: conversions of tensors stand in a linalg.generic.
// CHECK-LABEL: func.func @encode(
// CHECK-SAME:    %[[X:.+]]: tensor<?x64xf32>) -> tensor<?x32xi8>
// CHECK:         %[[CODES:.+]] = linalg.generic {{.*}} ins(%[[X]] : tensor<?x64xf32>) outs(%{{.+}} : tensor<?x64xi8>)
// CHECK-NOT:     arith.truncf
// CHECK:         arith.trunci %{{.+}} : i32 to i8
// CHECK:         mx.packed.pack ins(%[[CODES]] : tensor<?x64xi8>) outs(%{{.+}} : tensor<?x32xi8>) {bits = 4 : i64}
func.func @encode(%x: tensor<?x64xf32>) -> tensor<?x64xf4E2M1FN> {
  %0 = arith.truncf %x : tensor<?x64xf32> to tensor<?x64xf4E2M1FN>
  return %0 : tensor<?x64xf4E2M1FN>
}

// -----

// N1.4: the product is exact, and rounded once to bf16.
// CHECK-LABEL: func.func @scale(
// CHECK-SAME:    %[[X:.+]]: vector<4xi8>, %[[SCALE:.+]]: vector<4xi8>) -> vector<4xbf16>
// CHECK:         %[[PRODUCT:.+]] = arith.mulf %{{.+}}, %{{.+}} : vector<4xf32>
// CHECK:         arith.bitcast %[[PRODUCT]] : vector<4xf32> to vector<4xi32>
// CHECK:         arith.bitcast %{{.+}} : vector<4xi16> to vector<4xbf16>
func.func @scale(%x: vector<4xf4E2M1FN>, %scale: vector<4xf8E8M0FNU>)
    -> vector<4xbf16> {
  %0 = arith.scaling_extf %x, %scale
    : vector<4xf4E2M1FN>, vector<4xf8E8M0FNU> to vector<4xbf16>
  return %0 : vector<4xbf16>
}

// -----

// A wider scale needs f64, so that bf16 is still rounded to once.
// CHECK-LABEL: func.func @wide_scale
// CHECK:         arith.mulf %{{.+}}, %{{.+}} : f64
// CHECK-LABEL: func.func @divide
// CHECK:         arith.divf %{{.+}}, %{{.+}} : f32
// CHECK-LABEL: func.func @divide_by_number
// CHECK:         arith.divf %{{.+}}, %{{.+}} : f64
func.func @wide_scale(%x: f8E4M3FN, %scale: f32) -> bf16 {
  %0 = arith.scaling_extf %x, %scale : f8E4M3FN, f32 to bf16
  return %0 : bf16
}
func.func @divide(%x: f32, %scale: f8E8M0FNU) -> f4E2M1FN {
  %0 = arith.scaling_truncf %x, %scale : f32, f8E8M0FNU to f4E2M1FN
  return %0 : f4E2M1FN
}
func.func @divide_by_number(%x: f32, %scale: f8E4M3FN) -> f4E2M1FN {
  %0 = arith.scaling_truncf %x, %scale : f32, f8E4M3FN to f4E2M1FN
  return %0 : f4E2M1FN
}

// -----

// Constants keep their bits: 0.0 cannot be written in E8M0, 2^-127 is byte 0.
// CHECK-LABEL: func.func @constants
// CHECK-DAG:     arith.constant 10 : i8
// CHECK-DAG:     arith.constant dense<0> : tensor<2xi8>
// CHECK-DAG:     arith.constant dense<-1> : vector<2xi8>
// CHECK-DAG:     arith.constant dense_resource<codes> : tensor<3xi8>
// CHECK-DAG:     arith.constant 127 : i8
func.func @constants() -> (f4E2M1FN, tensor<2xf8E8M0FNU>, vector<2xf8E8M0FNU>,
                           tensor<3xf8E5M2>, f8E4M3FN) {
  %dense = arith.constant dense<[1.0, -1.0]> : tensor<2xf4E2M1FN>
  %one = arith.constant 1 : index
  %element = tensor.extract %dense[%one] : tensor<2xf4E2M1FN>
  %smallest = arith.constant dense<0.0> : tensor<2xf8E8M0FNU>
  %nan = arith.constant dense<0xFF> : vector<2xf8E8M0FNU>
  %resource = arith.constant dense_resource<codes> : tensor<3xf8E5M2>
  %number = arith.constant 0x7F : f8E4M3FN
  return %element, %smallest, %nan, %resource, %number
    : f4E2M1FN, tensor<2xf8E8M0FNU>, vector<2xf8E8M0FNU>, tensor<3xf8E5M2>,
      f8E4M3FN
}
{-#
  dialect_resources: { builtin: { codes: "0x010000003C4041" } }
#-}

// -----

// CHECK-LABEL: func.func @bitcasts(
// CHECK-SAME:    %[[X:.+]]: i8, %[[Y:.+]]: tensor<?xi4>, %[[Z:.+]]: i8) -> (i4, tensor<?xi8>, i8)
// CHECK-DAG:     %[[NIBBLE:.+]] = arith.trunci %[[X]] : i8 to i4
// CHECK-DAG:     arith.extui %[[Y]] : tensor<?xi4> to tensor<?xi8>
// CHECK:         return %[[NIBBLE]], %{{.+}}, %[[Z]]
func.func @bitcasts(%x: f4E2M1FN, %y: tensor<?xi4>, %z: f8E5M2)
    -> (i4, tensor<?xf4E2M1FN>, i8) {
  %0 = arith.bitcast %x : f4E2M1FN to i4
  %1 = arith.bitcast %y : tensor<?xi4> to tensor<?xf4E2M1FN>
  %2 = arith.bitcast %z : f8E5M2 to i8
  return %0, %1, %2 : i4, tensor<?xf4E2M1FN>, i8
}

// What is packed right after unpacking is the bytes themselves, in any order of operations.

// CHECK-NOT: mx.packed
module @graph_region {
  %packed = "mx.packed.pack"(%codes, %init) {bits = 4 : i64} : (tensor<4x6xi8>, tensor<4x3xi8>) -> tensor<4x3xi8>
  %codes = "mx.packed.unpack"(%bytes, %wide) {bits = 4 : i64} : (tensor<4x3xi8>, tensor<4x6xi8>) -> tensor<4x6xi8>
  %bytes = tensor.empty() : tensor<4x3xi8>
  %init = tensor.empty() : tensor<4x3xi8>
  %wide = tensor.empty() : tensor<4x6xi8>
}
