// UNSUPPORTED: sanitizer
// 70: a crash leaves a reproducer. A failed assertion is the program's own
// answer, not a crash.

// RUN: split-file %s %t && rm -rf %t/temporary && cd %t && mkdir temporary
// RUN: env TMPDIR=%t/temporary sh status.sh 70 mx-run crash.mlir --quantize=speed '--quantize-sites=up|down' 2>&1 | FileCheck %s
// CHECK: error: internal failure; this is a defect of mx
// CHECK: note: reproduce with: mx-compile {{.*}}mx-reproducer-{{.*}}.mlir --stop-after=llvm{{.*}} --quantize=speed {{.*}}--quantize-sites=up|down
// RUN: cmp crash.mlir temporary/mx-reproducer-*.mlir

// RUN: sh status.sh 1 mx-run assert.mlir --input=2xf32=1 2>&1 | FileCheck %s --check-prefix=ASSERT
// ASSERT-DAG: expected three
// ASSERT-DAG: error: the program stopped itself

//--- status.sh
expected=$1; shift; "$@"; test $? = $expected
//--- crash.mlir
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
