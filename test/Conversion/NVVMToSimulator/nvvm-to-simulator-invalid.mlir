// What cannot be simulated.
// RUN: mx-opt %s --convert-nvvm-to-simulator --split-input-file --verify-diagnostics --allow-unregistered-dialect

gpu.module @device {
  llvm.func @unknown(%t: !llvm.ptr<6>) {
    // expected-error @below {{expected an operation that the simulator models, got one that it does not}}
    nvvm.tcgen05.shift %t : !llvm.ptr<6>
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @text() {
    // expected-error @below {{expected an operation that the simulator models, got one that it does not}}
    llvm.inline_asm has_side_effects "bar.sync 0;", "" : () -> ()
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @half_product(%a: i32, %c: f32) {
    // expected-error @below {{expected an operation that the simulator models, got one that it does not}}
    %d = llvm.call_intrinsic "llvm.nvvm.mma.m16n8k32.row.col.f16.e4m3.e4m3.f16"(%a, %a, %a, %a, %a, %a, %a, %a)
      : (i32, i32, i32, i32, i32, i32, i32, i32) -> !llvm.struct<(i32, i32)>
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @predicated(%barrier: !llvm.ptr<3>, %n: i32, %p: i1) {
    // expected-error @below {{expected an operation without a predicate to simulate (branch around it instead), got one}}
    nvvm.mbarrier.init %barrier, %n, predicate = %p : !llvm.ptr<3>, i32, i1
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @multicast(%shared: !llvm.ptr<7>, %global: !llvm.ptr<1>, %barrier: !llvm.ptr<3>, %n: i32, %mask: i16) {
    // expected-error @below {{expected a copy to one block, got a multicast}}
    nvvm.cp.async.bulk.shared.cluster.global %shared, %global, %barrier, %n multicast_mask = %mask : !llvm.ptr<7>, !llvm.ptr<1>
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @predicated_load(%shared: !llvm.ptr<7>, %map: !llvm.ptr, %barrier: !llvm.ptr<3>, %n: i32, %p: i1) {
    // expected-error @below {{expected a copy in tile mode, to one block and without a predicate to simulate, got another}}
    nvvm.cp.async.bulk.tensor.shared.cluster.global %shared, %map, %barrier, box[%n] predicate = %p : !llvm.ptr<7>, !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @predicated_store(%shared: !llvm.ptr<3>, %map: !llvm.ptr, %n: i32, %p: i1) {
    // expected-error @below {{expected a copy in tile mode and without a predicate to simulate, got another}}
    nvvm.cp.async.bulk.tensor.global.shared.cta %map, %shared, box[%n], predicate = %p : !llvm.ptr, !llvm.ptr<3>
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @small_product(%a: vector<2xf16>) -> !llvm.struct<(vector<2xf16>, vector<2xf16>)> {
    // expected-error @below {{expected m16n8 with results of f32 or i32 to simulate, got another product}}
    %d = nvvm.mma.sync A[%a, %a, %a, %a] B[%a, %a] C[%a, %a]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (vector<2xf16>, vector<2xf16>, vector<2xf16>) -> !llvm.struct<(vector<2xf16>, vector<2xf16>)>
    llvm.return %d : !llvm.struct<(vector<2xf16>, vector<2xf16>)>
  }
}

// -----

gpu.module @device {
  llvm.func @byte(%place: !llvm.ptr<1>, %n: i8) {
    // expected-error @below {{expected an atomic operation that the simulator models, got another}}
    %old = llvm.atomicrmw add %place, %n monotonic : !llvm.ptr<1>, i8
    llvm.return
  }
}

// -----

gpu.module @device {
  // expected-error @below {{expected functions and variables of the LLVM dialect in a device module, got another operation}}
  gpu.func @early() kernel {
    gpu.return
  }
}

// -----

gpu.module @device {
  // expected-error @below {{expected a device function with a body to simulate, got a declaration}}
  llvm.func @elsewhere()
}

// -----

func.func private @"device.taken"()
gpu.module @device {
  // expected-error @below {{expected a program without the name 'device.taken', got one that has it}}
  llvm.func @taken() {
    llvm.return
  }
}

// -----

func.func @unranked(%buffer: memref<*xf32>) -> index {
  // expected-error @below {{expected the address of a ranked and strided buffer to simulate, got that of 'memref<*xf32>'}}
  %index = memref.extract_aligned_pointer_as_index %buffer : memref<*xf32> -> index
  return %index : index
}

// -----

module attributes {gpu.container_module} {
  gpu.module @device {
    llvm.func @kernel() attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
  func.func @clusters(%n: index) {
    // expected-error @below {{expected a launch without clusters to simulate, got one with them}}
    gpu.launch_func @device::@kernel clusters in (%n, %n, %n) blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @device {
    llvm.func @kernel() attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
  func.func @asynchronous(%n: index) {
    // expected-error @below {{expected a launch that the host waits for to simulate, got an asynchronous one}}
    %token = gpu.launch_func async @device::@kernel blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @device {
    llvm.func @kernel(%x: i32) attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
  func.func @too_few(%n: index) {
    // expected-error @below {{expected as many operands as the kernel has, got 0}}
    gpu.launch_func @device::@kernel blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @device {
    llvm.func @kernel(%x: i32) attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
  func.func @buffers(%n: index, %buffer: memref<4xf32>) {
    // expected-error @below {{expected operands of types of the LLVM dialect, got 'memref<4xf32>'}}
    gpu.launch_func @device::@kernel blocks in (%n, %n, %n) threads in (%n, %n, %n) args(%buffer : memref<4xf32>)
    return
  }
}

// -----

gpu.module @device {
  llvm.func @opaque() {
    // expected-error @below {{expected an operation that the simulator models, got one that it does not}}
    "another.table"() ({
    }) : () -> ()
    llvm.return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @device {
    llvm.func @kernel() attributes {gpu.kernel} {
      llvm.return
    }
  }
  func.func @for_another_machine(%n: index) {
    // expected-error @below {{expected a kernel that a device module defines, got '@device::@kernel'}}
    gpu.launch_func @device::@kernel blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

gpu.module @device {
  llvm.func @fresh_sums(%a: i64, %x: !llvm.struct<(f32, f32, f32, f32)>) {
    // expected-error @below {{'nvvm.wgmma.mma_async' op expected a product of 16 or 8-bit floats, K innermost, that is added to sums of f32 to simulate, got another}}
    %d = nvvm.wgmma.mma_async %a, %a, %x, <m = 64, n = 8, k = 16>, D [<f32>, #nvvm.wgmma_scale_out<zero>], A [<bf16>, #nvvm.wgmma_scale_in<one>, <row>], B [<bf16>, #nvvm.wgmma_scale_in<one>, <col>] : !llvm.struct<(f32, f32, f32, f32)> -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @two_blocks() {
    // expected-error @below {{expected an operation of one block to simulate, got one of two}}
    nvvm.tcgen05.relinquish_alloc_permit {group = #nvvm.cta_group<cta_2>}
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @many_barriers(%b: !llvm.ptr<3>, %mask: i16) {
    // expected-error @below {{expected a commit to one mbarrier to simulate, got a multicast}}
    nvvm.tcgen05.commit %b, multicast_mask = %mask : !llvm.ptr<3>, i16
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @converting_copy(%t: !llvm.ptr<6>, %d: i64) {
    // expected-error @below {{expected a copy that converts nothing to simulate, got a source format}}
    nvvm.tcgen05.cp %t, %d {shape = #nvvm.tcgen05_cp_shape<shape_128x256b>, srcFormat = #nvvm.tcgen05_cp_src_fmt<b6x16_p32>}
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @a_in_tensor_memory(%t: !llvm.ptr<6>, %d: i64, %i: i32, %add: i1) {
    // expected-error @below {{expected A in shared memory to simulate, got it in tensor memory}}
    nvvm.tcgen05.mma.block_scale %t, %t, %d, %i, %add, %t, %t
      {kind = #nvvm.block_scale_kind<mxf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block32>}
      : (!llvm.ptr<6>, !llvm.ptr<6>, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @packing_load(%t: !llvm.ptr<6>) {
    // expected-error @below {{expected a load of whole words to simulate, got one that packs or has an offset}}
    %r = nvvm.tcgen05.ld %t pack {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<32xi32>
    llvm.return
  }
}

// -----

gpu.module @device {
  llvm.func @unpacking_store(%t: !llvm.ptr<6>, %w: i32) {
    // expected-error @below {{expected a store of whole words to simulate, got one that unpacks or has an offset}}
    nvvm.tcgen05.st %t, %w unpack {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : i32
    llvm.return
  }
}
