// NVFP4 constants that meet the same activation get one tensor scale, that of the
// largest: 2688 = 6 · 448 has the tensor scale 1.
// RUN: mx-opt %s --mx-quantize | FileCheck %s
// RUN: mx-opt %s --mx-quantize --remarks-filter=mx-quantize --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: func @projections
func.func @projections(%x: tensor<4x16xf32>, %y: tensor<4x16xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %q = arith.constant dense<2688.0> : tensor<2x16xf32>
  %k = arith.constant dense<6.0> : tensor<2x16xf32>
  %zero = arith.constant dense<0.0> : tensor<2x16xf32>
  // CHECK-DAG: %[[Q:.+]] = mx.constant {{.*}}scales = dense<126>{{.*}}tensor_scale = 1.000000e+00
  // CHECK-DAG: %[[K:.+]] = mx.constant {{.*}}scales = dense<56>{{.*}}tensor_scale = 1.000000e+00
  // CHECK-DAG: %[[ZERO:.+]] = mx.constant {{.*}}scales = dense<0>{{.*}}tensor_scale = 1.000000e+00
  // REMARK: [Passed] tensor-scale {{.*}}q, k, zero: one tensor scale, 1, because they meet the same activation
  // CHECK: mx.matmul ins(%{{.+}}, %[[Q]] :
  %0 = mx.matmul ins(%x, %q : tensor<4x16xf32>, tensor<2x16xf32>) outs(%init : tensor<4x2xf32>) {mx.site = "q", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  // CHECK: mx.matmul ins(%{{.+}}, %[[K]] :
  %1 = mx.matmul ins(%x, %k : tensor<4x16xf32>, tensor<2x16xf32>) outs(%0 : tensor<4x2xf32>) {mx.site = "k", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %2 = mx.matmul ins(%x, %zero : tensor<4x16xf32>, tensor<2x16xf32>) outs(%1 : tensor<4x2xf32>) {mx.site = "zero", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  return %2 : tensor<4x2xf32>
}

// Another activation, another rule and another format share nothing with them.
// CHECK-LABEL: func @apart
func.func @apart(%x: tensor<4x16xf32>, %y: tensor<4x16xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // REMARK-NOT: one tensor scale
  // CHECK-DAG: mx.constant {{.*}}tensor_scale = 1.000000e+00
  // CHECK-DAG: mx.constant {{.*}}tensor_scale = 0.00223214296
  // CHECK-DAG: mx.constant {{.*}}tensor_scale = 1.750000e+00
  // CHECK-DAG: mx.constant {{.*}}tensor_scale = 0.333333343
  %a = arith.constant dense<2688.0> : tensor<2x16xf32>
  %b = arith.constant dense<6.0> : tensor<2x16xf32>
  %0 = mx.matmul ins(%x, %a : tensor<4x16xf32>, tensor<2x16xf32>) outs(%init : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %1 = mx.matmul ins(%y, %b : tensor<4x16xf32>, tensor<2x16xf32>) outs(%0 : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %2 = mx.matmul ins(%x, %a : tensor<4x16xf32>, tensor<2x16xf32>) outs(%1 : tensor<4x2xf32>) {mx.plan = #mx.plan<rhs = nvfp4 by four_over_six_mse>}
  %3 = mx.matmul ins(%x, %b : tensor<4x16xf32>, tensor<2x16xf32>) outs(%2 : tensor<4x2xf32>)
    {mx.plan = #mx.plan<rhs = format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale> by abs3>}
  return %3 : tensor<4x2xf32>
}

// A constant that meets two activations joins those of both.
// CHECK-LABEL: func @chained
func.func @chained(%x: tensor<4x16xf32>, %y: tensor<4x16xf32>, %init: tensor<4x2xf32>) -> tensor<4x2xf32> {
  // CHECK-COUNT-3: tensor_scale = 1.000000e+00
  // CHECK-NOT: tensor_scale
  // REMARK: a, both, both, b: one tensor scale, 1,
  %a = arith.constant dense<2688.0> : tensor<2x16xf32>
  %b = arith.constant dense<6.0> : tensor<2x16xf32>
  %both = arith.constant dense<12.0> : tensor<2x16xf32>
  %0 = mx.matmul ins(%x, %a : tensor<4x16xf32>, tensor<2x16xf32>) outs(%init : tensor<4x2xf32>) {mx.site = "a", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %1 = mx.matmul ins(%x, %both : tensor<4x16xf32>, tensor<2x16xf32>) outs(%0 : tensor<4x2xf32>) {mx.site = "both", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %2 = mx.matmul ins(%y, %both : tensor<4x16xf32>, tensor<2x16xf32>) outs(%1 : tensor<4x2xf32>) {mx.site = "both", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  %3 = mx.matmul ins(%y, %b : tensor<4x16xf32>, tensor<2x16xf32>) outs(%2 : tensor<4x2xf32>) {mx.site = "b", mx.plan = #mx.plan<rhs = nvfp4 by amax>}
  return %3 : tensor<4x2xf32>
}
