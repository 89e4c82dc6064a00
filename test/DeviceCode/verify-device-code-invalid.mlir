// RUN: mx-opt %s --mx-verify-device-code --split-input-file --verify-diagnostics

// Each of these would end LLVM, or be refused by ptxas.

gpu.module @m [#nvvm.target<chip = "sm_89", features = "+ptx84">] {
  llvm.func @newer_chip(%p: !llvm.ptr<3>, %w: i32) {
    // expected-error @+1 {{expected an instruction of 'sm_89' with PTX 8.4, got 'mbarrier.arrive.expect_tx', which needs sm_90 or later}}
    nvvm.mbarrier.arrive.expect_tx %p, %w : !llvm.ptr<3>, i32
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_100a", features = "+ptx86">] {
  llvm.func @newer_ptx(%t: !llvm.ptr<6>, %l: i64, %w: i32, %b: i1) {
    // expected-error @+1 {{expected an instruction of 'sm_100a' with PTX 8.6, got 'tcgen05.mma.block_scale', which needs PTX 8.8}}
    nvvm.tcgen05.mma.block_scale %t, %l, %l, %w, %b, %t, %t {kind = #nvvm.block_scale_kind<mxf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block32>} : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_103f", features = "+ptx88", verifyTarget = false>] {
  llvm.func @form_of_fewer_chips(%t: !llvm.ptr<6>, %l: i64, %w: i32, %b: i1) {
    // expected-error @+1 {{expected an instruction of 'sm_103f' with PTX 8.8, got 'tcgen05.mma/i8', which needs sm_100a or sm_110a}}
    nvvm.tcgen05.mma %t, %l, %l, %w, %b {kind = #nvvm.tcgen05_mma_kind<i8>, ctaGroup = #nvvm.cta_group<cta_1>} : (!llvm.ptr<6>, i64, i64, i32, i1)
    llvm.return
  }
}

// -----

// Without a target of its own, a module is for the program's.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_120">} {
gpu.module @m {
  llvm.func @unlisted(%w: i32) {
    // expected-error @+1 {{expected an instruction of 'sm_120' with PTX 8.7, got 'read.ptx.sreg/globaltimer', which is not in the table of instructions}}
    %0 = nvvm.read.ptx.sreg.globaltimer : i64
    llvm.return
  }
}
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @intrinsic_without_a_row(%x: f32) {
    // expected-error @+1 {{got 'llvm.nvvm.ex2.approx.f', which is not in the table}}
    %0 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.f"(%x) : (f32) -> f32
    llvm.return
  }
}

// -----

// expected-error @+1 {{expected an '#nvvm.target', or 'mx.target' of the program to be a GPU, got neither}}
gpu.module @m {
}

// -----

// expected-error @+1 {{expected a chip (sm_80, }}
gpu.module @m [#nvvm.target<chip = "sm_50">] {
}

// -----

// expected-error @+1 {{expected the features of 'sm_120a' to be +ptx87, +ptx88 or +ptx90, got '+ptx60'}}
gpu.module @m [#nvvm.target<chip = "sm_120a", features = "+ptx60">] {
}

// -----

// expected-error @+1 {{expected a target without 'flags' and 'link', got}}
gpu.module @m [#nvvm.target<chip = "sm_120a", flags = {fast}>] {
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @other_dialect(%w: i32) {
    // expected-error @+1 {{expected device code of the llvm and nvvm dialects, got 'arith.addi'}}
    %0 = arith.addi %w, %w : i32
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  // expected-error @+1 {{expected device code to be complete, got a declaration of '__nv_expf'}}
  llvm.func @__nv_expf(f32) -> f32
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @library_function(%x: f32) {
    // expected-error @+1 {{expected an operation that is translated for GPUs, got 'llvm.intr.sin'}}
    %0 = llvm.intr.sin(%x) : (f32) -> f32
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @wide_conversion(%x: i128) {
    // expected-error @+1 {{expected an operation that is translated for GPUs, got 'llvm.sitofp'}}
    %0 = llvm.sitofp %x : i128 to f32
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @scope_of_another_machine() {
    // expected-error @+1 {{expected an operation that is translated for GPUs, got 'llvm.fence'}}
    llvm.fence syncscope("agent") acquire
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @assembly() {
    // expected-error @+1 {{expected an operation that is translated for GPUs, got 'llvm.inline_asm'}}
    llvm.inline_asm has_side_effects "trap;", "" : () -> ()
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  // expected-error @+1 {{expected types that a GPU has, got 'f80'}}
  llvm.func @type(%x: f80) {
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_100a">] {
  llvm.func @one_block_and_pairs(%t: !llvm.ptr<6>, %w: i32) {
    // expected-note @+1 {{another is here}}
    nvvm.tcgen05.dealloc %t, %w {group = #nvvm.cta_group<cta_1>} : !llvm.ptr<6>, i32
    // expected-error @+1 {{expected one CTA group in a kernel, got #nvvm.cta_group<cta_2>}}
    nvvm.tcgen05.dealloc %t, %w {group = #nvvm.cta_group<cta_2>} : !llvm.ptr<6>, i32
    llvm.return
  }
}
