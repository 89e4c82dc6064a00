// After lower: loops, vectors and buffers. The whole is long; these are the lines
// to look for.
// RUN: mx-opt %S/07-pack.mlir --mx-pipeline=stop-after=lower | FileCheck %s

// CHECK-LABEL: func.func @product
// CHECK-SAME:  (%[[X:.+]]: memref<1x4x64xf32>, %[[CODES:.+]]: memref<1x16x32xi8>, %[[SCALES:.+]]: memref<1x16x2xi8>)

// Quantise: the largest magnitude of a block is found on the bits, since positive
// floats are ordered like integers.
// CHECK:     %[[BLOCK:.+]] = vector.load %[[X]]
// CHECK:     %[[BITS:.+]] = arith.bitcast %[[BLOCK]] : vector<32xf32> to vector<32xi32>
// CHECK:     vector.reduction <maxui>

// Two codes make a byte, the even one below (N8.1).
// CHECK:     vector.shuffle {{.*}} [0, 2, 4
// CHECK:     vector.shuffle {{.*}} [1, 3, 5
// CHECK:     arith.ori %{{.+}}, %{{.+}} : vector<16xi8>

// Product: weights are decoded, 32 at a time, and multiplied by their scale.
// CHECK:     vector.load %[[CODES]]
// CHECK:     vector.interleave
// CHECK:     memref.load %[[SCALES]]
// CHECK:     vector.broadcast

// The sum runs over vectors.
// CHECK:     scf.for {{.*}} iter_args
// CHECK:     arith.addf {{.*}} : vector<8xf32>
// CHECK-NOT: mx.
