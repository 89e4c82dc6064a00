// A rotation acts on groups of neighbours, and what does not keep them whole is not crossed: heads, experts
// and parts whose sizes are no multiples. Nor does it enter what belongs to someone else.
// RUN: mx-opt %s --mx-fuse-rotations --split-input-file --verify-diagnostics \
// RUN:   --remarks-filter-missed=mx-rotate --remark-format=emitRemark | FileCheck %s

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// Four heads of 24: a group of 32 would mix numbers of two.
// CHECK-LABEL: func @head_boundary
// CHECK:         %[[Y:.+]] = tensor.collapse_shape
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @head_boundary(%x: tensor<8x4x24xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{stops at a group of 32 that would cross a boundary at 24}}
  %0 = tensor.collapse_shape %x [[0], [1, 2]] : tensor<8x4x24xf32> into tensor<8x96xf32>
  %w = arith.constant dense_resource<w> : tensor<64x96xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x96xf32>, tensor<64x96xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// Two experts of 48 each, computed as one product: 32 does not divide 48.
// CHECK-LABEL: func @expert_boundary
// CHECK:         %[[W:.+]] = tensor.collapse_shape
// CHECK-NOT:     mx.rotate {{.*}} along 0
// CHECK:         mx.rotate {{.*}} : tensor<8x96xf32>
func.func @expert_boundary(%x: tensor<8x64xf32>, %experts: tensor<2x48x64xf32>, %zero: tensor<8x96xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{stops at a group of 32 that would cross a boundary at 48}}
  %joined = tensor.collapse_shape %experts [[0, 1], [2]] : tensor<2x48x64xf32> into tensor<96x64xf32>
  %none = arith.constant dense<0.0> : tensor<8x96xf32>
  %0 = mx.matmul ins(%x, %joined : tensor<8x64xf32>, tensor<96x64xf32>) outs(%none : tensor<8x96xf32>)
  %w = arith.constant dense_resource<w> : tensor<64x96xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x96xf32>, tensor<64x96xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

// The rows of a grouped product belong to different experts.
// CHECK-LABEL: func @expert_rows
// CHECK:         %[[Y:.+]] = mx.grouped_matmul
// CHECK-NEXT:    mx.rotate %[[Y]] by hadamard<32> along 0
func.func @expert_rows(%x: tensor<64x64xf32>, %ends: tensor<2xi32>) -> tensor<64x32xf32> {
  %w = arith.constant dense_resource<w> : tensor<2x32x64xf32>
  %none = arith.constant dense<0.0> : tensor<64x32xf32>
  // expected-remark @below {{stops at the boundary of an expert}}
  %0 = mx.grouped_matmul ins(%x, %w, %ends : tensor<64x64xf32>, tensor<2x32x64xf32>, tensor<2xi32>) outs(%none : tensor<64x32xf32>)
  %1 = mx.rotate %0 by hadamard<32> along 0 : tensor<64x32xf32>
  return %1 : tensor<64x32xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// Parts of 40 and 24 next to each other.
// CHECK-LABEL: func @concat_parts
// CHECK:         %[[Y:.+]] = tensor.concat
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @concat_parts(%x: tensor<8x40xf32>, %y: tensor<8x24xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{stops at a group of 32 that would cross the boundary of a part of 40}}
  %0 = tensor.concat dim(1) %x, %y : (tensor<8x40xf32>, tensor<8x24xf32>) -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @unaligned_slice
// CHECK:         %[[Y:.+]] = tensor.extract_slice
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @unaligned_slice(%x: tensor<8x96xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{stops at a group of 32 that is not kept whole}}
  %0 = tensor.extract_slice %x[0, 16] [8, 64] [1, 1] : tensor<8x96xf32> to tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @padding_by_half_a_group
// CHECK:         %[[Y:.+]] = tensor.pad
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @padding_by_half_a_group(%x: tensor<8x48xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %zero = arith.constant 0.0 : f32
  // expected-remark @below {{stops at a group of 32 that is not kept whole}}
  %0 = tensor.pad %x low[0, 0] high[0, 16] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<8x48xf32> to tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @call
// CHECK:         %[[Y:.+]] = call @other
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func private @other(tensor<8x64xf32>) -> tensor<8x64xf32>
func.func @call(%x: tensor<8x64xf32>, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{stops at a call ('func.call'), whose function would have to change}}
  %0 = call @other(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// CHECK-LABEL: func @branches
// CHECK:         %[[Y:.+]] = scf.if
// CHECK:         mx.rotate %[[Y]] by hadamard<32> along 1
func.func @branches(%x: tensor<8x64xf32>, %y: tensor<8x64xf32>, %which: i1, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{stops at the boundary of 'scf.if'}}
  %0 = scf.if %which -> tensor<8x64xf32> {
    scf.yield %x : tensor<8x64xf32>
  } else {
    scf.yield %y : tensor<8x64xf32>
  }
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %1 = mx.matmul ins(%0, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.plan = #rotated}
  return %1 : tensor<8x64xf32>
}

// -----

#rotated = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>

// The second product was given plain numbers on purpose: rows of a rotated table would have to be rotated back.
// CHECK-LABEL: func @other_plan
// CHECK:         %[[X:.+]] = tensor.gather
// CHECK:         %[[XR:.+]] = mx.rotate %[[X]] by hadamard<32> along 1
// CHECK:         mx.matmul ins(%[[XR]], {{.*}} mx.site = "a"
// CHECK:         mx.matmul ins(%[[X]], {{.*}} mx.site = "b"
func.func @other_plan(%rows: tensor<8x1xindex>, %out: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x64xf32>) {
  %table = arith.constant dense_resource<table> : tensor<99x64xf32>
  %x = tensor.gather %table[%rows] gather_dims([0]) : (tensor<99x64xf32>, tensor<8x1xindex>) -> tensor<8x64xf32>
  %w = arith.constant dense_resource<w> : tensor<64x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.site = "a", mx.plan = #rotated}
  // expected-remark @below {{stops at a product whose plan asks for plain numbers; without it, 512 elements}}
  %1 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.site = "b", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  return %0, %1 : tensor<8x64xf32>, tensor<8x64xf32>
}

// Nor what a loop hands on from step to step: the argument of its body is where the rotation ends.
// CHECK-LABEL: func @loop
// CHECK:         scf.for
// CHECK:           mx.rotate %{{.+}} : tensor<8x64xf32>
func.func @loop(%x: tensor<8x64xf32>, %steps: index, %out: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant dense<0.5> : tensor<64x64xf32>
  // expected-remark @below {{stops at an argument of 'scf.for'}}
  %0 = scf.for %i = %c0 to %steps step %c1 iter_args(%h = %x) -> tensor<8x64xf32> {
    %y = mx.matmul ins(%h, %w : tensor<8x64xf32>, tensor<64x64xf32>) outs(%out : tensor<8x64xf32>) {mx.site = "step", mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>}
    scf.yield %y : tensor<8x64xf32>
  }
  return %0 : tensor<8x64xf32>
}
