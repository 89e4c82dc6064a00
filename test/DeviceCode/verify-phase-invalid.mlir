// RUN: mx-opt %s --mx-verify-phase=phase=llvm --split-input-file --verify-diagnostics

// After the llvm phase of a GPU, device code is translated and host code need
// not be; of a CPU, everything is.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">} {
func.func @host(%x: i32) -> i32 {
  return %x : i32
}
gpu.module @m {
  llvm.func @translated() {
    nvvm.barrier
    llvm.return
  }
  llvm.func @not_translated(%x: i32) {
    // expected-error @+1 {{expected only the LLVM and NVVM dialects in device code after the llvm phase, got 'arith.addi'}}
    %0 = arith.addi %x, %x : i32
    llvm.return
  }
}
}

// -----

module attributes {mx.target = #mx.target<cpu>} {
// expected-error @+1 {{expected only the LLVM dialect after the llvm phase, got 'gpu.module'}}
gpu.module @m {
}
}
