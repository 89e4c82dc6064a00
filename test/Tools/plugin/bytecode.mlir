// Bytecode that mx-opt writes is read by a stock mlir-opt with the plugin, and
// the other way round.
// REQUIRES: plugin
// RUN: mx-opt --emit-bytecode %s -o %t.mlirbc
// RUN: mlir-opt --load-dialect-plugin=%mx_plugin %t.mlirbc | FileCheck %s
// RUN: mlir-opt --load-dialect-plugin=%mx_plugin --emit-bytecode %s -o %t.stock.mlirbc
// RUN: mx-opt %t.stock.mlirbc | FileCheck %s

// CHECK: func.func @identity(%[[X:.+]]: !mx.tensor<?x64, nvfp4, axis = 1>)
// CHECK-NEXT: return %[[X]] : !mx.tensor<?x64, nvfp4, axis = 1>
func.func @identity(%x: !mx.tensor<?x64, nvfp4, axis = 1>)
    -> !mx.tensor<?x64, nvfp4, axis = 1> {
  return %x : !mx.tensor<?x64, nvfp4, axis = 1>
}
