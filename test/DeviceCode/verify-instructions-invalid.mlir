// RUN: mx-opt %s --mx-verify-device-code --split-input-file --verify-diagnostics

// What LLVM and ptxas let pass and only the device would notice.

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @byte_of_two(%w: i32, %x: f32) {
    %0 = llvm.mlir.constant(0 : i16) : i16
    %1 = llvm.mlir.constant(1 : i16) : i16
    // expected-error @+1 {{'nvvm.mma.block_scale' op expected the byte selector of B to be 0 or 2, got 1}}
    %d = nvvm.mma.block_scale A[%w, %w, %w, %w] B[%w, %w] C[%x, %x, %x, %x] scaleA[%w, %0, %0] scaleB[%w, %1, %0]
      {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>,
       scaleVecSize = #nvvm.scale_vec_size<x2>, blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf4>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @byte_of_four(%w: i32, %x: f32) {
    %0 = llvm.mlir.constant(0 : i16) : i16
    %2 = llvm.mlir.constant(2 : i16) : i16
    // expected-error @+1 {{expected the byte selector of A to be 0, got 2}}
    %d = nvvm.mma.block_scale A[%w, %w, %w, %w] B[%w, %w] C[%x, %x, %x, %x] scaleA[%w, %2, %0] scaleB[%w, %0, %0]
      {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>,
       scaleVecSize = #nvvm.scale_vec_size<x4>, blockScaleFormat = #nvvm.block_scale_format<ue4m3>, kind = #nvvm.block_scale_kind<mxf4nvf4>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @byte_of_one(%w: i32, %x: f32) {
    %3 = llvm.mlir.constant(3 : i16) : i16
    %4 = llvm.mlir.constant(4 : i16) : i16
    // expected-error @+1 {{expected the byte selector of B to be 0, 1, 2 or 3, got 4}}
    %d = nvvm.mma.block_scale A[%w, %w, %w, %w] B[%w, %w] C[%x, %x, %x, %x] scaleA[%w, %3, %3] scaleB[%w, %4, %3]
      {shape = #nvvm.shape<m = 16, n = 8, k = 32>, multiplicandAPtxType = #nvvm.mma_type<e4m3>, multiplicandBPtxType = #nvvm.mma_type<e2m1>,
       scaleVecSize = #nvvm.scale_vec_size<x1>, blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf8f6f4>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @thread(%w: i32, %x: f32) {
    %0 = llvm.mlir.constant(0 : i16) : i16
    %2 = llvm.mlir.constant(2 : i16) : i16
    // expected-error @+1 {{expected the thread selector of A to be 0 or 1, got 2}}
    %d = nvvm.mma.block_scale A[%w, %w, %w, %w] B[%w, %w] C[%x, %x, %x, %x] scaleA[%w, %0, %2] scaleB[%w, %0, %2]
      {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>,
       scaleVecSize = #nvvm.scale_vec_size<x2>, blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf4>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<4096 x i8>
  llvm.func @unaligned_row() {
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %row = llvm.getelementptr %tile[6] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i32
    // expected-error @+1 {{expected an address that is a multiple of 16, got byte 24 of 'tile', which has an alignment of 16}}
    %0 = nvvm.ldmatrix %row {num = 1 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> i32
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.mlir.global internal @barrier() {addr_space = 3 : i32} : !llvm.array<8 x i8>
  llvm.func @unaligned_barrier(%w: i32) {
    %barrier = llvm.mlir.addressof @barrier : !llvm.ptr<3>
    // expected-error @+1 {{expected an address that is a multiple of 8, got byte 0 of 'barrier', which has an alignment of 1}}
    nvvm.mbarrier.init %barrier, %w : !llvm.ptr<3>, i32
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.func @registers_without_a_limit() {
    // expected-error @+1 {{expected a kernel with 'nvvm.reqntid' and one of 'nvvm.maxnreg' and 'nvvm.minctasm', without which it has no effect, got none}}
    nvvm.setmaxregister increase 232
    llvm.return
  }
}

// -----

gpu.module @m [#nvvm.target<chip = "sm_120a">] {
  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<4096 x i8>
  llvm.func @unaligned_tile(%p: !llvm.ptr, %w: i32) {
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    // expected-error @+1 {{expected an address that is a multiple of 128, got byte 0 of 'tile', which has an alignment of 16}}
    nvvm.cp.async.bulk.tensor.shared.cluster.global %tile, %p, %tile, box[%w, %w] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
    llvm.return
  }
}
