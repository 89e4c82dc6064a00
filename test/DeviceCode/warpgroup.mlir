// RUN: mx-opt %s --mx-verify-device-code | FileCheck %s

// Products of a warpgroup in a loop: sums go from fence to product, wait and the
// next round, registers of A from a fence to the product and to its wait.

// CHECK-LABEL: llvm.func @k
// CHECK: wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    %first = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,0,1,2,3,~{memory}" %x, %x, %x, %x : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %z0 = llvm.extractvalue %first[0] : !llvm.struct<(f32, f32, f32, f32)>
    %z1 = llvm.extractvalue %first[1] : !llvm.struct<(f32, f32, f32, f32)>
    %z2 = llvm.extractvalue %first[2] : !llvm.struct<(f32, f32, f32, f32)>
    %z3 = llvm.extractvalue %first[3] : !llvm.struct<(f32, f32, f32, f32)>
    %zero = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    llvm.br ^loop(%zero, %z0, %z1, %z2, %z3 : i32, f32, f32, f32, f32)
  ^loop(%i: i32, %c0: f32, %c1: f32, %c2: f32, %c3: f32):
    %fenced = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=r,=r,=r,=r,0,1,2,3,~{memory}" %a0, %a1, %a2, %a3 : (i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    %fa0 = llvm.extractvalue %fenced[0] : !llvm.struct<(i32, i32, i32, i32)>
    %fa1 = llvm.extractvalue %fenced[1] : !llvm.struct<(i32, i32, i32, i32)>
    %fa2 = llvm.extractvalue %fenced[2] : !llvm.struct<(i32, i32, i32, i32)>
    %fa3 = llvm.extractvalue %fenced[3] : !llvm.struct<(i32, i32, i32, i32)>
    %product = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %c0, %c1, %c2, %c3, %fa0, %fa1, %fa2, %fa3, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    %p0 = llvm.extractvalue %product[0] : !llvm.struct<(f32, f32, f32, f32)>
    %p1 = llvm.extractvalue %product[1] : !llvm.struct<(f32, f32, f32, f32)>
    %p2 = llvm.extractvalue %product[2] : !llvm.struct<(f32, f32, f32, f32)>
    %p3 = llvm.extractvalue %product[3] : !llvm.struct<(f32, f32, f32, f32)>
    nvvm.wgmma.commit.group.sync.aligned
    %done = llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,~{memory}" %p0, %p1, %p2, %p3, %fa0, %fa1, %fa2, %fa3 : (f32, f32, f32, f32, i32, i32, i32, i32) -> !llvm.struct<(f32, f32, f32, f32)>
    %s0 = llvm.extractvalue %done[0] : !llvm.struct<(f32, f32, f32, f32)>
    %s1 = llvm.extractvalue %done[1] : !llvm.struct<(f32, f32, f32, f32)>
    %s2 = llvm.extractvalue %done[2] : !llvm.struct<(f32, f32, f32, f32)>
    %s3 = llvm.extractvalue %done[3] : !llvm.struct<(f32, f32, f32, f32)>
    %next = llvm.add %i, %one : i32
    %more = llvm.icmp "ult" %next, %steps : i32
    llvm.cond_br %more, ^loop(%next, %s0, %s1, %s2, %s3 : i32, f32, f32, f32, f32), ^exit
  ^exit:
    llvm.store %s0, %out : f32, !llvm.ptr<1>
    llvm.return
  }
}
