// RUN: mx-opt %s --convert-mx-to-nvvm --verify-diagnostics --split-input-file

func.func @tensors(%a: tensor<4x32xi8>, %s: tensor<4x2xi8>, %c: tensor<4x4xf32>, %k: index) -> tensor<4x4xf32> {
  // expected-error@+1 {{'mx.packed.matmul' op expected operands that are buffers, got 'tensor<4x32xi8>'}}
  %0 = mx.packed.matmul k(%k) lhs(%a, %s : tensor<4x32xi8>, tensor<4x2xi8>)
    rhs(%a, %s : tensor<4x32xi8>, tensor<4x2xi8>) outs(%c : tensor<4x4xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"} -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

func.func @plain_side(%a: memref<4x64xf32>, %b: memref<4x32xi8>, %s: memref<4x2xi8>, %c: memref<4x4xf32>, %k: index) {
  // expected-error@+1 {{'mx.packed.matmul' op expected two sides that a block-scaled MMA multiplies (both nvfp4, or each an mxfp format), got 'numbers of f32' and '#mx.format<mxfp4>'}}
  mx.packed.matmul k(%k) lhs(%a : memref<4x64xf32>)
    rhs(%b, %s : memref<4x32xi8>, memref<4x2xi8>) outs(%c : memref<4x4xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_mma_block_scale"}
  return
}

// -----

func.func @format_without_a_name(%b: memref<4x32xi8>, %s: memref<4x4xi8>, %c: memref<4x4xf32>, %k: index) {
  // expected-error@+1 {{'mx.packed.matmul' op expected sides of f32, bf16, f16 or a format with a name, got '#mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>' and '#mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>'}}
  mx.packed.matmul k(%k) lhs(%b, %s : memref<4x32xi8>, memref<4x4xi8>)
    rhs(%b, %s : memref<4x32xi8>, memref<4x4xi8>) outs(%c : memref<4x4xf32>)
    {lhs_format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>,
     rhs_format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>,
     kernel = "matmul_mma_sync"}
  return
}

// -----

func.func @other_blocks(%b: memref<4x32xi8>, %s: memref<4x4xi8>, %c: memref<4x4xf32>, %k: index) {
  // expected-error@+1 {{'mx.packed.matmul' op expected two sides that a block-scaled MMA multiplies (both nvfp4, or each an mxfp format), got '#mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>' and '#mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>'}}
  mx.packed.matmul k(%k) lhs(%b, %s : memref<4x32xi8>, memref<4x4xi8>)
    rhs(%b, %s : memref<4x32xi8>, memref<4x4xi8>) outs(%c : memref<4x4xf32>)
    {lhs_format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>,
     rhs_format = #mx.format<element = f4E2M1FN, scale = f8E8M0FNU, block = 16>,
     kernel = "matmul_mma_block_scale"}
  return
}

// -----

func.func @groups(%a: memref<4x32xi8>, %sa: memref<4x2xi8>, %b: memref<2x4x32xi8>, %sb: memref<2x4x2xi8>,
                  %ends: memref<2xi32>, %c: memref<4x4xf32>, %k: index) {
  // expected-error@+1 {{'mx.packed.matmul' op expected 'group_ends' exactly with the kernels 'grouped_matmul_mma_block_scale' and 'grouped_matmul_mma_sync', got 'matmul_mma_block_scale'}}
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<4x32xi8>, memref<4x2xi8>)
    rhs(%b, %sb : memref<2x4x32xi8>, memref<2x4x2xi8>) group_ends(%ends : memref<2xi32>)
    outs(%c : memref<4x4xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "matmul_mma_block_scale"}
  return
}

// -----

func.func @no_groups(%a: memref<4x32xi8>, %sa: memref<4x2xi8>, %c: memref<4x4xf32>, %k: index) {
  // expected-error@+1 {{'mx.packed.matmul' op expected 'group_ends' exactly with the kernels 'grouped_matmul_mma_block_scale' and 'grouped_matmul_mma_sync', got 'grouped_matmul_mma_block_scale'}}
  mx.packed.matmul k(%k) lhs(%a, %sa : memref<4x32xi8>, memref<4x2xi8>)
    rhs(%a, %sa : memref<4x32xi8>, memref<4x2xi8>) outs(%c : memref<4x4xf32>)
    {lhs_format = #mx.format<mxfp4>, rhs_format = #mx.format<mxfp4>,
     kernel = "grouped_matmul_mma_block_scale"}
  return
}

// -----

func.func @warpgroups(%a: memref<4x64xf16>, %b: memref<4x32xi8>, %s: memref<4x2xi8>, %c: memref<4x4xf32>, %k: index) {
  // expected-error@+1 {{'mx.packed.matmul' op expected bf16 numbers and a format with a name whose elements have 4 or 6 bits, got 'numbers of f16' and '#mx.format<mxfp4>'}}
  mx.packed.matmul k(%k) lhs(%a : memref<4x64xf16>)
    rhs(%b, %s : memref<4x32xi8>, memref<4x2xi8>) outs(%c : memref<4x4xf32>)
    {rhs_format = #mx.format<mxfp4>, kernel = "matmul_wgmma"}
  return
}

// -----

// expected-error@+1 {{expected 'mx.tuning' to be texts '<kernel> <tile> <rows below> <stages>', got ["matmul_wgmma 256x128 many 0"]}}
module attributes {mx.tuning = ["matmul_wgmma 256x128 many 0"]} {
}

// -----

// expected-error@+1 {{expected 'mx.tuning' to be texts '<kernel> <tile> <rows below> <stages>', got 3 : i32}}
module attributes {mx.tuning = 3 : i32} {
}
