// Operations of tcgen05 become calls: addresses are numbers that pointers carry, words
// of loads and stores go through memory.
// RUN: mx-opt %s --convert-nvvm-to-simulator | FileCheck %s

gpu.module @device {
  // CHECK-LABEL: llvm.func @device.warp(
  // CHECK-SAME: %[[SLOT:[^,]+]]: !llvm.ptr, %[[N:[^,]+]]: i32, %[[T:[^,]+]]: !llvm.ptr
  llvm.func @warp(%slot: !llvm.ptr<3>, %n: i32, %t: !llvm.ptr<6>, %w: vector<2xi32>) -> vector<4xi32> {
    // CHECK: llvm.call @mxsim_tmem_alloc(%[[SLOT]], %[[N]], %{{.+}}) : (!llvm.ptr, i32, i32) -> ()
    nvvm.tcgen05.alloc %slot, %n : !llvm.ptr<3>, i32
    // CHECK: llvm.call @mxsim_tmem_relinquish(%{{.+}}) : (i32) -> ()
    nvvm.tcgen05.relinquish_alloc_permit
    // CHECK: %[[AFTER:.+]] = llvm.mlir.constant(1 : i32)
    // CHECK: llvm.call @mxsim_tmem_fence(%[[AFTER]], %{{.+}})
    nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>
    // CHECK: llvm.store %{{.+}}, %[[WORDS:.+]] {alignment = 4 : i64} : vector<2xi32>, !llvm.ptr
    // CHECK: llvm.call @mxsim_tmem_store(%[[T]], %[[WORDS]], %{{.+}}, %{{.+}}, %{{.+}}) : (!llvm.ptr, !llvm.ptr, i32, i32, i32) -> ()
    nvvm.tcgen05.st %t, %w {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<2xi32>
    // CHECK: %[[STORES:.+]] = llvm.mlir.constant(1 : i32)
    // CHECK: llvm.call @mxsim_tmem_wait(%[[STORES]], %{{.+}})
    nvvm.tcgen05.wait #nvvm.tcgen05_wait<store>
    // CHECK: %[[COUNT:.+]] = llvm.mlir.constant(4 : i32)
    // CHECK: llvm.call @mxsim_tmem_load(%[[RESULT:.+]], %[[T]], %{{.+}}, %[[COUNT]], %{{.+}})
    // CHECK: llvm.load %[[RESULT]] {alignment = 4 : i64} : !llvm.ptr -> vector<4xi32>
    %r = nvvm.tcgen05.ld %t {shape = #nvvm.tcgen05_ldst_shape<shape_32x32b>} : vector<4xi32>
    // CHECK: llvm.call @mxsim_tmem_dealloc(%[[T]], %[[N]], %{{.+}})
    nvvm.tcgen05.dealloc %t, %n : !llvm.ptr<6>, i32
    llvm.return %r : vector<4xi32>
  }

  // CHECK-LABEL: llvm.func @device.issuer(
  // CHECK-SAME: %[[BARRIER:[^,]+]]: !llvm.ptr, %[[T:[^,]+]]: !llvm.ptr, %[[D:[^,]+]]: i64, %[[I:[^,]+]]: i32, %[[ADD:.+]]: i1
  llvm.func @issuer(%barrier: !llvm.ptr<3>, %t: !llvm.ptr<6>, %d: i64, %i: i32, %add: i1) {
    // CHECK: %[[SHAPE:.+]] = llvm.mlir.constant(4 : i32)
    // CHECK: %[[MULTICAST:.+]] = llvm.mlir.constant(3 : i32)
    // CHECK: llvm.call @mxsim_tmem_copy(%[[T]], %[[D]], %[[SHAPE]], %[[MULTICAST]], %{{.+}}) : (!llvm.ptr, i64, i32, i32, i32) -> ()
    nvvm.tcgen05.cp %t, %d {shape = #nvvm.tcgen05_cp_shape<shape_32x128b>, multicast = #nvvm.tcgen05_cp_multicast<warpx4>}
    // CHECK: %[[FLAG:.+]] = llvm.zext %[[ADD]] : i1 to i32
    // CHECK: %[[KIND:.+]] = llvm.mlir.constant(2 : i32)
    // CHECK: %[[BLOCK:.+]] = llvm.mlir.constant(16 : i32)
    // CHECK: llvm.call @mxsim_tmem_product(%[[T]], %[[D]], %[[D]], %[[I]], %[[FLAG]], %[[T]], %[[T]], %[[KIND]], %[[BLOCK]], %{{.+}})
    nvvm.tcgen05.mma.block_scale %t, %d, %d, %i, %add, %t, %t
      {kind = #nvvm.block_scale_kind<mxf4nvf4>, ctaGroup = #nvvm.cta_group<cta_1>, blockScale = #nvvm.tcgen05_mma_block_scale<block16>}
      : (!llvm.ptr<6>, i64, i64, i32, i1, !llvm.ptr<6>, !llvm.ptr<6>)
    // CHECK: llvm.call @mxsim_tmem_commit(%[[BARRIER]], %{{.+}}) : (!llvm.ptr, i32) -> ()
    nvvm.tcgen05.commit %barrier : !llvm.ptr<3>
    llvm.return
  }
}
