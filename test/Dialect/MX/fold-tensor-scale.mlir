// A constant factor of a product, or of its plain side, goes into the tensor scale of
// the constant side.
// RUN: mx-opt %s --mx-fold-tensor-scale | FileCheck %s
// RUN: mx-opt %s --mx-fold-tensor-scale --remarks-filter=mx-fold-tensor-scale --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

!weight = !mx.tensor<2x16, nvfp4, axis = 1>
#whole = affine_map<(m, n) -> (m, n)>
#none = affine_map<(m, n) -> ()>

// CHECK-LABEL: func @of_the_result
func.func @of_the_result(%x: tensor<4x16xf32>) -> tensor<4x2xf32> {
  // CHECK: %[[W:.+]] = mx.constant <{{.*}}tensor_scale = 1.250000e-01 : f32>
  // CHECK: %[[Y:.+]] = mx.matmul ins(%{{.+}}, %[[W]] :
  // CHECK-NEXT: return %[[Y]]
  // REMARK: [Passed] factor {{.*}}tensor scale 0.5 became 0.125
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 0.5 : f32> : !weight
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %factor = arith.constant dense<0.25> : tensor<4x2xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xf32>, !weight) outs(%zero : tensor<4x2xf32>)
  %1 = arith.mulf %0, %factor : tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// A quotient is one division; the product is made of a filled tensor.
// CHECK-LABEL: func @as_a_quotient
func.func @as_a_quotient(%x: tensor<4x16xbf16>) -> tensor<4x2xbf16> {
  // CHECK: tensor_scale = 0.333333343 : f32
  // CHECK-NOT: divf
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0 : f32> : !weight
  %number = arith.constant 0.0 : bf16
  %three = arith.constant 3.0 : bf16
  %empty = tensor.empty() : tensor<4x2xbf16>
  %zero = linalg.fill ins(%number : bf16) outs(%empty : tensor<4x2xbf16>) -> tensor<4x2xbf16>
  %0 = mx.matmul ins(%x, %w : tensor<4x16xbf16>, !weight) outs(%zero : tensor<4x2xbf16>)
  %1 = linalg.generic {indexing_maps = [#whole, #whole], iterator_types = ["parallel", "parallel"]}
    ins(%0 : tensor<4x2xbf16>) outs(%empty : tensor<4x2xbf16>) {
  ^bb0(%a: bf16, %out: bf16):
    %q = arith.divf %a, %three : bf16
    linalg.yield %q : bf16
  } -> tensor<4x2xbf16>
  return %1 : tensor<4x2xbf16>
}

// Several factors, and those of the plain side.
// CHECK-LABEL: func @of_the_operand
// CHECK-SAME: %[[X:.+]]: tensor<?x16xf32>, %[[ENDS:.+]]: tensor<3xi32>
func.func @of_the_operand(%x: tensor<?x16xf32>, %ends: tensor<3xi32>) -> tensor<?x2xf32> {
  // CHECK: tensor_scale = 4.000000e+00 : f32
  // CHECK-NOT: linalg.mul
  // CHECK: %[[Y:.+]] = mx.grouped_matmul ins(%[[X]], %{{.+}}, %[[ENDS]] :
  // CHECK: return %[[Y]]
  %w = mx.constant <payload = dense<34> : tensor<3x2x8xi8>, scales = dense<56> : tensor<3x2x1xi8>, tensor_scale = 1.0 : f32> : !mx.tensor<3x2x16, nvfp4, axis = 2>
  %number = arith.constant 0.0 : f32
  %two = arith.constant 2.0 : f32
  %dim = arith.constant 0 : index
  %rows = tensor.dim %x, %dim : tensor<?x16xf32>
  %wide = tensor.empty(%rows) : tensor<?x16xf32>
  %twos = linalg.fill ins(%two : f32) outs(%wide : tensor<?x16xf32>) -> tensor<?x16xf32>
  %empty = tensor.empty(%rows) : tensor<?x2xf32>
  %zero = linalg.fill ins(%number : f32) outs(%empty : tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = linalg.mul ins(%x, %twos : tensor<?x16xf32>, tensor<?x16xf32>) outs(%wide : tensor<?x16xf32>) -> tensor<?x16xf32>
  %0 = mx.grouped_matmul ins(%y, %w, %ends : tensor<?x16xf32>, !mx.tensor<3x2x16, nvfp4, axis = 2>, tensor<3xi32>) outs(%zero : tensor<?x2xf32>)
  %scalar = arith.constant dense<2.0> : tensor<f32>
  %1 = linalg.generic {indexing_maps = [#none, #whole, #whole], iterator_types = ["parallel", "parallel"]}
    ins(%scalar, %0 : tensor<f32>, tensor<?x2xf32>) outs(%empty : tensor<?x2xf32>) {
  ^bb0(%s: f32, %a: f32, %out: f32):
    %m = arith.mulf %s, %a : f32
    linalg.yield %m : f32
  } -> tensor<?x2xf32>
  return %1 : tensor<?x2xf32>
}

// Other users keep the constant as it was, and the left side may be the constant.
// CHECK-LABEL: func @of_one_user
func.func @of_one_user(%x: tensor<4x16xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  // CHECK-DAG: %[[OLD:.+]] = mx.constant {{.*}}tensor_scale = 1.000000e+00
  // CHECK-DAG: %[[NEW:.+]] = mx.constant {{.*}}tensor_scale = 3.000000e+00
  // CHECK: mx.matmul ins(%[[NEW]],
  // CHECK: mx.matmul ins(%[[OLD]],
  %w = mx.constant <payload = dense<34> : tensor<2x8xi8>, scales = dense<56> : tensor<2x1xi8>, tensor_scale = 1.0 : f32> : !weight
  %zero = arith.constant dense<0.0> : tensor<2x4xf32>
  %factor = arith.constant dense<3.0> : tensor<2x4xf32>
  %0 = mx.matmul ins(%w, %x : !weight, tensor<4x16xf32>) outs(%zero : tensor<2x4xf32>)
  %1 = arith.mulf %factor, %0 : tensor<2x4xf32>
  %2 = mx.matmul ins(%w, %x : !weight, tensor<4x16xf32>) outs(%zero : tensor<2x4xf32>)
  return %1, %2 : tensor<2x4xf32>, tensor<2x4xf32>
}
