// A quantisation that follows a product becomes a part of its kernel: C is no more,
// payload and scales are written. Where a producer fills stages again, warps quantise behind them.

// RUN: mx-opt %s --convert-mx-to-nvvm=tensor-copies --canonicalize --split-input-file --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// REMARK: starts from zero instead of reading the result
// REMARK: does the quantization that follows
// REMARK: launches the first that fits of matmul_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128_ring, matmul_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128,
// CHECK-LABEL: func.func @mxfp4(
// CHECK-NOT: xf32>
// CHECK-NOT: mx.packed
// CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128_ring
// CHECK-SAME: dynamic_shared_memory_size %c88096_i32
// CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128 blocks
// CHECK-SAME: dynamic_shared_memory_size %c69632_i32

// 8 warps have 16 rows of 36 numbers each, behind stages and barriers.
// CHECK-LABEL: gpu.func @matmul_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128_ring(
// CHECK: nvvm.mma.block_scale
// CHECK: llvm.getelementptr %{{.+}}[69664]
// CHECK: arith.muli %{{.+}}, %c2304_i32
// CHECK-NOT: nvvm.barrier
// CHECK: llvm.store {{.+}} : vector<2xf32>, !llvm.ptr<3>
// CHECK: nvvm.bar.warp.sync
// CHECK: llvm.load {{.+}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK: llvm.store {{.+}} : vector<4xi32>, !llvm.ptr<1>
// CHECK: nvvm.bar.warp.sync

// CHECK-LABEL: gpu.func @matmul_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128(
// CHECK: nvvm.mma.block_scale
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.barrier
// CHECK-NOT: !llvm.ptr<1>
// CHECK: llvm.store {{.+}} : vector<2xf32>, !llvm.ptr<3>
// CHECK: nvvm.barrier
// CHECK: llvm.load {{.+}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK: llvm.store {{.+}} : vector<4xi32>, !llvm.ptr<1>
// CHECK: llvm.store {{.+}} {alignment = 1 : i64} : i8, !llvm.ptr<1>
// CHECK-NOT: llvm.store {{.+}}f32
// CHECK: gpu.return
func.func @mxfp4(%a: memref<64x128xi8>, %sa: memref<64x8xi8>, %b: memref<100x128xi8>, %sb: memref<100x8xi8>) -> (memref<64x50xi8>, memref<64x4xi8>) {
  %k = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<64x100xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<64x100xf32>)
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<64x128xi8>, memref<64x8xi8>)
    rhs(%b, %sb : memref<100x128xi8>, memref<100x8xi8>) outs(%c : memref<64x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  %p = memref.alloc() : memref<64x50xi8>
  %s = memref.alloc() : memref<64x4xi8>
  mx.packed.quantize ins(%c : memref<64x100xf32>) outs(%p, %s : memref<64x50xi8>, memref<64x4xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  memref.dealloc %c : memref<64x100xf32>
  return %p, %s : memref<64x50xi8>, memref<64x4xi8>
}

// -----

// With a tail before it, of any number of rows, and a tensor scale.

#all = affine_map<(i, j) -> (i, j)>
// REMARK: does the operation that follows
// REMARK: does the quantization that follows
// CHECK-LABEL: func.func @tail(
// CHECK-NOT: memref<?x100x
// CHECK-NOT: mx.packed
// CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_zero_tail0_to_nvfp4_four_over_six_mse_satfinite_converted_128x128 blocks
// CHECK-LABEL: gpu.func @matmul_mxfp4_mxfp4_f32_zero_tail0_to_nvfp4_four_over_six_mse_satfinite_converted_128x128(
// CHECK: arith.negf
// CHECK: llvm.store {{.+}} : vector<2xi32>, !llvm.ptr<1>
func.func @tail(%m: index, %a: memref<?x128xi8>, %sa: memref<?x8xi8>, %b: memref<100x128xi8>, %sb: memref<100x8xi8>, %t: memref<f32>) -> (memref<?x50xi8>, memref<?x7xi8>) {
  %k = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%m) : memref<?x100xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x100xf32>)
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<?x128xi8>, memref<?x8xi8>)
    rhs(%b, %sb : memref<100x128xi8>, memref<100x8xi8>) outs(%c : memref<?x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  %d = memref.alloc(%m) : memref<?x100xf32>
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<?x100xf32>) outs(%d : memref<?x100xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.negf %x : f32
    linalg.yield %y : f32
  }
  %p = memref.alloc(%m) : memref<?x50xi8>
  %s = memref.alloc(%m) : memref<?x7xi8>
  mx.packed.quantize ins(%d : memref<?x100xf32>) tensor_scale(%t : memref<f32>) outs(%p, %s : memref<?x50xi8>, memref<?x7xi8>)
    {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<four_over_six_mse>, index_axis = 1 : i64, satfinite, kernel = "quantize_convert"}
  return %p, %s : memref<?x50xi8>, memref<?x7xi8>
}
