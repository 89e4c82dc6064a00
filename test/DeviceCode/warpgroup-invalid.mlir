// RUN: mx-opt %s --mx-verify-device-code --split-input-file --verify-diagnostics

// Registers of a product that something touches while it is under way.

// A without a fence.

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    %first = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,0,1,2,3,~{memory}" %x, %x, %x, %x : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %z0 = llvm.extractvalue %first[0] : !llvm.struct<(f32, f32, f32, f32)>
    %z1 = llvm.extractvalue %first[1] : !llvm.struct<(f32, f32, f32, f32)>
    %z2 = llvm.extractvalue %first[2] : !llvm.struct<(f32, f32, f32, f32)>
    %z3 = llvm.extractvalue %first[3] : !llvm.struct<(f32, f32, f32, f32)>
    // expected-error @+1 {{expected registers of a product of a warpgroup to come from a fence, got an argument}}
    %product = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %z0, %z1, %z2, %z3, %a0, %a1, %a2, %a3, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    %p0 = llvm.extractvalue %product[0] : !llvm.struct<(f32, f32, f32, f32)>
    %p1 = llvm.extractvalue %product[1] : !llvm.struct<(f32, f32, f32, f32)>
    %p2 = llvm.extractvalue %product[2] : !llvm.struct<(f32, f32, f32, f32)>
    %p3 = llvm.extractvalue %product[3] : !llvm.struct<(f32, f32, f32, f32)>
    %done = llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,~{memory}" %p0, %p1, %p2, %p3, %a0, %a1, %a2, %a3 : (f32, f32, f32, f32, i32, i32, i32, i32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

// A that was changed behind its fence.

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    %first = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,0,1,2,3,~{memory}" %x, %x, %x, %x : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %z0 = llvm.extractvalue %first[0] : !llvm.struct<(f32, f32, f32, f32)>
    %z1 = llvm.extractvalue %first[1] : !llvm.struct<(f32, f32, f32, f32)>
    %z2 = llvm.extractvalue %first[2] : !llvm.struct<(f32, f32, f32, f32)>
    %z3 = llvm.extractvalue %first[3] : !llvm.struct<(f32, f32, f32, f32)>
    %fenced = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=r,=r,=r,=r,0,1,2,3,~{memory}" %a0, %a1, %a2, %a3 : (i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    %fa0 = llvm.extractvalue %fenced[0] : !llvm.struct<(i32, i32, i32, i32)>
    %fa1 = llvm.extractvalue %fenced[1] : !llvm.struct<(i32, i32, i32, i32)>
    %fa2 = llvm.extractvalue %fenced[2] : !llvm.struct<(i32, i32, i32, i32)>
    %fa3 = llvm.extractvalue %fenced[3] : !llvm.struct<(i32, i32, i32, i32)>
    %moved = llvm.add %fa0, %a0 : i32
    // expected-error @+1 {{expected registers of a product of a warpgroup to come from a fence, got 'llvm.add'}}
    %product = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %z0, %z1, %z2, %z3, %moved, %fa1, %fa2, %fa3, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

// Sums that start without a fence.

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    %fenced = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=r,=r,=r,=r,0,1,2,3,~{memory}" %a0, %a1, %a2, %a3 : (i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    %fa0 = llvm.extractvalue %fenced[0] : !llvm.struct<(i32, i32, i32, i32)>
    %fa1 = llvm.extractvalue %fenced[1] : !llvm.struct<(i32, i32, i32, i32)>
    %fa2 = llvm.extractvalue %fenced[2] : !llvm.struct<(i32, i32, i32, i32)>
    %fa3 = llvm.extractvalue %fenced[3] : !llvm.struct<(i32, i32, i32, i32)>
    %zero = llvm.mlir.constant(0.0 : f32) : f32
    // expected-error @+1 {{expected sums of a product of a warpgroup to come from a fence, got 'llvm.mlir.constant'}}
    %product = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %zero, %zero, %zero, %zero, %fa0, %fa1, %fa2, %fa3, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

// Sums that are read before the wait.

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    %first = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,0,1,2,3,~{memory}" %x, %x, %x, %x : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %z0 = llvm.extractvalue %first[0] : !llvm.struct<(f32, f32, f32, f32)>
    %z1 = llvm.extractvalue %first[1] : !llvm.struct<(f32, f32, f32, f32)>
    %z2 = llvm.extractvalue %first[2] : !llvm.struct<(f32, f32, f32, f32)>
    %z3 = llvm.extractvalue %first[3] : !llvm.struct<(f32, f32, f32, f32)>
    %fenced = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=r,=r,=r,=r,0,1,2,3,~{memory}" %a0, %a1, %a2, %a3 : (i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    %fa0 = llvm.extractvalue %fenced[0] : !llvm.struct<(i32, i32, i32, i32)>
    %fa1 = llvm.extractvalue %fenced[1] : !llvm.struct<(i32, i32, i32, i32)>
    %fa2 = llvm.extractvalue %fenced[2] : !llvm.struct<(i32, i32, i32, i32)>
    %fa3 = llvm.extractvalue %fenced[3] : !llvm.struct<(i32, i32, i32, i32)>
    %product = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %z0, %z1, %z2, %z3, %fa0, %fa1, %fa2, %fa3, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    %p0 = llvm.extractvalue %product[0] : !llvm.struct<(f32, f32, f32, f32)>
    %p1 = llvm.extractvalue %product[1] : !llvm.struct<(f32, f32, f32, f32)>
    %p2 = llvm.extractvalue %product[2] : !llvm.struct<(f32, f32, f32, f32)>
    %p3 = llvm.extractvalue %product[3] : !llvm.struct<(f32, f32, f32, f32)>
    // expected-error @+1 {{'llvm.store' op expected sums of a product of a warpgroup that was waited for, got those of one under way}}
    llvm.store %p0, %out : f32, !llvm.ptr<1>
    %done = llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,~{memory}" %p0, %p1, %p2, %p3, %fa0, %fa1, %fa2, %fa3 : (f32, f32, f32, f32, i32, i32, i32, i32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

// The same behind a branch.

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    %first = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,0,1,2,3,~{memory}" %x, %x, %x, %x : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %z0 = llvm.extractvalue %first[0] : !llvm.struct<(f32, f32, f32, f32)>
    %z1 = llvm.extractvalue %first[1] : !llvm.struct<(f32, f32, f32, f32)>
    %z2 = llvm.extractvalue %first[2] : !llvm.struct<(f32, f32, f32, f32)>
    %z3 = llvm.extractvalue %first[3] : !llvm.struct<(f32, f32, f32, f32)>
    %fenced = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=r,=r,=r,=r,0,1,2,3,~{memory}" %a0, %a1, %a2, %a3 : (i32, i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    %fa0 = llvm.extractvalue %fenced[0] : !llvm.struct<(i32, i32, i32, i32)>
    %fa1 = llvm.extractvalue %fenced[1] : !llvm.struct<(i32, i32, i32, i32)>
    %fa2 = llvm.extractvalue %fenced[2] : !llvm.struct<(i32, i32, i32, i32)>
    %fa3 = llvm.extractvalue %fenced[3] : !llvm.struct<(i32, i32, i32, i32)>
    %product = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %z0, %z1, %z2, %z3, %fa0, %fa1, %fa2, %fa3, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    %p0 = llvm.extractvalue %product[0] : !llvm.struct<(f32, f32, f32, f32)>
    %p1 = llvm.extractvalue %product[1] : !llvm.struct<(f32, f32, f32, f32)>
    %p2 = llvm.extractvalue %product[2] : !llvm.struct<(f32, f32, f32, f32)>
    %p3 = llvm.extractvalue %product[3] : !llvm.struct<(f32, f32, f32, f32)>
    llvm.br ^next(%p0 : f32)
  ^next(%q: f32):
    // expected-error @+1 {{'llvm.fadd' op expected sums of a product of a warpgroup that was waited for, got those of one under way}}
    %sum = llvm.fadd %q, %q : f32
    %done = llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 0;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,~{memory}" %p0, %p1, %p2, %p3, %fa0, %fa1, %fa2, %fa3 : (f32, f32, f32, f32, i32, i32, i32, i32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

// Any other text, or another constraint, is no instruction that is known.

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @+1 {{expected an operation that is translated for GPUs, got 'llvm.inline_asm'}}
    %product = llvm.inline_asm has_side_effects "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, {$8, $9, $10, $11}, $12, 1, 1, 1, 0; // more", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,l,~{memory}" %x, %x, %x, %x, %a0, %a1, %a2, %a3, %d : (f32, f32, f32, f32, i32, i32, i32, i32, i64) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @+1 {{expected an operation that is translated for GPUs, got 'llvm.inline_asm'}}
    %done = llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 8;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,~{memory}" %x, %x, %x, %x, %a0, %a1, %a2, %a3 : (f32, f32, f32, f32, i32, i32, i32, i32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_90a", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @+1 {{expected an operation that is translated for GPUs, got 'llvm.inline_asm'}}
    %done = llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned -1;", "=f,=f,=f,=f,0,1,2,3,r,r,r,r,~{memory}" %x, %x, %x, %x, %a0, %a1, %a2, %a3 : (f32, f32, f32, f32, i32, i32, i32, i32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

// Other chips have none of them.

gpu.module @m [#nvvm.target<chip = "sm_90", features = "+ptx83">] {
  llvm.func @k(%out: !llvm.ptr<1>, %d: i64, %steps: i32, %x: f32, %a0: i32, %a1: i32, %a2: i32, %a3: i32) attributes {gpu.kernel, nvvm.kernel} {
    // expected-error @+1 {{expected an instruction of 'sm_90' with PTX 8.3, got 'wgmma.fence.aligned/registers', which needs sm_90a}}
    %first = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,0,1,2,3,~{memory}" %x, %x, %x, %x : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}
