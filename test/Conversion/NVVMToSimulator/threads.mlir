// What threads say to each other, and conversions of numbers, become calls.
// RUN: mx-opt %s --convert-nvvm-to-simulator | FileCheck %s

gpu.module @device {
  // CHECK-LABEL: llvm.func @device.warp(
  // CHECK-SAME: %[[MASK:[^:]+]]: i32, %[[VALUE:[^:]+]]: f32, %[[FLAG:[^:]+]]: i1)
  llvm.func @warp(%mask: i32, %value: f32, %flag: i1) -> f32 {
    // CHECK: %[[BITS:.+]] = llvm.bitcast %[[VALUE]] : f32 to i32
    // CHECK: %[[MOVED:.+]] = llvm.call @mxsim_shuffle(%{{.+}}, %[[MASK]], %[[BITS]],
    // CHECK: %[[RESULT:.+]] = llvm.bitcast %[[MOVED]] : i32 to f32
    %moved = nvvm.shfl.sync bfly %mask, %value, %mask, %mask : f32 -> f32
    // CHECK: llvm.call @mxsim_vote(
    %any = nvvm.vote.sync any %mask, %flag -> i1
    // CHECK: llvm.call @mxsim_elect(
    %leader = nvvm.elect.sync -> i1
    // CHECK: llvm.call @mxsim_reduce(
    %sum = nvvm.redux.sync add %mask, %mask : i32 -> i32
    // CHECK: llvm.call @mxsim_match(
    %equal = nvvm.match.sync any %mask, %mask : i32 -> i32
    // CHECK: llvm.call @mxsim_warp_sync(%[[MASK]],
    nvvm.bar.warp.sync %mask : i32
    // CHECK: llvm.call @mxsim_barrier_reduce(
    %count = nvvm.barrier #nvvm.reduction<popc> %mask -> i32
    // CHECK: llvm.return %[[RESULT]]
    llvm.return %moved : f32
  }

  // CHECK-LABEL: llvm.func @device.numbers(
  llvm.func @numbers(%x: f32, %bits: i32) -> i8 {
    // CHECK: %[[PAIR:.+]] = llvm.call @mxsim_convert_from_f32x2(
    // CHECK: %[[BYTE:.+]] = llvm.trunc %[[PAIR]] : i32 to i8
    %codes = nvvm.convert.f32x2.to.f4x2 %x, %x : i8 (f4E2M1FN)
    // CHECK: %[[CODES:.+]] = llvm.zext %[[BYTE]] : i8 to i32
    // CHECK: %[[HALVES:.+]] = llvm.call @mxsim_convert_to_halves(%{{.+}}, %{{.+}}, %[[CODES]], %{{.+}})
    // CHECK: llvm.bitcast %[[HALVES]] : i32 to vector<2xf16>
    %halves = nvvm.convert.f4x2.to.f16x2 %codes : i8 (f4E2M1FN) -> vector<2xf16>
    // CHECK: llvm.call @mxsim_permute(
    %word = nvvm.prmt #nvvm.permute_mode<default> %bits, %bits, %bits : i32
    // CHECK: llvm.return %[[BYTE]]
    llvm.return %codes : i8
  }

  // CHECK-LABEL: llvm.func @device.atomics(
  llvm.func @atomics(%place: !llvm.ptr<1>, %x: f32, %n: i32) {
    // CHECK: llvm.call @mxsim_atomic(
    %old = llvm.atomicrmw fadd %place, %x monotonic : !llvm.ptr<1>, f32
    // CHECK: llvm.call @mxsim_atomic(
    // CHECK: llvm.icmp "eq"
    %pair = llvm.cmpxchg %place, %n, %n monotonic monotonic : !llvm.ptr<1>, i32
    llvm.return
  }
}
