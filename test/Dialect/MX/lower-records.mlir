// RUN: mx-opt %s --mx-lower-records | FileCheck %s
// RUN: mx-opt %s --mx-lower-records --mx-verify-phase=phase=lower | mx-opt > %t

// A record becomes one call with the buffer, without its rank, and a constant
// text: what is kept, and for which sites.

// CHECK-DAG: memref.global "private" constant @[[HESSIAN:.+]] : memref<12xi8> = dense<[104, 101, 115, 115, 105, 97, 110, 0, 97, 0, 98, 0]>
// CHECK-DAG: memref.global "private" constant @[[ROWS:.+]] : memref<10xi8> = dense<[114, 111, 119, 115, 61, 49, 54, 0, 97, 0]>
// CHECK-DAG: func.func private @mxrt_record_f32(memref<*xf32>, memref<?xi8>) attributes {llvm.emit_c_interface}
// CHECK-DAG: func.func private @mxrt_record_bf16(memref<*xbf16>, memref<?xi8>) attributes {llvm.emit_c_interface}
// CHECK-DAG: func.func private @mxrt_record_f16(memref<*xf16>, memref<?xi8>) attributes {llvm.emit_c_interface}

// CHECK-LABEL: @records
func.func @records(%x: memref<?x64xf32, strided<[?, ?], offset: ?>>, %y: memref<64xbf16>,
                   %z: memref<2x3x64xf16>) {
  // CHECK: %[[REQUEST:.+]] = memref.get_global @[[HESSIAN]] : memref<12xi8>
  // CHECK: %[[TEXT:.+]] = memref.cast %[[REQUEST]] : memref<12xi8> to memref<?xi8>
  // CHECK: %[[BUFFER:.+]] = memref.cast %arg0 : memref<?x64xf32, strided<[?, ?], offset: ?>> to memref<*xf32>
  // CHECK: call @mxrt_record_f32(%[[BUFFER]], %[[TEXT]])
  mx.record %x for ["a", "b"] : memref<?x64xf32, strided<[?, ?], offset: ?>>
  // CHECK: memref.get_global @[[ROWS]]
  // CHECK: call @mxrt_record_bf16
  mx.record %y for ["a"] collect(rows) max_rows(16) : memref<64xbf16>
  // CHECK: call @mxrt_record_f16
  mx.record %z for ["c"] : memref<2x3x64xf16>
  return
}
