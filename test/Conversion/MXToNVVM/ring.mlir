// The persistent kernel: a warp brings steps into a ring of stages by tensor copies
// and cp.async, the others multiply. Only with `tensor-copies`.

// RUN: mx-opt %s --convert-mx-to-nvvm=tensor-copies=true --canonicalize --cse | FileCheck %s
// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | FileCheck %s --check-prefix=OFF

// OFF-NOT: mx_encode_tensor_map
// OFF-NOT: mbarrier
// OFF: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_128x128 blocks
// OFF-NOT: mbarrier

// CHECK: func.func private @mx_encode_tensor_map(!llvm.ptr, i32, i32, !llvm.ptr, !llvm.ptr, !llvm.ptr, i32) -> !llvm.ptr
// CHECK-LABEL: func.func @multiply
func.func @multiply(%a: memref<64x2048xi8>, %sa: memref<64x128xi8>, %b: memref<256x2048xi8>,
                    %sb: memref<256x128xi8>, %c: memref<64x256xf32>) {
  // A map that the encoder refuses is not used.
  // CHECK: %[[MAPS:.+]]:3 = scf.if %{{.+}} -> (!llvm.ptr, !llvm.ptr, i1)
  // CHECK: %[[MAP:.+]] = func.call @mx_encode_tensor_map(
  // CHECK: llvm.icmp "ne" %[[MAP]], %{{.+}} : !llvm.ptr
  // CHECK: func.call @mx_encode_tensor_map(
  // CHECK: scf.if %[[MAPS]]#2
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_128x128_ring blocks in (%{{.+}}) threads in (%{{.+}}) dynamic_shared_memory_size %{{.+}} args(%[[MAPS]]#0 : !llvm.ptr,
  // CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_128x128 blocks
  %k = arith.constant 4096 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<64x2048xi8>, memref<64x128xi8>)
    rhs(%b, %sb : memref<256x2048xi8>, memref<256x128xi8>) outs(%c : memref<64x256xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// CHECK: gpu.func @matmul_mxfp4_mxfp4_f32_128x128_ring(%[[A:[^:]+]]: !llvm.ptr,
// CHECK-SAME: known_block_size = array<i32: 288, 1, 1>
// CHECK-SAME: mx.tensor_maps = array<i32: 0, 2>
// One arrival that expects the payload, and one of each lane that copies scales.
// CHECK-DAG: %[[WARPS:.+]] = arith.constant 8 : i32
// CHECK-DAG: %[[ARRIVALS:.+]] = arith.constant 33 : i32
// CHECK-DAG: %[[BYTES:.+]] = arith.constant 32768 : i32
// CHECK: nvvm.mbarrier.init %{{.+}}, %[[ARRIVALS]]
// CHECK: nvvm.mbarrier.init %{{.+}}, %[[WARPS]]
// CHECK: nvvm.fence.mbarrier.init
// CHECK: nvvm.barrier
// Consumers.
// CHECK: scf.while
// CHECK: nvvm.mbarrier.try_wait
// CHECK: nvvm.mma.block_scale
// CHECK: nvvm.bar.warp.sync
// CHECK: nvvm.mbarrier.arrive %
// CHECK: llvm.store {{.+}} !llvm.ptr<1>
// The producer.
// CHECK: } else {
// CHECK: nvvm.mbarrier.try_wait
// CHECK: nvvm.mbarrier.arrive.expect_tx %[[FULL:.+]], %[[BYTES]]
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.+}}, %[[A]], %[[FULL]], box[%{{.+}}, %{{.+}}, %{{.+}}] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
// CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global
// CHECK: nvvm.cp.async.shared.global
// CHECK: nvvm.cp.async.mbarrier.arrive %[[FULL]]
// CHECK: gpu.return
