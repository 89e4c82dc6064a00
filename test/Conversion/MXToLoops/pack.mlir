// N8.1: whole chunks of 32 codes by shuffles, then what is left byte by byte or
// code by code.

// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @pack_fp4
func.func @pack_fp4(%c: memref<?xi8>, %p: memref<?xi8>) {
  // CHECK: scf.parallel
  // CHECK: vector.load {{.+}} vector<32xi8>
  // CHECK: vector.store {{.+}} vector<16xi8>
  // CHECK: scf.parallel (%[[BYTE:.+]]) =
  // CHECK: memref.store %{{.+}}, %{{.+}}[%[[BYTE]]]
  mx.packed.pack ins(%c : memref<?xi8>) outs(%p : memref<?xi8>) {bits = 4 : i64}
  return
}

// -----

// CHECK-LABEL: func.func @unpack_fp6
func.func @unpack_fp6(%p: memref<2x?xi8>, %c: memref<2x?xi8>) {
  // CHECK: vector.load {{.+}} vector<24xi8>
  // CHECK: vector.store {{.+}} vector<32xi8>
  // CHECK: scf.parallel (%{{.+}}, %[[CODE:.+]]) = (%{{.+}}) to (%{{.+}}) step (%{{.+}}, %c1{{.*}})
  // CHECK: memref.store %{{.+}}, %{{.+}}[%{{.+}}, %[[CODE]]]
  mx.packed.unpack ins(%p : memref<2x?xi8>) outs(%c : memref<2x?xi8>) {bits = 6 : i64}
  return
}
