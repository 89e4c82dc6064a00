// RUN: mx-opt %s --convert-loops-to-kernels --split-input-file --verify-diagnostics

func.func @reduction(%x: memref<8xf32>, %n: index) -> f32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %start = arith.constant 0.0 : f32
  // expected-error @+1 {{expected parallel loops without reductions, got 1}}
  %sum = scf.parallel (%i) = (%zero) to (%n) step (%one) init (%start) -> f32 {
    %a = memref.load %x[%i] : memref<8xf32>
    scf.reduce(%a : f32) {
    ^bb0(%l: f32, %r: f32):
      %s = arith.addf %l, %r : f32
      scf.reduce.return %s : f32
    }
  }
  return %sum : f32
}

// -----

func.func @stack(%s: f32) {
  // expected-error @+1 {{expected memory of the device (memref.alloc) in host code of a GPU program, got the stack's}}
  %x = memref.alloca() : memref<f32>
  memref.store %s, %x[] : memref<f32>
  return
}

// -----

func.func @complex(%x: memref<complex<f32>>, %s: complex<f32>) {
  // expected-error @+1 {{expected operands of kernels that are buffers or numbers of at most 64 bits, got 'complex<f32>'}}
  memref.store %s, %x[] : memref<complex<f32>>
  return
}

// -----

func.func @space(%x: memref<f32, 5>, %s: f32) {
  // expected-error @+1 {{expected buffers of kernels to be ranked and strided, in the default memory space, got 'memref<f32, 5>'}}
  memref.store %s, %x[] : memref<f32, 5>
  return
}

// -----

func.func @layout(%x: memref<4xf32, affine_map<(i) -> (i floordiv 2)>>, %i: index, %s: f32) {
  // expected-error @+1 {{expected buffers of kernels to be ranked and strided, in the default memory space, got 'memref<4xf32, affine_map<(d0) -> (d0 floordiv 2)>>'}}
  memref.store %s, %x[%i] : memref<4xf32, affine_map<(i) -> (i floordiv 2)>>
  return
}
