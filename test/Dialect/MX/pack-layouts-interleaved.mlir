// A kernel whose row of Kernels.def wants interleaved weights (N8.7) gets them: constants are
// interleaved now, others by an operation whose cost is a remark.
// RUN: mx-opt %s --mx-pack-layouts --canonicalize --split-input-file | FileCheck %s
// RUN: mx-opt %s --mx-pack-layouts --split-input-file --remarks-filter=mx-pack --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK --allow-empty

// Two rows: row 0 has the bytes 1, 2, …, 16, row 1 the bytes 17 to 32. Units of four bytes
// of both rows and 14 empty ones are a line; scales of missing rows are 1.

// CHECK-LABEL: @constant
// CHECK-DAG: arith.constant dense<"0x0102030411121314{{0+}}0506070815161718{{0+}}090A0B0C191A1B1C{{0+}}0D0E0F101D1E1F20{{0+}}"> : tensor<1x256xi8>
// CHECK-DAG: arith.constant dense<{{\[\[}}-128, -127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127, 127]]> : tensor<1x16xi8>
// CHECK-NOT: mx.packed.interleave
// CHECK: mx.packed.matmul {{.*}} {kernel = "matmul_shuffle_fma", rhs_format = #mx.format<mxfp4>, rhs_interleaved}
// REMARK-NOT: remark
func.func @constant(%x: tensor<?x32xf32>, %c: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = mx.constant <payload = dense<[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                                                       [17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32]]> : tensor<2x16xi8>,
                                      scales = dense<[[128], [129]]> : tensor<2x1xi8>> : !mx.tensor<2x32, mxfp4, axis = 1>
  %y = mx.matmul ins(%x, %w : tensor<?x32xf32>, !mx.tensor<2x32, mxfp4, axis = 1>)
    outs(%c : tensor<?x2xf32>) {kernel = "matmul_shuffle_fma"}
  return %y : tensor<?x2xf32>
}

// -----

// CHECK-LABEL: @run_time
// CHECK-SAME: (%{{.+}}: tensor<4x45xf32>, %[[P:.+]]: tensor<20x23xi8>, %[[S:.+]]: tensor<20x3xi8>, %[[T:.+]]: tensor<f32>
// CHECK: %[[W:.+]] = mx.packed.interleave ins(%[[P]] : tensor<20x23xi8>) outs(%{{.+}} : tensor<2x384xi8>) {padding = 0 : i8, unit = 4 : i64}
// CHECK: %[[WS:.+]] = mx.packed.interleave ins(%[[S]] : tensor<20x3xi8>) outs(%{{.+}} : tensor<2x48xi8>) {padding = 56 : i8, unit = 1 : i64}
// CHECK: mx.packed.matmul {{.*}} rhs(%[[W]], %[[WS]], %[[T]] :
// REMARK: remark: {{.*}}weights are no constants: interleaved at each call, 460 bytes
func.func @run_time(%x: tensor<4x45xf32>, %w: !mx.tensor<20x45, nvfp4, axis = 1>, %c: tensor<4x20xf32>) -> tensor<4x20xf32> {
  %y = mx.matmul ins(%x, %w : tensor<4x45xf32>, !mx.tensor<20x45, nvfp4, axis = 1>)
    outs(%c : tensor<4x20xf32>) {kernel = "matmul_shuffle_fma"}
  return %y : tensor<4x20xf32>
}

// -----

// Products that share a weight share what becomes of it; experts are matrices of their own.
// CHECK-LABEL: @grouped
// CHECK-COUNT-1: tensor<3x2x256xi8>
// CHECK: mx.packed.matmul {{.*}} rhs(%[[W:[^,]+]], %[[S:[^ ]+]] : tensor<3x2x256xi8>, tensor<3x2x16xi8>)
// CHECK: mx.packed.matmul {{.*}} rhs(%[[W]], %[[S]] : tensor<3x2x256xi8>, tensor<3x2x16xi8>)
func.func @grouped(%x: tensor<?x32xbf16>, %ends: tensor<3xi32>, %c: tensor<?x17xf32>) -> (tensor<?x17xf32>, tensor<?x17xf32>) {
  %w = mx.constant <payload = dense<34> : tensor<3x17x16xi8>, scales = dense<127> : tensor<3x17x1xi8>>
    : !mx.tensor<3x17x32, mxfp4, axis = 2>
  %y = mx.grouped_matmul ins(%x, %w, %ends : tensor<?x32xbf16>, !mx.tensor<3x17x32, mxfp4, axis = 2>, tensor<3xi32>)
    outs(%c : tensor<?x17xf32>) {kernel = "grouped_matmul_shuffle_fma"}
  %z = mx.grouped_matmul ins(%x, %w, %ends : tensor<?x32xbf16>, !mx.tensor<3x17x32, mxfp4, axis = 2>, tensor<3xi32>)
    outs(%y : tensor<?x17xf32>) {kernel = "grouped_matmul_shuffle_fma"}
  return %y, %z : tensor<?x17xf32>, tensor<?x17xf32>
}
