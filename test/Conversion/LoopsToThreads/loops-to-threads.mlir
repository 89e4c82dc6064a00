// RUN: mx-opt %s --convert-loops-to-threads --split-input-file | FileCheck %s
// RUN: mx-opt %s --convert-loops-to-threads --split-input-file --remarks-filter=loops-to-threads \
// RUN:   --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// Rows are divided, neighbours stay together.
// CHECK-LABEL: @rows
// CHECK: scf.parallel (%[[I:.+]]) = (%{{.+}}) to (%{{.+}}) step
// CHECK-NEXT: scf.for %[[J:.+]] = %c0 to %c64 step %c1
// CHECK-NEXT: memref.store %{{.+}}, %{{.+}}[%[[I]], %[[J]]]
// REMARK: remark: [Passed] loops
// REMARK-SAME: threads divide the loops
func.func @rows(%x: memref<?x64xf32>, %rows: index, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%rows, %c64) step (%c1, %c1) {
    memref.store %value, %x[%i, %j] : memref<?x64xf32>
  }
  return
}

// -----

// Two rows would keep two threads busy at most.
// CHECK-LABEL: @few_rows
// CHECK: scf.parallel (%{{.+}}, %{{.+}}) = (%c0, %c0) to (%c2, %{{.+}})
// CHECK-NOT: scf.for
func.func @few_rows(%x: memref<2x?xf32>, %columns: index, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c2, %columns) step (%c1, %c1) {
    memref.store %value, %x[%i, %j] : memref<2x?xf32>
  }
  return
}

// -----

// Waking threads takes longer.
// CHECK-LABEL: @short
// CHECK-NOT: scf.parallel
// CHECK: scf.for
// CHECK: scf.for
// REMARK: remark: [Missed] loops
// REMARK-SAME: one thread runs the loops, which are short
func.func @short(%x: memref<4x64xf32>, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%c4, %c64) step (%c1, %c1) {
    memref.store %value, %x[%i, %j] : memref<4x64xf32>
  }
  return
}

// -----

// As few iterations, but each has vectors of numbers.
// CHECK-LABEL: @vectors
// CHECK: scf.parallel
func.func @vectors(%x: memref<512x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c512 = arith.constant 512 : index
  scf.parallel (%i) = (%c0) to (%c512) step (%c1) {
    %row = vector.load %x[%i, %c0] : memref<512x32xf32>, vector<32xf32>
    %sum = arith.addf %row, %row : vector<32xf32>
    vector.store %sum, %x[%i, %c0] : memref<512x32xf32>, vector<32xf32>
  }
  return
}

// -----

// What a nest within a nest would gain, threads already have.
// CHECK-LABEL: @nested
// CHECK: scf.parallel
// CHECK-NEXT: scf.for
// CHECK-NOT: scf.parallel
func.func @nested(%x: memref<?x?xf32>, %rows: index, %columns: index, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%rows) step (%c1) {
    scf.parallel (%j) = (%c0) to (%columns) step (%c1) {
      memref.store %value, %x[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// -----

// Tiles are work enough, and there may be few along one side of a matrix.
// CHECK-LABEL: @tiles
// CHECK: scf.parallel (%{{.+}}, %{{.+}}) =
// CHECK-NEXT: scf.for
func.func @tiles(%x: memref<?x?xf32>, %rows: index, %columns: index, %value: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%rows, %columns) step (%c1, %c64) {
    scf.for %k = %c0 to %c64 step %c1 {
      %column = arith.addi %j, %k : index
      memref.store %value, %x[%i, %column] : memref<?x?xf32>
    }
  }
  return
}

// -----

// The order of a sum is part of its meaning.
// CHECK-LABEL: @sum
// CHECK-SAME: %[[ZERO:[a-z0-9]+]]: f32
// CHECK: %[[SUM:.+]] = scf.for %{{.+}} iter_args(%[[BEFORE:.+]] = %[[ZERO]])
// CHECK: arith.addf %[[BEFORE]],
// CHECK: return %[[SUM]]
// REMARK: remark: [Missed] loops
// REMARK-SAME: one thread runs the loops, whose sums have an order
func.func @sum(%x: memref<?xf32>, %size: index, %zero: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum = scf.parallel (%i) = (%c0) to (%size) step (%c1) init (%zero) -> f32 {
    %value = memref.load %x[%i] : memref<?xf32>
    scf.reduce(%value : f32) {
    ^bb0(%a: f32, %b: f32):
      %next = arith.addf %a, %b : f32
      scf.reduce.return %next : f32
    }
  }
  return %sum : f32
}
