// RUN: mx-opt %s --mx-insert-checks | FileCheck %s
// RUN: mx-opt %s --mx-insert-checks | mx-opt | FileCheck %s --check-prefix=AGAIN

// Each packed operation is followed by calls that hand its operands and
// attributes to the checking runtime; what a product starts from is saved
// before it runs.

// CHECK: module attributes {mx.check_sites = [
// CHECK-SAME: ["mx.packed.quantize", "{{.*}}insert-checks.mlir:25:3"]
// CHECK-SAME: ["mx.packed.matmul", "{{.*}}insert-checks.mlir:43:3"]
// CHECK-SAME: ["mx.packed.rotate", "{{.*}}insert-checks.mlir:57:3"]
// CHECK-SAME: ["mx.packed.unpack", "{{.*}}insert-checks.mlir:66:3"]
// CHECK-DAG: memref.global @mxrt_check_context : memref<i8>
// CHECK-DAG: func.func private @mxrt_check_buffer_f32(memref<i8>, memref<*xf32>) attributes {llvm.emit_c_interface}
// CHECK-DAG: func.func private @mxrt_check_number(memref<i8>, i64) attributes {llvm.emit_c_interface}
// CHECK-DAG: func.func private @mxrt_check_quantize(memref<i8>, i64) attributes {llvm.emit_c_interface}

// Running the pass on its own output is not meant; its output is valid IR.
// AGAIN: mxrt_check_context

// CHECK-LABEL: @quantize
func.func @quantize(%x: memref<4x64xbf16>, %p: memref<4x32xi8>, %s: memref<4x2xi8>,
                    %seed: i64) {
  // CHECK-NEXT: mx.packed.quantize
  mx.packed.quantize ins(%x : memref<4x64xbf16>)
    seed(%seed) outs(%p, %s : memref<4x32xi8>, memref<4x2xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<ceil>,
     rounding = #mx.rounding<stochastic>, index_axis = 1 : i64}
  // CHECK-NEXT: %[[SOURCE:.+]] = memref.cast %arg0
  // CHECK-NEXT: %[[CONTEXT:.+]] = memref.get_global @mxrt_check_context
  // CHECK-NEXT: call @mxrt_check_buffer_bf16(%[[CONTEXT]], %[[SOURCE]])
  // CHECK-COUNT-2: call @mxrt_check_buffer_i8
  // CHECK-COUNT-8: call @mxrt_check_number
  // CHECK: call @mxrt_check_quantize
  return
}

// CHECK-LABEL: @matmul
func.func @matmul(%a: memref<4x64xf32>, %p: memref<8x32xi8>, %s: memref<8x2xi8>,
                  %c: memref<4x8xf16>, %k: index) {
  // CHECK: call @mxrt_check_save_f16
  // CHECK-NEXT: mx.packed.matmul
  mx.packed.matmul k(%k) lhs(%a : memref<4x64xf32>)
    rhs(%p, %s : memref<8x32xi8>, memref<8x2xi8>) outs(%c : memref<4x8xf16>)
    {rhs_format = #mx.format<mxfp4>}
  // CHECK-COUNT-4: call @mxrt_check_buffer
  // CHECK: %[[K:.+]] = arith.index_cast %arg4 : index to i64
  // CHECK: call @mxrt_check_number(%{{.+}}, %[[K]])
  // CHECK-COUNT-5: call @mxrt_check_number
  // CHECK: call @mxrt_check_matmul
  return
}

// Signs are four words, one bit each.
// CHECK-LABEL: @rotate
func.func @rotate(%x: memref<4x64xf32>, %y: memref<4x64xf32>) {
  mx.packed.rotate ins(%x : memref<4x64xf32>) outs(%y : memref<4x64xf32>)
    {rotation = #mx.hadamard<4, signs = [1, -1, 1, -1]>}
  // CHECK: arith.constant 10 : i64
  // CHECK: call @mxrt_check_rotate
  return
}

// CHECK-LABEL: @unpack
func.func @unpack(%x: memref<4x3xi8>, %y: memref<4x5xi8>) {
  mx.packed.unpack ins(%x : memref<4x3xi8>) outs(%y : memref<4x5xi8>) {bits = 4 : i64}
  // CHECK: call @mxrt_check_unpack
  return
}
