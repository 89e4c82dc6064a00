// A grouped product that decodes: each block finds the group of its rows where the ends
// lie, in memory of the device, and leaves if there are none.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks

// The average group decides on the height of tiles: 17 or 18 rows are more than 16.
// REMARK: launches the first that fits of grouped32_matmul_sync_mxfp4_mxfp4_f32_32x128, grouped32_matmul_sync_mxfp4_mxfp4_f32_32x128_bytes"
// CHECK-LABEL: func.func @n7_4_few_rows
// CHECK-SAME: %[[ENDS:[^: ]+]]: memref<4xi32>, %{{.+}}: memref<70x100xf32>)
func.func @n7_4_few_rows(%a: memref<70x128xi8>, %sa: memref<70x8xi8>, %b: memref<4x100x128xi8>,
                         %sb: memref<4x100x8xi8>, %ends: memref<4xi32>, %c: memref<70x100xf32>) {
  // ⌊70 / 32⌋ + 4 blocks.
  // CHECK-DAG: %[[SIX:.+]] = arith.constant 6 : index
  // CHECK-DAG: %[[FOUR:.+]] = arith.constant 4 : i32
  // CHECK-DAG: memref.extract_aligned_pointer_as_index %[[ENDS]]
  // CHECK: gpu.launch_func @mx_kernels::@grouped32_matmul_sync_mxfp4_mxfp4_f32_32x128 blocks in (%[[SIX]], {{.+}} %[[FOUR]] : i32)
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<70x128xi8>, memref<70x8xi8>)
    rhs(%b, %sb : memref<4x100x128xi8>, memref<4x100x8xi8>) group_ends(%ends : memref<4xi32>)
    outs(%c : memref<70x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "grouped_matmul_mma_sync"}
  return
}

// REMARK: launches the first that fits of grouped64_matmul_sync_bf16_mxfp4_bf16_128x128, {{.+}}grouped64_matmul_sync_bf16_mxfp4_bf16_32x128_bytes"
// CHECK-LABEL: func.func @unknown_sizes
func.func @unknown_sizes(%a: memref<?x?xbf16>, %b: memref<?x?x?xi8>, %sb: memref<?x?x?xi8>,
                         %ends: memref<?xindex>, %c: memref<?x?xbf16>, %k: index) {
  // No launch without groups.
  // CHECK-DAG: %[[GROUPS:.+]] = memref.dim %{{.+}} : memref<?xindex>
  // CHECK: %[[RESULTS:.+]] = arith.muli %{{.+}}, %[[GROUPS]]
  // CHECK: arith.cmpi ne, %[[RESULTS]]
  // CHECK: %[[LEAST:.+]] = arith.muli %[[GROUPS]], %{{.+}} : index
  // CHECK: arith.cmpi ugt, %{{.+}}, %[[LEAST]] : index
  mx.packed.matmul k(%k) lhs(%a : memref<?x?xbf16>)
    rhs(%b, %sb : memref<?x?x?xi8>, memref<?x?x?xi8>) group_ends(%ends : memref<?xindex>)
    outs(%c : memref<?x?xbf16>)
    {rhs_format = #mx.format<mxfp4>, kernel = "grouped_matmul_mma_sync"}
  return
}

// N7.4: an end is clamped to the previous one and to the rows, in 64 bits.
// CHECK: gpu.func @grouped32_matmul_sync_mxfp4_mxfp4_f32_32x128({{.+}}, %[[ROWS:[^ ]+]]: i32, %{{.+}}: i32, %{{.+}}: i32, %[[GROUPS:[^ ]+]]: i32) kernel
// CHECK: %[[FOUND:.+]]:5 = scf.for %[[GROUP:.+]] = %{{.+}} to %[[GROUPS]] {{.+}} iter_args(%[[BEGIN:[^ ]+]] = %{{.+}}, %[[REST:.+]] = %{{[^,]+}}, %[[NONE:.+]] = %[[GROUPS]], %{{.+}}, %{{.+}})
// CHECK: %[[LOADED:.+]] = llvm.load %{{.+}} {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK: %[[WIDE:.+]] = arith.extsi %[[LOADED]]
// CHECK: %[[PREVIOUS:.+]] = arith.extui %[[BEGIN]]
// CHECK: %[[LOWER:.+]] = arith.maxsi %[[WIDE]], %[[PREVIOUS]] : i64
// CHECK: arith.minsi %[[LOWER]], %{{.+}} : i64
// CHECK: %[[EXISTS:.+]] = arith.cmpi ult, %[[FOUND]]#2, %[[GROUPS]] : i32
// CHECK-NEXT: scf.if %[[EXISTS]] {
// A group may begin at any row, and the scales of a row in any byte of a word.
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group
// CHECK: %[[ROW:.+]] = arith.addi %[[FOUND]]#3, %{{.+}} : i32
// CHECK-NEXT: %[[START:.+]] = arith.muli %[[ROW]], %{{.+}} : i32
// CHECK-NEXT: %[[BYTE:.+]] = arith.addi %{{.+}}, %[[START]] : i32
// CHECK: nvvm.mma.sync
// CHECK: arith.cmpi ult, %{{.+}}, %[[FOUND]]#4
// CHECK: gpu.return
