// Plans that cannot be obeyed are errors, and nothing is written.
// RUN: split-file %s %t
// RUN: %python %S/Inputs/calibration.py %t/statistics "wrong=1,0;0,1" "nan=nan,0,0,0;0,1,0,0;0,0,1,0;0,0,0,1" "negative=-1,0,0,0;0,1,0,0;0,0,1,0;0,0,0,1"
// RUN: %python %S/Inputs/calibration.py %t/oblong "oblong=1,0,0,0;0,1,0,0"
// RUN: mx-opt %t/sites.mlir --mx-quantize --split-input-file --verify-diagnostics
// RUN: mx-opt %t/gptq.mlir --mx-quantize=calibration=%t/statistics --split-input-file --verify-diagnostics
// RUN: not mx-opt %t/empty.mlir --mx-quantize=damping=0 2>&1 | FileCheck %s --check-prefix=DAMPING
// RUN: not mx-opt %t/empty.mlir --mx-quantize=damping=inf 2>&1 | FileCheck %s --check-prefix=INFINITE
// RUN: not mx-opt %t/site.mlir --mx-quantize=calibration=%t/none 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not mx-opt %t/site.mlir --mx-quantize=calibration=%t/empty.mlir 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not mx-opt %t/broken.mlir --mx-quantize -o %t/output
// RUN: not ls %t/output

// RUN: not mx-opt %t/site.mlir --mx-quantize=calibration=%t/oblong 2>&1 | FileCheck %s --check-prefix=OBLONG

// OBLONG: site.mlir:{{.*}}: error: {{.*}}oblong: expected 'oblong.hessian' to be a matrix of F32 or F64 that is square, with at least one column, got 'F32 [2, 4]'
// DAMPING: empty.mlir:1:1: error: expected a damping that is positive and finite, got 0.0
// INFINITE: expected a damping that is positive and finite, got {{.*}}
// FILE: site.mlir:{{.*}}: error: {{.*}}none: No such file
// FORMAT: site.mlir:{{.*}}: error: {{.*}}empty.mlir:0: expected a header

//--- sites.mlir

func.func @rotation_left(%x: tensor<4x32xf32>, %w: tensor<2x32xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // expected-error @below {{'mx.matmul' op expected a plan without a rotation (mx-fuse-rotations carries it out), got #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>}}
  %0 = mx.matmul ins(%x, %w : tensor<4x32xf32>, tensor<2x32xf32>) outs(%init : tensor<4x2xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>}
  return %0 : tensor<4x2xf32>
}

// -----

func.func @nan(%x: tensor<4x2xf32>, %init: tensor<4x3xf32>) -> tensor<4x3xf32> {
  // expected-note @below {{weights come from here}}
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 0x7FC00000], [0x7F800000, 1.0]]> : tensor<3x2xf32>
  // expected-error @below {{'mx.matmul' op expected finite weights, got NaN at [1, 1] for 'up'}}
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<3x2xf32>) outs(%init : tensor<4x3xf32>)
    {mx.site = "up", mx.plan = #mx.plan<rhs = mxfp4 by mse>}
  return %0 : tensor<4x3xf32>
}

// -----

// The place is that in the constant, not in what became of it.
func.func @rotated_infinity(%x: tensor<4x2xf32>, %init: tensor<4x3xf32>) -> tensor<4x3xf32> {
  // expected-note @below {{weights come from here}}
  %w = arith.constant dense<[[1.0, 2.0, 3.0], [3.0, 4.0, 0xFF800000]]> : tensor<2x3xf32>
  %empty = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%w : tensor<2x3xf32>) outs(%empty : tensor<3x2xf32>) permutation = [1, 0]
  %r = mx.rotate %t by hadamard<2> along 1 : tensor<3x2xf32>
  // expected-error @below {{expected finite weights, got -inf at [1, 2] for 'mx.matmul'}}
  %0 = mx.matmul ins(%x, %r : tensor<4x2xf32>, tensor<3x2xf32>) outs(%init : tensor<4x3xf32>)
    {mx.rotated = #mx.hadamard<2>, mx.plan = #mx.plan<rhs = mxfp4 by mse>}
  return %0 : tensor<4x3xf32>
}

// -----

// Numbers that a shared tensor scale is computed from.
func.func @shared_nan(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %v = arith.constant dense<1.0> : tensor<1x2xf32>
  // expected-note @below {{weights come from here}}
  %w = arith.constant dense<[[0x7F800000, 2.0]]> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %v : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.site = "q", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  // expected-error @below {{expected finite weights, got inf at [0, 0] for 'k'}}
  %1 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%0 : tensor<4x1xf32>) {mx.site = "k", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  return %1 : tensor<4x1xf32>
}

// -----

func.func @no_file(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @below {{expected a calibration file, because the plan of 'down' says gptq, got none}}
  %0 = mx.matmul ins(%x, %w : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>)
    {mx.site = "down", mx.plan = #mx.plan<rhs = mxfp4 by mse, method = gptq>}
  return %0 : tensor<4x2xf32>
}

//--- gptq.mlir

func.func @no_name(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @below {{expected 'mx.site', by which gptq finds the statistics of a site, got none}}
  %0 = mx.matmul ins(%x, %w : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by mse, method = gptq>}
  return %0 : tensor<4x2xf32>
}

// -----

func.func @not_recorded(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @below {{expected statistics of site 'other', got none}}
  %0 = mx.matmul ins(%x, %w : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>)
    {mx.site = "other", mx.plan = #mx.plan<rhs = mxfp4 by mse, method = gptq>}
  return %0 : tensor<4x2xf32>
}

// -----

func.func @wrong_shape(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @below {{expected statistics of site 'wrong' with 4 columns, got 2}}
  %0 = mx.matmul ins(%x, %w : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>)
    {mx.site = "wrong", mx.plan = #mx.plan<rhs = mxfp4 by mse, method = gptq>}
  return %0 : tensor<4x2xf32>
}

// -----

func.func @not_finite(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @below {{expected finite statistics of site 'nan', got NaN or infinity}}
  %0 = mx.matmul ins(%x, %w : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>)
    {mx.site = "nan", mx.plan = #mx.plan<rhs = mxfp4 by mse, method = gptq>}
  return %0 : tensor<4x2xf32>
}

// -----

func.func @negative(%x: tensor<4x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x4xf32>
  // expected-error @below {{expected sums of squares of site 'negative', got a negative one}}
  %0 = mx.matmul ins(%x, %w : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>)
    {mx.site = "negative", mx.plan = #mx.plan<rhs = mxfp4 by mse, method = gptq>}
  return %0 : tensor<4x2xf32>
}

//--- empty.mlir
module {}
//--- site.mlir
func.func @site(%x: tensor<4x4xf32>, %y: tensor<2x4xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %0 = mx.matmul ins(%x, %y : tensor<4x4xf32>, tensor<2x4xf32>) outs(%init : tensor<4x2xf32>)
  return %0 : tensor<4x2xf32>
}
//--- broken.mlir
func.func @broken(%x: tensor<4x2xf32>, %init: tensor<4x1xf32>) -> tensor<4x1xf32> {
  %w = arith.constant dense<0x7FC00000> : tensor<1x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x2xf32>, tensor<1x2xf32>) outs(%init : tensor<4x1xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by mse>}
  return %0 : tensor<4x1xf32>
}
