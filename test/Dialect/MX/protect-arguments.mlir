// RUN: mx-opt %s --mx-protect-arguments | FileCheck %s
// RUN: mx-opt %s --mx-pipeline=stop-after=lower | FileCheck %s --check-prefix=LOWER

// Tensors given to a public function are read-only; bufferisation then copies what it
// would have overwritten.

// CHECK-LABEL: func.func @public(
// CHECK-SAME: %{{.+}}: tensor<4xf32> {bufferization.writable = false}, %{{.+}}: f32)
// LOWER-LABEL: func.func @public(
// LOWER: memref.alloc
func.func @public(%x: tensor<4xf32>, %value: f32) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %0 = tensor.insert %value into %x[%c0] : tensor<4xf32>
  %1 = call @private(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func private @private(
// CHECK-NOT: writable
func.func private @private(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
