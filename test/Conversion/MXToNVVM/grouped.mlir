// A grouped product: each block finds the group of its rows where the ends lie, in
// memory of the device, and leaves if there are none.

// RUN: mx-opt %s --convert-mx-to-nvvm=tensor-copies=true --canonicalize --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// The average group decides on the height of tiles.
// REMARK: launches the first that fits of grouped32_matmul_mxfp4_mxfp4_f32_32x128, grouped32_matmul_mxfp4_mxfp4_f32_32x128_bytes"
// CHECK-LABEL: func.func @n7_4_few_rows
// CHECK-SAME: %[[ENDS:[^: ]+]]: memref<4xi32>, %{{.+}}: memref<70x100xf32>)
func.func @n7_4_few_rows(%a: memref<70x128xi8>, %sa: memref<70x8xi8>, %b: memref<4x100x128xi8>,
                         %sb: memref<4x100x8xi8>, %ends: memref<4xi32>, %c: memref<70x100xf32>) {
  // ⌊70 / 32⌋ + 4 blocks.
  // CHECK-DAG: %[[SIX:.+]] = arith.constant 6 : index
  // CHECK-DAG: %[[FOUR:.+]] = arith.constant 4 : i32
  // CHECK-DAG: memref.extract_aligned_pointer_as_index %[[ENDS]]
  // CHECK: gpu.launch_func @mx_kernels::@grouped32_matmul_mxfp4_mxfp4_f32_32x128 blocks in (%[[SIX]], {{.+}} %[[FOUR]] : i32)
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<70x128xi8>, memref<70x8xi8>)
    rhs(%b, %sb : memref<4x100x128xi8>, memref<4x100x8xi8>) group_ends(%ends : memref<4xi32>)
    outs(%c : memref<70x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "grouped_matmul_mma_block_scale"}
  return
}

// REMARK: launches the first that fits of grouped64_matmul_mxfp4_mxfp4_bf16_128x128_ring, {{.+}}grouped64_matmul_mxfp4_mxfp4_bf16_32x128_bytes"
// CHECK-LABEL: func.func @unknown_sizes
func.func @unknown_sizes(%a: memref<?x?xi8>, %sa: memref<?x?xi8>, %b: memref<?x?x?xi8>, %sb: memref<?x?x?xi8>,
                         %ends: memref<?xindex>, %c: memref<?x?xbf16>, %k: index) {
  // No launch without groups. The map of B has a matrix for each.
  // CHECK-DAG: %[[GROUPS:.+]] = memref.dim %{{.+}} : memref<?xindex>
  // CHECK: %[[RESULTS:.+]] = arith.muli %{{.+}}, %[[GROUPS]]
  // CHECK: arith.cmpi ne, %[[RESULTS]]
  // CHECK: %[[LEAST:.+]] = arith.muli %[[GROUPS]], %{{.+}} : index
  // CHECK: arith.cmpi ugt, %{{.+}}, %[[LEAST]] : index
  // CHECK: func.call @mx_encode_tensor_map(
  // CHECK: %[[MATRICES:.+]] = arith.index_cast %[[GROUPS]] : index to i64
  // CHECK: llvm.store %[[MATRICES]]
  // CHECK: func.call @mx_encode_tensor_map(
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<?x?xi8>, memref<?x?xi8>)
    rhs(%b, %sb : memref<?x?x?xi8>, memref<?x?x?xi8>) group_ends(%ends : memref<?xindex>)
    outs(%c : memref<?x?xbf16>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "grouped_matmul_mma_block_scale"}
  return
}

// N7.4: an end is clamped to the previous one and to the rows, in 64 bits.
// CHECK: gpu.func @grouped32_matmul_mxfp4_mxfp4_f32_32x128({{.+}}, %[[ROWS:[^ ]+]]: i32, %{{.+}}: i32, %{{.+}}: i32, %[[GROUPS:[^ ]+]]: i32) kernel
// CHECK: %[[FOUND:.+]]:5 = scf.for %[[GROUP:.+]] = %{{.+}} to %[[GROUPS]] {{.+}} iter_args(%[[BEGIN:[^ ]+]] = %{{.+}}, %[[REST:.+]] = %{{[^,]+}}, %[[NONE:.+]] = %[[GROUPS]], %{{.+}}, %{{.+}})
// CHECK: %[[LOADED:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK: %[[WIDE:.+]] = arith.extsi %[[LOADED]]
// CHECK: %[[PREVIOUS:.+]] = arith.extui %[[BEGIN]]
// CHECK: %[[LOWER:.+]] = arith.maxsi %[[WIDE]], %[[PREVIOUS]] : i64
// CHECK: %[[LAST:.+]] = arith.extui %[[ROWS]] : i32 to i64
// CHECK: %[[CLAMPED:.+]] = arith.minsi %[[LOWER]], %[[LAST]] : i64
// CHECK: %[[HERE:.+]] = arith.cmpi ult, %[[REST]], %{{.+}} : i32
// CHECK: arith.select %[[HERE]], %[[GROUP]], %[[NONE]]
// CHECK: %[[EXISTS:.+]] = arith.cmpi ult, %[[FOUND]]#2, %[[GROUPS]] : i32
// CHECK-NEXT: scf.if %[[EXISTS]] {
// CHECK: nvvm.mma.block_scale
// CHECK: arith.cmpi ult, %{{.+}}, %[[FOUND]]#4
// CHECK: gpu.return

// A persistent kernel counts the tiles first. Its warps search for each, those that
// multiply when they have the sums.
// CHECK: gpu.func @grouped64_matmul_mxfp4_mxfp4_bf16_128x128_ring
// CHECK: %[[COUNT:.+]]:2 = scf.for {{.+}} -> (i32, i32)
// CHECK: llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<1> -> i64
// CHECK: %[[TILES:.+]] = arith.muli %[[COUNT]]#1, %{{.+}} : i32
// CHECK: scf.for %{{.+}} = %{{.+}} to %[[TILES]] step
// CHECK: nvvm.mma.block_scale
// CHECK: scf.for {{.+}} -> (i32, i32, i32, i32, i32)
// CHECK: scf.for %{{.+}} = %{{.+}} to %[[TILES]] step
// CHECK: scf.for {{.+}} -> (i32, i32, i32, i32, i32)
// CHECK: nvvm.cp.async.bulk.tensor
// CHECK: gpu.return
