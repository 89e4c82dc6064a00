// RUN: mx-opt %s --convert-mx-to-loops | FileCheck %s

// For a GPU, rows and what is within them are one nest of parallel loops, and a
// tensor scale is loaded by each thread.

module attributes {mx.target = #mx.target<nvvm, chip = "sm_80">} {

// CHECK-LABEL: func.func @quantize(
// CHECK-NOT: memref.load
// CHECK: scf.parallel (%{{.*}}, %{{.*}}) = (%c0{{.*}}, %c0{{.*}}) to (%{{.*}}, %{{.*}}) step
// CHECK: memref.load %{{.*}}[] : memref<f32>
// CHECK: vector.store
func.func @quantize(%x: memref<?x64xf32>, %t: memref<f32>, %p: memref<?x32xi8>, %s: memref<?x4xi8>) {
  mx.packed.quantize ins(%x : memref<?x64xf32>) tensor_scale(%t : memref<f32>) outs(%p, %s : memref<?x32xi8>, memref<?x4xi8>)
    {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>, index_axis = 1 : i64}
  return
}

// Whole chunks, and the elements that are left.

// CHECK-LABEL: func.func @dequantize(
// CHECK: scf.parallel
// CHECK: vector.store
// CHECK: scf.parallel
// CHECK: memref.store
func.func @dequantize(%p: memref<4x20xi8>, %s: memref<4x2xi8>, %y: memref<4x40xf32>) {
  mx.packed.dequantize ins(%p, %s : memref<4x20xi8>, memref<4x2xi8>) outs(%y : memref<4x40xf32>) {format = #mx.format<mxfp4>}
  return
}

// CHECK-LABEL: func.func @rotate(
// CHECK: scf.parallel (%{{.*}}, %{{.*}}, %{{.*}}) =
func.func @rotate(%x: memref<2x4x64xbf16>, %y: memref<2x4x64xf32>) {
  mx.packed.rotate ins(%x : memref<2x4x64xbf16>) outs(%y : memref<2x4x64xf32>) {rotation = #mx.hadamard<32>}
  return
}

// Each thread raises one number.

// CHECK-LABEL: func.func @tensor_scale(
// CHECK: %[[LARGEST:.*]] = memref.alloc() : memref<i32>
// CHECK: memref.store %{{.*}}, %[[LARGEST]][]
// CHECK: scf.parallel
// CHECK:   memref.atomic_rmw maxu %{{.*}}, %[[LARGEST]][]
// CHECK: memref.load %[[LARGEST]][]
// CHECK: memref.dealloc %[[LARGEST]]
func.func @tensor_scale(%x: memref<4x5000xf32>, %t: memref<f32>) {
  mx.packed.tensor_scale ins(%x : memref<4x5000xf32>) outs(%t : memref<f32>)
    {format = #mx.format<nvfp4>, scale_rule = #mx.scale_rule<amax>}
  return
}

// A thread for each result, which finds its expert.

// CHECK-LABEL: func.func @grouped(
// CHECK: scf.parallel (%[[M:.*]], %[[N:.*]]) =
// CHECK:   %[[FOUND:.*]]:2 = scf.for
// CHECK:     arith.maxsi
// CHECK:     arith.minsi
// CHECK:   scf.if
// CHECK:     memref.store %{{.*}}, %{{.*}}[%[[M]], %[[N]]]
func.func @grouped(%a: memref<?x64xf32>, %p: memref<3x8x32xi8>, %s: memref<3x8x2xi8>, %e: memref<3xi32>, %c: memref<?x8xf32>) {
  %k = arith.constant 64 : index
  mx.packed.matmul k(%k) lhs(%a : memref<?x64xf32>) rhs(%p, %s : memref<3x8x32xi8>, memref<3x8x2xi8>)
    group_ends(%e : memref<3xi32>) outs(%c : memref<?x8xf32>) {rhs_format = #mx.format<mxfp4>}
  return
}
}
