// After llvm: only the LLVM dialect. Public functions have a C interface.
// RUN: mx-opt %S/07-pack.mlir --mx-pipeline | FileCheck %s

// CHECK:     llvm.func @product
// CHECK-NOT: scf.
// CHECK-NOT: memref.
// CHECK:     llvm.func @_mlir_ciface_product
