// One case for each message about an attribute of a product.
// RUN: mx-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{'func.func' op expected 'mx.site' on mx.matmul or mx.grouped_matmul only}}
func.func private @site_of_a_function() attributes {mx.site = "f"}

// -----

func.func @plan_of_a_rotation(%x: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error @below {{'mx.rotate' op expected 'mx.plan' on mx.matmul or mx.grouped_matmul only}}
  %0 = mx.rotate %x by hadamard<32> along 1 {mx.plan = #mx.plan<keep>} : tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// -----

func.func @site_of_a_number(%a: tensor<4x64xf32>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) {
  // expected-error @below {{'mx.matmul' op expected 'mx.site' to be a name, got 3 : i64}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>) {mx.site = 3}
  return
}

// -----

func.func @site_without_a_name(%a: tensor<4x64xf32>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected 'mx.site' to be a name, got ""}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>) {mx.site = ""}
  return
}

// -----

func.func @plan_of_text(%a: tensor<4x64xf32>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected 'mx.plan' to be a #mx.plan, got "mxfp4"}}
  %0 = mx.matmul ins(%a, %b : tensor<4x64xf32>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>) {mx.plan = "mxfp4"}
  return
}

// -----

func.func @rotated_by_a_number(%a: tensor<4x64xf32>, %b: tensor<2x8x64xf32>, %e: tensor<2xi32>, %c: tensor<4x8xf32>) {
  // expected-error @below {{'mx.grouped_matmul' op expected 'mx.rotated' to be a #mx.hadamard, got 32 : i64}}
  %0 = mx.grouped_matmul ins(%a, %b, %e : tensor<4x64xf32>, tensor<2x8x64xf32>, tensor<2xi32>) outs(%c : tensor<4x8xf32>) {mx.rotated = 32}
  return
}

// -----

func.func @rotation_that_does_not_divide(%a: tensor<4x48xf32>, %b: tensor<8x48xf32>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected a contracted size that is a multiple of the rotation (32), got 'tensor<4x48xf32>'}}
  %0 = mx.matmul ins(%a, %b : tensor<4x48xf32>, tensor<8x48xf32>) outs(%c : tensor<4x8xf32>)
    {mx.plan = #mx.plan<rhs = mxfp4 by mse, rotation = hadamard<32>>}
  return
}

// -----

func.func @rotated_by_more_than_there_is(%a: !mx.tensor<4x64, mxfp4, axis = 1>, %b: tensor<8x64xf32>, %c: tensor<4x8xf32>) {
  // expected-error @below {{expected a contracted size that is a multiple of the rotation (128), got '!mx.tensor<4x64, mxfp4, axis = 1>'}}
  %0 = mx.matmul ins(%a, %b : !mx.tensor<4x64, mxfp4, axis = 1>, tensor<8x64xf32>) outs(%c : tensor<4x8xf32>) {mx.rotated = #mx.hadamard<128>}
  return
}
