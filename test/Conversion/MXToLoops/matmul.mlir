// The structure of the emulated product: fixed scratch memory, panels of f32, a
// kernel of 2 x 4 vectors whose multiplications and additions alone may be fused.

// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @n7_2_kernel
// CHECK-SAME: (%[[A:.+]]: memref<?x?xbf16>, %[[P:.+]]: memref<?x?xi8>, %[[S:.+]]: memref<?x?xi8>, %[[C:.+]]: memref<?x?xf32>, %[[K:.+]]: index)
func.func @n7_2_kernel(%a: memref<?x?xbf16>, %p: memref<?x?xi8>, %s: memref<?x?xi8>,
                       %c: memref<?x?xf32>, %k: index) {
  // CHECK: scf.parallel ({{.+}}) = ({{.+}}) to ({{.+}}) step (%c128{{.*}}, %c512{{.*}})
  // CHECK: %[[LHS:.+]] = memref.alloc() {alignment = 64 : i64} : memref<128x256xf32>
  // CHECK: %[[SUMS:.+]] = memref.alloc() {alignment = 64 : i64} : memref<128x512xf32>
  // CHECK: %[[RHS:.+]] = memref.alloc() {alignment = 64 : i64} : memref<16x256xf32>
  // CHECK: vector.load %[[A]]
  // CHECK: vector.load %[[P]]
  // CHECK: memref.load %[[S]]
  // CHECK: scf.for {{.+}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
  // CHECK-COUNT-2: vector.load %[[LHS]]{{.+}} {alignment = 32 : i64}
  // CHECK-COUNT-4: vector.load %[[RHS]]{{.+}} {alignment = 32 : i64}
  // CHECK-NEXT: %[[PRODUCT:.+]] = arith.mulf {{.+}} fastmath<contract> : vector<8xf32>
  // CHECK-NEXT: arith.addf %{{.+}}, %[[PRODUCT]] fastmath<contract> : vector<8xf32>
  // CHECK-COUNT-14: fastmath<contract>
  // CHECK: scf.yield
  // The eight partial sums of each result are added in a fixed order.
  // CHECK: vector.shuffle {{.+}} [0, 2, 8, 10, 4, 6, 12, 14]
  // CHECK: vector.shuffle {{.+}} [1, 3, 9, 11, 5, 7, 13, 15]
  // CHECK-NOT: vector.reduction
  // CHECK: vector.load %[[C]]
  // CHECK: vector.store {{.+}}, %[[C]]
  // CHECK: memref.dealloc %[[RHS]]
  // CHECK: memref.dealloc %[[LHS]]
  // CHECK: memref.dealloc %[[SUMS]]
  mx.packed.matmul k(%k) lhs(%a : memref<?x?xbf16>) rhs(%p, %s : memref<?x?xi8>, memref<?x?xi8>)
    outs(%c : memref<?x?xf32>) {rhs_format = #mx.format<mxfp4>, kernel = "matmul_emulated"}
  return
}

// -----

// Scratch memory is not larger than a result of known size needs.
// CHECK-LABEL: func.func @small_scratch
func.func @small_scratch(%a: memref<3x64xf32>, %b: memref<20x64xf32>, %c: memref<3x20xf32>) {
  // CHECK: memref.alloc() {{.+}} : memref<3x256xf32>
  // CHECK: memref.alloc() {{.+}} : memref<3x32xf32>
  // CHECK: memref.alloc() {{.+}} : memref<16x256xf32>
  %k = arith.constant 64 : index
  mx.packed.matmul k(%k) lhs(%a : memref<3x64xf32>) rhs(%b : memref<20x64xf32>)
    outs(%c : memref<3x20xf32>)
  return
}

// -----

// N7.4: ends are clamped to the previous end and the number of rows.
// CHECK-LABEL: func.func @n7_4_groups
func.func @n7_4_groups(%a: memref<?x64xf32>, %b: memref<8x16x64xf32>, %ends: memref<8xi32>,
                       %c: memref<?x16xf32>, %k: index) {
  // CHECK: %[[ROWS:.+]] = memref.dim %{{.+}}, %{{.+}} : memref<?x16xf32>
  // CHECK: scf.for %[[EXPERT:.+]] = {{.+}} iter_args(%[[BEGIN:.+]] = %{{.+}}) -> (index)
  // CHECK: %[[END:.+]] = memref.load %{{.+}}[%[[EXPERT]]]
  // CHECK: %[[CAST:.+]] = arith.index_cast %[[END]] : i32 to index
  // CHECK: %[[LOWER:.+]] = arith.maxsi %[[CAST]], %[[BEGIN]]
  // CHECK: %[[CLAMPED:.+]] = arith.minsi %[[LOWER]], %[[ROWS]]
  // CHECK: scf.parallel (%{{.+}}, %{{.+}}) = (%[[BEGIN]], %{{.+}}) to (%[[CLAMPED]], %{{.+}})
  // CHECK: scf.yield %[[CLAMPED]] : index
  mx.packed.matmul k(%k) lhs(%a : memref<?x64xf32>) rhs(%b : memref<8x16x64xf32>)
    group_ends(%ends : memref<8xi32>) outs(%c : memref<?x16xf32>)
    {kernel = "grouped_matmul_emulated"}
  return
}
