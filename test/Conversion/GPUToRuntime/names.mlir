// RUN: mx-opt %s --convert-gpu-to-runtime | FileCheck %s

// Functions of the program may be called as others that are treated specially.

// CHECK-LABEL: func.func @mx_encode_tensor_map(
// CHECK: return
func.func @mx_encode_tensor_map(%n: i32) {
  return
}
// CHECK-LABEL: func.func @encode(
// CHECK: call @mx_encode_tensor_map(
func.func @encode(%n: i32) {
  call @mx_encode_tensor_map(%n) : (i32) -> ()
  return
}

// CHECK-LABEL: func.func @dealloc_helper_of_mine(
// CHECK: llvm.call @mx_gpu_load(
func.func @dealloc_helper_of_mine(%x: memref<f32>) -> f32 {
  %0 = memref.load %x[] : memref<f32>
  return %0 : f32
}
