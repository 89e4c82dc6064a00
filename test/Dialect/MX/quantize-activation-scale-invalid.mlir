// Static scales need statistics, and each message names the site.
// RUN: split-file %s %t
// RUN: %python %S/Inputs/calibration.py %t/statistics "moments=1,0;0,1" "turned=1,0;0,1" "turned:amax=1,1" \
// RUN:   "negative=1,0;0,1" "negative:amax=1,-1" "large:rows=3e38,3e38"
// RUN: mx-opt %t/sites.mlir --mx-quantize="calibration=%t/statistics activation-scale=static" --split-input-file --verify-diagnostics
// RUN: mx-opt %t/alone.mlir --mx-quantize=activation-scale=static --verify-diagnostics
// RUN: not mx-opt %t/alone.mlir --mx-quantize=activation-scale=fixed 2>&1 | FileCheck %s --check-prefix=OPTION
// OPTION: error: expected 'activation-scale' to be dynamic or static, got 'fixed'
// RUN: not mx-compile %t/alone.mlir --activation-scale=fixed 2>&1 | FileCheck %s --check-prefix=OPTION

//--- sites.mlir

func.func @missing(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{statistics: expected statistics of site 'unseen', got none}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "unseen", mx.plan = #mx.plan<lhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}

// -----

func.func @moments(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{statistics: expected the largest magnitudes of site 'moments' ('.amax'), got none}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "moments", mx.plan = #mx.plan<lhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}

// -----

func.func @turned(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{expected rows of site 'turned' in the calibration file, because its activation is rotated, got a Hessian}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>)
    {mx.site = "turned", mx.rotated = #mx.hadamard<2>, mx.plan = #mx.plan<lhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}

// -----

func.func @negative(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{expected finite largest magnitudes of site 'negative', got NaN, infinity or a negative one}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "negative", mx.plan = #mx.plan<lhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}

// -----

func.func @large(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{'mx.matmul' op expected finite activations, got infinity for 'large'}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>)
    {mx.site = "large", mx.rotated = #mx.hadamard<2>, mx.plan = #mx.plan<lhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}

// -----

func.func @unnamed(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{'mx.matmul' op expected 'mx.site', by which static scales find the statistics of a site, got none}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.plan = #mx.plan<lhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}

//--- alone.mlir

func.func @alone(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  // expected-error @below {{'mx.matmul' op expected a calibration file, because 'up' is to have a static scale, got none}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "up", mx.plan = #mx.plan<lhs = nvfp4 by amax>}
  return %0 : tensor<4x1xf32>
}
