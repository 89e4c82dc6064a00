// Elements of 8 bits with tiny scales are rounded to bf16. What rounding took is
// multiplied where a warp has any, in a sum of its own that is 2^32 times as large.

// RUN: mx-opt %s --convert-mx-to-nvvm="chip=sm_80 features=+ptx80" --canonicalize --cse | FileCheck %s

func.func @mxfp8_mxfp4(%a: memref<16x256xi8>, %sa: memref<16x8xi8>, %b: memref<64x128xi8>, %sb: memref<64x8xi8>, %c: memref<16x64xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x256xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<64x128xi8>, memref<64x8xi8>) outs(%c : memref<16x64xf32>)
    {lhs_format = #mx.format<mxfp8_e4m3>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// CHECK: gpu.func @matmul_sync_mxfp8_e4m3_mxfp4_f32_16x128(
// CHECK: scf.for
// Codes for NaN become NaN.
// CHECK: %[[CARRY:.+]] = arith.addi %{{.+}}, %c1048592_i32 : i32
// CHECK-NEXT: %[[NAN:.+]] = arith.andi %[[CARRY]], %c134219776_i32 : i32
// CHECK-NEXT: arith.shli %[[NAN]], %c4_i32 : i32
// CHECK-COUNT-16: nvvm.mma.sync
// One side only has rests.
// CHECK: %[[TINY:.+]] = arith.cmpi ult, %{{.+}}, %c16_i32 : i32
// CHECK: %[[HAS:.+]] = arith.cmpi ne, %{{.+}}, %c0_i32 : i32
// CHECK-NEXT: %[[ANY:.+]] = nvvm.vote.sync any %{{.+}}, %[[HAS]] -> i1
// CHECK-NEXT: scf.if %[[ANY]]
// CHECK: llvm.load volatile
// CHECK: %[[ELEMENT:.+]] = llvm.fmul %{{.+}}, %{{.+}} : vector<2xbf16>
// CHECK-NEXT: %[[ROUNDED:.+]] = llvm.fmul %[[ELEMENT]], %{{.+}} : vector<2xbf16>
// CHECK-NEXT: %[[SHIFTED:.+]] = llvm.fmul %[[ROUNDED]], %{{.+}} : vector<2xbf16>
// CHECK-NEXT: %[[EXACT:.+]] = llvm.fmul %[[ELEMENT]], %{{.+}} : vector<2xbf16>
// CHECK-NEXT: llvm.fsub %[[EXACT]], %[[SHIFTED]] : vector<2xbf16>
// CHECK: llvm.intr.minnum
// CHECK-COUNT-16: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: %[[SMALL:.+]] = arith.mulf %{{.+}}, %{{.+}} : f32
// CHECK-NEXT: arith.addf %{{.+}}, %[[SMALL]] : f32
// CHECK: } else {
// CHECK-NOT: nvvm.vote.sync
// CHECK: gpu.return
