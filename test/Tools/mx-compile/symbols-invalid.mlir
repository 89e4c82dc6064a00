// Compiled code reaches memory management and libm, and nothing else of the
// process; what would is an error at its place.

// RUN: split-file %s %t && cd %t
// RUN: not mx-compile external.mlir -o a.so 2>&1 | FileCheck %s --check-prefix=CHECK-EXTERNAL
// RUN: not mx-run external.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-EXTERNAL
// CHECK-EXTERNAL: external.mlir:1:1: error: {{.*}}expected an external function to be one of memory management or libm, got '{{.*}}getpid'
// RUN: not mx-run variable.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-VARIABLE
// CHECK-VARIABLE: variable.mlir:1:1: error: {{.*}}got 'environ'
// RUN: not mx-run assembly.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-ASSEMBLY
// CHECK-ASSEMBLY: assembly.mlir:2:3: error: {{.*}}expected code without inline assembly, got some
// RUN: mx-run libm.mlir --input=f32=0 | FileCheck %s --check-prefix=CHECK-LIBM
// CHECK-LIBM: result 0: f32 min 1

// The checker's functions exist only while checking.
// RUN: not mx-run checker.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-CHECKER
// CHECK-CHECKER: error: {{.*}}mxrt_check_context

// RUN: not mx-compile types.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-ARGUMENT
// CHECK-ARGUMENT: types.mlir:1:1: error: expected the arguments of a public function to be tensors, block-scaled tensors or numbers, got 'tensor<2xcomplex<f32>>'
// RUN: not mx-compile results.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-RESULT
// CHECK-RESULT: results.mlir:1:1: error: expected the results of a public function to be {{.*}}, got 'i4'

// RUN: not mx-compile reserved.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-RESERVED
// CHECK-RESERVED: reserved.mlir:2:1: error: expected a name that is not reserved ('mx_signatures', 'mx_call_…', 'mx_gpu_…'), got 'mx_call_f'

// RUN: not mx-compile bare.mlir 2>&1 -o a.o | FileCheck %s --check-prefix=CHECK-BARE
// CHECK-BARE: bare.mlir:1:1: error: expected 'f' to take buffers by memref descriptor, got another convention

// RUN: not mx-compile nested.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-NESTED
// CHECK-NESTED: nested.mlir:1:1: error: expected functions in the outermost module, got a module inside it
// RUN: not mx-compile taken.mlir -o a.so 2>&1 | FileCheck %s --check-prefix=CHECK-TAKEN
// CHECK-TAKEN: taken.mlir:1:1: error: expected a name that compiled code does not call itself, got 'free'
// RUN: not mx-compile strided.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-STRIDED
// CHECK-STRIDED: strided.mlir:1:1: error: expected the arguments of a public function to be {{.*}}, got 'memref<2x2xf32, strided<[1, 2]>>'
// RUN: not mx-run module-assembly.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-MODULE-ASSEMBLY
// CHECK-MODULE-ASSEMBLY: module-assembly.mlir:1:1: error: expected code without inline assembly, got some

//--- external.mlir
func.func private @getpid() -> i32
func.func @f() -> i32 {
  %0 = func.call @getpid() : () -> i32
  return %0 : i32
}
//--- variable.mlir
memref.global @environ : memref<1xi64>
func.func @f() -> memref<1xi64> {
  %0 = memref.get_global @environ : memref<1xi64>
  return %0 : memref<1xi64>
}
//--- assembly.mlir
func.func @f() {
  llvm.inline_asm has_side_effects "nop", "" : () -> ()
  return
}
//--- libm.mlir
func.func @f(%x: f32) -> f32 {
  %0 = math.cosh %x : f32
  return %0 : f32
}
//--- checker.mlir
memref.global @mxrt_check_context : memref<i8>
func.func @f() -> memref<i8> {
  %0 = memref.get_global @mxrt_check_context : memref<i8>
  return %0 : memref<i8>
}
//--- reserved.mlir
func.func @f() { return }
func.func private @mx_call_f() { return }
//--- bare.mlir
func.func @f(%x: memref<2xf32>) attributes {llvm.bareptr} {
  return
}
//--- types.mlir
func.func @f(%x: tensor<2xcomplex<f32>>) {
  return
}
//--- results.mlir
func.func @f() -> i4 {
  %0 = arith.constant 1 : i4
  return %0 : i4
}
//--- nested.mlir
module @inner {
  func.func @f() {
    return
  }
}
func.func @g() {
  return
}
//--- taken.mlir
func.func @free(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
//--- strided.mlir
func.func @f(%x: memref<2x2xf32, strided<[1, 2]>>) {
  return
}
//--- module-assembly.mlir
module attributes {llvm.module_asm = [".globl unexpected", "unexpected: ret"]} {
  func.func @f() {
    return
  }
}
