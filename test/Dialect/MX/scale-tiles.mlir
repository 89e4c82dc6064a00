// Scales in 128x4 tiles (N8.5): syntax, constants, and the bytes they become.
// RUN: mx-opt %s | mx-opt | FileCheck %s
// RUN: mx-opt %s --canonicalize | FileCheck %s --check-prefix=FOLD
// RUN: mx-opt %s --mx-pack-layouts --mx-expand-small-floats --canonicalize | FileCheck %s --check-prefix=PACK

// CHECK-LABEL: @tile
// CHECK: mx.tile_scales %{{.+}} : tensor<?x6xi8> to tensor<?x2x32x16xi8>
// PACK-LABEL: @tile
// PACK: %[[ROWS:.+]] = tensor.dim %arg0, %{{.+}}
// PACK: %[[UP:.+]] = arith.addi %[[ROWS]], %{{.+}}
// PACK: %[[TILES:.+]] = arith.divui %[[UP]], %{{.+}}
// PACK: %[[INIT:.+]] = tensor.empty(%[[TILES]]) : tensor<?x2x32x16xi8>
// PACK: mx.packed.tile_scales ins(%arg0 : tensor<?x6xi8>) outs(%[[INIT]] : tensor<?x2x32x16xi8>)
func.func @tile(%scales: tensor<?x6xi8>) -> tensor<?x2x32x16xi8> {
  %0 = mx.tile_scales %scales : tensor<?x6xi8> to tensor<?x2x32x16xi8>
  return %0 : tensor<?x2x32x16xi8>
}

// Sizes that the tiles do not tell must agree with them.
// CHECK-LABEL: @untile
// CHECK: mx.untile_scales %{{.+}} sizes(%{{.+}}) : tensor<3x?x2x32x16xf8E8M0FNU> to tensor<3x?x6xf8E8M0FNU>
// PACK-LABEL: @untile
// PACK: cf.assert %{{.+}}, "{{.*}}error: expected the sizes of scales and their tiles to agree"
// PACK: mx.packed.untile_scales ins(%{{.+}} : tensor<3x?x2x32x16xi8>) outs(%{{.+}} : tensor<3x?x6xi8>)
func.func @untile(%tiles: tensor<3x?x2x32x16xf8E8M0FNU>, %rows: index) -> tensor<3x?x6xf8E8M0FNU> {
  %0 = mx.untile_scales %tiles sizes(%rows) : tensor<3x?x2x32x16xf8E8M0FNU> to tensor<3x?x6xf8E8M0FNU>
  return %0 : tensor<3x?x6xf8E8M0FNU>
}

// CHECK-LABEL: @packed
func.func @packed(%s: memref<4x?x5xi8>, %t: memref<4x?x2x32x16xi8>) {
  // CHECK: mx.packed.tile_scales ins(%{{.+}} : memref<4x?x5xi8>) outs(%{{.+}} : memref<4x?x2x32x16xi8>)
  mx.packed.tile_scales ins(%s : memref<4x?x5xi8>) outs(%t : memref<4x?x2x32x16xi8>)
  // CHECK: mx.packed.untile_scales ins(%{{.+}} : memref<4x?x2x32x16xi8>) outs(%{{.+}} : memref<4x?x5xi8>)
  mx.packed.untile_scales ins(%t : memref<4x?x2x32x16xi8>) outs(%s : memref<4x?x5xi8>)
  return
}

// What was tiled is there still.
// FOLD-LABEL: @there_and_back
// FOLD-NEXT: return %arg0
func.func @there_and_back(%scales: tensor<130x6xi8>) -> tensor<130x6xi8> {
  %0 = mx.tile_scales %scales : tensor<130x6xi8> to tensor<2x2x32x16xi8>
  %1 = mx.untile_scales %0 : tensor<2x2x32x16xi8> to tensor<130x6xi8>
  return %1 : tensor<130x6xi8>
}

// The other way padding may be lost.
// FOLD-LABEL: @back_and_there
// FOLD: mx.tile_scales
func.func @back_and_there(%tiles: tensor<2x2x32x16xi8>) -> tensor<2x2x32x16xi8> {
  %0 = mx.untile_scales %tiles : tensor<2x2x32x16xi8> to tensor<130x6xi8>
  %1 = mx.tile_scales %0 : tensor<130x6xi8> to tensor<2x2x32x16xi8>
  return %1 : tensor<2x2x32x16xi8>
}

// Weights of a checkpoint are constants, however their scales lie.
// FOLD-LABEL: @weight
// FOLD: mx.constant <payload = dense<34> : tensor<32x16xi8>, scales = dense<127> : tensor<32x1xi8>>
func.func @weight() -> !mx.tensor<32x32, mxfp4, axis = 1> {
  %payload = arith.constant dense<34> : tensor<32x16xi8>
  %tiles = arith.constant dense<127> : tensor<1x1x32x16xi8>
  %scales = mx.untile_scales %tiles : tensor<1x1x32x16xi8> to tensor<32x1xi8>
  %0 = mx.bundle %payload, %scales : tensor<32x16xi8>, tensor<32x1xi8> to !mx.tensor<32x32, mxfp4, axis = 1>
  return %0 : !mx.tensor<32x32, mxfp4, axis = 1>
}

// FOLD-LABEL: @constant_tiles
// FOLD: arith.constant dense<"0x01020300000000000000000000000000040506000000
func.func @constant_tiles() -> tensor<1x1x32x16xi8> {
  %scales = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi8>
  %0 = mx.tile_scales %scales : tensor<2x3xi8> to tensor<1x1x32x16xi8>
  return %0 : tensor<1x1x32x16xi8>
}
