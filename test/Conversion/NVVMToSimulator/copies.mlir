// Asynchronous copies, and the barriers that count them, become calls.
// RUN: mx-opt %s --convert-nvvm-to-simulator | FileCheck %s

gpu.module @device {
  // CHECK-LABEL: llvm.func @device.groups(
  // CHECK-SAME: %[[SHARED:[^:]+]]: !llvm.ptr, %[[GLOBAL:[^:]+]]: !llvm.ptr, %[[BYTES:[^:]+]]: i32)
  llvm.func @groups(%shared: !llvm.ptr<3>, %global: !llvm.ptr<1>, %bytes: i32) {
    // CHECK-DAG: %[[SIXTEEN:.+]] = llvm.mlir.constant(16 : i32)
    // CHECK: llvm.call @mxsim_cp_async(%[[SHARED]], %[[GLOBAL]], %{{.+}}, %{{.+}}, %{{.+}})
    nvvm.cp.async.shared.global %shared, %global, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    // CHECK: llvm.call @mxsim_cp_async(%[[SHARED]], %[[GLOBAL]], %{{.+}}, %[[BYTES]], %{{.+}})
    nvvm.cp.async.shared.global %shared, %global, 16, cache = cg, %bytes : !llvm.ptr<3>, !llvm.ptr<1>, i32
    // CHECK: llvm.call @mxsim_cp_async_commit_group(
    nvvm.cp.async.commit.group
    // CHECK: llvm.call @mxsim_cp_async_wait_group(
    nvvm.cp.async.wait.group 0
    // CHECK: llvm.call @mxsim_cp_async_mbarrier_arrive(
    nvvm.cp.async.mbarrier.arrive %shared : !llvm.ptr<3>
    llvm.return
  }

  // CHECK-LABEL: llvm.func @device.bulk(
  llvm.func @bulk(%shared: !llvm.ptr<3>, %global: !llvm.ptr<1>, %map: !llvm.ptr, %barrier: !llvm.ptr<3>, %n: i32) {
    // CHECK: llvm.call @mxsim_mbarrier_init(
    nvvm.mbarrier.init %barrier, %n : !llvm.ptr<3>, i32
    // CHECK: llvm.call @mxsim_fence_mbarrier_init(
    nvvm.fence.mbarrier.init
    // CHECK: llvm.call @mxsim_fence_proxy(
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
    // CHECK: llvm.call @mxsim_mbarrier_arrive_expect_tx(
    nvvm.mbarrier.arrive.expect_tx %barrier, %n : !llvm.ptr<3>, i32
    // CHECK: llvm.call @mxsim_bulk_load(
    nvvm.cp.async.bulk.shared.cluster.global %shared, %global, %barrier, %n : !llvm.ptr<3>, !llvm.ptr<1>
    // CHECK: llvm.call @mxsim_tensor_load(
    nvvm.cp.async.bulk.tensor.shared.cluster.global %shared, %map, %barrier, box[%n, %n] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
    // CHECK: %[[DONE:.+]] = llvm.call @mxsim_mbarrier_try_wait_parity(
    // CHECK: llvm.trunc %[[DONE]] : i32 to i1
    %done = nvvm.mbarrier.try_wait %barrier, %n : !llvm.ptr<3>, i32 -> i1
    // CHECK: llvm.call @mxsim_bulk_store(
    nvvm.cp.async.bulk.global.shared.cta %global, %shared, %n : !llvm.ptr<1>, !llvm.ptr<3>
    // CHECK: llvm.call @mxsim_tensor_store(
    nvvm.cp.async.bulk.tensor.global.shared.cta %map, %shared, box[%n] : !llvm.ptr, !llvm.ptr<3>
    // CHECK: llvm.call @mxsim_bulk_commit_group(
    nvvm.cp.async.bulk.commit.group
    // CHECK: llvm.call @mxsim_bulk_wait_group(
    nvvm.cp.async.bulk.wait_group 0
    // CHECK: llvm.call @mxsim_mbarrier_invalidate(
    nvvm.mbarrier.inval %barrier : !llvm.ptr<3>
    llvm.return
  }
}
