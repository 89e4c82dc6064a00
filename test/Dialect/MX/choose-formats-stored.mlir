// RUN: split-file %s %t
// RUN: mx-opt %t/planned.mlir --mx-choose-formats="report=%t/planned.json" --mx-quantize -o %t/planned.quantized.mlir
// RUN: %python %S/Inputs/check-report.py %t/planned.json %t/planned.quantized.mlir
// RUN: FileCheck %t/planned.mlir --input-file=%t/planned.json
// RUN: not mx-opt %t/budget.mlir --mx-choose-formats="bits=6 formats=mxfp6_e2m3" -o /dev/null 2>&1 | FileCheck %t/budget.mlir
// RUN: mx-opt %t/constants.mlir --mx-choose-formats="formats=mxfp4 report=%t/constants.json" --mx-fuse-rotations --mx-quantize -o %t/constants.quantized.mlir
// RUN: %python %S/Inputs/check-report.py %t/constants.json %t/constants.quantized.mlir

//--- planned.mlir

// Two plans that ask for the same of one constant share it; the third does not.
// CHECK: "weights": 1024
// CHECK: "bytes_after": 564
// CHECK: "name": "planned.site0"
// CHECK: "stored_weights": 512
// CHECK: "name": "planned.site1"
// CHECK: "stored_weights": 0
// CHECK: "name": "planned.site2"
// CHECK: "stored_weights": 512
func.func @planned(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %w = arith.constant dense<0.3> : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %1 = mx.matmul ins(%y, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %2 = mx.matmul ins(%y, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.plan = #mx.plan<rhs = mxfp4 by even>}
  return %0, %1, %2 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

//--- budget.mlir

// A budget is not met by counting a cheap constant twice: (4.5625 + 8.25) / 2 bits are more than 6.
// CHECK: error: expected a budget of at least 6.4063 bits per weight, the least that the candidates take, got 6
func.func @budget(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %w = arith.constant dense<0.3> : tensor<8x64xf32>
  %v = arith.constant dense<0.2> : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %1 = mx.matmul ins(%y, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %2 = mx.matmul ins(%y, %v : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.plan = #mx.plan<rhs = mxfp8_e4m3 by rceil>}
  return %0, %1, %2 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

//--- constants.mlir

// Of a product of two constants one is shared, one is not.
func.func @constants(%init: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %u = arith.constant dense<0.1> : tensor<8x64xf32>
  %v = arith.constant dense<0.2> : tensor<8x64xf32>
  %w = arith.constant dense<0.3> : tensor<8x64xf32>
  %0 = mx.matmul ins(%u, %v : tensor<8x64xf32>, tensor<8x64xf32>) outs(%init : tensor<8x8xf32>)
  %1 = mx.matmul ins(%u, %w : tensor<8x64xf32>, tensor<8x64xf32>) outs(%init : tensor<8x8xf32>)
  return %0, %1 : tensor<8x8xf32>, tensor<8x8xf32>
}
