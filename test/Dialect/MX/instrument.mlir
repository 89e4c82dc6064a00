// RUN: mx-opt %s --mx-instrument | FileCheck %s
// RUN: mx-opt %s --mx-instrument='collect=rows max-rows=16' | FileCheck %s --check-prefix=ROWS
// RUN: mx-opt %s --mx-instrument --mx-instrument | FileCheck %s

// Sites that multiply one activation by different weights share a record, which
// stands before the first of them.
// CHECK-LABEL: @projections
// ROWS-LABEL: @projections
func.func @projections(%x: tensor<?x64xf32>, %c: tensor<?x32xf32>)
    -> (tensor<?x32xf32>, tensor<?x32xf32>) {
  %q = arith.constant dense<0.5> : tensor<32x64xf32>
  %k = arith.constant dense<0.25> : tensor<32x64xf32>
  // CHECK: mx.record %arg0 for ["f.q", "f.k"] : tensor<?x64xf32>
  // CHECK-NEXT: mx.matmul
  // CHECK-NOT: mx.record
  // ROWS: mx.record %arg0 for ["f.q", "f.k"] collect(rows) max_rows(16) : tensor<?x64xf32>
  %0 = mx.matmul ins(%x, %q : tensor<?x64xf32>, tensor<32x64xf32>)
                 outs(%c : tensor<?x32xf32>) {mx.site = "f.q"}
  %1 = mx.matmul ins(%x, %k : tensor<?x64xf32>, tensor<32x64xf32>)
                 outs(%c : tensor<?x32xf32>) {mx.site = "f.k"}
  return %0, %1 : tensor<?x32xf32>, tensor<?x32xf32>
}

// The weight may be an expression, and stand on the left.
// CHECK-LABEL: @constant_left
func.func @constant_left(%x: tensor<8x64xbf16>, %c: tensor<32x8xf32>) -> tensor<32x8xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xbf16>
  %e = tensor.empty() : tensor<32x64xbf16>
  %t = linalg.transpose ins(%w : tensor<64x32xbf16>) outs(%e : tensor<32x64xbf16>)
    permutation = [1, 0]
  // CHECK: mx.record %arg0 for ["left"] : tensor<8x64xbf16>
  %0 = mx.matmul ins(%t, %x : tensor<32x64xbf16>, tensor<8x64xbf16>)
                 outs(%c : tensor<32x8xf32>) {mx.site = "left"}
  return %0 : tensor<32x8xf32>
}

// CHECK-LABEL: @experts
func.func @experts(%x: tensor<?x64xf32>, %ends: tensor<2xi32>, %c: tensor<?x16xf32>)
    -> tensor<?x16xf32> {
  %w = arith.constant dense<0.5> : tensor<2x16x64xf32>
  // CHECK: mx.record %arg0 for ["experts"] : tensor<?x64xf32>
  %0 = mx.grouped_matmul ins(%x, %w, %ends : tensor<?x64xf32>, tensor<2x16x64xf32>, tensor<2xi32>)
                         outs(%c : tensor<?x16xf32>) {mx.site = "experts"}
  return %0 : tensor<?x16xf32>
}

// Another branch may not run, so it has a record of its own. What is recorded
// already is left alone.
// CHECK-LABEL: @branches
func.func @branches(%x: tensor<8x64xf32>, %c: tensor<8x32xf32>, %b: i1) -> tensor<8x32xf32> {
  %w = arith.constant dense<0.5> : tensor<32x64xf32>
  // CHECK: mx.record %arg0 for ["always"] collect(rows)
  // CHECK-NOT: mx.record
  mx.record %x for ["always"] collect(rows) : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<32x64xf32>)
                 outs(%c : tensor<8x32xf32>) {mx.site = "always"}
  // CHECK: scf.if
  %1 = scf.if %b -> tensor<8x32xf32> {
    // CHECK-NEXT: mx.record %arg0 for ["sometimes"] : tensor<8x64xf32>
    %2 = mx.matmul ins(%x, %w : tensor<8x64xf32>, tensor<32x64xf32>)
                   outs(%0 : tensor<8x32xf32>) {mx.site = "sometimes"}
    scf.yield %2 : tensor<8x32xf32>
  } else {
    scf.yield %0 : tensor<8x32xf32>
  }
  return %1 : tensor<8x32xf32>
}

// A product that is quantised already is no site.
// CHECK-LABEL: @quantised
func.func @quantised(%x: tensor<8x64xf32>, %w: !mx.tensor<32x64, mxfp4, axis = 1>,
                     %c: tensor<8x32xf32>) -> tensor<8x32xf32> {
  // CHECK-NOT: mx.record
  %0 = mx.matmul ins(%x, %w : tensor<8x64xf32>, !mx.tensor<32x64, mxfp4, axis = 1>)
                 outs(%c : tensor<8x32xf32>)
  return %0 : tensor<8x32xf32>
}
