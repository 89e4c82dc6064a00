// RUN: mx-opt %s --convert-mx-to-nvvm | FileCheck %s
// RUN: mx-opt %s --convert-mx-to-nvvm --remarks-filter=mx-to-nvvm --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// Views whose rows do not lie one after the other are copied, each once; the destination is copied
// back.

// REMARK: [Missed] copy{{.*}}copies an operand, because its rows do not lie one after the other

// CHECK-LABEL: func.func @multiply(
// CHECK-SAME: %[[A:.+]]: memref<4x?xi8, strided<[64, 1], offset: ?>>, %{{.+}}: memref<4x2xi8>, %[[C:.+]]: memref<4x4xf32, strided<[8, 1]>>, %{{.+}}: index)
// CHECK: %[[SIZE:.+]] = memref.dim %[[A]], %{{.+}}
// CHECK: %[[COPY:.+]] = memref.alloc(%[[SIZE]]) : memref<4x?xi8>
// CHECK: memref.copy %[[A]], %[[COPY]]
// CHECK: %[[RESULT:.+]] = memref.alloc() : memref<4x4xf32>
// CHECK: memref.copy %[[C]], %[[RESULT]]
// CHECK-NOT: memref.alloc
// CHECK: gpu.launch_func
// CHECK-DAG: memref.copy %[[RESULT]], %[[C]]
// CHECK-DAG: memref.dealloc %[[RESULT]]
// CHECK-DAG: memref.dealloc %[[COPY]]
// CHECK: return
func.func @multiply(%a: memref<4x?xi8, strided<[64, 1], offset: ?>>, %s: memref<4x2xi8>,
                    %c: memref<4x4xf32, strided<[8, 1]>>, %k: index) {
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x?xi8, strided<[64, 1], offset: ?>>, memref<4x2xi8>)
    rhs(%a, %s : memref<4x?xi8, strided<[64, 1], offset: ?>>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32, strided<[8, 1]>>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}
