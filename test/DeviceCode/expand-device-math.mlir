// RUN: mx-opt %s --pass-pipeline='builtin.module(gpu.module(mx-expand-device-math))' --split-input-file --verify-diagnostics | FileCheck %s

// Functions of math become arithmetic; what is an instruction stays.

// CHECK-LABEL: gpu.func @functions
// CHECK-NOT: math.{{exp|log|tanh|erf|sin|rsqrt|powf}}
// CHECK: math.sqrt
// CHECK: math.absf
gpu.module @kernels {
  gpu.func @functions(%p: memref<8xf32>, %h: memref<f16>) kernel {
    %zero = arith.constant 0 : index
    %x = memref.load %p[%zero] : memref<8xf32>
    %0 = math.exp %x : f32
    %1 = math.log %0 : f32
    %2 = math.tanh %1 : f32
    %3 = math.erf %2 : f32
    %4 = math.sin %3 : f32
    %5 = math.rsqrt %4 : f32
    %6 = math.powf %5, %x : f32
    %7 = math.absf %6 : f32
    memref.store %7, %p[%zero] : memref<8xf32>
    %y = memref.load %h[] : memref<f16>
    %8 = math.tanh %y : f16
    memref.store %8, %h[] : memref<f16>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @wide(%p: memref<f64>) kernel {
    %x = memref.load %p[] : memref<f64>
    // expected-error @+1 {{expected a function of math that kernels have, in f32 or narrower, got 'math.exp' on 'f64'}}
    %0 = math.exp %x : f64
    memref.store %0, %p[] : memref<f64>
    gpu.return
  }
}
