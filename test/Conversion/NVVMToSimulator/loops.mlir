// Every loop tells the simulator of its rounds, so that none goes on unnoticed.
// RUN: mx-opt %s --convert-nvvm-to-simulator | FileCheck %s

gpu.module @device {
  // CHECK-LABEL: llvm.func @device.loops(
  llvm.func @loops(%flag: i1) {
    // CHECK-NOT: mxsim_tick
    // CHECK: llvm.br ^[[OUTER:bb[0-9]+]]
    llvm.br ^outer
  // CHECK: ^[[OUTER]]:
  ^outer:
    // CHECK-NEXT: llvm.br ^[[INNER:bb[0-9]+]]
    llvm.br ^inner
  // CHECK: ^[[INNER]]:
  ^inner:
    // CHECK: llvm.call @mxsim_tick(
    // CHECK-NEXT: llvm.cond_br %{{.+}}, ^[[INNER]], ^[[LATCH:bb[0-9]+]]
    llvm.cond_br %flag, ^inner, ^latch
  // CHECK: ^[[LATCH]]:
  ^latch:
    // CHECK: llvm.call @mxsim_tick(
    // CHECK-NEXT: llvm.cond_br %{{.+}}, ^[[OUTER]], ^{{.+}}
    llvm.cond_br %flag, ^outer, ^end
  ^end:
    // CHECK-NOT: mxsim_tick
    // CHECK: llvm.return
    llvm.return
  }
}
