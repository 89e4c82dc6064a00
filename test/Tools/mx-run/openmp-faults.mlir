// UNSUPPORTED: sanitizer
// REQUIRES: openmp
// A fault on any thread of a program is one of the program, which ends with an error and not
// the process: on all threads, and on the last one.

// RUN: split-file %s %t && cd %t
// RUN: env OMP_NUM_THREADS=1 not mx-run all.mlir --openmp --input=64x64xi32=1 --input=64x64xi32=0 2>&1 | FileCheck %s
// RUN: env OMP_NUM_THREADS=2 not mx-run all.mlir --openmp --input=64x64xi32=1 --input=64x64xi32=0 2>&1 | FileCheck %s
// RUN: env OMP_NUM_THREADS=64 not mx-run all.mlir --openmp --input=64x64xi32=1 --input=64x64xi32=0 2>&1 | FileCheck %s
// RUN: env OMP_NUM_THREADS=3 not mx-run last.mlir --openmp --input=64x8xi32=1 2>&1 | FileCheck %s
// CHECK-NOT: internal failure
// CHECK: error: expected 'f' to return, got signal 8 (Floating point exception)
// CHECK-NOT: {{.}}

//--- all.mlir
func.func @f(%x: tensor<64x64xi32>, %y: tensor<64x64xi32>) -> tensor<64x64xi32> {
  %0 = arith.divsi %x, %y : tensor<64x64xi32>
  return %0 : tensor<64x64xi32>
}
//--- last.mlir
// Only the last row has a zero.
#map = affine_map<(d0, d1) -> (d0, d1)>
func.func @f(%x: tensor<64x8xi32>) -> tensor<64x8xi32> {
  %empty = tensor.empty() : tensor<64x8xi32>
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<64x8xi32>) outs(%empty : tensor<64x8xi32>) {
  ^bb0(%a: i32, %b: i32):
    %c63 = arith.constant 63 : index
    %i = linalg.index 0 : index
    %d = arith.subi %c63, %i : index
    %e = arith.index_cast %d : index to i32
    %f = arith.divsi %a, %e : i32
    linalg.yield %f : i32
  } -> tensor<64x8xi32>
  return %0 : tensor<64x8xi32>
}
