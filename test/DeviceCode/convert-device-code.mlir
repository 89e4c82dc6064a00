// RUN: mx-opt %s --pass-pipeline='builtin.module(gpu.module(mx-convert-device-code))' | FileCheck %s

// Functions that are instructions become intrinsics of LLVM, which no library
// needs to define; a block size that a kernel knows is one that it must get.

gpu.module @kernels {
  // CHECK-NOT: @__nv
  // CHECK-LABEL: llvm.func @functions(%{{.*}}: !llvm.ptr, %{{.*}}: i64)
  // CHECK-SAME: nvvm.kernel, nvvm.reqntid = array<i32: 32, 2, 1>}
  gpu.func @functions(%p: !llvm.ptr, %n: i64) kernel attributes {known_block_size = array<i32: 32, 2, 1>} {
    // CHECK: nvvm.read.ptx.sreg.tid.x
    %thread = gpu.thread_id x
    %i = arith.index_cast %thread : index to i64
    %place = llvm.getelementptr %p[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %x = llvm.load %place : !llvm.ptr -> f32
    // CHECK: llvm.intr.floor
    // CHECK: llvm.intr.fabs
    // CHECK: llvm.intr.fma
    // CHECK: llvm.intr.sqrt
    %0 = math.floor %x : f32
    %1 = math.absf %0 : f32
    %2 = math.fma %1, %x, %x : f32
    %3 = math.sqrt %2 : f32
    llvm.store %3, %place : f32, !llvm.ptr
    // CHECK: llvm.return
    gpu.return
  }
}

// A bound that was asked for stays one.
gpu.module @bounds {
  // CHECK-LABEL: llvm.func @bound()
  // CHECK-SAME: {nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>}
  llvm.func @bound() attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
  // CHECK-LABEL: llvm.func @other()
  // CHECK-SAME: nvvm.maxntid = array<i32: 256, 1, 1>}
  llvm.func @other() attributes {gpu.known_block_size = array<i32: 128, 1, 1>, nvvm.kernel,
      nvvm.maxntid = array<i32: 256, 1, 1>} {
    llvm.return
  }
}
