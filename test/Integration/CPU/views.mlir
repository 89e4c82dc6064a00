// Products of views and into views: rows that do not lie one after the other.

// RUN: mx-run %s --check --input='8x3x64xbf16=random(1)' --input=20x32xi8=18 --input=20x2xi8=127 | FileCheck %s
// CHECK: result 0: 9x40xf32 min -4.249268 max 7.863724 mean 0.579422
// CHECK: result 1: 5x20xf32 min -4.249268 max 5.832474 mean 0.9109192
// CHECK-COUNT-3: mx.packed.{{.*}} 1 {{.*}} 0 {{0.000 of bound|bits}}

!B = !mx.tensor<20x64, mxfp4, axis = 1>
!A = !mx.tensor<5x64, mxfp4, axis = 1>
func.func @f(%x: tensor<8x3x64xbf16>, %b: !B) -> (tensor<9x40xf32>, tensor<5x20xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<9x40xf32>
  %c = linalg.fill ins(%zero : f32) outs(%e : tensor<9x40xf32>) -> tensor<9x40xf32>
  %s = tensor.extract_slice %x[2, 1, 0] [5, 1, 64] [1, 1, 1] : tensor<8x3x64xbf16> to tensor<5x64xbf16>
  %d = tensor.extract_slice %c[1, 3] [5, 20] [1, 1] : tensor<9x40xf32> to tensor<5x20xf32>
  %0 = mx.matmul ins(%s, %b : tensor<5x64xbf16>, !B) outs(%d : tensor<5x20xf32>)
  %1 = tensor.insert_slice %0 into %c[1, 3] [5, 20] [1, 1] : tensor<5x20xf32> into tensor<9x40xf32>
  %q = mx.quantize %s scale_rule(floor) : tensor<5x64xbf16> to !A
  %d2 = tensor.extract_slice %1[3, 11] [5, 20] [1, 1] : tensor<9x40xf32> to tensor<5x20xf32>
  %2 = mx.matmul ins(%q, %b : !A, !B) outs(%d2 : tensor<5x20xf32>)
  %3 = tensor.insert_slice %2 into %1[3, 11] [5, 20] [1, 1] : tensor<5x20xf32> into tensor<9x40xf32>
  return %3, %0 : tensor<9x40xf32>, tensor<5x20xf32>
}
