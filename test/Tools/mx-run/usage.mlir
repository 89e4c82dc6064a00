// Which function runs, how often, and command lines that make no sense.

// RUN: split-file %s %t && cd %t
// RUN: mx-run two.mlir --function=g --input=f32=2 | FileCheck %s --check-prefix=G
// G: result 0: f32 min 4
// RUN: not mx-run two.mlir --input=f32=2 2>&1 | FileCheck %s --check-prefix=CHOOSE
// CHOOSE: error: two.mlir: expected --function to be one of 'f', 'g', got nothing
// RUN: not mx-run two.mlir --function=h 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: two.mlir: expected --function to be one of 'f', 'g', got 'h'
// RUN: not mx-run none.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: none.mlir: expected a public function, got none

// RUN: mx-run two.mlir --function=f --input=f32=2 --benchmark=5 | FileCheck %s --check-prefix=BENCHMARK
// BENCHMARK: benchmark: 5 runs, median {{[0-9.e-]+}} ms, min {{[0-9.e-]+}} ms
// BENCHMARK: result 0: f32 min 2
// RUN: mx-run two.mlir --function=f --input=f32=2 --benchmark | FileCheck %s --check-prefix=DEFAULT
// DEFAULT: benchmark: 20 runs

// RUN: mx-run --help | FileCheck %s --check-prefix=HELP
// HELP: --input=<array>
// RUN: mx-run --version | FileCheck %s --check-prefix=VERSION
// VERSION: mx-run {{[0-9]+\.[0-9]+}}

// RUN: sh status.sh 2 mx-run two.mlir --benchmark=0 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: sh status.sh 2 mx-run two.mlir --benchmark=x 2>&1 | FileCheck %s --check-prefix=WORD
// ZERO: mx-run: expected --benchmark to be a positive number, got '0'
// WORD: mx-run: expected --benchmark to be a positive number, got 'x'
// RUN: sh status.sh 2 mx-run two.mlir --benchmark --check 2>&1 | FileCheck %s --check-prefix=BOTH
// BOTH: mx-run: expected --check or --benchmark, got both
// RUN: sh status.sh 2 mx-run two.mlir --nonsense 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: Unknown command line argument '--nonsense'

// A library is run as it is, and has no checks.
// RUN: mx-compile two.mlir -o two.so
// RUN: mx-run two.so --function=g --input=f32=2 | FileCheck %s --check-prefix=G
// RUN: mx-run two.so --function=g --input=f32=2 --benchmark=3 | FileCheck %s --check-prefix=G
// RUN: sh status.sh 2 mx-run two.so --check --function=g --input=f32=2 2>&1 | FileCheck %s --check-prefix=LIBRARY
// LIBRARY: error: expected --check with IR, got a library, which has no checks
// RUN: echo 'int x;' > foreign.c
// RUN: %cc -shared -o foreign.so foreign.c
// RUN: not mx-run foreign.so 2>&1 | FileCheck %s --check-prefix=FOREIGN
// FOREIGN: error: foreign.so: expected a library that mx-compile wrote, got one without 'mx_signatures'
// RUN: head -c 4096 two.so > half.so
// RUN: not mx-run half.so 2>&1 | FileCheck %s --check-prefix=HALF
// HALF: error: half.so: expected a shared library, got {{.+}}

//--- status.sh
expected=$1; shift; "$@"; test $? = $expected
//--- two.mlir
func.func @f(%x: f32) -> f32 {
  return %x : f32
}
func.func @g(%x: f32) -> f32 {
  %0 = arith.addf %x, %x : f32
  return %0 : f32
}
//--- none.mlir
func.func private @f(%x: f32) -> f32 {
  return %x : f32
}
