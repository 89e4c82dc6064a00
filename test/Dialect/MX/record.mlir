// RUN: mx-opt %s | mx-opt | FileCheck %s
// RUN: mx-opt %s --emit-bytecode | mx-opt | FileCheck %s
// RUN: mx-opt %s --mlir-print-op-generic | mx-opt | FileCheck %s
// RUN: mx-opt %s --canonicalize --cse | FileCheck %s
// RUN: mx-opt %s --one-shot-bufferize=bufferize-function-boundaries | FileCheck %s --check-prefix=BUFFER

// A record has no result and is an effect: it is neither removed nor merged
// with another, and it only reads the buffer that its tensor becomes.

// CHECK-LABEL: @defaults
// BUFFER-LABEL: @defaults
func.func @defaults(%x: tensor<?x64xbf16>) {
  // CHECK: mx.record %arg0 for ["f.q", "f.k"] : tensor<?x64xbf16>
  // CHECK-NEXT: mx.record %arg0 for ["f.q", "f.k"] : tensor<?x64xbf16>
  // BUFFER: mx.record %arg0 for ["f.q", "f.k"] : memref<?x64xbf16, strided<[?, ?], offset: ?>>
  mx.record %x for ["f.q", "f.k"] : tensor<?x64xbf16>
  mx.record %x for ["f.q", "f.k"] collect(hessian) max_rows(4096) : tensor<?x64xbf16>
  return
}

// CHECK-LABEL: @rows
func.func @rows(%x: tensor<64xf16>, %m: memref<2x3x64xf32, strided<[1, 2, 6], offset: ?>>) {
  // CHECK: mx.record %arg0 for ["gr\C3\B6\C3\9Fe \22a\22"] collect(rows) max_rows(16) {note} : tensor<64xf16>
  mx.record %x for ["größe \22a\22"] collect(rows) max_rows(16) {note} : tensor<64xf16>
  // CHECK: mx.record %arg1 for ["b"] collect(rows) : memref<2x3x64xf32, strided<[1, 2, 6], offset: ?>>
  mx.record %m for ["b"] collect(rows) : memref<2x3x64xf32, strided<[1, 2, 6], offset: ?>>
  return
}

// A value that changes in place afterwards is recorded as it was.
// CHECK-LABEL: @before_update
// BUFFER-LABEL: @before_update
func.func @before_update(%v: f32, %i: index) -> tensor<4xf32> {
  %zero = arith.constant 0.0 : f32
  // BUFFER: %[[ALLOC:.+]] = memref.alloc() {{.*}} : memref<4xf32>
  %empty = tensor.empty() : tensor<4xf32>
  // BUFFER: linalg.fill
  %x = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  // BUFFER-NEXT: mx.record %[[ALLOC]] for ["a"] : memref<4xf32>
  mx.record %x for ["a"] : tensor<4xf32>
  // BUFFER-NEXT: memref.store %{{.*}}, %[[ALLOC]]
  %y = tensor.insert %v into %x[%i] : tensor<4xf32>
  return %y : tensor<4xf32>
}
