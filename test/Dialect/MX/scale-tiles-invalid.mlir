// Tiles that do not fit their scales.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

func.func @vector(%scales: tensor<128xi8>) {
  // expected-error @+1 {{expected scales of rank 2 or more, got 'tensor<128xi8>'}}
  %0 = mx.tile_scales %scales : tensor<128xi8> to tensor<1x32x16xi8>
  return
}

// -----

func.func @too_few(%scales: tensor<129x4xi8>) {
  // expected-error @+1 {{expected 128x4 tiles that fit 'tensor<129x4xi8>', got 'tensor<1x1x32x16xi8>'}}
  %0 = mx.tile_scales %scales : tensor<129x4xi8> to tensor<1x1x32x16xi8>
  return
}

// -----

func.func @other_type(%tiles: tensor<1x1x32x16xf8E8M0FNU>) {
  // expected-error @+1 {{expected 128x4 tiles that fit 'tensor<128x4xi8>', got 'tensor<1x1x32x16xf8E8M0FNU>'}}
  %0 = mx.untile_scales %tiles : tensor<1x1x32x16xf8E8M0FNU> to tensor<128x4xi8>
  return
}

// -----

func.func @sizes(%tiles: tensor<?x?x32x16xi8>, %rows: index) {
  // expected-error @+1 {{expected a size for each of the last two dimensions that is dynamic ('2'), got '1'}}
  %0 = mx.untile_scales %tiles sizes(%rows) : tensor<?x?x32x16xi8> to tensor<?x?xi8>
  return
}

// -----

func.func @packed(%s: memref<128x5xi8>, %t: memref<1x1x32x16xi8>) {
  // expected-error @+1 {{expected 128x4 tiles that fit 'memref<128x5xi8>', got 'memref<1x1x32x16xi8>'}}
  mx.packed.untile_scales ins(%t : memref<1x1x32x16xi8>) outs(%s : memref<128x5xi8>)
  return
}

// -----

func.func @packed_results(%s: tensor<128x4xi8>, %t: tensor<1x1x32x16xi8>) {
  // expected-error @+1 {{expected 1 results, got 0}}
  mx.packed.tile_scales ins(%s : tensor<128x4xi8>) outs(%t : tensor<1x1x32x16xi8>)
  return
}
