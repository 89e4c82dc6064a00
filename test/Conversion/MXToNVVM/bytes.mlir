// Products of different element types: the MMA on bytes. FP8 is copied as it is,
// packed codes are spread on the way.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | FileCheck %s
// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | FileCheck %s --check-prefix=FP6

// CHECK: gpu.func @matmul_mxfp8_e4m3_mxfp4_f32_32x128(
// CHECK: scf.for
// CHECK: nvvm.cp.async.shared.global %{{.+}}, %{{.+}}, 16
// CHECK: nvvm.cp.async.commit.group
// Sixteen FP4 codes at once.
// CHECK: llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<1> -> i64
// Four scales of K = 128 in a register, one for each slice.
// CHECK: llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK: nvvm.mma.block_scale {{.+}} scaleA[%[[SCALE:.+]], %[[ZERO:.+]], %[[ZERO]]] {{.+}} {blockScaleFormat = #nvvm.block_scale_format<ue8m0>, kind = #nvvm.block_scale_kind<mxf8f6f4>, multiplicandAPtxType = #nvvm.mma_type<e4m3>, multiplicandBPtxType = #nvvm.mma_type<e2m1>, scaleVecSize = #nvvm.scale_vec_size<x1>, shape = #nvvm.shape<m = 16, n = 8, k = 32>}
// CHECK: nvvm.ldmatrix
// CHECK: nvvm.mma.block_scale {{.+}} scaleA[%[[SCALE]], %[[ONE:.+]], %[[ZERO]]]
// CHECK: nvvm.ldmatrix
// CHECK: nvvm.mma.block_scale {{.+}} scaleA[%[[SCALE]], %[[TWO:.+]], %[[ZERO]]]
// CHECK: nvvm.ldmatrix
// CHECK: nvvm.mma.block_scale {{.+}} scaleA[%[[SCALE]], %[[THREE:.+]], %[[ZERO]]]
// CHECK: llvm.store %{{.+}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
// CHECK: scf.yield
func.func @fp8_by_fp4(%a: memref<16x128xi8>, %sa: memref<16x4xi8>, %b: memref<64x64xi8>,
                      %sb: memref<64x4xi8>, %c: memref<16x64xf32>) {
  %k = arith.constant 128 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x128xi8>, memref<16x4xi8>)
    rhs(%b, %sb : memref<64x64xi8>, memref<64x4xi8>) outs(%c : memref<16x64xf32>)
    {lhs_format = #mx.format<mxfp8_e4m3>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// Three words hold sixteen FP6 codes.
// FP6: gpu.func @matmul_mxfp6_e2m3_mxfp6_e3m2_f32_32x128(
// FP6: scf.for
// FP6-COUNT-3: llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// FP6: multiplicandAPtxType = #nvvm.mma_type<e2m3>, multiplicandBPtxType = #nvvm.mma_type<e3m2>
// FP6: scf.yield
func.func @fp6_by_fp6(%a: memref<16x96xi8>, %sa: memref<16x4xi8>, %b: memref<64x96xi8>,
                      %sb: memref<64x4xi8>, %c: memref<16x64xf32>) {
  %k = arith.constant 128 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x96xi8>, memref<16x4xi8>)
    rhs(%b, %sb : memref<64x96xi8>, memref<64x4xi8>) outs(%c : memref<16x64xf32>)
    {lhs_format = #mx.format<mxfp6_e2m3>, rhs_format = #mx.format<mxfp6_e3m2>,
     kernel = "matmul_mma_block_scale"}
  return
}
