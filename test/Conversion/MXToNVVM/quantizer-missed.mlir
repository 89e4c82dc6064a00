// A quantisation that follows a product and stays: each remark says why.

// RUN: mx-opt %s --convert-mx-to-nvvm --split-input-file --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t.remarks
// RUN: FileCheck %s --check-prefix=STAYS --input-file=%t

// CHECK: leaves the quantization that follows, because rows outside of groups need it too
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<1x32x32xi8>, %t: memref<1x32x2xi8>, %g: memref<1xi32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<1x32x32xi8>, memref<1x32x2xi8>)
    group_ends(%g : memref<1xi32>) outs(%c : memref<4x32xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "grouped_matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  return
}

// -----

// CHECK: leaves the quantization that follows, because the product adds to an array in memory
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>, %c: memref<4x32xf32>) {
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  return
}

// -----

// CHECK: leaves the quantization that follows, because its source is needed too
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>, %d: memref<4x32xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  memref.copy %c, %d : memref<4x32xf32> to memref<4x32xf32>
  return
}

// -----

// CHECK: leaves the quantization that follows, because it rotates first
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64, rotation = #mx.hadamard<32>}
  return
}

// -----

// CHECK: leaves the quantization that follows, because it rounds by random bits
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>, %n: i64) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) seed(%n) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<ceil>, index_axis = 1 : i64, rounding = #mx.rounding<stochastic>}
  return
}

// -----

// CHECK: leaves the quantization that follows, because its scale rule searches
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<mse>, index_axis = 1 : i64}
  return
}

// -----

// CHECK: leaves the quantization that follows, because its blocks are not of 8, 16 or 32 numbers
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 64>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  return
}

// -----

// CHECK: leaves the quantization that follows, because it does not write arrays in order
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8, strided<[20, 1]>>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8, strided<[20, 1]>>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  return
}

// -----

// CHECK: leaves the quantization that follows, because an operand of the product may change before it
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>, %v: memref<4x32xi8>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  memref.copy %v, %a : memref<4x32xi8> to memref<4x32xi8>
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  return
}

// -----

// CHECK: leaves the quantization that follows, because it may overwrite an operand
// STAYS: mx.packed.quantize
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %p: memref<4x16xi8>, %q: memref<4x1xi8>, %b: memref<32x32xi8>, %t: memref<32x2xi8>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x32xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x32xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<32x32xi8>, memref<32x2xi8>)
    outs(%c : memref<4x32xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  mx.packed.quantize ins(%c : memref<4x32xf32>) outs(%p, %q : memref<4x16xi8>, memref<4x1xi8>)
    {format = #mx.format<mxfp4>, scale_rule = #mx.scale_rule<even>, index_axis = 1 : i64}
  return
}
