// Kernels become host functions with an entry, launches become calls.
// RUN: mx-opt %s --convert-nvvm-to-simulator | FileCheck %s

// CHECK: module attributes {mx.simulator_locations = [#[[FIRST:.+]], #{{.+}}]}
module attributes {gpu.container_module} {

gpu.module @device {
  // Shared variables lie one behind the other, each as aligned as it asks for.
  llvm.mlir.global internal @flag() {addr_space = 3 : i32} : i8
  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<64 x i8>
  llvm.mlir.global external @rest() {addr_space = 3 : i32} : !llvm.array<0 x i8>

  // CHECK-LABEL: llvm.func @device.scale(
  // CHECK-SAME: %[[DATA:.+]]: !llvm.ptr, %[[FACTOR:.+]]: f32)
  llvm.func @scale(%data: !llvm.ptr<1>, %factor: f32) attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 32, 1, 1>} {
    // CHECK: %[[ZERO:.+]] = llvm.mlir.constant(0 : i32)
    // CHECK: %[[THREAD:.+]] = llvm.call @mxsim_special_register(%[[ZERO]])
    %thread = nvvm.read.ptx.sreg.tid.x : i32
    // CHECK: %[[OFFSET:.+]] = llvm.mlir.constant(16 : i32)
    // CHECK: %[[TILE:.+]] = llvm.call @mxsim_shared_pointer(%[[OFFSET]])
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    // CHECK: llvm.call @mxsim_dynamic_shared()
    %rest = llvm.mlir.addressof @rest : !llvm.ptr<3>
    // CHECK: %[[PLACE:.+]] = llvm.getelementptr %[[DATA]][%[[THREAD]]]
    %place = llvm.getelementptr %data[%thread] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    // CHECK: %[[BYTES:.+]] = llvm.mlir.constant(4 : i64)
    // CHECK: %[[ALIGNMENT:.+]] = llvm.mlir.constant(4 : i32)
    // CHECK: llvm.call @mxsim_check_load(%[[PLACE]], %[[BYTES]], %[[ALIGNMENT]], %{{.+}})
    // CHECK: llvm.load %[[PLACE]]
    %x = llvm.load %place : !llvm.ptr<1> -> f32
    %y = llvm.fmul %x, %factor : f32
    // CHECK: llvm.call @mxsim_check_store(%[[TILE]],
    llvm.store %y, %tile : f32, !llvm.ptr<3>
    // CHECK: llvm.call @mxsim_barrier(
    nvvm.barrier
    llvm.store %y, %rest : f32, !llvm.ptr<3>
    llvm.return
  }
  // CHECK: llvm.func internal @device.scale.entry(%[[ARGUMENTS:.+]]: !llvm.ptr)
  // CHECK: llvm.getelementptr %[[ARGUMENTS]][1]
  // CHECK: llvm.call @device.scale(%{{.+}}, %{{.+}}) : (!llvm.ptr, f32) -> ()
}

// CHECK-LABEL: func.func @host
// CHECK-SAME: %[[BUFFER:.+]]: memref<?xf32>
func.func @host(%buffer: memref<?xf32>, %factor: f32, %blocks: index) {
  %one = arith.constant 1 : index
  %threads = arith.constant 32 : index
  %index = memref.extract_aligned_pointer_as_index %buffer : memref<?xf32> -> index
  // CHECK: memref.extract_strided_metadata %[[BUFFER]]
  // CHECK: llvm.call @mxsim_register_buffer(
  %number = arith.index_cast %index : index to i64
  %address = llvm.inttoptr %number : i64 to !llvm.ptr
  // CHECK: %[[ENTRY:.+]] = llvm.mlir.addressof @device.scale.entry
  // What the kernel was made for comes with the launch.
  // CHECK: %[[WARP:.+]] = llvm.mlir.constant(32 : i32)
  // CHECK: llvm.call @mxsim_launch(%[[ENTRY]], {{.+}}, %[[WARP]],
  // CHECK-NOT: gpu.
  gpu.launch_func @device::@scale blocks in (%blocks, %one, %one) threads in (%threads, %one, %one)
    args(%address : !llvm.ptr, %factor : f32)
  return
}

// What is freed is no longer there for kernels.
// CHECK-LABEL: func.func @free
// CHECK-SAME: %[[FREED:.+]]: memref<?xf32>
func.func @free(%buffer: memref<?xf32>) {
  // CHECK: memref.extract_aligned_pointer_as_index %[[FREED]]
  // CHECK: llvm.call @mxsim_unregister_buffer(
  // CHECK-NEXT: memref.dealloc %[[FREED]]
  memref.dealloc %buffer : memref<?xf32>
  return
}

// CHECK-LABEL: func.func @free_indices
func.func @free_indices(%buffer: memref<4xindex>) {
  // CHECK: arith.constant 8 : index
  // CHECK: llvm.call @mxsim_unregister_buffer(
  memref.dealloc %buffer : memref<4xindex>
  return
}

// An index in memory has eight bytes.
// CHECK-LABEL: func.func @index_buffer
func.func @index_buffer(%buffer: memref<?xindex>) -> index {
  // CHECK: %[[UNIT:.+]] = arith.constant 8 : index
  // CHECK: %[[BYTES:.+]] = arith.muli %{{.+}}, %[[UNIT]] : index
  // CHECK: %[[SIZE:.+]] = arith.index_cast %[[BYTES]] : index to i64
  // CHECK: llvm.call @mxsim_register_buffer(%{{.+}}, %[[SIZE]])
  %address = memref.extract_aligned_pointer_as_index %buffer : memref<?xindex> -> index
  return %address : index
}

}
