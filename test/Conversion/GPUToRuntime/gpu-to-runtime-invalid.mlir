// RUN: mx-opt %s --convert-gpu-to-runtime --split-input-file --verify-diagnostics

// Host code that asks for more than the runtime has.

func.func @stores(%x: memref<4xf32>, %v: f32, %i: index) {
  // expected-error@+1 {{expected host code of a GPU to allocate, copy, view and hand on buffers and to read single numbers, got 'memref.store'}}
  memref.store %v, %x[%i] : memref<4xf32>
  return
}

// -----

func.func @on_the_stack() {
  // expected-error@+1 {{expected host code of a GPU to allocate, copy, view and hand on buffers and to read single numbers, got 'memref.alloca'}}
  %0 = memref.alloca() : memref<4xf32>
  return
}

// -----

func.func @gaps(%n: index) {
  // expected-error@+1 {{expected device memory without gaps and without a memory space, got 'memref<4xf32, strided<[2]>>'}}
  %0 = memref.alloc() : memref<4xf32, strided<[2]>>
  return
}

// -----

func.func @alignment() {
  // expected-error@+1 {{expected an alignment of at most '256' of device memory, got '512'}}
  %0 = memref.alloc() {alignment = 512 : i64} : memref<4xf32>
  return
}

// -----

memref.global "private" @variable : memref<4xf32> = dense<0.0>
func.func @globals() -> memref<4xf32> {
  // expected-error@+1 {{expected a constant in host code of a GPU, got the variable 'variable'}}
  %0 = memref.get_global @variable : memref<4xf32>
  return %0 : memref<4xf32>
}

// -----

func.func @copies(%x: memref<4x4xf32, strided<[8, 1]>>, %y: memref<4x4xf32>) {
  // expected-error@+1 {{expected to copy between buffers without gaps, got 'memref<4x4xf32, strided<[8, 1]>>' and 'memref<4x4xf32>'}}
  memref.copy %x, %y : memref<4x4xf32, strided<[8, 1]>> to memref<4x4xf32>
  return
}

// -----

func.func @unknown_rows(%x: memref<4x?xf32, strided<[?, 1]>>, %y: memref<4x?xf32>) {
  // expected-error@+1 {{expected to copy between buffers without gaps, got}}
  memref.copy %x, %y : memref<4x?xf32, strided<[?, 1]>> to memref<4x?xf32>
  return
}

// -----

func.func @asynchronous_copy(%x: memref<4xf32>, %y: memref<4xf32>) {
  %t = gpu.wait async
  // expected-error@+1 {{expected a copy in the order of the program for the runtime, got an asynchronous one}}
  %0 = gpu.memcpy async [%t] %x, %y : memref<4xf32>, memref<4xf32>
  return
}

// -----

func.func private @listen(memref<4x4xf32, strided<[8, 1]>>)
func.func @foreign(%x: memref<4x4xf32, strided<[8, 1]>>) {
  // expected-error@+1 {{expected a buffer without gaps for a function outside of the program, got 'memref<4x4xf32, strided<[8, 1]>>'}}
  call @listen(%x) : (memref<4x4xf32, strided<[8, 1]>>) -> ()
  return
}

// -----

module attributes {gpu.container_module} {
  func.func @clusters() {
    %one = arith.constant 1 : index
    // expected-error@+1 {{expected a launch without clusters for the runtime, got one with them}}
    gpu.launch_func @kernels::@k clusters in (%one, %one, %one) blocks in (%one, %one, %one)
        threads in (%one, %one, %one)
    return
  }
  gpu.module @kernels {
    llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  func.func @asynchronous() {
    %one = arith.constant 1 : index
    // expected-error@+1 {{expected a launch in the order of the program for the runtime, got an asynchronous one}}
    %t = gpu.launch_func async @kernels::@k blocks in (%one, %one, %one) threads in (%one, %one, %one)
    return
  }
  gpu.module @kernels {
    llvm.func @k() attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  func.func @types(%n: i64) {
    %one = arith.constant 1 : index
    // expected-error@+1 {{expected arguments of the types of the kernel, got others}}
    gpu.launch_func @kernels::@k blocks in (%one, %one, %one) threads in (%one, %one, %one) args(%n : i64)
    return
  }
  gpu.module @kernels {
    llvm.func @k(%n: i32) attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
}

// -----

func.func private @mx_encode_tensor_map(i32)
func.func @encode(%n: i32) {
  // expected-error@+1 {{expected 'mx_encode_tensor_map' to be '(!llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> !llvm.ptr', got '(i32) -> ()'}}
  call @mx_encode_tensor_map(%n) : (i32) -> ()
  return
}

// -----

func.func @free(%x: memref<*xf32>) {
  // expected-error@+1 {{expected a ranked buffer to free, got 'memref<*xf32>'}}
  memref.dealloc %x : memref<*xf32>
  return
}
