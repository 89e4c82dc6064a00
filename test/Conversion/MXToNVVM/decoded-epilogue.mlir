// Kernels that decode do what surrounds a product as others do: they start from zero, apply the
// operation that follows, and quantise in shared memory where stages were.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --split-input-file --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

#all = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
// REMARK: starts from zero instead of reading the result
// REMARK: does the operation that follows
// REMARK: launches the first that fits of matmul_sync_bf16_mxfp4_f32_zero_tail0_16x128, matmul_sync_bf16_mxfp4_f32_zero_tail0_32x128_bytes"
// CHECK-LABEL: func.func @bias(
// CHECK-SAME: %[[W:[^: ]+]]: memref<100xf32>, %[[ALPHA:[^: ]+]]: f32)
// CHECK-NOT: memref<16x100xf32>
// CHECK-NOT: linalg
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_bf16_mxfp4_f32_zero_tail0_16x128 {{.+}}, %[[ALPHA]] : f32,
// CHECK-LABEL: gpu.func @matmul_sync_bf16_mxfp4_f32_zero_tail0_16x128(
// CHECK: nvvm.mma.sync
// CHECK: arith.truncf {{.+}} : f32 to bf16
// CHECK: llvm.store {{.+}} : vector<2xbf16>, !llvm.ptr<1>
// CHECK-NOT: llvm.load {{.+}} : !llvm.ptr<1> -> vector
// CHECK: gpu.return
func.func @bias(%a: memref<16x128xbf16>, %b: memref<100x64xi8>, %sb: memref<100x4xi8>, %w: memref<100xf32>, %alpha: f32) -> memref<16x100xbf16> {
  %k = arith.constant 128 : index
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<16x100xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<16x100xf32>)
  mx.packed.matmul k(%k) lhs(%a : memref<16x128xbf16>)
    rhs(%b, %sb : memref<100x64xi8>, memref<100x4xi8>) outs(%c : memref<16x100xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  %d = memref.alloc() : memref<16x100xbf16>
  linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c, %w : memref<16x100xf32>, memref<100xf32>) outs(%d : memref<16x100xbf16>) {
  ^bb0(%x: f32, %each: f32, %o: bf16):
    %p = arith.mulf %x, %alpha : f32
    %q = arith.addf %p, %each : f32
    %r = arith.truncf %q : f32 to bf16
    linalg.yield %r : bf16
  }
  memref.dealloc %c : memref<16x100xf32>
  return %d : memref<16x100xbf16>
}

// -----

// REMARK: does the quantization that follows
// REMARK: launches the first that fits of matmul_sync_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128,
// CHECK-LABEL: func.func @quantised(
// CHECK-NOT: xf32>
// CHECK-NOT: mx.packed
// CHECK: gpu.launch_func @mx_kernels::@matmul_sync_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128
// CHECK-LABEL: gpu.func @matmul_sync_mxfp4_mxfp4_f32_zero_to_mxfp4_even_128x128(
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.barrier
// CHECK: llvm.store {{.+}} : vector<2xf32>, !llvm.ptr<3>
// CHECK: nvvm.barrier
// CHECK: llvm.store {{.+}} : vector<4xi32>, !llvm.ptr<1>
// CHECK-NOT: llvm.store {{.+}}f32
// CHECK: gpu.return
func.func @quantised(%a: memref<64x128xi8>, %sa: memref<64x8xi8>, %b: memref<100x128xi8>, %sb: memref<100x8xi8>) -> (memref<64x50xi8>, memref<64x4xi8>) {
  %k = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<64x100xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<64x100xf32>)
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<64x128xi8>, memref<64x8xi8>)
    rhs(%b, %sb : memref<100x128xi8>, memref<100x8xi8>) outs(%c : memref<64x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_sync"}
  %p = memref.alloc() : memref<64x50xi8>
  %s = memref.alloc() : memref<64x4xi8>
  mx.packed.quantize ins(%c : memref<64x100xf32>) outs(%p, %s : memref<64x50xi8>, memref<64x4xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  memref.dealloc %c : memref<64x100xf32>
  return %p, %s : memref<64x50xi8>, memref<64x4xi8>
}
