// Large constants become resources, whose keys depend on their bytes and not on
// the order of folding; they survive text and bytecode.
// RUN: mx-opt %s --canonicalize -o %t.mlir
// RUN: FileCheck %s --input-file %t.mlir
// RUN: mx-opt %t.mlir --emit-bytecode -o %t.mlirbc
// RUN: mx-opt %t.mlirbc -o %t.again.mlir
// RUN: cmp %t.mlir %t.again.mlir
// RUN: mx-opt %s --canonicalize --mlir-disable-threading -o %t.one.mlir
// RUN: cmp %t.mlir %t.one.mlir

// CHECK-LABEL: func @numbers
func.func @numbers() -> (tensor<1024x128xf32>, tensor<1024x128xbf16>) {
  // CHECK-DAG: arith.constant dense_resource<mx_numbers_[[F32:[0-9a-f]+]]> : tensor<1024x128xf32>
  // CHECK-DAG: arith.constant dense_resource<mx_numbers_[[BF16:[0-9a-f]+]]> : tensor<1024x128xbf16>
  // CHECK-NOT: mx.
  %x = arith.constant dense<1.5> : tensor<1024x128xf32>
  %0 = mx.quantize %x scale_rule(even) : tensor<1024x128xf32> to !mx.tensor<1024x128, mxfp4, axis = 1>
  %1 = mx.dequantize %0 : !mx.tensor<1024x128, mxfp4, axis = 1> to tensor<1024x128xf32>
  %2 = mx.dequantize %0 : !mx.tensor<1024x128, mxfp4, axis = 1> to tensor<1024x128xbf16>
  return %1, %2 : tensor<1024x128xf32>, tensor<1024x128xbf16>
}

// Equal constants share one resource.
// CHECK-LABEL: func @blocks
func.func @blocks() -> (!mx.tensor<1024x128, mxfp4, axis = 1>, !mx.tensor<1024x128, mxfp8_e5m2, axis = 0>) {
  // CHECK-DAG: mx.constant <payload = dense_resource<mx_payload_[[FP4:[0-9a-f]+]]> : tensor<1024x64xi8>, scales = dense<125> : tensor<1024x4xi8>>
  // CHECK-DAG: mx.constant <payload = dense_resource<mx_payload_[[FP8:[0-9a-f]+]]> : tensor<1024x128xi8>, scales = dense<112> : tensor<32x128xi8>>
  %x = arith.constant dense<1.5> : tensor<1024x128xf32>
  %0 = mx.quantize %x scale_rule(even) : tensor<1024x128xf32> to !mx.tensor<1024x128, mxfp4, axis = 1>
  %1 = mx.quantize %x scale_rule(even) : tensor<1024x128xf32> to !mx.tensor<1024x128, mxfp8_e5m2, axis = 0>
  return %0, %1 : !mx.tensor<1024x128, mxfp4, axis = 1>, !mx.tensor<1024x128, mxfp8_e5m2, axis = 0>
}

// CHECK-LABEL: func @equal_blocks
func.func @equal_blocks() -> (!mx.tensor<1024x128, mxfp4, axis = 1>, tensor<1024x64xi8>) {
  // CHECK-DAG: mx.constant <payload = dense_resource<mx_payload_[[FP4]]> : tensor<1024x64xi8>
  // CHECK-DAG: arith.constant dense_resource<mx_payload_[[FP4]]> : tensor<1024x64xi8>
  %x = arith.constant dense<1.5> : tensor<1024x128xbf16>
  %0 = mx.quantize %x scale_rule(even) : tensor<1024x128xbf16> to !mx.tensor<1024x128, mxfp4, axis = 1>
  %p, %s = mx.unbundle %0 : !mx.tensor<1024x128, mxfp4, axis = 1> to tensor<1024x64xi8>, tensor<1024x4xi8>
  return %0, %p : !mx.tensor<1024x128, mxfp4, axis = 1>, tensor<1024x64xi8>
}

// CHECK: dialect_resources
// CHECK-DAG: mx_numbers_[[F32]]: "0x040000000000C03F
// CHECK-DAG: mx_numbers_[[BF16]]: "0x02000000C03F
// CHECK-DAG: mx_payload_[[FP4]]: "0x0100000077
// CHECK-DAG: mx_payload_[[FP8]]: "0x01000000
