// The extension of -o chooses what is written, the same bytes every time.

// RUN: mkdir -p %t && cd %t
// RUN: mx-compile %s | FileCheck %s --check-prefix=MLIR
// RUN: mx-compile %s -o a.mlir
// RUN: FileCheck %s --check-prefix=MLIR < a.mlir
// RUN: mx-compile - < %s | FileCheck %s --check-prefix=MLIR
// MLIR: mx.target = #mx.target<cpu>
// MLIR: llvm.func @_mlir_ciface_add

// RUN: mx-compile %s -o a.ll
// RUN: FileCheck %s --check-prefix=LLVM < a.ll
// LLVM: @mx_signatures = weak {{.*}}constant {{.*}}tensor<4x?xf32>
// LLVM: define {{.*}}void @mx_call_add(ptr

// RUN: mx-compile %s -o a.o
// RUN: mx-compile %s -o b.o
// RUN: cmp a.o b.o
// RUN: mx-compile %s -o a.so
// RUN: mx-compile %s -o b.so
// RUN: cmp a.so b.so
// RUN: mx-run a.so --input=4x2xf32=1 --input=4x2xf32=2 | FileCheck %s --check-prefix=RESULT
// RESULT: result 0: 4x2xf32 min 3 max 3

// Bytecode is read like text.
// RUN: mx-opt %s --emit-bytecode -o a.mlirbc
// RUN: mx-compile a.mlirbc -o c.o
// RUN: mx-run a.mlirbc --input=4x2xf32=1 --input=4x2xf32=2 | FileCheck %s --check-prefix=RESULT

// And it is written, at any phase, where a file is to be read again.
// RUN: mx-compile %s --stop-after=import -o d.mlirbc
// RUN: mx-compile %s --stop-after=import -o e.mlirbc
// RUN: cmp d.mlirbc e.mlirbc
// RUN: mx-compile %s --stop-after=import -o d.mlir
// RUN: mx-opt d.mlirbc -o e.mlir
// RUN: mx-opt d.mlir -o f.mlir
// RUN: cmp e.mlir f.mlir
// RUN: mx-compile d.mlirbc -o d.o
// RUN: cmp a.o d.o

// Functions that are not public are not visible.
// RUN: not grep -q hidden_function a.so

func.func @add(%x: tensor<4x?xf32>, %y: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %0 = func.call @hidden_function(%x, %y)
    : (tensor<4x?xf32>, tensor<4x?xf32>) -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

func.func private @hidden_function(%x: tensor<4x?xf32>, %y: tensor<4x?xf32>)
    -> tensor<4x?xf32> {
  %0 = arith.addf %x, %y : tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}
