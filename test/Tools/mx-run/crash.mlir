// UNSUPPORTED: sanitizer
// A program that fails is not a defect of mx: exit code 1, no reproducer.

// RUN: split-file %s %t && rm -rf %t/temporary && cd %t && mkdir temporary
// RUN: env TMPDIR=%t/temporary sh status.sh 1 mx-run fault.mlir 2>&1 | FileCheck %s --check-prefix=FAULT
// RUN: env TMPDIR=%t/temporary sh status.sh 1 mx-run fault.mlir --benchmark=2 2>&1 | FileCheck %s --check-prefix=FAULT
// RUN: mx-compile fault.mlir -o fault.so
// RUN: env TMPDIR=%t/temporary sh status.sh 1 mx-run fault.so 2>&1 | FileCheck %s --check-prefix=FAULT
// FAULT-NOT: internal failure
// FAULT: error: expected 'f' to return, got signal 11 (Segmentation fault)
// FAULT-NOT: {{.}}
// RUN: not ls temporary/*

// RUN: sh status.sh 1 mx-run assert.mlir --input=2xf32=1 2>&1 | FileCheck %s --check-prefix=ASSERT
// ASSERT-DAG: expected three
// ASSERT-DAG: error: the program stopped itself

//--- status.sh
expected=$1; shift; "$@"; test $? = $expected
//--- fault.mlir
func.func @f() -> i32 {
  %null = llvm.mlir.zero : !llvm.ptr
  %0 = llvm.load volatile %null : !llvm.ptr -> i32
  return %0 : i32
}
//--- assert.mlir
func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %0 = tensor.dim %x, %c0 : tensor<?xf32>
  %1 = arith.cmpi eq, %0, %c3 : index
  cf.assert %1, "expected three"
  return %x : tensor<?xf32>
}
