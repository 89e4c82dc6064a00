// Scales leave in 128x4 tiles and come back in them, whole tiles and ragged ones; the
// checker knows both ways, and sizes that do not agree end the program.

// RUN: mx-run %s --function=there_and_back --check --input="130x192xf32=random(1)" | FileCheck %s
// RUN: mx-run %s --function=there_and_back --check --input="128x128xf32=random(2)" | FileCheck %s
// RUN: mx-run %s --function=there_and_back --check --input="1x32xf32=random(3)" | FileCheck %s
// CHECK: result 0: {{.*}} min 0 max 0
// CHECK: mx.packed.tile_scales {{.*}} 0 {{ *}}bits
// CHECK: mx.packed.untile_scales {{.*}} 0 {{ *}}bits

// RUN: not mx-run %s --function=untile --input=1x1x32x16xi8=127 --input=129x4xi8=0 2>&1 | FileCheck %s --check-prefix=SIZES
// SIZES: error: expected the sizes of scales and their tiles to agree

!X = !mx.tensor<?x?, mxfp4, axis = 1>

func.func @there_and_back(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %x0 = mx.quantize %x scale_rule(even) : tensor<?x?xf32> to !X
  %payload, %scales = mx.unbundle %x0 : !X to tensor<?x?xi8>, tensor<?x?xi8>
  %tiles = mx.tile_scales %scales : tensor<?x?xi8> to tensor<?x?x32x16xi8>
  %rows = tensor.dim %scales, %zero : tensor<?x?xi8>
  %columns = tensor.dim %scales, %one : tensor<?x?xi8>
  %again = mx.untile_scales %tiles sizes(%rows, %columns) : tensor<?x?x32x16xi8> to tensor<?x?xi8>
  %x1 = mx.bundle %payload, %again : tensor<?x?xi8>, tensor<?x?xi8> to !X
  %y0 = mx.dequantize %x0 : !X to tensor<?x?xf32>
  %y1 = mx.dequantize %x1 : !X to tensor<?x?xf32>
  %difference = arith.subf %y0, %y1 : tensor<?x?xf32>
  return %difference : tensor<?x?xf32>
}

func.func @untile(%tiles: tensor<?x?x32x16xi8>, %like: tensor<?x4xi8>) -> tensor<?x4xi8> {
  %zero = arith.constant 0 : index
  %rows = tensor.dim %like, %zero : tensor<?x4xi8>
  %scales = mx.untile_scales %tiles sizes(%rows) : tensor<?x?x32x16xi8> to tensor<?x4xi8>
  return %scales : tensor<?x4xi8>
}
