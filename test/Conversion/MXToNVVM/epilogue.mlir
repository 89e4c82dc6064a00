// What surrounds a product becomes a part of its kernel: zeros or a row that C was
// filled with, and the element-wise operation that follows.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --split-input-file --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

#all = affine_map<(i, j) -> (i, j)>
// REMARK: starts from zero instead of reading the result
// CHECK-LABEL: func.func @zero(
// CHECK-NOT: linalg
// CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_zero_32x128
// CHECK: gpu.func @matmul_mxfp4_mxfp4_f32_zero_32x128
// CHECK: nvvm.mma.block_scale
// CHECK-NOT: llvm.load {{.+}} !llvm.ptr<1> -> {{.*}}f32
// CHECK: arith.addf %{{.+}}, %cst
// CHECK-NOT: llvm.load {{.+}} !llvm.ptr<1> -> {{.*}}f32
// CHECK: gpu.return
func.func @zero(%a: memref<16x128xi8>, %sa: memref<16x8xi8>, %b: memref<100x128xi8>, %sb: memref<100x8xi8>) -> memref<16x100xf32> {
  %k = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<16x100xf32>
  linalg.generic {indexing_maps = [#all], iterator_types = ["parallel", "parallel"]} outs(%c : memref<16x100xf32>) {
  ^bb0(%out: f32):
    linalg.yield %zero : f32
  }
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x128xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<100x128xi8>, memref<100x8xi8>) outs(%c : memref<16x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  return %c : memref<16x100xf32>
}

// -----

// N7.4: rows in no group stay zero, so the zeros are written, but not read. A number
// other than +0 is read: what was added would not be the same.

// REMARK: starts from zero instead of reading the result
// CHECK-LABEL: func.func @groups(
// CHECK: linalg.fill
// CHECK: gpu.launch_func @mx_kernels::@grouped32_matmul_mxfp4_mxfp4_f32_zero_32x128
// REMARK-NOT: starts from zero
// CHECK: linalg.fill
// CHECK: gpu.launch_func @mx_kernels::@grouped32_matmul_mxfp4_mxfp4_f32_32x128
func.func @groups(%a: memref<16x128xi8>, %sa: memref<16x8xi8>, %b: memref<2x100x128xi8>, %sb: memref<2x100x8xi8>,
                  %ends: memref<2xi32>, %c: memref<16x100xf32>, %d: memref<16x100xf32>) {
  %k = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<16x100xf32>)
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x128xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<2x100x128xi8>, memref<2x100x8xi8>) group_ends(%ends : memref<2xi32>) outs(%c : memref<16x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "grouped_matmul_mma_block_scale"}
  %negative = arith.constant -0.0 : f32
  linalg.fill ins(%negative : f32) outs(%d : memref<16x100xf32>)
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x128xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<2x100x128xi8>, memref<2x100x8xi8>) group_ends(%ends : memref<2xi32>) outs(%d : memref<16x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "grouped_matmul_mma_block_scale"}
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
// REMARK: starts from the row that the result was filled with
// REMARK: does the operation that follows
// CHECK-LABEL: func.func @row_and_tail(
// CHECK-SAME: %[[V:[^: ]+]]: memref<100xbf16>, %[[W:[^: ]+]]: memref<100xf32>, %[[ALPHA:[^: ]+]]: f32) -> memref<16x100xf32>
// CHECK-NOT: memref<16x100xbf16>
// CHECK: %[[D:.+]] = memref.alloc() : memref<16x100xf32>
// CHECK-NOT: memref.alloc
// CHECK-NOT: linalg
// CHECK-DAG: %[[ROW:.+]] = memref.extract_aligned_pointer_as_index %[[V]]
// CHECK-DAG: %[[TAIL:.+]] = memref.extract_aligned_pointer_as_index %[[W]]
// CHECK-DAG: memref.extract_aligned_pointer_as_index %[[D]]
// CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_bf16_row_tail0_32x128 {{.+}}, %[[ALPHA]] : f32,
// CHECK: return %[[D]]
// CHECK: gpu.func @matmul_mxfp4_mxfp4_bf16_row_tail0_32x128({{.+}}, %[[X:[^: ]+]]: f32, %{{[^,]+}}: i32, %{{[^,]+}}: i32, %{{[^,]+}}: i32) kernel
// CHECK: nvvm.mma.block_scale
// The rows at the columns of a thread, read once.
// CHECK-COUNT-4: llvm.load %{{.+}} {alignment = 2 : i64} : !llvm.ptr<1> -> bf16
// CHECK-COUNT-4: llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK-NOT: llvm.load
// CHECK: %[[SCALED:.+]] = arith.mulf %{{.+}}, %[[X]] : f32
// CHECK: arith.addf %[[SCALED]], %{{.+}} : f32
// CHECK: arith.maximumf
// CHECK: llvm.store %{{.+}} {alignment = 8 : i64} : vector<2xf32>
// CHECK-NOT: llvm.load
// CHECK: gpu.return
func.func @row_and_tail(%a: memref<16x128xi8>, %sa: memref<16x8xi8>, %b: memref<100x128xi8>, %sb: memref<100x8xi8>,
                        %v: memref<100xbf16>, %w: memref<100xf32>, %alpha: f32) -> memref<16x100xf32> {
  %k = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<16x100xbf16>
  linalg.generic {indexing_maps = [#column, #all], iterator_types = ["parallel", "parallel"]}
    ins(%v : memref<100xbf16>) outs(%c : memref<16x100xbf16>) {
  ^bb0(%in: bf16, %out: bf16):
    linalg.yield %in : bf16
  }
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x128xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<100x128xi8>, memref<100x8xi8>) outs(%c : memref<16x100xbf16>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  %d = memref.alloc() : memref<16x100xf32>
  linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c, %w : memref<16x100xbf16>, memref<100xf32>) outs(%d : memref<16x100xf32>) {
  ^bb0(%in: bf16, %each: f32, %out: f32):
    %bits = arith.bitcast %in : bf16 to i16
    %low = arith.extui %bits : i16 to i32
    %sixteen = arith.constant 16 : i32
    %high = arith.shli %low, %sixteen : i32
    %wide = arith.bitcast %high : i32 to f32
    %x = arith.mulf %wide, %alpha : f32
    %y = arith.addf %x, %each : f32
    %z = arith.maximumf %y, %zero : f32
    linalg.yield %z : f32
  }
  memref.dealloc %c : memref<16x100xbf16>
  return %d : memref<16x100xf32>
}

// -----

// In place, the product may also add to numbers in memory.
#all = affine_map<(i, j) -> (i, j)>
// REMARK-NOT: starts
// REMARK: does the operation that follows
// CHECK-LABEL: func.func @in_place(
// CHECK-NOT: linalg
// CHECK: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_tail0_32x128
// CHECK: gpu.func @matmul_mxfp4_mxfp4_f32_tail0_32x128
// CHECK: nvvm.mma.block_scale
// CHECK: %[[SUM:.+]] = arith.addf
// CHECK-NEXT: arith.mulf %[[SUM]], %[[SUM]]
func.func @in_place(%a: memref<16x128xi8>, %sa: memref<16x8xi8>, %b: memref<100x128xi8>, %sb: memref<100x8xi8>,
                    %d: memref<16x100xf32>) -> memref<16x100xf32> {
  %k = arith.constant 256 : index
  %c = memref.alloc() : memref<16x100xf32>
  memref.copy %d, %c : memref<16x100xf32> to memref<16x100xf32>
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x128xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<100x128xi8>, memref<100x8xi8>) outs(%c : memref<16x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<16x100xf32>) outs(%c : memref<16x100xf32>) {
  ^bb0(%in: f32, %out: f32):
    %x = arith.mulf %in, %out : f32
    linalg.yield %x : f32
  }
  return %c : memref<16x100xf32>
}
