// Few rows and many steps of K: blocks make sums of ranges, and another kernel adds these up in
// order. How many ranges there are depends on types alone.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// 32 tiles of 128 columns, so 4 ranges of K make 128 blocks.
// REMARK: splits K into 4 for at most 16 rows, whose tiles are too few blocks
// REMARK: launches the first that fits of matmul_sync_bf16_mxfp4_f32_128x128, matmul_sync_bf16_mxfp4_f32_32x128, matmul_sync_bf16_mxfp4_f32_16x128_sums4, matmul_sync_bf16_mxfp4_f32_16x128_total4, matmul_sync_bf16_mxfp4_f32_32x128_bytes"
// CHECK-LABEL: func.func @decode
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_32x128 blocks
// CHECK: %[[FLOATS:.+]] = arith.muli %{{.+}}, %c262144 : index
// CHECK: %[[SUMS:.+]] = memref.alloc(%[[FLOATS]]) : memref<?xf32>
// CHECK: %[[BLOCKS:.+]] = arith.muli %{{.+}}, %c128 : index
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_16x128_sums4 blocks in (%[[BLOCKS]],
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_16x128_total4 blocks in (%
// CHECK-SAME: dynamic_shared_memory_size %c0_i32
// CHECK: memref.dealloc %[[SUMS]]
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_32x128_bytes blocks
func.func @decode(%a: memref<?x4096xbf16>, %b: memref<4096x2048xi8>, %sb: memref<4096x128xi8>, %c: memref<?x4096xf32>) {
  %k = arith.constant 4096 : index
  mx.packed.matmul k(%k) lhs(%a : memref<?x4096xbf16>)
    rhs(%b, %sb : memref<4096x2048xi8>, memref<4096x128xi8>) outs(%c : memref<?x4096xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// Enough tiles; too few steps for a range; more rows.
// REMARK-NOT: splits
func.func @whole(%a: memref<1x4096xbf16>, %b: memref<8320x2048xi8>, %sb: memref<8320x128xi8>, %c: memref<1x8320xf32>,
                 %d: memref<1x896xbf16>, %e: memref<128x448xi8>, %se: memref<128x28xi8>, %f: memref<1x128xf32>,
                 %g: memref<17x4096xbf16>, %h: memref<128x2048xi8>, %sh: memref<128x128xi8>, %i: memref<17x128xf32>) {
  %k = arith.constant 4096 : index
  mx.packed.matmul k(%k) lhs(%a : memref<1x4096xbf16>)
    rhs(%b, %sb : memref<8320x2048xi8>, memref<8320x128xi8>) outs(%c : memref<1x8320xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  %l = arith.constant 896 : index
  mx.packed.matmul k(%l) lhs(%d : memref<1x896xbf16>)
    rhs(%e, %se : memref<128x448xi8>, memref<128x28xi8>) outs(%f : memref<1x128xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  mx.packed.matmul k(%k) lhs(%g : memref<17x4096xbf16>)
    rhs(%h, %sh : memref<128x2048xi8>, memref<128x128xi8>) outs(%i : memref<17x128xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  return
}

// Each block has the tile and the range of its number; a thread stores what it has, and adds up
// four numbers in this order.
// CHECK-LABEL: gpu.func @matmul_sync_bf16_mxfp4_f32_16x128_sums4(
// CHECK: arith.divui
// CHECK: nvvm.mma.sync
// CHECK: scf.yield
// CHECK-COUNT-8: llvm.store %{{.+}} {alignment = 4 : i64} : f32, !llvm.ptr<1>
// CHECK-NOT: llvm.store
// CHECK: gpu.return
// CHECK-LABEL: gpu.func @matmul_sync_bf16_mxfp4_f32_16x128_total4(
// CHECK-NOT: nvvm.mma.sync
// CHECK-COUNT-32: llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK: gpu.return
