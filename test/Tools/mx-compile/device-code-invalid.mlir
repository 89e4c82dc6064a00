// Programs that cannot become code of a GPU, and why.

// RUN: split-file %s %t && cd %t
// RUN: not mx-compile kernel.mlir -o a.ptx 2>&1 | FileCheck %s --check-prefix=CPU-TARGET
// CPU-TARGET: error: expected a GPU as the target of .ptx, .cubin and .fatbin files (e.g. --target=sm_120a), got a CPU
// RUN: not mx-compile empty.mlir --target=sm_120a -o a.ptx 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: empty.mlir:{{.*}}: error: expected a program with kernels, got none
// RUN: not mx-compile other-chip.mlir --target=sm_120a -o a.ptx 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: other-chip.mlir:1:1: error: {{.*}}expected the target of the program ('sm_120a' with '+ptx87'), got 'sm_90a' with ''
// RUN: not mx-compile twice.mlir --target=sm_120a -o a.ptx 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: twice.mlir:7:3: error: {{.*}}expected another name than those of other modules, got 'k' twice
// TWICE: twice.mlir:2:3: note: the other is here
// RUN: not mx-compile illegal.mlir --target=sm_89 -o a.ptx 2>&1 | FileCheck %s --check-prefix=ILLEGAL
// ILLEGAL: illegal.mlir:3:5: error: expected an instruction of 'sm_89' with PTX 8.4, got 'wgmma.fence.aligned', which needs sm_90a

//--- kernel.mlir
gpu.module @m {
  llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
//--- empty.mlir
func.func @f(%x: f32) -> f32 {
  return %x : f32
}
//--- other-chip.mlir
gpu.module @m [#nvvm.target<chip = "sm_90a">] {
  llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
//--- twice.mlir
gpu.module @first {
  llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
gpu.module @second {
  llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
    llvm.return
  }
}
//--- illegal.mlir
gpu.module @m {
  llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
    nvvm.wgmma.fence.aligned
    llvm.return
  }
}
