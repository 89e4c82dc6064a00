// What ptxas says reaches the kernel it is about. The one here is a script.

// RUN: rm -rf %t && split-file %s %t && cd %t && mkdir -p cuda/bin && cp ptxas cuda/bin && chmod +x cuda/bin/ptxas

// A warning is passed on, spills are a missed remark.
// RUN: cp warning.log cuda/log
// RUN: mx-compile kernel.mlir --target=sm_90a --cuda-path=cuda -o a.cubin --remarks-filter=mx-ptxas 2>&1 | FileCheck %s --check-prefix=WARNING
// WARNING: kernel.mlir:3:3: warning: expected ptxas to assemble this without complaint, got 'Advisory: something is odd'
// WARNING: kernel.mlir:3:3: remark: [Missed] resources | Category:mx-ptxas | Remark="k: Used 255 registers, used 1 barriers, 16 bytes smem, 8 bytes spill stores, 12 bytes spill loads"

// Code that ptxas made slower than it was written is refused, but for the wait
// that it adds where registers change hands.
// RUN: cp slow.log cuda/log
// RUN: not mx-compile kernel.mlir --target=sm_90a --cuda-path=cuda -o b.cubin 2>&1 | FileCheck %s --check-prefix=SLOW --implicit-check-not=error:
// SLOW: kernel.mlir:3:3: error: expected ptxas to assemble this without complaint, got 'Potential Performance Loss: wgmma.mma_async instructions are serialized'
// SLOW: kernel.mlir:3:3: error: expected ptxas to assemble this without complaint, got 'Potential Performance Loss: 'setmaxnreg' ignored'
// RUN: not ls b.cubin

// An error names the line of PTX.
// RUN: cp error.log cuda/log && touch cuda/fail
// RUN: not mx-compile kernel.mlir --target=sm_90a --cuda-path=cuda -o c.cubin 2>&1 | FileCheck %s --check-prefix=ERROR --implicit-check-not=error:
// ERROR: kernel.mlir:3:3: error: expected ptxas to assemble this without complaint, got 'Unknown modifier '.snyc'' at '{{.+}}'
// RUN: not ls c.cubin

//--- kernel.mlir
gpu.module @m {
  // A kernel.
  llvm.func @k(%out: !llvm.ptr<1>, %w: i32) attributes {gpu.kernel, nvvm.kernel} {
    llvm.store %w, %out : i32, !llvm.ptr<1>
    llvm.return
  }
}
//--- ptxas
#!/bin/sh
here=$(dirname "$0")/..
cat "$here/log" >&2
test ! -e "$here/fail"
//--- warning.log
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'k' for 'sm_90a'
ptxas warning : Advisory: something is odd
ptxas info    : Function properties for k
    8 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 16 bytes smem
//--- slow.log
ptxas info    (C7519) : Potential Performance Loss: one more wait
ptxas info    : Compiling entry function 'k' for 'sm_90a'
ptxas warning (C7510) : Potential Performance Loss: wgmma.mma_async instructions are serialized
ptxas info    (C7508) : Potential Performance Loss: 'setmaxnreg' ignored
//--- error.log
ptxas /tmp/x.ptx, line 20; error   : Unknown modifier '.snyc'
ptxas fatal   : Ptx assembly aborted due to errors
