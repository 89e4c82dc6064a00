// RUN: mx-opt %s --convert-loops-to-kernels --canonicalize | FileCheck %s
// RUN: mx-opt %s --convert-loops-to-kernels --remarks-filter=loops-to-kernels --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// What host code does with buffers, which are memory of the device, becomes
// kernels.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_89">} {

// A nest of parallel loops is a grid: the last loop along x, the others along
// y; views are taken within.

// CHECK-LABEL: func.func @grid(
// CHECK-SAME: %[[X:.*]]: memref<?x100xf32>, %[[Y:.*]]: memref<?x100xf32>, %[[N:.*]]: index, %[[S:.*]]: bf16)
// CHECK-NOT: memref.load
// CHECK-DAG: %[[YBLOCKS:.*]] = arith.maxui
// CHECK: memref.extract_aligned_pointer_as_index %[[X]]
// CHECK: memref.extract_aligned_pointer_as_index %[[Y]]
// CHECK: gpu.launch_func @mx_kernels::@loops_0 blocks in (%c1, %{{.*}}, %c1) threads in (%c128, %c2, %c1)
// CHECK-NOT: memref.store
// REMARK: made a grid of 2 parallel loops
func.func @grid(%x: memref<?x100xf32>, %y: memref<?x100xf32>, %n: index, %s: bf16) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %columns = arith.constant 100 : index
  %view = memref.subview %y[0, 0] [%n, 100] [1, 1] : memref<?x100xf32> to memref<?x100xf32, strided<[100, 1]>>
  scf.parallel (%i, %j) = (%zero, %zero) to (%n, %columns) step (%one, %one) {
    %a = memref.load %x[%i, %j] : memref<?x100xf32>
    %b = arith.extf %s : bf16 to f32
    %c = arith.mulf %a, %b : f32
    memref.store %c, %view[%i, %j] : memref<?x100xf32, strided<[100, 1]>>
  }
  return
}

// Stores of the host are one kernel of one thread, and so is what is loaded for
// them alone.

// CHECK-LABEL: func.func @step(
// CHECK-NOT: memref.load
// CHECK: gpu.launch_func @mx_kernels::@step_0 blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
// CHECK-NOT: gpu.launch_func
// CHECK: return
func.func @step(%x: memref<f32>, %y: memref<2xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = memref.load %x[] : memref<f32>
  %b = arith.addf %a, %a : f32
  memref.store %b, %y[%zero] : memref<2xf32>
  memref.store %a, %y[%one] : memref<2xf32>
  return
}

// A number that decides what the host does is loaded by it.

// CHECK-LABEL: func.func @decision(
// CHECK: %[[CONDITION:.*]] = memref.load
// CHECK: scf.if %[[CONDITION]]
// CHECK:   gpu.launch_func @mx_kernels::@loops_1
// REMARK: the host waits for the device, because it needs this number
func.func @decision(%condition: memref<i1>, %y: memref<8xi32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %number = arith.constant 3 : i32
  %0 = memref.load %condition[] : memref<i1>
  scf.if %0 {
    scf.parallel (%i) = (%zero) to (%eight) step (%one) {
      memref.store %number, %y[%i] : memref<8xi32>
    }
  }
  return
}

// Between a store and a store the host reads: each keeps its place.

// CHECK-LABEL: func.func @mixed(
// CHECK: gpu.launch_func @mx_kernels::@step_1
// CHECK: %[[A:.*]] = memref.load
// CHECK: gpu.launch_func @mx_kernels::@step_2
// CHECK: return %[[A]]
func.func @mixed(%x: memref<f32>, %s: f32) -> f32 {
  memref.store %s, %x[] : memref<f32>
  %a = memref.load %x[] : memref<f32>
  %b = arith.addf %a, %s : f32
  memref.store %b, %x[] : memref<f32>
  return %a : f32
}

// Loops that are not parallel are run by one thread. Their results come back
// by way of memory.

// CHECK-LABEL: func.func @sequential(
// CHECK: %[[CELL:.*]] = memref.alloc() : memref<f32>
// CHECK: gpu.launch_func @mx_kernels::@step_3
// CHECK: %[[SUM:.*]] = memref.load %[[CELL]][]
// CHECK: memref.dealloc %[[CELL]]
// CHECK: return %[[SUM]]
// REMARK: made a kernel of one thread, because these loops are not parallel
func.func @sequential(%x: memref<8xf32>) -> f32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %start = arith.constant 0.0 : f32
  %sum = scf.for %i = %zero to %eight step %one iter_args(%s = %start) -> f32 {
    %a = memref.load %x[%i] : memref<8xf32>
    %t = arith.addf %s, %a : f32
    scf.yield %t : f32
  }
  return %sum : f32
}

// The host goes round a loop in which there are kernels; copies are the device's.

// CHECK-LABEL: func.func @rounds(
// CHECK: scf.for
// CHECK:   gpu.launch_func @mx_kernels::@loops_2
// CHECK:   gpu.memcpy %{{.*}}, %{{.*}} : memref<8xf32>, memref<8xf32>
func.func @rounds(%x: memref<8xf32>, %y: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  scf.for %round = %zero to %eight step %one {
    scf.parallel (%i) = (%zero) to (%eight) step (%one) {
      %a = memref.load %x[%i] : memref<8xf32>
      %b = arith.addf %a, %a : f32
      memref.store %b, %y[%i] : memref<8xf32>
    }
    memref.copy %y, %x : memref<8xf32> to memref<8xf32>
  }
  return
}

// CHECK: gpu.module @mx_kernels [#nvvm.target<O = 3, chip = "sm_89", features = "+ptx84">]

// A narrow number travels as its bits in an i32; a thread takes iterations at
// the distance of the grid.

// CHECK: gpu.func @loops_0(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %[[BITS:.*]]: i32, %{{.*}}: !llvm.ptr, %{{.*}}) kernel attributes {known_block_size = array<i32: 128, 2, 1>}
// CHECK: %[[NARROW:.*]] = arith.trunci %[[BITS]] : i32 to i16
// CHECK: arith.bitcast %[[NARROW]] : i16 to bf16
// CHECK: memref.subview
// CHECK: scf.for %[[I:.*]] = %{{.*}} to
// CHECK: scf.for %[[J:.*]] = %{{.*}} to %c100
// CHECK: memref.load %{{.*}}[%[[I]], %[[J]]]
// CHECK: memref.store

// CHECK: gpu.func @step_0(
// CHECK: memref.load
// CHECK: memref.store
// CHECK: memref.store
}
