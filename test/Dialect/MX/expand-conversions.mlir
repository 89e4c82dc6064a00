// RUN: mx-opt %s --mx-expand-conversions --canonicalize | FileCheck %s
// RUN: mx-run %s --function=fp4_of_infinity | FileCheck %s --check-prefix=INFINITY
// RUN: mx-run %s --function=e8m0_nan | FileCheck %s --check-prefix=NAN
// RUN: mx-run %s --function=e8m0_of_negative | FileCheck %s --check-prefix=NEGATIVE

// A conversion becomes integer arithmetic before a folder sees it; upstream's folder would answer
// infinity, infinity and -2 below.

// CHECK-LABEL: @from_argument
// CHECK: builtin.unrealized_conversion_cast %{{.+}} : tensor<4xf4E2M1FN> to tensor<4xi8>
// CHECK-NOT: arith.extf {{.*}}f4E2M1FN
func.func @from_argument(%x: tensor<4xf4E2M1FN>) -> tensor<4xf32> {
  %0 = arith.extf %x : tensor<4xf4E2M1FN> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

// INFINITY: result 0: f32 min 6 max 6
func.func @fp4_of_infinity() -> f32 {
  %infinity = arith.constant 0x7F800000 : f32
  %0 = arith.truncf %infinity : f32 to f4E2M1FN
  %1 = arith.extf %0 : f4E2M1FN to f32
  return %1 : f32
}

// NAN: result 0: f32 NaN 1
func.func @e8m0_nan() -> f32 {
  %nan = arith.constant 0xFF : f8E8M0FNU
  %0 = arith.extf %nan : f8E8M0FNU to f32
  return %0 : f32
}

// NEGATIVE: result 0: f32 NaN 1
func.func @e8m0_of_negative() -> f32 {
  %negative = arith.constant -2.0 : f32
  %0 = arith.truncf %negative : f32 to f8E8M0FNU
  %1 = arith.extf %0 : f8E8M0FNU to f32
  return %1 : f32
}
