// RUN: mx-opt %s --convert-loops-to-kernels --canonicalize --remarks-filter=loops-to-kernels --remark-format=emitRemark 2>%t \
// RUN:   | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t

// What looks like work for kernels, or for the host, and is not.

// No kernel allocates or calls: the host goes through such loops, and what is
// parallel within them is a grid.

// CHECK-LABEL: func.func @calls(
// CHECK: scf.for
// CHECK:   scf.for %[[J:.*]] = %{{.*}} to %{{.*}} step
// CHECK:     %[[ROW:.*]] = memref.alloc
// CHECK:     gpu.launch_func @mx_kernels::@loops_0
// CHECK:     call @listen(%[[J]])
// CHECK:     memref.dealloc %[[ROW]]
// CHECK: return
// REMARK: the host goes through these parallel loops one by one, because it has work in them
// REMARK: made a grid of 1 parallel loops
func.func private @listen(index)
func.func @calls(%x: memref<4x8xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  scf.parallel (%i, %j) = (%zero, %zero) to (%n, %n) step (%one, %one) {
    %row = memref.alloc() : memref<8xf32>
    scf.parallel (%k) = (%zero) to (%eight) step (%one) {
      %0 = memref.load %x[%i, %k] : memref<4x8xf32>
      memref.store %0, %row[%k] : memref<8xf32>
    }
    func.call @listen(%j) : (index) -> ()
    memref.dealloc %row : memref<8xf32>
  }
  return
}

// Only the function that bufferisation adds works on lists of the host, and
// one of the user may be called alike.

// CHECK-LABEL: func.func @dealloc_helper_of_mine(
// CHECK-NOT: memref.store
// CHECK: gpu.launch_func @mx_kernels::@step_0
func.func @dealloc_helper_of_mine(%x: memref<f32>, %s: f32) {
  memref.store %s, %x[] : memref<f32>
  return
}

// CHECK-LABEL: func.func private @dealloc_helper(
// CHECK: memref.store
// CHECK-NOT: gpu.launch_func
// CHECK: return
func.func private @dealloc_helper(%list: memref<?xindex>, %flags: memref<?xi1>) {
  %zero = arith.constant 0 : index
  %true = arith.constant true
  memref.store %true, %flags[%zero] : memref<?xi1>
  return
}
func.func @free(%list: memref<?xindex>, %flags: memref<?xi1>) {
  call @dealloc_helper(%list, %flags) : (memref<?xindex>, memref<?xi1>) -> ()
  return
}
