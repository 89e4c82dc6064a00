// RUN: mx-opt %s --pass-pipeline='builtin.module(gpu.module(mx-convert-device-code))' | FileCheck %s

// Functions that are instructions become intrinsics of LLVM, which no library
// needs to define.

gpu.module @kernels {
// CHECK-NOT: @__nv
// CHECK-LABEL: llvm.func @functions(%{{.*}}: !llvm.ptr, %{{.*}}: i64)
// CHECK-SAME: nvvm.kernel
gpu.func @functions(%p: !llvm.ptr, %n: i64) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
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
