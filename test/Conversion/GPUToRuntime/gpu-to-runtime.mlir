// RUN: mx-opt %s --convert-gpu-to-runtime --split-input-file | FileCheck %s

// Host code of a GPU: what it asks for becomes calls of the runtime, and buffers
// stay memrefs.

// CHECK-NOT: gpu.container_module
module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a">} {
  // CHECK-DAG: llvm.mlir.global external @mx_gpu_program() {{.*}}: i8
  // CHECK-DAG: llvm.mlir.global internal @mx_gpu_kernel_add(0 : i64)
  // CHECK-DAG: llvm.mlir.global internal constant @mx_gpu_name_add("add\00")
  // CHECK-DAG: llvm.mlir.global internal @[[PLACE:mx_gpu_place_0]](0 : i64)
  memref.global "private" constant @table : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>

  // CHECK-LABEL: func.func @launch
  // CHECK-SAME: %[[N:.*]]: i32, %[[MAP:.*]]: !llvm.ptr
  // CHECK-DAG: %[[N_COPY:.*]] = llvm.alloca %{{.*}} x i32
  // CHECK-DAG: %[[SLOTS:.*]] = llvm.alloca %{{.*}} x !llvm.ptr
  // CHECK: llvm.store %[[N]], %[[N_COPY]]
  // A parameter that is passed by value is a pointer already.
  // CHECK: llvm.store %[[MAP]], %{{.*}} : !llvm.ptr, !llvm.ptr
  // CHECK: llvm.store %[[MAP]], %{{.*}} : !llvm.ptr, !llvm.ptr
  // CHECK: llvm.call @mx_gpu_launch(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[SHARED:.*]], %[[SLOTS]])
  func.func @launch(%n: i32, %map: !llvm.ptr) {
    %one = arith.constant 1 : index
    %shared = arith.constant 50000 : i32
    gpu.launch_func @kernels::@add blocks in (%one, %one, %one) threads in (%one, %one, %one)
        dynamic_shared_memory_size %shared args(%n : i32, %map : !llvm.ptr, %map : !llvm.ptr)
    gpu.launch_func @kernels::@add blocks in (%one, %one, %one) threads in (%one, %one, %one)
        args(%n : i32, %map : !llvm.ptr, %map : !llvm.ptr)
    return
  }

  // CHECK-LABEL: func.func @buffers
  // CHECK: %[[SIZE:.*]] = memref.dim
  // CHECK: %[[BYTES:.*]] = arith.muli
  // CHECK: %[[MEMORY:.*]] = llvm.call @mx_gpu_alloc(%[[BYTES]])
  // CHECK: builtin.unrealized_conversion_cast {{.*}} to memref<?xf32>
  // CHECK: llvm.call @mx_gpu_copy(
  // CHECK: llvm.call @mx_gpu_copy(
  // CHECK: llvm.call @mx_gpu_free(
  func.func @buffers(%x: memref<?xf32>) {
    %zero = arith.constant 0 : index
    %size = memref.dim %x, %zero : memref<?xf32>
    %y = memref.alloc(%size) {alignment = 64 : i64} : memref<?xf32>
    gpu.memcpy %y, %x : memref<?xf32>, memref<?xf32>
    %part = memref.subview %y[4] [8] [1] : memref<?xf32> to memref<8xf32, strided<[1], offset: 4>>
    %first = memref.subview %x[0] [8] [1] : memref<?xf32> to memref<8xf32, strided<[1]>>
    memref.copy %first, %part : memref<8xf32, strided<[1]>> to memref<8xf32, strided<[1], offset: 4>>
    memref.dealloc %y : memref<?xf32>
    return
  }

  // CHECK-LABEL: func.func @constant
  // CHECK: %[[HOST:.*]] = memref.get_global @table
  // CHECK: memref.extract_aligned_pointer_as_index %[[HOST]]
  // CHECK: llvm.mlir.addressof @[[PLACE]]
  // CHECK: %[[DEVICE:.*]] = llvm.call @mx_gpu_constant(
  // CHECK: %[[BUFFER:.*]] = builtin.unrealized_conversion_cast {{.*}} to memref<4xf32>
  // CHECK: return %[[BUFFER]]
  func.func @constant() -> memref<4xf32> {
    %0 = memref.get_global @table : memref<4xf32>
    return %0 : memref<4xf32>
  }

  // CHECK-LABEL: func.func @read
  // CHECK: %[[NUMBER:.*]] = llvm.alloca %{{.*}} x i64
  // CHECK: llvm.call @mx_gpu_load(%[[NUMBER]], %{{.*}}, %{{.*}})
  // CHECK: llvm.load %[[NUMBER]]
  func.func @read(%x: memref<?x?xindex>, %i: index) -> index {
    %0 = memref.load %x[%i, %i] : memref<?x?xindex>
    return %0 : index
  }

  // Whoever is outside of the program reads memory of the host.
  // CHECK-LABEL: func.func @foreign
  // CHECK: %[[CONTEXT:.*]] = memref.get_global @context
  // CHECK: %[[COPY:.*]] = llvm.call @mx_gpu_fetch(
  // CHECK: call @listen(%[[CONTEXT]], %{{.*}})
  memref.global @context : memref<i8>
  func.func private @listen(memref<i8>, memref<*xf32>)
  func.func @foreign(%x: memref<4x?xf32>) {
    %context = memref.get_global @context : memref<i8>
    %0 = memref.cast %x : memref<4x?xf32> to memref<*xf32>
    call @listen(%context, %0) : (memref<i8>, memref<*xf32>) -> ()
    return
  }

  // CHECK-LABEL: func.func @map
  // CHECK: llvm.call @mx_gpu_encode_tensor_map(
  // CHECK-NOT: @mx_encode_tensor_map
  func.func private @mx_encode_tensor_map(!llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> !llvm.ptr
  func.func @map(%p: !llvm.ptr, %n: i32) -> !llvm.ptr {
    %0 = call @mx_encode_tensor_map(%p, %n, %n, %p, %p, %p, %n)
      : (!llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> !llvm.ptr
    return %0 : !llvm.ptr
  }

  // Buffers are handed on.
  // CHECK-LABEL: func.func @hand_on
  // CHECK: call @buffers
  // CHECK: scf.if
  func.func @hand_on(%c: i1, %x: memref<?xf32>, %y: memref<?xf32>) -> memref<?xf32> {
    call @buffers(%x) : (memref<?xf32>) -> ()
    %0 = scf.if %c -> memref<?xf32> {
      scf.yield %x : memref<?xf32>
    } else {
      scf.yield %y : memref<?xf32>
    }
    return %0 : memref<?xf32>
  }

  // Lists of buffers to be freed are the host's.
  // CHECK-LABEL: func.func @keep_books
  // CHECK: memref.alloc() : memref<2xindex>
  // CHECK: memref.store
  // CHECK: call @dealloc_helper
  // CHECK: memref.load
  // CHECK: llvm.call @mx_gpu_free(
  // CHECK: memref.dealloc %{{.*}} : memref<2xindex>
  func.func private @dealloc_helper(%list: memref<?xindex>, %flags: memref<?xi1>) {
    return
  }
  func.func @keep_books(%address: index, %zero: index, %x: memref<4xf32>) {
    %list = memref.alloc() : memref<2xindex>
    %flags = memref.alloc() : memref<2xi1>
    memref.store %address, %list[%zero] : memref<2xindex>
    %0 = memref.cast %list : memref<2xindex> to memref<?xindex>
    %1 = memref.cast %flags : memref<2xi1> to memref<?xi1>
    call @dealloc_helper(%0, %1) : (memref<?xindex>, memref<?xi1>) -> ()
    %2 = memref.load %flags[%zero] : memref<2xi1>
    scf.if %2 {
      memref.dealloc %x : memref<4xf32>
    }
    memref.dealloc %list : memref<2xindex>
    memref.dealloc %flags : memref<2xi1>
    return
  }

  // CHECK: gpu.module @kernels
  gpu.module @kernels {
    llvm.func @add(%n: i32, %map: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, llvm.align = 64 : i64,
        nvvm.grid_constant}, %second: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel,
        mx.tensor_maps = array<i32: 2>} {
      llvm.return
    }
  }
}
