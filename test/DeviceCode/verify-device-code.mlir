// RUN: mx-opt %s --mx-verify-device-code | FileCheck %s
// RUN: mx-opt %s --mx-verify-device-code --remarks-filter=mx-device --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// A kernel whose chip has all it uses passes through unchanged.

// CHECK-LABEL: gpu.module @kernels
// CHECK: nvvm.mma.block_scale
module {
gpu.module @kernels [#nvvm.target<chip = "sm_120a", features = "+ptx87">] {
  llvm.mlir.global internal @tile() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<4096 x i8>
  llvm.func @product(%w: i32, %x: f32, %thread: i16) attributes {gpu.kernel, nvvm.kernel} {
    %lane = nvvm.read.ptx.sreg.laneid : i32
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    %row = llvm.getelementptr %tile[48] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
    %a = nvvm.ldmatrix %row {num = 1 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> i32
    %two = llvm.mlir.constant(2 : i16) : i16
    %one = llvm.mlir.constant(1 : i16) : i16
    // REMARK: remark: {{.*}}the thread selector of B is known at run time only
    %d = nvvm.mma.block_scale A[%a, %a, %a, %a] B[%a, %a] C[%x, %x, %x, %x] scaleA[%w, %two, %one] scaleB[%w, %two, %thread]
      {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>,
       scaleVecSize = #nvvm.scale_vec_size<x2>, blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf4>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}

// What ptxas makes slower instructions of is legal.

gpu.module @expanded [#nvvm.target<chip = "sm_90a", features = "+ptx84">] {
  llvm.func @product(%w: i32, %x: f32) attributes {gpu.kernel, nvvm.kernel} {
    // REMARK: remark: {{.*}}'mma.sync/fp8' is an instruction that ptxas expands for this chip
    %d = llvm.call_intrinsic "llvm.nvvm.mma.m16n8k32.row.col.f32.e4m3.e4m3.f32"(%w, %w, %w, %w, %w, %w, %x, %x, %x, %x) : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return
  }
}
}
