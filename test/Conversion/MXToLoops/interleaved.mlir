// Products with interleaved rows (N8.7): one row of A is multiplied where codes are decoded,
// more share a panel. Which it is, is asked at run time where it is not known.
// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

module attributes {mx.target = #mx.target<cpu, features = "+avx2,+fma">} {
// CHECK-LABEL: func.func @any_number_of_rows
// CHECK-SAME: (%[[A:.+]]: memref<?x64xf32>, %[[W:.+]]: memref<2x512xi8>, %[[S:.+]]: memref<2x32xi8>, %[[C:.+]]: memref<?x20xf32>
func.func @any_number_of_rows(%a: memref<?x64xf32>, %w: memref<2x512xi8>, %s: memref<2x32xi8>, %c: memref<?x20xf32>, %k: index) {
  // CHECK: %[[IS_ROW:.+]] = arith.cmpi eq, %{{.+}}, %{{.+}} : index
  // CHECK: scf.if %[[IS_ROW]] {
  // CHECK: %[[PAIRS:.+]] = memref.alloc(%{{.+}}) {alignment = 64 : i64} : memref<?xf64>
  // CHECK: vector.shuffle {{.+}} [0, 4, 2, 6, 1, 5, 3, 7]
  // CHECK: vector.store %{{.+}}, %[[PAIRS]]
  // CHECK: %[[PANELS:.+]] = memref.alloc(%{{.+}}) {alignment = 64 : i64} : memref<?x256x16xf32>
  // CHECK: scf.parallel (%{{.+}}) = {{.+}} step (%c128{{.*}})
  // CHECK-NOT: memref.alloc
  // CHECK: %[[PANEL:.+]] = memref.subview %[[PANELS]]
  // A block: 4 lines, 2 halves, 2 tables, 2 halves of bytes.
  // CHECK: scf.for {{.+}} -> (vector<8xf32>, vector<8xf32>, vector<16xi8>)
  // CHECK-COUNT-32: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
  // CHECK-NOT: llvm.call_intrinsic
  // The scale is applied to the sum of a block; the largest byte is noted.
  // CHECK: vector.load %[[S]]{{.+}} vector<8xi8>
  // CHECK: arith.maxui
  // CHECK: vector.reduction <maxui>
  // Other scales, or totals that are not finite: as if there were more rows.
  // CHECK: } else {
  // CHECK: vector.store %{{.+}}, %[[PANEL]]
  // CHECK: scf.index_switch
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
// CHECK-LABEL: func.func @several_rows
// CHECK-NOT: memref<?xf64>
// CHECK-NOT: scf.if
func.func @several_rows(%a: memref<4x64xf32>, %w: memref<2x512xi8>, %s: memref<2x64xi8>, %t: memref<f32>, %c: memref<4x20xf32>, %k: index) {
  mx.packed.matmul k(%k) lhs(%a : memref<4x64xf32>) rhs(%w, %s, %t : memref<2x512xi8>, memref<2x64xi8>, memref<f32>) outs(%c : memref<4x20xf32>)
    {rhs_format = #mx.format<nvfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"}
  return
}
}

// -----

// Rows of weights come to their places a unit at a time.
// CHECK-LABEL: func.func @interleave
// CHECK-SAME: (%[[P:.+]]: memref<20x32xi8>, %[[W:.+]]: memref<2x512xi8>)
func.func @interleave(%p: memref<20x32xi8>, %w: memref<2x512xi8>) {
  // CHECK: vector.store %{{.+}}, %[[W]]{{.+}} vector<64xi8>
  // CHECK: %[[UNIT:.+]] = vector.load %[[P]]{{.+}} vector<4xi8>
  // CHECK: vector.store %[[UNIT]], %[[W]]
  mx.packed.interleave ins(%p : memref<20x32xi8>) outs(%w : memref<2x512xi8>) {unit = 4 : i64, padding = 0 : i8}
  return
}
