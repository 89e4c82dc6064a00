// Lists of targets that one library cannot be made for.
// REQUIRES: target-x86_64, llvm-aarch64

// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: not mx-compile %s --target=cpu,cpu -o a.so 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not mx-compile %s --target=x86-64-v3, -o a.so 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not mx-compile %s --target=x86-64-v3,cpu -o a.o 2>&1 | FileCheck %s --check-prefix=OBJECT
// RUN: not mx-compile %s --target=sm_80,cpu -o a.so 2>&1 | FileCheck %s --check-prefix=GPU
// RUN: not mx-compile %s --target=neoverse-n1,cpu -o a.so 2>&1 | FileCheck %s --check-prefix=ARM
// RUN: not mx-compile --target=x86-64-v3,cpu -o a.so < %s 2>&1 | FileCheck %s --check-prefix=INPUT
// RUN: not mx-compile %s --target=x86-64-v3,z80 -o a.so 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not ls a.so

// TWICE: error: expected different targets, got 'cpu' twice
// NOTHING: error: expected targets between commas, got nothing in 'x86-64-v3,'
// OBJECT: error: expected one target, or a shared library ('-o name.so') for several, got 'x86-64-v3,cpu'
// ARM: error: expected processors of x86-64 where there are several targets, got 'neoverse-n1'
// GPU: error: expected processors where there are several targets, got 'sm_80'
// INPUT: error: expected a file where there are several targets, got standard input
// UNKNOWN: error: expected the target 'cpu', {{.*}}, got 'z80'

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
