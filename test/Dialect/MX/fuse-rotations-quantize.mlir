// A rotation that stays becomes part of the quantisation that reads it, which then reads the data once; one
// that is part of a quantisation moves like any other.
// RUN: mx-opt %s --mx-fuse-rotations | FileCheck %s

// CHECK-LABEL: func @fused
// CHECK-SAME:    %[[X:[^:]+]]:
// CHECK-NEXT:    mx.quantize %[[X]] rotate scale_rule(even)
func.func @fused(%x: tensor<8x64xf32>) -> !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>> {
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<8x64xf32>
  %1 = mx.quantize %0 scale_rule(even) : tensor<8x64xf32> to !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>
  return %1 : !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>
}

// The rotation stays for its other reader.
// CHECK-LABEL: func @two_readers
// CHECK-SAME:    %[[X:[^:]+]]:
// CHECK-NEXT:    %[[XR:.+]] = mx.rotate %[[X]]
// CHECK-NEXT:    %[[Q:.+]] = mx.quantize %[[X]] rotate
// CHECK-NEXT:    return %[[XR]], %[[Q]]
func.func @two_readers(%x: tensor<8x64xf32>) -> (tensor<8x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>) {
  %0 = mx.rotate %x by hadamard<32> along 1 : tensor<8x64xf32>
  %1 = mx.quantize %0 scale_rule(even) : tensor<8x64xf32> to !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>
  return %0, %1 : tensor<8x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>
}

// Not by this rotation, not rotated by the type, the inverse, another axis than the last.
// CHECK-LABEL: func @not_fused
// CHECK-COUNT-4: mx.quantize %{{.+}} scale_rule(even)
func.func @not_fused(%x: tensor<64x64xf32>) -> (!mx.tensor<64x64, mxfp4, axis = 1, rotation = hadamard<32>>, !mx.tensor<64x64, mxfp4, axis = 1>,
    !mx.tensor<64x64, mxfp4, axis = 1, rotation = hadamard<16>>, !mx.tensor<64x64, mxfp4, axis = 0, rotation = hadamard<16>>) {
  %0 = mx.rotate %x by hadamard<8> along 1 : tensor<64x64xf32>
  %1 = mx.quantize %0 scale_rule(even) : tensor<64x64xf32> to !mx.tensor<64x64, mxfp4, axis = 1, rotation = hadamard<32>>
  %2 = mx.quantize %0 scale_rule(even) : tensor<64x64xf32> to !mx.tensor<64x64, mxfp4, axis = 1>
  %3 = mx.rotate %x by hadamard<16> along 1 inverse : tensor<64x64xf32>
  %4 = mx.quantize %3 scale_rule(even) : tensor<64x64xf32> to !mx.tensor<64x64, mxfp4, axis = 1, rotation = hadamard<16>>
  %5 = mx.rotate %x by hadamard<16> along 0 : tensor<64x64xf32>
  %6 = mx.quantize %5 scale_rule(even) : tensor<64x64xf32> to !mx.tensor<64x64, mxfp4, axis = 0, rotation = hadamard<16>>
  return %1, %2, %4, %6 : !mx.tensor<64x64, mxfp4, axis = 1, rotation = hadamard<32>>, !mx.tensor<64x64, mxfp4, axis = 1>,
    !mx.tensor<64x64, mxfp4, axis = 1, rotation = hadamard<16>>, !mx.tensor<64x64, mxfp4, axis = 0, rotation = hadamard<16>>
}

// CHECK-LABEL: func @split
// CHECK:         %[[TABLE:.+]] = mx.rotate {{.+}} by hadamard<32> along 1 : tensor<99x64xf32>
// CHECK:         %[[X:.+]] = tensor.gather %[[TABLE]]
// CHECK:         mx.quantize %[[X]] scale_rule(even)
func.func @split(%rows: tensor<8x1xindex>) -> !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>> {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %x = tensor.gather %table[%rows] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %0 = mx.quantize %x rotate scale_rule(even) : tensor<8x64xf32> to !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>
  return %0 : !mx.tensor<8x64, mxfp4, axis = 1, rotation = hadamard<32>>
}
