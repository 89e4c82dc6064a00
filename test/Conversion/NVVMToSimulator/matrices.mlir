// Products of matrices and the loads of their fragments become calls; operands of
// several words go through memory.
// RUN: mx-opt %s --convert-nvvm-to-simulator | FileCheck %s

gpu.module @device {
  // CHECK-LABEL: llvm.func @device.fragments(
  llvm.func @fragments(%tile: !llvm.ptr<3>) -> i32 {
    // CHECK-DAG: %[[WORDS:.+]] = llvm.alloca %{{.+}} x i32
    // CHECK: llvm.call @mxsim_ldmatrix(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}})
    // CHECK: llvm.insertvalue %{{.+}}, %{{.+}}[3]
    %four = nvvm.ldmatrix %tile {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>}
      : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    // CHECK: %[[RESULT:.+]] = llvm.load
    %one = nvvm.ldmatrix %tile {num = 1 : i32, layout = #nvvm.mma_layout<col>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>}
      : (!llvm.ptr<3>) -> i32
    // CHECK: llvm.call @mxsim_stmatrix(
    nvvm.stmatrix %tile, %one {layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : !llvm.ptr<3>, i32
    llvm.return %one : i32
  }

  // CHECK-LABEL: llvm.func @device.product(
  // CHECK-SAME: %[[A:[^,]+]]: vector<2xf16>
  llvm.func @product(%a: vector<2xf16>, %c: f32) -> !llvm.struct<(f32, f32, f32, f32)> {
    // CHECK: llvm.bitcast %[[A]] : vector<2xf16> to i32
    // CHECK: llvm.call @mxsim_mma(
    %d = nvvm.mma.sync A[%a, %a, %a, %a] B[%a, %a] C[%c, %c, %c, %c]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (vector<2xf16>, vector<2xf16>, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return %d : !llvm.struct<(f32, f32, f32, f32)>
  }

  // Products of FP8 and smaller, which have no operation.
  // CHECK-LABEL: llvm.func @device.small_product(
  llvm.func @small_product(%a: i32, %c: f32) -> !llvm.struct<(f32, f32, f32, f32)> {
    // CHECK: %[[D:.+]] = llvm.alloca %{{.+}} x i32
    // CHECK: %[[K:.+]] = llvm.mlir.constant(32 : i32)
    // CHECK-NEXT: %[[E4M3:.+]] = llvm.mlir.constant(11 : i32)
    // CHECK-NEXT: %[[E5M2:.+]] = llvm.mlir.constant(12 : i32)
    // CHECK-NEXT: %[[F32:.+]] = llvm.mlir.constant(1 : i32)
    // CHECK: llvm.call @mxsim_mma(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[K]], %[[E4M3]], %[[E5M2]], %[[F32]], %{{.+}})
    %d = llvm.call_intrinsic "llvm.nvvm.mma.m16n8k32.row.col.f32.e4m3.e5m2.f32"(%a, %a, %a, %a, %a, %a, %c, %c, %c, %c)
      : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    // CHECK: %[[E2M1:.+]] = llvm.mlir.constant(15 : i32)
    // CHECK-NEXT: %[[E3M2:.+]] = llvm.mlir.constant(13 : i32)
    // CHECK: llvm.call @mxsim_mma(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[E2M1]], %[[E3M2]], %{{.+}}, %{{.+}})
    %e = llvm.call_intrinsic "llvm.nvvm.mma.m16n8k32.row.col.kind.f8f6f4.f32.e2m1.e3m2.f32"(%a, %a, %a, %a, %a, %a, %c, %c, %c, %c)
      : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return %e : !llvm.struct<(f32, f32, f32, f32)>
  }

  // CHECK-LABEL: llvm.func @device.scaled_product(
  // CHECK-SAME: %{{.+}}: i32, %{{.+}}: f32, %[[SCALES:[^:]+]]: i32, %[[SELECTOR:[^:]+]]: i16)
  llvm.func @scaled_product(%a: i32, %c: f32, %scales: i32, %selector: i16) -> !llvm.struct<(f32, f32, f32, f32)> {
    // CHECK: %[[WIDE:.+]] = llvm.zext %[[SELECTOR]] : i16 to i32
    // CHECK: llvm.call @mxsim_mma_block_scale(%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %[[SCALES]], %[[WIDE]],
    %d = nvvm.mma.block_scale A[%a, %a, %a, %a] B[%a, %a] C[%c, %c, %c, %c]
      scaleA[%scales, %selector, %selector] scaleB[%scales, %selector, %selector]
      {shape = #nvvm.shape<m = 16, n = 8, k = 64>, multiplicandAPtxType = #nvvm.mma_type<e2m1>, multiplicandBPtxType = #nvvm.mma_type<e2m1>,
       scaleVecSize = #nvvm.scale_vec_size<x2>, blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf4>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    llvm.return %d : !llvm.struct<(f32, f32, f32, f32)>
  }
}
