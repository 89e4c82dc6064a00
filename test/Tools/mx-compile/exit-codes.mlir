// 0: done; 1: the input is wrong; 2: the command line is wrong. (70, we are
// wrong: crash.mlir of mx-run.)

// RUN: split-file %s %t && cd %t
// RUN: sh status.sh 0 mx-compile good.mlir -o a.o
// RUN: sh status.sh 0 mx-compile --help | FileCheck %s --check-prefix=HELP
// HELP: --stop-after=<value>
// RUN: sh status.sh 0 mx-compile --version | FileCheck %s --check-prefix=VERSION
// VERSION: mx-compile {{[0-9]+\.[0-9]+}}

// RUN: sh status.sh 1 mx-compile bad.mlir -o b.o 2>&1 | FileCheck %s --check-prefix=PARSE
// PARSE: bad.mlir:2:{{[0-9]+}}: error: {{.*}}unregistered dialect
// RUN: sh status.sh 1 mx-compile missing.mlir 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: {{.*}}'missing.mlir': No such file or directory
// RUN: sh status.sh 1 mx-compile good.mlir --target=z80 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: expected the target 'cpu', 'native', a processor of this kind of machine, x86-64 or AArch64, or an NVIDIA chip (sm_80, {{.*}}), got 'z80'
// RUN: sh status.sh 1 mx-compile good.mlir '--remarks-filter=(' 2>&1 | FileCheck %s --check-prefix=REGEX
// REGEX: error: expected a regular expression for remarks, got '(': {{.+}}
// RUN: sh status.sh 1 mx-compile target.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-ATTRIBUTE
// CHECK-ATTRIBUTE: target.mlir:1:1: error: expected 'mx.target' to be a target, got '"cpu"'
// RUN: sh status.sh 1 mx-compile good.mlir -o missing/a.o 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: error: {{.*}}missing/a.o

// RUN: sh status.sh 2 mx-compile good.mlir --nonsense 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: Unknown command line argument '--nonsense'
// RUN: sh status.sh 2 mx-compile good.mlir --stop-after=lunch 2>&1 | FileCheck %s --check-prefix=PHASE
// PHASE: Cannot find option named 'lunch'
// RUN: sh status.sh 2 mx-compile good.mlir -o a.exe 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: mx-compile: expected -o to end in .mlir, .mlirbc, .ll, .o, .so, .ptx, .cubin or .fatbin, got 'a.exe'
// RUN: sh status.sh 2 mx-compile good.mlir --stop-after=pack -o a.o 2>&1 | FileCheck %s --check-prefix=STOP
// STOP: mx-compile: expected --stop-after with '-o name.mlir' or '-o name.mlirbc', got 'a.o'

// A failure leaves an older output alone, and the input is never overwritten.
// RUN: cp good.mlir copy.mlir
// RUN: sh status.sh 1 mx-compile copy.mlir -o copy.mlir 2>&1 | FileCheck %s --check-prefix=SAME
// SAME: error: expected an output that is not the input, got 'copy.mlir' twice
// RUN: cmp good.mlir copy.mlir
// RUN: cp a.o b.o
// RUN: sh status.sh 1 mx-compile bad.mlir -o b.o
// RUN: cmp a.o b.o
// RUN: ls | FileCheck %s --check-prefix=FILES
// FILES-NOT: tmp

//--- status.sh
expected=$1; shift; "$@"; test $? = $expected
//--- good.mlir
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
//--- bad.mlir
func.func @f() {
  %0 = "nonsense.op"() : () -> i32
  return
}
//--- target.mlir
module attributes {mx.target = "cpu"} {}
