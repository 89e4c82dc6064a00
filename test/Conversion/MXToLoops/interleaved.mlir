// Products with interleaved rows (N8.7): up to 4 rows of A, a strip, are multiplied where codes are
// decoded, a few strips share a panel of pairs, many rows a panel of scaled numbers. Which it is,
// is asked at run time where it is not known.
// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

module attributes {mx.target = #mx.target<cpu, features = "+avx2,+fma">} {
// CHECK-LABEL: func.func @any_number_of_rows
// CHECK-SAME: (%[[A:.+]]: memref<?x64xf32>, %[[W:.+]]: memref<2x512xi8>, %[[S:.+]]: memref<2x32xi8>, %[[C:.+]]: memref<?x20xf32>
func.func @any_number_of_rows(%a: memref<?x64xf32>, %w: memref<2x512xi8>, %s: memref<2x32xi8>, %c: memref<?x20xf32>, %k: index) {
  // CHECK: %[[IS_FEW:.+]] = arith.cmpi ule, %{{.+}}, %c32{{.*}} : index
  // CHECK: scf.if %[[IS_FEW]] {
  // CHECK: %[[STRIPS:.+]] = memref.alloc(%{{.+}}) {alignment = 64 : i64} : memref<?xf64>
  // CHECK: vector.shuffle {{.+}} [0, 4, 2, 6, 1, 5, 3, 7]
  // CHECK: vector.store %{{.+}}, %[[STRIPS]]
  // CHECK: %[[PANELS:.+]] = memref.alloc(%{{.+}}) {alignment = 64 : i64} : memref<?x256x16xf32>
  // CHECK: scf.parallel (%{{.+}}) = {{.+}} step (%c128{{.*}})
  // CHECK-NOT: memref.alloc
  // CHECK: %[[PANEL:.+]] = memref.subview %[[PANELS]]
  // One strip of any height. Both halves of a group for 1 or 2 rows: a block has 4 lines, 2 halves,
  // 2 tables and 2 halves of bytes. The scale is applied to the sum of a block.
  // CHECK: arith.cmpi ule, %{{.+}}, %c4{{.*}} : index
  // CHECK: scf.index_switch
  // CHECK: case 1 {
  // CHECK: scf.for {{.+}} -> (vector<8xf32>, vector<8xf32>) {
  // CHECK: vector.load %[[S]]{{.+}} vector<8xi8>
  // CHECK-COUNT-32: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
  // CHECK-NOT: llvm.call_intrinsic
  // CHECK: case 2 {
  // CHECK: scf.for {{.+}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>) {
  // CHECK: case 3 {
  // CHECK: default {
  // One half at a time.
  // CHECK: scf.for {{.+}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>) {
  // CHECK-COUNT-16: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
  // CHECK-NOT: llvm.call_intrinsic
  // Several strips.
  // CHECK: } else {
  // CHECK: vector.store %{{.+}}, %[[PANEL]]
  // CHECK: scf.index_switch
  // CHECK-NOT: llvm.call_intrinsic
  // The largest scale byte is looked up, and whether totals are finite.
  // CHECK: arith.cmpf ord
  // CHECK: arith.maxui
  // CHECK: vector.reduction <maxui>
  // Otherwise: as if there were more rows.
  // CHECK: } else {
  // CHECK: vector.store %{{.+}}, %[[PANEL]]
  // CHECK: } else {
  // CHECK: scf.parallel
  // CHECK: %[[TILE_PANEL:.+]] = memref.alloc() {alignment = 64 : i64} : memref<256x16xf32>
  // CHECK: vector.store %{{.+}}, %[[TILE_PANEL]]
  // CHECK: scf.for {{.+}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>) {
  // CHECK-COUNT-96: llvm.intr.fma
  // CHECK-NOT: llvm.intr.fma
  // CHECK: scf.yield
  mx.packed.matmul k(%k) lhs(%a : memref<?x64xf32>) rhs(%w, %s : memref<2x512xi8>, memref<2x32xi8>) outs(%c : memref<?x20xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"}
  return
}
}

// -----

module attributes {mx.target = #mx.target<cpu, features = "+avx2,+fma">} {
// A number of rows that is known needs one way.
// CHECK-LABEL: func.func @one_strip
// CHECK: memref<?xf64>
// CHECK-NOT: scf.index_switch
// CHECK-NOT: arith.cmpi ule, %{{.+}} : index
func.func @one_strip(%a: memref<4x64xf32>, %w: memref<2x512xi8>, %s: memref<2x64xi8>, %t: memref<f32>, %c: memref<4x20xf32>, %k: index) {
  mx.packed.matmul k(%k) lhs(%a : memref<4x64xf32>) rhs(%w, %s, %t : memref<2x512xi8>, memref<2x64xi8>, memref<f32>) outs(%c : memref<4x20xf32>)
    {rhs_format = #mx.format<nvfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"}
  return
}
// CHECK-LABEL: func.func @many_rows
// CHECK-NOT: memref<?xf64>
// CHECK-NOT: scf.if
func.func @many_rows(%a: memref<36x64xf32>, %w: memref<2x512xi8>, %s: memref<2x64xi8>, %t: memref<f32>, %c: memref<36x20xf32>, %k: index) {
  mx.packed.matmul k(%k) lhs(%a : memref<36x64xf32>) rhs(%w, %s, %t : memref<2x512xi8>, memref<2x64xi8>, memref<f32>) outs(%c : memref<36x20xf32>)
    {rhs_format = #mx.format<nvfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"}
  return
}
}

// -----

// Rows of whole groups come to their places by transpositions, 16 bytes of each at a time; where rows
// are missing padding comes first, then a unit at a time.
// CHECK-LABEL: func.func @interleave
// CHECK-SAME: (%[[P:.+]]: memref<20x32xi8>, %[[W:.+]]: memref<2x512xi8>)
func.func @interleave(%p: memref<20x32xi8>, %w: memref<2x512xi8>) {
  // CHECK: scf.parallel {{.+}} step (%c16{{.*}}, %c16{{.*}})
  // CHECK-COUNT-4: vector.load %[[P]]{{.+}} vector<16xi8>
  // CHECK: vector.shuffle {{.+}} [0, 4, 1, 5] : vector<4xi32>, vector<4xi32>
  // CHECK: vector.shuffle {{.+}} [2, 6, 3, 7] : vector<4xi32>, vector<4xi32>
  // CHECK: vector.store %{{.+}}, %[[W]]{{.+}} vector<16xi8>
  // CHECK: %[[PADDING:.+]] = vector.broadcast %{{.+}} : i8 to vector<16xi8>
  // CHECK: vector.store %[[PADDING]], %[[W]]
  // CHECK: %[[UNIT:.+]] = vector.load %[[P]]{{.+}} vector<4xi8>
  // CHECK: vector.store %[[UNIT]], %[[W]]
  mx.packed.interleave ins(%p : memref<20x32xi8>) outs(%w : memref<2x512xi8>) {unit = 4 : i64, padding = 0 : i8}
  return
}
