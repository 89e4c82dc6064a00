// Sites that are kept have the value of mx.matmul (N7.1, N7.4): added up in f32,
// rounded once, and rows outside of all groups untouched.

// RUN: split-file %s %t && cd %t
// RUN: mx-opt sites.mlir --mx-quantize -o kept.mlir
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write outside.npy "<i4" 4 -3 3 1 100
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write before.npy "<i4" 4 1 2 3 4

// Ends are clamped: expert 0 before the first row, 2 before its predecessor, 3 after the last row.
// RUN: mx-run kept.mlir --function=grouped --input=8x64xbf16=1 --input=@outside.npy --input=8x3xf16=0.5 --output=@outside-out.npy
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py print outside-out.npy | FileCheck %s --check-prefix=OUTSIDE
// OUTSIDE: 128.5 128.5 128.5 128.5 128.5 128.5 128.5 128.5 128.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5{{$}}

// Half of the rows are in no group.
// RUN: mx-run kept.mlir --function=grouped --input=8x64xbf16=1 --input=@before.npy --input=8x3xf16=0.5 --output=@before-out.npy
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py print before-out.npy | FileCheck %s --check-prefix=BEFORE
// BEFORE: 64.5 64.5 64.5 128.5 128.5 128.5 256.5 256.5 256.5 512.5 512.5 512.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5{{$}}

// No rows, and no experts.
// RUN: mx-run kept.mlir --function=any_grouped --input=0x64xf32=1 --input=3x2x64xf32=1 --input=3xi64=0 --input=0x2xf32=1 | FileCheck %s --check-prefix=NO-ROWS
// NO-ROWS: result 0: 0x2xf32
// RUN: mx-run kept.mlir --function=any_grouped --input=2x64xf32=1 --input=0x2x64xf32=1 --input=0xi64=0 --input=2x2xf32=7 | FileCheck %s --check-prefix=NO-EXPERTS
// NO-EXPERTS: result 0: 2x2xf32 min 7 max 7

// In bf16 the sum would end at 256.
// RUN: mx-run kept.mlir --function=narrow --input=2x512xbf16=1 --input=3x512xbf16=1 --input=2x3xbf16=0 | FileCheck %s --check-prefix=NARROW
// RUN: mx-run kept.mlir --function=narrow_batches --input=2x2x512xf16=1 --input=2x3x512xf32=1 --input=2x2x3xf16=0 | FileCheck %s --check-prefix=NARROW
// RUN: mx-run kept.mlir --function=more_batches --input=1x2x2x512xf16=1 --input=1x2x3x512xbf16=1 --input=1x2x2x3xbf16=0 | FileCheck %s --check-prefix=NARROW
// NARROW: min 512 max 512

//--- sites.mlir
func.func @grouped(%a: tensor<?x64xbf16>, %ends: tensor<4xi32>, %c: tensor<?x3xf16>) -> tensor<?x3xf16> {
  %experts = arith.constant dense<[1.0, 2.0, 4.0, 8.0]> : tensor<4xf32>
  %empty = tensor.empty() : tensor<4x3x64xf32>
  %b = linalg.broadcast ins(%experts : tensor<4xf32>) outs(%empty : tensor<4x3x64xf32>) dimensions = [1, 2]
  %0 = mx.grouped_matmul ins(%a, %b, %ends : tensor<?x64xbf16>, tensor<4x3x64xf32>, tensor<4xi32>) outs(%c : tensor<?x3xf16>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<?x3xf16>
}

func.func @any_grouped(%a: tensor<?x?xf32>, %b: tensor<?x?x?xf32>, %ends: tensor<?xi64>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = mx.grouped_matmul ins(%a, %b, %ends : tensor<?x?xf32>, tensor<?x?x?xf32>, tensor<?xi64>) outs(%c : tensor<?x?xf32>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<?x?xf32>
}

func.func @narrow(%a: tensor<?x?xbf16>, %b: tensor<3x?xbf16>, %c: tensor<?x3xbf16>) -> tensor<?x3xbf16> {
  %0 = mx.matmul ins(%a, %b : tensor<?x?xbf16>, tensor<3x?xbf16>) outs(%c : tensor<?x3xbf16>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<?x3xbf16>
}

func.func @narrow_batches(%a: tensor<2x2x512xf16>, %b: tensor<2x3x512xf32>, %c: tensor<2x2x3xf16>) -> tensor<2x2x3xf16> {
  %0 = mx.matmul ins(%a, %b : tensor<2x2x512xf16>, tensor<2x3x512xf32>) outs(%c : tensor<2x2x3xf16>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<2x2x3xf16>
}

func.func @more_batches(%a: tensor<1x2x2x512xf16>, %b: tensor<1x2x3x512xbf16>, %c: tensor<1x2x2x3xbf16>) -> tensor<1x2x2x3xbf16> {
  %0 = mx.matmul ins(%a, %b : tensor<1x2x2x512xf16>, tensor<1x2x3x512xbf16>) outs(%c : tensor<1x2x2x3xbf16>) {mx.plan = #mx.plan<keep>}
  return %0 : tensor<1x2x2x3xbf16>
}
