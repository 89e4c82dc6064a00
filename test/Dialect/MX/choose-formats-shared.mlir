// RUN: mx-opt %s --mx-choose-formats="formats=nvfp4 rotation=16 report=%t.json" --mx-fuse-rotations --mx-quantize -o %t.mlir
// RUN: FileCheck %s --input-file=%t.json
// RUN: %python %S/Inputs/check-report.py %t.json %t.mlir

// A constant that two sites share is stored once, and counted once.

// CHECK: "sites": 2
// CHECK: "weights": 512
// CHECK: "bytes_after": 292
// CHECK: "name": "shared.site0"
// CHECK: "stored_weights": 512
// CHECK: "name": "shared.site1"
// CHECK: "stored_weights": 0
func.func @shared(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %w = arith.constant dense<0.3> : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>)
  %1 = mx.matmul ins(%y, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>)
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}
