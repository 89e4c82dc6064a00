// What a kernel knows of its block becomes what the block must be.
// RUN: mx-opt %s --mx-require-block-sizes | FileCheck %s

module {
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @known()
  // CHECK-SAME: {gpu.kernel, gpu.known_block_size = array<i32: 128, 2, 1>, nvvm.kernel, nvvm.reqntid = array<i32: 128, 2, 1>}
  llvm.func @known() attributes {gpu.kernel, gpu.known_block_size = array<i32: 128, 2, 1>, nvvm.kernel,
      nvvm.maxntid = array<i32: 128, 2, 1>} {
    llvm.return
  }
  // A bound that was asked for stays one.
  // CHECK-LABEL: llvm.func @bound()
  // CHECK-SAME: {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>}
  llvm.func @bound() attributes {gpu.kernel, nvvm.kernel, nvvm.maxntid = array<i32: 128, 1, 1>} {
    llvm.return
  }
  // CHECK-LABEL: llvm.func @other()
  // CHECK-SAME: nvvm.maxntid = array<i32: 256, 1, 1>}
  llvm.func @other() attributes {gpu.kernel, gpu.known_block_size = array<i32: 128, 1, 1>, nvvm.kernel,
      nvvm.maxntid = array<i32: 256, 1, 1>} {
    llvm.return
  }
}
}
