// Products of many rows by warpgroups: weights are decoded to registers, activations
// come by tensor copies. What they cannot do is left to mma.sync.

// RUN: mx-opt %s --convert-mx-to-nvvm="tensor-copies=true chip=sm_90a" --canonicalize --cse -o %t
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --input-file=%t --check-prefix=KERNEL
// RUN: mx-opt %s --convert-mx-to-nvvm="tensor-copies=true chip=sm_90a" --remarks-filter=mx-to-nvvm --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: mx-opt %s --convert-mx-to-nvvm=chip=sm_90a | FileCheck %s --check-prefix=OFF

// OFF-NOT: wgmma
// OFF: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_128x128 blocks
// OFF-NOT: wgmma

// REMARK: launches the first that fits of matmul_wgmma_bf16_mxfp4_f32_256x128, matmul_wgmma_bf16_mxfp4_f32_128x128"
// REMARK: launches the first that fits of matmul_sync_bf16_mxfp4_f32_128x128,
// REMARK: launches the first that fits of matmul_wgmma_bf16_nvfp4_bf16_128x128"
// REMARK-NOT: wgmma

// Whether a tile fits, and the encoder takes the map, is known at run time.
// CHECK-LABEL: func.func @any_rows
// CHECK: %[[MAP:.+]]:2 = scf.if %{{.+}} -> (!llvm.ptr, i1)
// CHECK: func.call @mx_encode_tensor_map(
// CHECK: scf.if %[[MAP]]#1 {
// CHECK: gpu.launch_func @mx_kernels::@matmul_wgmma_bf16_mxfp4_f32_256x128 blocks in (%{{.+}}) threads in (%{{.+}}) dynamic_shared_memory_size %{{.+}} args(%[[MAP]]#0 : !llvm.ptr,
// CHECK: } else {
// CHECK: gpu.launch_func @mx_kernels::@matmul_wgmma_bf16_mxfp4_f32_128x128
// CHECK: } else {
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_128x128
func.func @any_rows(%a: memref<?x2880xbf16>, %b: memref<96x1440xi8>, %s: memref<96x90xi8>, %c: memref<?x96xf32>) {
  %k = arith.constant 2880 : index
  mx.packed.matmul k(%k) lhs(%a : memref<?x2880xbf16>) rhs(%b, %s : memref<96x1440xi8>, memref<96x90xi8>)
    outs(%c : memref<?x96xf32>) {rhs_format = #mx.format<mxfp4>, kernel = "matmul_wgmma"}
  return
}

// Known rows decide at once.
// CHECK-LABEL: func.func @some_rows
// CHECK-NOT: matmul_wgmma_bf16_nvfp4_bf16_256x128
func.func @some_rows(%a: memref<100x64xbf16>, %b: memref<96x32xi8>, %s: memref<96x4xi8>, %t: memref<f32>, %c: memref<100x96xbf16>) {
  %k = arith.constant 64 : index
  mx.packed.matmul k(%k) lhs(%a : memref<100x64xbf16>) rhs(%b, %s, %t : memref<96x32xi8>, memref<96x4xi8>, memref<f32>)
    outs(%c : memref<100x96xbf16>) {rhs_format = #mx.format<nvfp4>, kernel = "matmul_wgmma"}
  return
}

// Too few, or rows of no multiple of 16 bytes.
// CHECK-LABEL: func.func @few_rows
// CHECK-NOT: matmul_wgmma
// CHECK: gpu.module
func.func @few_rows(%a: memref<64x64xbf16>, %b: memref<96x32xi8>, %s: memref<96x2xi8>, %c: memref<64x96xf32>) {
  %k = arith.constant 64 : index
  mx.packed.matmul k(%k) lhs(%a : memref<64x64xbf16>) rhs(%b, %s : memref<96x32xi8>, memref<96x2xi8>)
    outs(%c : memref<64x96xf32>) {rhs_format = #mx.format<mxfp4>, kernel = "matmul_wgmma"}
  return
}
func.func @odd_rows(%a: memref<?x48xbf16>, %b: memref<96x24xi8>, %s: memref<96x2xi8>, %c: memref<?x96xf32>) {
  %k = arith.constant 48 : index
  mx.packed.matmul k(%k) lhs(%a : memref<?x48xbf16>) rhs(%b, %s : memref<96x24xi8>, memref<96x2xi8>)
    outs(%c : memref<?x96xf32>) {rhs_format = #mx.format<mxfp4>, kernel = "matmul_wgmma"}
  return
}

// One arrival that expects the activations, and one of each thread that copies weights.
// KERNEL: gpu.func @matmul_wgmma_bf16_mxfp4_f32_256x128(%[[MAP:[^:]+]]: !llvm.ptr,
// KERNEL-SAME: known_block_size = array<i32: 384, 1, 1>
// KERNEL-SAME: mx.tensor_maps = array<i32: 0>
// KERNEL-SAME: nvvm.minctasm = 1
// KERNEL-DAG: %[[WARPS:.+]] = arith.constant 8 : i32
// KERNEL-DAG: %[[ARRIVALS:.+]] = arith.constant 129 : i32
// KERNEL-DAG: %[[BYTES:.+]] = arith.constant 32768 : i32
// KERNEL: nvvm.mbarrier.init %{{.+}}, %[[ARRIVALS]]
// KERNEL: nvvm.mbarrier.init %{{.+}}, %[[WARPS]]
// Consumers: four slices, one group, everything waited for.
// KERNEL: nvvm.setmaxregister increase 224
// KERNEL: "wgmma.fence.sync.aligned;"
// KERNEL: nvvm.mbarrier.try_wait
// KERNEL-COUNT-4: "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {$0,
// KERNEL: nvvm.wgmma.commit.group.sync.aligned
// KERNEL: "wgmma.wait_group.sync.aligned 0;"
// KERNEL: nvvm.bar.warp.sync
// KERNEL: nvvm.mbarrier.arrive %
// KERNEL: llvm.store {{.+}} !llvm.ptr<1>
// The producer.
// KERNEL: nvvm.setmaxregister decrease 56
// KERNEL: nvvm.mbarrier.try_wait
// KERNEL: nvvm.mbarrier.arrive.expect_tx %[[FULL:.+]], %[[BYTES]]
// KERNEL: nvvm.cp.async.bulk.tensor.shared.cluster.global %{{.+}}, %[[MAP]], %[[FULL]], box[%{{.+}}, %{{.+}}, %{{.+}}] {isCTAOnly = true}
// KERNEL: nvvm.cp.async.shared.global
// KERNEL: nvvm.cp.async.mbarrier.arrive %[[FULL]]
// KERNEL: gpu.return
