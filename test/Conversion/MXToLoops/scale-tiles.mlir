// N8.5: four columns at a time; what lies beyond the scales is zero.

// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @tile
// CHECK-SAME: %[[SCALES:.+]]: memref<?x?xi8>, %[[TILES:.+]]: memref<?x?x32x16xi8>
func.func @tile(%s: memref<?x?xi8>, %t: memref<?x?x32x16xi8>) {
  // CHECK: scf.parallel (%[[ROW_TILE:.+]], %[[COLUMN_TILE:.+]], %[[MEMORY_ROW:.+]], %[[GROUP:.+]]) =
  // CHECK: scf.if
  // CHECK: %[[FOUR:.+]] = vector.load %[[SCALES]][{{.+}}] : memref<?x?xi8>, vector<4xi8>
  // CHECK: vector.store %[[FOUR]], %[[TILES]][%[[ROW_TILE]], %[[COLUMN_TILE]], %[[MEMORY_ROW]], %{{.+}}]
  // CHECK: else
  // CHECK-COUNT-4: memref.store %{{.+}}, %[[TILES]]
  mx.packed.tile_scales ins(%s : memref<?x?xi8>) outs(%t : memref<?x?x32x16xi8>)
  return
}

// -----

// CHECK-LABEL: func.func @untile
// CHECK-SAME: %[[TILES:.+]]: memref<?x?x32x16xi8>, %[[SCALES:.+]]: memref<?x?xi8>
func.func @untile(%t: memref<?x?x32x16xi8>, %s: memref<?x?xi8>) {
  // CHECK: scf.parallel (%[[ROW:.+]], %[[COLUMN:.+]]) = (%{{.+}}) to (%{{.+}}) step (%{{.+}}, %c4)
  // CHECK: %[[FOUR:.+]] = vector.load %[[TILES]][{{.+}}] : memref<?x?x32x16xi8>, vector<4xi8>
  // CHECK: vector.store %[[FOUR]], %[[SCALES]][%[[ROW]], %[[COLUMN]]]
  // CHECK: scf.parallel (%[[ROW:.+]], %[[LAST:.+]]) =
  // CHECK: memref.store %{{.+}}, %[[SCALES]][%[[ROW]], %[[LAST]]]
  mx.packed.untile_scales ins(%t : memref<?x?x32x16xi8>) outs(%s : memref<?x?xi8>)
  return
}
