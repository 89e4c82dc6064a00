// RUN: mx-opt %s --mx-pack-layouts --canonicalize --split-input-file | FileCheck %s

// A value becomes its parts: payload bytes, scale bytes, tensor scale.

// CHECK-LABEL: @matmul
// CHECK-SAME: %[[A:.+]]: tensor<?x64xbf16>,
// CHECK-SAME: %[[PAYLOAD:.+]]: tensor<8x32xi8>, %[[SCALES:.+]]: tensor<8x4xi8>, %[[SCALE:.+]]: tensor<f32>,
// CHECK-SAME: %[[C:.+]]: tensor<?x8xf32>
func.func @matmul(%a: tensor<?x64xbf16>, %w: !mx.tensor<8x64, nvfp4, axis = 1>,
                  %c: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: %[[K:.+]] = arith.constant 64 : index
  // CHECK: mx.packed.matmul k(%[[K]]) lhs(%[[A]] : tensor<?x64xbf16>)
  // CHECK-SAME: rhs(%[[PAYLOAD]], %[[SCALES]], %[[SCALE]] : tensor<8x32xi8>, tensor<8x4xi8>, tensor<f32>)
  // CHECK-SAME: outs(%[[C]] : tensor<?x8xf32>) {kernel = "matmul_emulated", rhs_format = #mx.format<nvfp4>}
  %0 = mx.matmul ins(%a, %w : tensor<?x64xbf16>, !mx.tensor<8x64, nvfp4, axis = 1>)
                 outs(%c : tensor<?x8xf32>) {kernel = "matmul_emulated"}
  return %0 : tensor<?x8xf32>
}

// -----

// Results of functions are parts too, and a rotation within blocks is part of the
// encoding: one pass over the data.

// CHECK-LABEL: @quantize_rotated
// CHECK-SAME: (%[[X:.+]]: tensor<?x64xbf16>) -> (tensor<?x32xi8>, tensor<?x2xi8>)
func.func @quantize_rotated(%x: tensor<?x64xbf16>)
    -> !mx.tensor<?x64, mxfp4, axis = 1, rotation = hadamard<32>> {
  // CHECK-NOT: mx.packed.rotate
  // CHECK: %[[PARTS:.+]]:2 = mx.packed.quantize ins(%[[X]] : tensor<?x64xbf16>)
  // CHECK-SAME: rotation = #mx.hadamard<32>
  // CHECK: return %[[PARTS]]#0, %[[PARTS]]#1 : tensor<?x32xi8>, tensor<?x2xi8>
  %0 = mx.quantize %x rotate scale_rule(even) : tensor<?x64xbf16>
    to !mx.tensor<?x64, mxfp4, axis = 1, rotation = hadamard<32>>
  return %0 : !mx.tensor<?x64, mxfp4, axis = 1, rotation = hadamard<32>>
}

// -----

// A group of the rotation that covers several blocks is rotated before, in f32.

// CHECK-LABEL: @quantize_rotated_across_blocks
func.func @quantize_rotated_across_blocks(%x: tensor<?x64xbf16>, %t: tensor<f32>)
    -> !mx.tensor<?x64, nvfp4, axis = 1, rotation = hadamard<32>> {
  // CHECK: %[[ROTATED:.+]] = mx.packed.rotate ins({{.*}} : tensor<?x64xbf16>) outs({{.*}} : tensor<?x64xf32>)
  // CHECK: mx.packed.quantize ins(%[[ROTATED]] : tensor<?x64xf32>)
  // CHECK-NOT: rotation =
  %0 = mx.quantize %x tensor_scale(%t) rotate scale_rule(amax) : tensor<?x64xbf16>
    to !mx.tensor<?x64, nvfp4, axis = 1, rotation = hadamard<32>>
  return %0 : !mx.tensor<?x64, nvfp4, axis = 1, rotation = hadamard<32>>
}

// -----

// The tensor scale is that of the rotated numbers.

// CHECK-LABEL: @tensor_scale_rotated
func.func @tensor_scale_rotated(%x: tensor<4x64xf32>)
    -> !mx.tensor<4x64, nvfp4, axis = 1, rotation = hadamard<16>> {
  // CHECK: mx.packed.tensor_scale ins(%[[X:.+]] : tensor<4x64xf32>) {{.*}} rotation = #mx.hadamard<16>
  // CHECK: mx.packed.quantize ins(%[[X]] : tensor<4x64xf32>) {{.*}} rotation = #mx.hadamard<16>
  %0 = mx.quantize %x rotate scale_rule(amax) : tensor<4x64xf32>
    to !mx.tensor<4x64, nvfp4, axis = 1, rotation = hadamard<16>>
  return %0 : !mx.tensor<4x64, nvfp4, axis = 1, rotation = hadamard<16>>
}

// -----

// A value blocked along its first axis is transposed around the operation, and keeps
// its logical index for stochastic rounding.

// CHECK-LABEL: @quantize_columns
// CHECK-SAME: -> (tensor<64x2xi8>, tensor<2x4xi8>)
func.func @quantize_columns(%x: tensor<64x4xf32>) -> !mx.tensor<64x4, mxfp4, axis = 0> {
  // CHECK: %[[SOURCE:.+]] = linalg.transpose ins({{.*}} : tensor<64x4xf32>) outs({{.*}} : tensor<4x64xf32>) permutation = [1, 0]
  // CHECK: mx.packed.quantize ins(%[[SOURCE]]
  // CHECK-SAME: index_axis = 0 : i64
  // CHECK: mx.packed.unpack {{.*}} outs({{.*}} : tensor<4x64xi8>) {bits = 4 : i64}
  // CHECK: mx.packed.pack {{.*}} outs({{.*}} : tensor<64x2xi8>) {bits = 4 : i64}
  %0 = mx.quantize %x scale_rule(floor) : tensor<64x4xf32> to !mx.tensor<64x4, mxfp4, axis = 0>
  return %0 : !mx.tensor<64x4, mxfp4, axis = 0>
}

// -----

// Values pass through calls, loops and selects as parts.

// CHECK-LABEL: func.func private @callee(tensor<4x16xi8>, tensor<4x1xi8>) -> (tensor<4x16xi8>, tensor<4x1xi8>)
func.func private @callee(!mx.tensor<4x32, mxfp4, axis = 1>) -> !mx.tensor<4x32, mxfp4, axis = 1>

// CHECK-LABEL: @control_flow
func.func @control_flow(%w: !mx.tensor<4x32, mxfp4, axis = 1>, %n: index, %flag: i1)
    -> !mx.tensor<4x32, mxfp4, axis = 1> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for {{.*}} -> (tensor<4x16xi8>, tensor<4x1xi8>)
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%value = %w) -> !mx.tensor<4x32, mxfp4, axis = 1> {
    // CHECK: call @callee({{.*}}) : (tensor<4x16xi8>, tensor<4x1xi8>) -> (tensor<4x16xi8>, tensor<4x1xi8>)
    %next = func.call @callee(%value)
      : (!mx.tensor<4x32, mxfp4, axis = 1>) -> !mx.tensor<4x32, mxfp4, axis = 1>
    scf.yield %next : !mx.tensor<4x32, mxfp4, axis = 1>
  }
  // CHECK-COUNT-2: arith.select
  %1 = arith.select %flag, %0, %w : !mx.tensor<4x32, mxfp4, axis = 1>
  return %1 : !mx.tensor<4x32, mxfp4, axis = 1>
}

// -----

// Attributes stay with their argument when an earlier one becomes its parts.

// CHECK-LABEL: @attributes
// CHECK-SAME: (%{{.+}}: tensor<2x16xi8>, %{{.+}}: tensor<2x1xi8>, %{{.+}}: tensor<2xf32> {bufferization.writable = true})
func.func @attributes(%w: !mx.tensor<2x32, mxfp4, axis = 1>,
                      %x: tensor<2xf32> {bufferization.writable = true}) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
