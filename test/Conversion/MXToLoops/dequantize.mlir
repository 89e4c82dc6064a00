// How `mx.packed.dequantize` is decoded: chunk lengths follow from the block,
// a tensor scale is applied so that only one product rounds, and buffers with gaps are read lane by lane.

// RUN: mx-opt %s --convert-mx-to-loops --split-input-file | FileCheck %s

// N1.7: with a tensor scale the product is formed in f64 and rounded once, because an element times
// an E8M0 scale may be infinite in f32.
// CHECK-LABEL: func.func @n1_7_tensor_scale
func.func @n1_7_tensor_scale(%p: memref<4x32xi8>, %s: memref<4x4xi8>, %t: memref<f32>,
                             %y: memref<4x64xf32>) {
  // CHECK: %[[LOADED:.+]] = memref.load %{{.+}}[] : memref<f32>
  // CHECK: %[[TENSOR:.+]] = arith.extf %[[LOADED]] : f32 to f64
  // CHECK: vector.load {{.+}} vector<8xi8>
  // CHECK: %[[FACTOR:.+]] = arith.mulf %{{.+}}, %[[TENSOR]] : f64
  // CHECK: vector.broadcast %[[FACTOR]] : f64 to vector<16xf64>
  // CHECK: %[[WIDE:.+]] = arith.mulf %{{.+}} : vector<16xf64>
  // CHECK: arith.truncf %[[WIDE]] : vector<16xf64> to vector<16xf32>
  mx.packed.dequantize ins(%p, %s : memref<4x32xi8>, memref<4x4xi8>)
    tensor_scale(%t : memref<f32>) outs(%y : memref<4x64xf32>)
    {format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16, tensor_scale>}
  return
}

// -----

// Times a UE4M3 scale it is exact in f32, and the last product rounds.
// CHECK-LABEL: func.func @n1_7_last_product_rounds
func.func @n1_7_last_product_rounds(%p: memref<4x32xi8>, %s: memref<4x4xi8>, %t: memref<f32>,
                                    %y: memref<4x64xf32>) {
  // CHECK: %[[TENSOR:.+]] = memref.load %{{.+}}[] : memref<f32>
  // CHECK-NOT: f64
  // CHECK: %[[EXACT:.+]] = arith.mulf %{{.+}} : vector<16xf32>
  // CHECK: %[[TENSORS:.+]] = vector.broadcast %[[TENSOR]] : f32 to vector<16xf32>
  // CHECK: arith.mulf %[[EXACT]], %[[TENSORS]] : vector<16xf32>
  mx.packed.dequantize ins(%p, %s : memref<4x32xi8>, memref<4x4xi8>)
    tensor_scale(%t : memref<f32>) outs(%y : memref<4x64xf32>) {format = #mx.format<nvfp4>}
  return
}

// -----

// A narrow result is rounded once, from f64.
// CHECK-LABEL: func.func @n1_7_narrow_result
func.func @n1_7_narrow_result(%p: memref<4x32xi8>, %s: memref<4x4xi8>, %t: memref<f32>,
                              %y: memref<4x64xbf16>) {
  // CHECK: arith.mulf %{{.+}} : vector<16xf64>
  mx.packed.dequantize ins(%p, %s : memref<4x32xi8>, memref<4x4xi8>)
    tensor_scale(%t : memref<f32>) outs(%y : memref<4x64xbf16>) {format = #mx.format<nvfp4>}
  return
}

// -----

// Four FP6 codes lie in three bytes.
// CHECK-LABEL: func.func @n8_1_fp6
func.func @n8_1_fp6(%p: memref<4x48xi8>, %s: memref<4x2xi8>, %y: memref<4x64xf32>) {
  // CHECK: %[[BYTES:.+]] = vector.load {{.+}} vector<24xi8>
  // CHECK: vector.shuffle %[[BYTES]], %[[BYTES]] [0, 3, 6, 9, 12, 15, 18, 21]
  // CHECK: vector.shuffle %[[BYTES]], %[[BYTES]] [1, 4, 7, 10, 13, 16, 19, 22]
  // CHECK: vector.shuffle %[[BYTES]], %[[BYTES]] [2, 5, 8, 11, 14, 17, 20, 23]
  mx.packed.dequantize ins(%p, %s : memref<4x48xi8>, memref<4x2xi8>)
    outs(%y : memref<4x64xf32>) {format = #mx.format<mxfp6_e2m3>}
  return
}

// -----

// A block of 12 codes is three chunks of 4.
// CHECK-LABEL: func.func @chunks_divide_the_block
func.func @chunks_divide_the_block(%p: memref<4x24xi8>, %s: memref<4x4xi8>, %y: memref<4x48xf32>) {
  // CHECK: vector.load {{.+}} vector<2xi8>
  // CHECK: vector.store {{.+}} vector<4xf32>
  mx.packed.dequantize ins(%p, %s : memref<4x24xi8>, memref<4x4xi8>)
    outs(%y : memref<4x48xf32>)
    {format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 12>}
  return
}

// -----

// CHECK-LABEL: func.func @gaps
func.func @gaps(%p: memref<4x32xi8, strided<[64, 2]>>, %s: memref<4x2xi8, strided<[4, 2]>>,
                %y: memref<4x64xf32, strided<[?, ?], offset: ?>>) {
  // CHECK-NOT: vector.load
  // CHECK-COUNT-16: memref.load {{.+}} strided<[64, 2]>
  // CHECK: vector.from_elements
  // CHECK-NOT: vector.store
  // CHECK: vector.extract
  // CHECK: memref.store
  mx.packed.dequantize ins(%p, %s : memref<4x32xi8, strided<[64, 2]>>, memref<4x2xi8, strided<[4, 2]>>)
    outs(%y : memref<4x64xf32, strided<[?, ?], offset: ?>>) {format = #mx.format<mxfp4>}
  return
}
