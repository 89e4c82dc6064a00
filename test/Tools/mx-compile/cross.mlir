// Code for another kind of machine: objects and libraries, the kernels that its
// processor has, and why it does not run here.
// REQUIRES: target-x86_64, llvm-aarch64

// RUN: mkdir -p %t
// RUN: mx-compile %s --target=neoverse-n1 -o %t/a.o --remarks-filter='mx.*' 2>&1 | FileCheck %s
// RUN: llvm-objdump -d --no-show-raw-insn %t/a.o | %python %S/../../Integration/CPU/main_loops.py | FileCheck %s --check-prefix=LOOP
// RUN: not mx-run %s --target=neoverse-n1 --input=1x64xf32=1 --input=8x32xi8=1 --input=8x2xi8=1 --input=1x8xf32=1 2>&1 | FileCheck %s --check-prefix=HERE
// RUN: not mx-compile %s --target=neoverse-n1 --openmp -o %t/a.so 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: env PATH=%mx_build/bin not mx-compile %s --target=neoverse-n1 -o %t/a.so 2>&1 | FileCheck %s --check-prefix=LINKER

// CHECK: matmul_shuffle_fma
// LOOP: loop: look-ups 6{{[4-9]}}, interleavings 64, blends 0, products 132, broadcasts 16, prefetches 4, instructions {{[45][0-9][0-9]$}}
// HERE: error: expected a target that this machine (x86_64) can run, got one of aarch64; 'mx-compile' writes objects and libraries for it
// THREADS: error: expected an object ('-o name.o') of a program with threads for another kind of machine, got a shared library; it is linked there, with libomp
// LINKER: error: expected aarch64-linux-gnu-gcc or ld.lld on PATH to link a shared library, got none; an object can be written instead ('-o name.o')

func.func @f(%x: tensor<1x4096xf32>, %w: !mx.tensor<4096x4096, mxfp4, axis = 1>, %c: tensor<1x4096xf32>) -> tensor<1x4096xf32> {
  %y = mx.matmul ins(%x, %w : tensor<1x4096xf32>, !mx.tensor<4096x4096, mxfp4, axis = 1>) outs(%c : tensor<1x4096xf32>)
  return %y : tensor<1x4096xf32>
}
