// Products of warpgroups become calls: their registers go through memory and come
// back from it; a fence gives back what it gets.
// RUN: mx-opt %s --convert-nvvm-to-simulator | FileCheck %s

gpu.module @device {
  // CHECK-LABEL: llvm.func @device.registers(
  // CHECK-SAME: %[[X:[^,]+]]: f32, %[[A:[^,]+]]: i32, %[[D:[^,]+]]: i64
  llvm.func @registers(%x: f32, %a: i32, %d: i64) -> f32 {
    // CHECK: llvm.call @mxsim_warpgroup_fence(%{{.+}}) : (i32) -> ()
    // CHECK: %[[FENCED:.+]] = llvm.insertvalue %[[A]], %{{.+}}[3]
    %f = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=r,=r,=r,=r,0,1,2,3,~{memory}" %a, %a, %a, %a : (i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    // CHECK: %[[A0:.+]] = llvm.extractvalue %[[FENCED]][0]
    %f0 = llvm.extractvalue %f[0] : !llvm.struct<(i32, i32, i32, i32)>
    // CHECK: llvm.store %[[A0]], %{{.+}} : i32
    // CHECK: llvm.call @mxsim_warpgroup_product(%[[SUMS:.+]], %{{.+}}, %{{.+}}, %[[D]], %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}) : (!llvm.ptr, !llvm.ptr, i64, i64, i32, i32, i32, i32) -> ()
    // CHECK: llvm.load %{{.+}} : !llvm.ptr -> f32
    %p = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %x, %x, %x, %x, %f0, %f0, %f0, %f0, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    // CHECK: llvm.call @mxsim_warpgroup_commit(%{{.+}}) : (i32) -> ()
    nvvm.wgmma.commit.group.sync.aligned
    %p0 = llvm.extractvalue %p[0] : !llvm.struct<(f32, f32, f32, f32)>
    %p1 = llvm.extractvalue %p[1] : !llvm.struct<(f32, f32, f32, f32)>
    // CHECK: llvm.call @mxsim_warpgroup_wait({{%.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}) : (i32, !llvm.ptr, i32, !llvm.ptr, i32, i32) -> ()
    %s = llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 1;", "=f,=f,0,1,r,~{memory}" %p0, %p1, %f0 : (f32, f32, i32) -> !llvm.struct<(f32, f32)>
    %s0 = llvm.extractvalue %s[0] : !llvm.struct<(f32, f32)>
    llvm.return %s0 : f32
  }

  // NVVM's own operations: both sides in shared memory, waits without operands.
  // CHECK-LABEL: llvm.func @device.shared(
  llvm.func @shared(%x: !llvm.struct<(f32, f32, f32, f32)>, %d: i64) {
    // CHECK: llvm.call @mxsim_warpgroup_fence(
    nvvm.wgmma.fence.aligned
    // CHECK: %[[NULL:.+]] = llvm.mlir.zero : !llvm.ptr
    // CHECK: llvm.call @mxsim_warpgroup_product(%{{.+}}, %[[NULL]],
    %p = nvvm.wgmma.mma_async %d, %d, %x, <m = 64, n = 8, k = 32>, D [<f32>, #nvvm.wgmma_scale_out<one>], A [<e4m3>, #nvvm.wgmma_scale_in<one>, <row>], B [<e5m2>, #nvvm.wgmma_scale_in<one>, <col>] : !llvm.struct<(f32, f32, f32, f32)> -> !llvm.struct<(f32, f32, f32, f32)>
    // CHECK: llvm.call @mxsim_warpgroup_wait(
    nvvm.wgmma.wait.group.sync.aligned 0
    llvm.return
  }
}
