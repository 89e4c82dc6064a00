// The example of `convert-mx-to-loops`: a packed operation becomes loops over
// rows and chunks, vector arithmetic inside a block.

// RUN: mx-opt %s --convert-mx-to-loops | FileCheck %s

// CHECK-LABEL: func.func @dequantize
// CHECK-SAME: (%[[PAYLOAD:.+]]: memref<?x32xi8>, %[[SCALES:.+]]: memref<?x2xi8>, %[[OUT:.+]]: memref<?x64xf32>)
func.func @dequantize(%payload: memref<?x32xi8>, %scales: memref<?x2xi8>,
                      %out: memref<?x64xf32>) {
  // CHECK: scf.parallel (%[[ROW:.+]], %[[K:.+]]) =
  // CHECK: vector.load %[[PAYLOAD]][%[[ROW]], %{{.+}}] : memref<?x32xi8>, vector<16xi8>
  // CHECK: %[[CODES:.+]] = vector.shuffle
  // CHECK: memref.load %[[SCALES]][%[[ROW]], %{{.+}}]
  // CHECK: %[[PRODUCT:.+]] = arith.mulf %{{.+}}, %{{.+}} : vector<32xf32>
  // CHECK: vector.store %[[PRODUCT]], %[[OUT]][%[[ROW]], %[[K]]]
  // CHECK-NOT: mx.
  mx.packed.dequantize ins(%payload, %scales : memref<?x32xi8>, memref<?x2xi8>)
    outs(%out : memref<?x64xf32>)
    {format = #mx.format<mxfp4>, kernel = "dequantize_emulated"}
  return
}
