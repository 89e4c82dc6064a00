// RUN: mx-opt %s --convert-mx-to-loops --canonicalize --split-input-file | FileCheck %s

// Quantisation is a loop over rows and blocks with vectors inside a block. The
// bits are compared with the reference elsewhere; this shows the structure.

// Blocks of 32 that fill a row: one chunk each, no branch.
// CHECK-LABEL: func.func @whole_blocks(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4x64xf32>, %[[PAYLOAD:[a-z0-9]+]]: memref<4x32xi8>, %[[SCALES:.+]]: memref<4x2xi8>
// CHECK:         scf.parallel (%[[ROW:.+]], %[[BLOCK:.+]]) =
// CHECK-NOT:         scf
// CHECK:             %[[NUMBERS:.+]] = vector.load %[[X]][%[[ROW]], %{{.+}}] : memref<4x64xf32>, vector<32xf32>
// CHECK:             vector.reduction <maxui>, %{{.+}}, %{{.+}} : vector<32xi32> into i32
// CHECK:             %[[EVEN:.+]] = vector.shuffle
// CHECK:             %[[ODD:.+]] = vector.shuffle
// CHECK:             arith.shli %[[ODD]], %{{.+}} : vector<16xi8>
// CHECK:             vector.store %{{.+}}, %[[PAYLOAD]][%[[ROW]], %{{.+}}] : memref<4x32xi8>, vector<16xi8>
// CHECK:             memref.store %{{.+}}, %[[SCALES]][%[[ROW]], %[[BLOCK]]] : memref<4x2xi8>
func.func @whole_blocks(%x: memref<4x64xf32>, %p: memref<4x32xi8>,
                        %s: memref<4x2xi8>) {
  mx.packed.quantize ins(%x : memref<4x64xf32>)
    outs(%p, %s : memref<4x32xi8>, memref<4x2xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>,
     index_axis = 1 : i64}
  return
}

// -----

// N1.6: where a row may end inside a chunk, that chunk goes lane by lane.
// CHECK-LABEL: func.func @ragged(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?xbf16>, %[[PAYLOAD:[a-z0-9]+]]: memref<?xi8>
// CHECK:         scf.parallel
// CHECK:           scf.if
// CHECK:             vector.load %[[X]][%{{.+}}] : memref<?xbf16>, vector<32xbf16>
// CHECK:           } else {
// CHECK:             scf.for
// CHECK:               memref.load %[[X]][%{{.+}}] : memref<?xbf16>
// CHECK:               vector.insert %{{.+}}, %{{.+}} [%{{.+}}] : f32 into vector<32xf32>
// CHECK:           scf.if
// CHECK:             vector.store %{{.+}}, %[[PAYLOAD]][%{{.+}}] : memref<?xi8>, vector<24xi8>
// CHECK:           } else {
// CHECK:             scf.for
// CHECK:               memref.store %{{.+}}, %[[PAYLOAD]][%{{.+}}] : memref<?xi8>
func.func @ragged(%x: memref<?xbf16>, %p: memref<?xi8>, %s: memref<?xi8>) {
  mx.packed.quantize ins(%x : memref<?xbf16>)
    outs(%p, %s : memref<?xi8>, memref<?xi8>)
    {format = #mx.format<mxfp6_e2m3>, scale_rule = #mx.scale_rule<floor>,
     index_axis = 0 : i64}
  return
}

// -----

// N3.3: sums of errors run in element order, without fast-math flags, through
// the chunks of a long block.
// CHECK-LABEL: func.func @long_block_search(
// CHECK:         scf.parallel
// CHECK:           scf.for %{{.+}} = %{{.+}} iter_args(%{{.+}}) -> (i32)
// CHECK-COUNT-5:   vector.reduction <add>, %{{.+}}, %{{.+}} : vector<32xf32> into f32
// CHECK-NOT:       fastmath
func.func @long_block_search(%x: memref<2x128xf32>, %p: memref<2x64xi8>,
                             %s: memref<2x2xi8>) {
  mx.packed.quantize ins(%x : memref<2x128xf32>)
    outs(%p, %s : memref<2x64xi8>, memref<2x2xi8>)
    {format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 64>,
     scale_rule = #mx.scale_rule<mse>, index_axis = 1 : i64}
  return
}

// -----

// N4.4: the sweep is a loop over the codes 1 to 126.
// CHECK-LABEL: func.func @sweep(
// CHECK-DAG:     %[[FIRST:.+]] = arith.constant 1 : index
// CHECK-DAG:     %[[END:.+]] = arith.constant 127 : index
// CHECK:         scf.for %{{.+}} = %[[FIRST]] to %[[END]] step %[[FIRST]] iter_args(%{{.+}}, %{{.+}}) -> (i8, f32)
func.func @sweep(%x: memref<16xf32>, %t: memref<f32>, %p: memref<8xi8>,
                 %s: memref<1xi8>) {
  mx.packed.quantize ins(%x : memref<16xf32>) tensor_scale(%t : memref<f32>)
    outs(%p, %s : memref<8xi8>, memref<1xi8>)
    {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<sweep>,
     index_axis = 0 : i64}
  return
}

// -----

// N5.1: each element's random number comes from its index in the logical
// tensor: here dimension 1 of three was brought last.
// CHECK-LABEL: func.func @stochastic(
// CHECK-SAME:    %{{.+}}: memref<3x5x32xf32>, %[[SEED:.+]]: i64
// CHECK:         vector.broadcast %[[SEED]] : i64 to vector<32xi64>
// CHECK-COUNT-18: arith.muli %{{.+}}, %{{.+}} : vector<32xi64>
func.func @stochastic(%x: memref<3x5x32xf32>, %seed: i64,
                      %p: memref<3x5x32xi8>, %s: memref<3x5x1xi8>) {
  mx.packed.quantize ins(%x : memref<3x5x32xf32>) seed(%seed)
    outs(%p, %s : memref<3x5x32xi8>, memref<3x5x1xi8>)
    {format = #mx.format<mxfp8_e4m3>, scale_rule = #mx.scale_rule<rceil>,
     rounding = #mx.rounding<stochastic>, index_axis = 1 : i64}
  return
}

// -----

// N4.1: a maximum over all rows, then t = A / (6 · 448), 1 for a zero tensor.
// CHECK-LABEL: func.func @tensor_scale(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<?x?xf32>, %[[T:.+]]: memref<f32>
// CHECK-DAG:     %[[DIVISOR:.+]] = arith.constant 2.688000e+03 : f32
// CHECK:         %[[AMAX:.+]] = scf.for {{.*}} -> (i32)
// CHECK:         %[[QUOTIENT:.+]] = arith.divf %{{.+}}, %[[DIVISOR]] : f32
// CHECK:         %[[IS_ZERO:.+]] = arith.cmpi eq, %[[AMAX]], %{{.+}} : i32
// CHECK:         %[[SCALE:.+]] = arith.select %[[IS_ZERO]]
// CHECK:         memref.store %[[SCALE]], %[[T]][]
func.func @tensor_scale(%x: memref<?x?xf32>, %t: memref<f32>) {
  mx.packed.tensor_scale ins(%x : memref<?x?xf32>) outs(%t : memref<f32>)
    {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>}
  return
}
