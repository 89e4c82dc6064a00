// RUN: mx-opt %s --convert-loops-to-kernels --canonicalize | FileCheck %s

// Instructions that only the device has, and what is computed with what they make, move into the
// kernels; no code of the host has them.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120a">} {

// CHECK-LABEL: func.func @together(
// CHECK-NOT: nvvm.convert
// CHECK-NOT: memref.load
// CHECK: gpu.launch_func @mx_kernels::@step_0
// CHECK: return
func.func @together(%x: memref<2xf32>, %y: memref<1xi8>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %a = memref.load %x[%zero] : memref<2xf32>
  %b = memref.load %x[%one] : memref<2xf32>
  %code = nvvm.convert.f32x2.to.f4x2 %b, %a : i8 (f4E2M1FN)
  memref.store %code, %y[%zero] : memref<1xi8>
  return
}

// The host needs a number in between, so each store is a kernel, which computes its code anew.

// CHECK-LABEL: func.func @mixed(
// CHECK-NOT: nvvm.convert
// CHECK: %[[A:.*]] = memref.load
// CHECK: gpu.launch_func @mx_kernels::@step_1
// CHECK-NOT: nvvm.convert
// CHECK: gpu.launch_func @mx_kernels::@loops_0
// CHECK: return %[[A]]
func.func @mixed(%x: memref<2xf32>, %y: memref<8xi8>) -> f32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %three = arith.constant 3 : i8
  %a = memref.load %x[%zero] : memref<2xf32>
  %code = nvvm.convert.f32x2.to.f4x2 %a, %a : i8 (f4E2M1FN)
  %sum = arith.addi %code, %three : i8
  memref.store %sum, %y[%zero] : memref<8xi8>
  scf.parallel (%i) = (%one) to (%eight) step (%one) {
    memref.store %sum, %y[%i] : memref<8xi8>
  }
  return %a : f32
}

// So are loops that compute with instructions, also such that store.

// CHECK-LABEL: func.func @loops(
// CHECK-NOT: nvvm.convert
// CHECK: gpu.launch_func @mx_kernels::@step_2
// CHECK: return
func.func @loops(%x: memref<8xf32>, %y: memref<8xi8>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  %start = arith.constant 0 : i8
  %a = memref.load %x[%zero] : memref<8xf32>
  %last = scf.for %i = %zero to %eight step %one iter_args(%code = %start) -> i8 {
    %next = nvvm.convert.f32x2.to.f4x2 %a, %a : i8 (f4E2M1FN)
    %sum = arith.addi %code, %next : i8
    scf.yield %sum : i8
  }
  memref.store %last, %y[%zero] : memref<8xi8>
  scf.for %i = %one to %eight step %one {
    %b = memref.load %x[%i] : memref<8xf32>
    %code = nvvm.convert.f32x2.to.f4x2 %b, %b : i8 (f4E2M1FN)
    memref.store %code, %y[%i] : memref<8xi8>
  }
  return
}

// CHECK: gpu.func @step_0(
// CHECK: nvvm.convert.f32x2.to.f4x2
// CHECK: memref.store
// CHECK: gpu.func @step_1(
// CHECK: nvvm.convert.f32x2.to.f4x2
// CHECK: arith.addi
// CHECK: memref.store
// CHECK: gpu.func @loops_0(
// CHECK: nvvm.convert.f32x2.to.f4x2
// CHECK: memref.store
// CHECK: gpu.func @step_2(
// CHECK-COUNT-2: nvvm.convert.f32x2.to.f4x2
}
