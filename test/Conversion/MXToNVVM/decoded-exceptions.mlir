// Numbers that are no sums of bf16 numbers, and elements that a scale makes infinite beside a
// number of several planes: a warp that has any multiplies the step element by element in f32.

// RUN: mx-opt %s --convert-mx-to-nvvm="chip=sm_80 features=+ptx80" --canonicalize --cse | FileCheck %s
// RUN: mx-opt %s --convert-mx-to-nvvm="chip=sm_80 features=+ptx80" --canonicalize --cse | FileCheck %s --check-prefix=F32

func.func @mxfp8_mxfp4(%a: memref<16x256xi8>, %sa: memref<16x8xi8>, %b: memref<64x128xi8>, %sb: memref<64x8xi8>, %c: memref<16x64xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x256xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<64x128xi8>, memref<64x8xi8>) outs(%c : memref<16x64xf32>)
    {lhs_format = #mx.format<mxfp8_e4m3>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// CHECK: gpu.func @matmul_sync_mxfp8_e4m3_mxfp4_f32_16x128(
// CHECK: scf.for
// Codes that are not zero, with scales below 2^-111. One side only has such elements.
// CHECK: %[[TINY:.+]] = arith.cmpi ult, %{{.+}}, %c16_i32 : i32
// CHECK-NEXT: arith.select %[[TINY]], %{{.+}}, %c0_i32 : i32
// CHECK: %[[HAS:.+]] = arith.cmpi ne, %{{.+}}, %c0_i32 : i32
// CHECK-NEXT: %[[ANY:.+]] = nvvm.vote.sync any %{{.+}}, %[[HAS]] -> i1
// CHECK-NEXT: scf.if %[[ANY]]
// CHECK-NOT: nvvm.mma.sync
// CHECK: scf.for %[[K:.+]] = %c0_i32 to %c128_i32 step %c1_i32
// A code goes to the top of a word, to its place, and times its scale in f32.
// CHECK: %[[BIT:.+]] = arith.muli %[[K]], %c8_i32 : i32
// CHECK: %[[WORD:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK-NEXT: %[[CODES:.+]] = arith.shrui %[[WORD]], %{{.+}} : i32
// CHECK-NEXT: arith.shli %[[CODES]], %c24_i32 : i32
// CHECK: %[[ELEMENT:.+]] = arith.mulf %{{.+}}, %{{.+}} : f32
// CHECK: arith.divui %[[K]], %c32_i32 : i32
// CHECK: llvm.load %{{.+}} {alignment = 1 : i64} : !llvm.ptr<3> -> i8
// CHECK: %[[A:.+]] = arith.mulf %[[ELEMENT]], %{{.+}} : f32
// CHECK: %[[PRODUCT:.+]] = arith.mulf %[[A]], %{{.+}} : f32
// CHECK-NEXT: arith.addf %{{.+}}, %[[PRODUCT]] : f32
// CHECK: } else {
// Codes for NaN become NaN.
// CHECK: %[[CARRY:.+]] = arith.addi %{{.+}}, %c1048592_i32 : i32
// CHECK-NEXT: %[[NAN:.+]] = arith.andi %[[CARRY]], %c134219776_i32 : i32
// CHECK-NEXT: arith.shli %[[NAN]], %c4_i32 : i32
// CHECK-COUNT-16: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK-NOT: nvvm.vote.sync
// CHECK: gpu.return

func.func @f32_mxfp4(%a: memref<16x256xf32>, %b: memref<64x128xi8>, %sb: memref<64x8xi8>, %c: memref<16x64xf32>) {
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a : memref<16x256xf32>)
    rhs(%b, %sb : memref<64x128xi8>, memref<64x8xi8>) outs(%c : memref<16x64xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// F32: gpu.func @matmul_sync_f32_mxfp4_f32_16x128(
// F32: scf.for
// 6 · 2^(253 - 127) is infinite: 253 + 3 is more than a byte holds.
// F32: llvm.load %{{.+}} {alignment = 1 : i64} : !llvm.ptr<3> -> i8
// F32: %[[MORE:.+]] = arith.addi %{{.+}}, %c3_i32 : i32
// F32-NEXT: arith.shrui %[[MORE]], %c8_i32 : i32
// F32: nvvm.vote.sync any
// F32-NEXT: scf.if
// F32: } else {
// NaN stays NaN without its lower half.
// F32: %[[BITS:.+]] = arith.andi %{{.+}}, %c2147483647_i32 : i32
// F32-NEXT: %[[ISNAN:.+]] = arith.cmpi ugt, %[[BITS]], %c2139095040_i32 : i32
// F32-NEXT: %[[QUIET:.+]] = arith.select %[[ISNAN]], %c4194304_i32, %c0_i32 : i32
// F32-NEXT: %[[NUMBER:.+]] = arith.ori %[[BITS]], %[[QUIET]] : i32
// F32: %[[CUT:.+]] = arith.andi %[[NUMBER]], %c-65536_i32 : i32
// F32: %[[TOP:.+]] = llvm.bitcast %[[CUT]] : i32 to f32
// F32: %[[REST:.+]] = llvm.fsub %{{.+}}, %[[TOP]] : f32
// F32: llvm.intr.maxnum(%[[REST]], %{{.+}}) : (f32, f32) -> f32
// F32-COUNT-12: nvvm.mma.sync
// What three bf16 numbers are less than the f32 number, in each run.
// F32: nvvm.vote.sync any
// F32-COUNT-12: nvvm.mma.sync
// F32: %[[LAST:.+]] = nvvm.vote.sync any
// F32-NEXT: %[[SOME:.+]] = arith.ori %{{.+}}, %[[LAST]] : i1
// F32-NEXT: scf.if %[[SOME]]
// F32-COUNT-3: arith.subf
// F32-NEXT: arith.cmpf ord
// F32: } else {
// F32-NOT: nvvm.mma.sync
// F32: gpu.return
