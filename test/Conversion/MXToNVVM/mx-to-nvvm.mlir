// The example of `convert-mx-to-nvvm`: a product becomes launches of kernels. The
// type says that there are few rows, so only small tiles are asked for, and the
// aligned one only if addresses are.

// RUN: mx-opt %s --convert-mx-to-nvvm --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @multiply
// CHECK-SAME: (%[[A:.+]]: memref<16x128xi8>, %[[SA:.+]]: memref<16x8xi8>, %{{.+}}: memref<100x128xi8>, %{{.+}}: memref<100x8xi8>, %[[C:.+]]: memref<16x100xf32>)
func.func @multiply(%a: memref<16x128xi8>, %sa: memref<16x8xi8>, %b: memref<100x128xi8>,
                    %sb: memref<100x8xi8>, %c: memref<16x100xf32>) {
  // CHECK-DAG: %[[BYTES:.+]] = arith.constant 45056 : i32
  // CHECK-DAG: %[[THREADS:.+]] = arith.constant 256 : index
  // CHECK-DAG: %[[K:.+]] = arith.constant 256 : i32
  // CHECK: %[[NUMBER:.+]] = memref.extract_aligned_pointer_as_index %[[A]]
  // CHECK: %[[CAST:.+]] = arith.index_cast %[[NUMBER]] : index to i64
  // CHECK: %[[POINTER:.+]] = llvm.inttoptr %[[CAST]] : i64 to !llvm.ptr
  // CHECK: scf.if
  // CHECK-NEXT: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_32x128 blocks in (%{{.+}}, %{{.+}}, %{{.+}}) threads in (%[[THREADS]], %{{.+}}, %{{.+}}) dynamic_shared_memory_size %[[BYTES]] args(%[[POINTER]] : !llvm.ptr, {{.+}}, %[[K]] : i32)
  // CHECK-NEXT: } else {
  // CHECK-NEXT: gpu.launch_func @mx_kernels::@matmul_mxfp4_mxfp4_f32_32x128_bytes
  // CHECK-NEXT: }
  // CHECK-NEXT: return
  // CHECK: gpu.module @mx_kernels [#nvvm.target<O = 3, chip = "sm_120a", features = "+ptx87">]
  %k = arith.constant 256 : index
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<16x128xi8>, memref<16x8xi8>)
    rhs(%b, %sb : memref<100x128xi8>, memref<100x8xi8>) outs(%c : memref<16x100xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}
