// Kernels of mma.sync read constant FP4 weights in the order of fragments (N8.8); others stay as
// they are, with a remark that says why.
// RUN: mx-opt %s --mx-pack-layouts --canonicalize --split-input-file | FileCheck %s
// RUN: mx-opt %s --mx-pack-layouts --split-input-file --remarks-filter=mx-pack --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// Row 0 has the codes 1 in places 0 to 7 and 2 in places 8 to 15, row 1 only zeros but for a
// sign in place 0. Lane 4 has row 1, after the four lanes of row 0 with 16 bytes each.

// CHECK-LABEL: @constant
// CHECK-DAG: arith.constant dense<"0x51045104A208A20800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000080{{0+}}"> : tensor<1x512xi8>
// CHECK-DAG: arith.constant dense<{{\[\[}}-128, 127, 127, 127, 126, 127, 127, 127, 127,{{.*}}]]> : tensor<1x32xi8>
// CHECK: mx.packed.matmul {{.*}} {kernel = "matmul_mma_sync", rhs_format = #mx.format<mxfp4>, rhs_fragments = 128 : i64}
// REMARK: remark: {{.*}}weights lie in the order of fragments (N8.8), scale bytes up to 128
func.func @constant(%x: tensor<?x32xbf16>, %c: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = mx.constant <payload = dense<[[17, 17, 17, 17, 34, 34, 34, 34, 0, 0, 0, 0, 0, 0, 0, 0],
                                     [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]> : tensor<2x16xi8>,
                    scales = dense<[[128], [126]]> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  %y = mx.matmul ins(%x, %w : tensor<?x32xbf16>, !mx.tensor<2x32, mxfp4, axis = 1>)
    outs(%c : tensor<?x2xf32>) {kernel = "matmul_mma_sync"}
  return %y : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: @run_time
// CHECK: mx.packed.matmul {{.*}} : tensor<20x23xi8>, tensor<20x3xi8>, tensor<f32>) outs({{.*}}) {kernel = "matmul_mma_sync", rhs_format = #mx.format<nvfp4>}
// REMARK: remark: {{.*}}weights stay row by row (N8.1): weights are no constants
func.func @run_time(%x: tensor<4x45xf32>, %w: !mx.tensor<20x45, nvfp4, axis = 1>, %c: tensor<4x20xf32>) -> tensor<4x20xf32> {
  %y = mx.matmul ins(%x, %w : tensor<4x45xf32>, !mx.tensor<20x45, nvfp4, axis = 1>)
    outs(%c : tensor<4x20xf32>) {kernel = "matmul_mma_sync"}
  return %y : tensor<4x20xf32>
}

// -----

// CHECK-LABEL: @bytes
// CHECK: mx.packed.matmul {{.*}} {kernel = "matmul_mma_sync", rhs_format = #mx.format<mxfp8_e4m3>}
// REMARK: remark: {{.*}}weights stay row by row (N8.1): elements are not of FP4
func.func @bytes(%x: tensor<4x32xf32>, %c: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = mx.constant <payload = dense<34> : tensor<2x32xi8>, scales = dense<127> : tensor<2x1xi8>>
    : !mx.tensor<2x32, mxfp8_e4m3, axis = 1>
  %y = mx.matmul ins(%x, %w : tensor<4x32xf32>, !mx.tensor<2x32, mxfp8_e4m3, axis = 1>)
    outs(%c : tensor<4x2xf32>) {kernel = "matmul_mma_sync"}
  return %y : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: @halves
// CHECK: mx.packed.matmul {{.*}} {kernel = "matmul_mma_sync", rhs_format = #mx.format<mxfp4>}
// REMARK: remark: {{.*}}weights stay row by row (N8.1): numbers of f16 leave too few registers
func.func @halves(%x: tensor<4x32xf16>, %c: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = mx.constant <payload = dense<34> : tensor<2x16xi8>, scales = dense<127> : tensor<2x1xi8>>
    : !mx.tensor<2x32, mxfp4, axis = 1>
  %y = mx.matmul ins(%x, %w : tensor<4x32xf16>, !mx.tensor<2x32, mxfp4, axis = 1>)
    outs(%c : tensor<4x2xf32>) {kernel = "matmul_mma_sync"}
  return %y : tensor<4x2xf32>
}

// -----

// Products that share a weight share what becomes of it; experts are matrices of their own.
// CHECK-LABEL: @grouped
// CHECK: mx.packed.matmul {{.*}} rhs(%[[W:[^,]+]], %[[S:[^ ]+]], %{{[^ ]+}} : tensor<3x2x512xi8>, tensor<3x2x64xi8>, tensor<f32>)
// CHECK: mx.packed.matmul {{.*}} rhs(%[[W]], %[[S]], %{{[^ ]+}} : tensor<3x2x512xi8>, tensor<3x2x64xi8>, tensor<f32>)
// REMARK-COUNT-2: remark: {{.*}}weights lie in the order of fragments (N8.8), scale bytes up to 56
func.func @grouped(%x: tensor<?x32xbf16>, %ends: tensor<3xi32>, %c: tensor<?x17xf32>) -> (tensor<?x17xf32>, tensor<?x17xf32>) {
  %w = mx.constant <payload = dense<34> : tensor<3x17x16xi8>, scales = dense<56> : tensor<3x17x2xi8>, tensor_scale = 2.0 : f32>
    : !mx.tensor<3x17x32, nvfp4, axis = 2>
  %y = mx.grouped_matmul ins(%x, %w, %ends : tensor<?x32xbf16>, !mx.tensor<3x17x32, nvfp4, axis = 2>, tensor<3xi32>)
    outs(%c : tensor<?x17xf32>) {kernel = "grouped_matmul_mma_sync"}
  %z = mx.grouped_matmul ins(%x, %w, %ends : tensor<?x32xbf16>, !mx.tensor<3x17x32, nvfp4, axis = 2>, tensor<3xi32>)
    outs(%y : tensor<?x17xf32>) {kernel = "grouped_matmul_mma_sync"}
  return %y, %z : tensor<?x17xf32>, tensor<?x17xf32>
}
