// RUN: mx-opt %s --mx-pipeline=target=sm_120a | FileCheck %s
// RUN: not mx-opt %s --mx-pipeline=target=sm_7 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not mx-opt %s --mx-pipeline=target=sm_80 2>&1 | FileCheck %s --check-prefix=OLD

// For a GPU, kernels become llvm and nvvm operations, of which the chip has all,
// and host code becomes that of a CPU.

// CHIP: error: expected a chip (sm_80, {{.*}}), got 'sm_7'

// CHECK: module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">
module {
// CHECK: llvm.func @host
func.func @host(%x: i32) -> i32 {
  return %x : i32
}

// CHECK: gpu.module @kernels
gpu.module @kernels {
  // CHECK: llvm.func @scale(%{{.*}}: !llvm.ptr, %{{.*}}: i32) attributes {gpu.kernel, gpu.known_block_size = array<i32: 128, 1, 1>, nvvm.kernel, nvvm.reqntid = array<i32: 128, 1, 1>}
  gpu.func @scale(%p: !llvm.ptr, %n: i32) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    // CHECK-NOT: arith.
    // CHECK-NOT: scf.
    // CHECK: nvvm.read.ptx.sreg.tid.x
    // CHECK: llvm.cond_br
    // CHECK: llvm.fmul
    // CHECK: nvvm.elect.sync
    // CHECK: nvvm.barrier
    %thread = gpu.thread_id x
    %index = arith.index_cast %thread : index to i32
    %inside = arith.cmpi slt, %index, %n : i32
    scf.if %inside {
      %place = llvm.getelementptr %p[%index] : (!llvm.ptr, i32) -> !llvm.ptr, f32
      %x = llvm.load %place : !llvm.ptr -> f32
      %y = arith.mulf %x, %x : f32
      llvm.store %y, %place : f32, !llvm.ptr
    }
    // OLD: error: expected an instruction of 'sm_80' with PTX 8.0, got 'elect.sync', which needs sm_90 or later
    %elected = nvvm.elect.sync -> i1
    scf.if %elected {
      llvm.store %n, %p : i32, !llvm.ptr
    }
    gpu.barrier
    gpu.return
  }
}
}
