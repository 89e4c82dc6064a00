// Rotations that plans ask for are written on both sides of a product: into the weights, and before the
// activation, once for all that read it.
// RUN: mx-opt %s --mx-fuse-rotations | FileCheck %s
// RUN: mx-opt %s --mx-fuse-rotations --remarks-filter=mx-rotate --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: func @linear
// CHECK-SAME:    %[[X:.+]]: tensor<?x64xf32>, %[[INIT:.+]]: tensor<?x96xf32>
// REMARK: 'up' is rotated by hadamard<32>
// REMARK: 65536 elements are rotated by hadamard<32> at run time
// REMARK: 'up' by hadamard<32>: lhs online; rhs constant
func.func @linear(%x: tensor<?x64xf32>, %init: tensor<?x96xf32>) -> tensor<?x96xf32> {
  // CHECK-DAG:  %[[XR:.+]] = mx.rotate %[[X]] by hadamard<32> along 1 : tensor<?x64xf32>
  // CHECK-DAG:  %[[W:.+]] = arith.constant dense_resource<w> : tensor<96x64xf32>
  // CHECK-DAG:  %[[WR:.+]] = mx.rotate %[[W]] by hadamard<32> along 1 : tensor<96x64xf32>
  // CHECK:      mx.matmul ins(%[[XR]], %[[WR]] : {{.*}}) outs(%[[INIT]] : tensor<?x96xf32>)
  // CHECK-SAME:   {mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by mse>, mx.rotated = #mx.hadamard<32>, mx.site = "up"}
  %w = arith.constant dense_resource<w> : tensor<96x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<?x64xf32>, tensor<96x64xf32>) outs(%init : tensor<?x96xf32>)
    {mx.site = "up", mx.plan = #mx.plan<lhs = mxfp4 by even, rhs = mxfp4 by mse, rotation = hadamard<32>>}
  return %0 : tensor<?x96xf32>
}

// CHECK-LABEL: func @shared
// CHECK-SAME:    %[[X:.+]]: tensor<8x64xbf16>
// REMARK: 'q' by hadamard<64>: lhs online, shared by 2; rhs constant
// REMARK: 'k' by hadamard<64>: lhs online, shared by 2; rhs constant
// REMARK-NOT: 'v'
func.func @shared(%x: tensor<8x64xbf16>, %init: tensor<8x96xbf16>) -> (tensor<8x96xbf16>, tensor<8x96xbf16>, tensor<8x96xbf16>) {
  // CHECK:     %[[XR:.+]] = mx.rotate %[[X]] by hadamard<64> along 1
  // CHECK-NOT: mx.rotate %[[X]]
  // CHECK:     mx.matmul ins(%[[XR]], {{.*}} mx.site = "q"
  // CHECK:     mx.matmul ins(%[[XR]], {{.*}} mx.site = "k"
  // CHECK:     mx.matmul ins(%[[X]], {{.*}} {mx.plan = #mx.plan<rhs = nvfp4 by amax>, mx.site = "v"}
  %w = arith.constant dense_resource<w> : tensor<96x64xbf16>
  %0 = mx.matmul ins(%x, %w : tensor<8x64xbf16>, tensor<96x64xbf16>) outs(%init : tensor<8x96xbf16>)
    {mx.site = "q", mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<64>>}
  %1 = mx.matmul ins(%x, %w : tensor<8x64xbf16>, tensor<96x64xbf16>) outs(%init : tensor<8x96xbf16>)
    {mx.site = "k", mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<64>>}
  %2 = mx.matmul ins(%x, %w : tensor<8x64xbf16>, tensor<96x64xbf16>) outs(%init : tensor<8x96xbf16>)
    {mx.site = "v", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  return %0, %1, %2 : tensor<8x96xbf16>, tensor<8x96xbf16>, tensor<8x96xbf16>
}

// Two activations are both rotated at run time.
// CHECK-LABEL: func @scores
// CHECK-SAME:    %[[Q:.+]]: tensor<4x?x32xf32>, %[[K:.+]]: tensor<4x?x32xf32>
func.func @scores(%q: tensor<4x?x32xf32>, %k: tensor<4x?x32xf32>, %init: tensor<4x?x?xf32>) -> tensor<4x?x?xf32> {
  // CHECK-DAG: %[[QR:.+]] = mx.rotate %[[Q]] by hadamard<16> along 2
  // CHECK-DAG: %[[KR:.+]] = mx.rotate %[[K]] by hadamard<16> along 2
  // CHECK:     mx.matmul ins(%[[QR]], %[[KR]]
  %0 = mx.matmul ins(%q, %k : tensor<4x?x32xf32>, tensor<4x?x32xf32>) outs(%init : tensor<4x?x?xf32>)
    {mx.plan = #mx.plan<lhs = mxfp8_e4m3 by even, rhs = mxfp8_e4m3 by even, rotation = hadamard<16>>}
  return %0 : tensor<4x?x?xf32>
}

// CHECK-LABEL: func @experts
func.func @experts(%x: tensor<?x64xf32>, %ends: tensor<4xi32>, %init: tensor<?x32xf32>) -> tensor<?x32xf32> {
  // CHECK-DAG: %[[XR:.+]] = mx.rotate %{{.+}} by hadamard<32> along 1 : tensor<?x64xf32>
  // CHECK-DAG: %[[WR:.+]] = mx.rotate %{{.+}} by hadamard<32> along 2 : tensor<4x32x64xf32>
  // CHECK:     mx.grouped_matmul ins(%[[XR]], %[[WR]], %{{.+}} mx.rotated
  %w = arith.constant dense_resource<w> : tensor<4x32x64xf32>
  %0 = mx.grouped_matmul ins(%x, %w, %ends : tensor<?x64xf32>, tensor<4x32x64xf32>, tensor<4xi32>) outs(%init : tensor<?x32xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>}
  return %0 : tensor<?x32xf32>
}
