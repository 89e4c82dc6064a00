// Weights in globals become constants that share the data; private globals that
// nobody uses then are gone.
// RUN: mx-opt %s --mx-raise-matmuls | FileCheck %s

#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> (n, k)>
#c = affine_map<(m, n, k) -> (m, n)>

// CHECK-NOT: @gone
// CHECK: ml_program.global public @public(
// CHECK-NOT: @gone
// CHECK: ml_program.global private mutable @changing(
// CHECK: ml_program.global private @elsewhere(
// CHECK-NOT: @gone
// CHECK: memref.global constant @used_as_memory :
// CHECK: memref.global "private" @variable :
// CHECK-NOT: @gone
ml_program.global private @gone(dense_resource<weight> : tensor<16x8xbf16>) : tensor<16x8xbf16>
ml_program.global public @public(dense<1.0> : tensor<16x8xf32>) : tensor<16x8xf32>
ml_program.global private @gone_dynamic(dense<2.0> : tensor<16x8xf32>) : tensor<?x8xf32>
ml_program.global private mutable @changing(dense<1.0> : tensor<16x8xf32>) : tensor<16x8xf32>
ml_program.global private @elsewhere(#ml_program.extern : tensor<16x8xf32>) : tensor<16x8xf32>
memref.global "private" constant @gone_memory : memref<16x8xf32> = dense<3.0>
memref.global constant @used_as_memory : memref<16x8xf32> = dense<4.0>
memref.global "private" @variable : memref<16x8xf32> = dense<5.0>

// CHECK-LABEL: func @weights
func.func @weights(%x: tensor<4x8xf32>, %c: tensor<4x16xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>, tensor<4x16xf32>, tensor<4x16xf32>) {
  // CHECK: %[[SHARED:.+]] = arith.constant dense_resource<weight> : tensor<16x8xbf16>
  // CHECK: mx.matmul ins(%arg0, %[[SHARED]] :
  %0 = ml_program.global_load_const @gone : tensor<16x8xbf16>
  %1 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %0 : tensor<4x8xf32>, tensor<16x8xbf16>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  // CHECK: %[[PUBLIC:.+]] = arith.constant dense<1.0
  // CHECK: mx.matmul ins(%arg0, %[[PUBLIC]] :
  %2 = ml_program.global_load @public : tensor<16x8xf32>
  %3 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %2 : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  // CHECK: %[[MEMORY:.+]] = arith.constant dense<3.0
  // CHECK: mx.matmul ins(%arg0, %[[MEMORY]] :
  %4 = memref.get_global @gone_memory : memref<16x8xf32>
  %5 = bufferization.to_tensor %4 restrict : memref<16x8xf32> to tensor<16x8xf32>
  %6 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %5 : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  // CHECK: %[[STATIC:.+]] = arith.constant dense<2.0
  // CHECK: mx.matmul ins(%arg0, %[[STATIC]] :
  %7 = ml_program.global_load_const @gone_dynamic : tensor<?x8xf32>
  %8 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %7 : tensor<4x8xf32>, tensor<?x8xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %1, %3, %6, %8 : tensor<4x16xf32>, tensor<4x16xf32>, tensor<4x16xf32>, tensor<4x16xf32>
}

// CHECK-LABEL: func @no_weights
func.func @no_weights(%x: tensor<4x8xf32>, %c: tensor<4x16xf32>) -> (tensor<16x8xf32>, memref<16x8xf32>, tensor<4x16xf32>, tensor<16x8xf32>) {
  // CHECK: ml_program.global_load @changing
  %0 = ml_program.global_load @changing : tensor<16x8xf32>
  // CHECK: memref.get_global @used_as_memory
  // CHECK: arith.constant dense<4.0
  %1 = memref.get_global @used_as_memory : memref<16x8xf32>
  %2 = bufferization.to_tensor %1 restrict : memref<16x8xf32> to tensor<16x8xf32>
  // CHECK: bufferization.to_tensor
  %3 = memref.get_global @variable : memref<16x8xf32>
  %4 = bufferization.to_tensor %3 restrict : memref<16x8xf32> to tensor<16x8xf32>
  // CHECK: linalg.matmul
  %5 = linalg.matmul indexing_maps = [#a, #b, #c] ins(%x, %4 : tensor<4x8xf32>, tensor<16x8xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0, %1, %5, %2 : tensor<16x8xf32>, memref<16x8xf32>, tensor<4x16xf32>, tensor<16x8xf32>
}

{-# dialect_resources: { builtin: { weight: "0x020000000102" } } #-}
