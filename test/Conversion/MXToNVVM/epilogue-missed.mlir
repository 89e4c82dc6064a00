// What surrounds a product and stays: each remark says why.

// RUN: mx-opt %s --convert-mx-to-nvvm --split-input-file --remarks-filter=mx-to-nvvm --remark-format=emitRemark -o %t 2> %t.remarks
// RUN: FileCheck %s --input-file=%t.remarks
// RUN: FileCheck %s --check-prefix=STAYS --input-file=%t

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because the product adds to an array in memory
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %d: memref<4x4xf32>, %e: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  memref.copy %e, %c : memref<4x4xf32> to memref<4x4xf32>
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.negf %x : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because the product is needed too
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.negf %x : f32
    linalg.yield %y : f32
  }
  memref.copy %c, %d : memref<4x4xf32> to memref<4x4xf32>
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because rows outside of groups need it too
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %g: memref<1xi32>, %b: memref<1x4x32xi8>, %t: memref<1x4x2xi8>, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%b, %t : memref<1x4x32xi8>, memref<1x4x2xi8>)
    group_ends(%g : memref<1xi32>) outs(%c : memref<4x4xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "grouped_matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.negf %x : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// CHECK: leaves the operation that follows, because it does not make one number of each
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %d: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %x, %o : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#turned = affine_map<(i, j) -> (j, i)>
// CHECK: leaves the operation that follows, because it does not write an array in order
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #turned], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.negf %x : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because it does not make numbers of f32, bf16 or f16
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %d: memref<4x4xi32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xi32>) {
  ^bb0(%x: f32, %o: i32):
    %y = arith.bitcast %x : f32 to i32
    linalg.yield %y : i32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because it reads something that is neither the result nor a row
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %r: memref<4x4xf32>, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c, %r : memref<4x4xf32>, memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %y = arith.addf %x, %z : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because it needs 'math.exp'
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = math.exp %x : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because it needs a number that is none of f32, i32 and i64
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %h: f16, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %w = arith.extf %h : f16 to f32
    %y = arith.addf %x, %w : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because an operand of the product may change before it
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %other: memref<4x2xi8>, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  memref.copy %other, %s : memref<4x2xi8> to memref<4x2xi8>
  linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.negf %x : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
// CHECK: leaves the operation that follows, because it may overwrite an operand
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %w: memref<4xf32>, %d: memref<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
    ins(%c, %w : memref<4x4xf32>, memref<4xf32>) outs(%d : memref<4x4xf32>) {
  ^bb0(%x: f32, %z: f32, %o: f32):
    %y = arith.addf %x, %z : f32
    linalg.yield %y : f32
  }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
// CHECK: reads the result, because the row it was filled with may have changed
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %w: memref<4xf32>, %v: memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x4xf32>
  linalg.generic {indexing_maps = [#column, #all], iterator_types = ["parallel", "parallel"]}
    ins(%w : memref<4xf32>) outs(%c : memref<4x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  }
  memref.copy %v, %w : memref<4xf32> to memref<4xf32>
  mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
    outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  memref.dealloc %c : memref<4x4xf32>
  return
}

// -----

// The product of a round is read in the next one.

#all = affine_map<(i, j) -> (i, j)>
// CHECK: leaves the operation that follows, because the product is needed too
// STAYS: linalg.generic
func.func @f(%k: index, %a: memref<4x32xi8>, %s: memref<4x2xi8>, %d: memref<4x4xf32>, %last: memref<4x4xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  %begin = arith.constant 0 : index
  %one = arith.constant 1 : index
  %c = memref.alloc() : memref<4x4xf32>
  scf.for %i = %begin to %n step %one {
    memref.copy %c, %last : memref<4x4xf32> to memref<4x4xf32>
    linalg.fill ins(%zero : f32) outs(%c : memref<4x4xf32>)
    mx.packed.matmul k(%k) lhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>) rhs(%a, %s : memref<4x32xi8>, memref<4x2xi8>)
      outs(%c : memref<4x4xf32>) {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
    linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%c : memref<4x4xf32>) outs(%d : memref<4x4xf32>) {
    ^bb0(%x: f32, %o: f32):
      %y = arith.negf %x : f32
      linalg.yield %y : f32
    }
  }
  return
}
