// RUN: mx-opt %s --convert-mx-to-loops --verify-diagnostics --split-input-file

func.func @unknown_kernel(%x: memref<4x64xf32>) {
  // expected-error@+1 {{'mx.packed.rotate' op expected a kernel that is an emulated row, got "rotate_avx512"}}
  mx.packed.rotate ins(%x : memref<4x64xf32>) outs(%x : memref<4x64xf32>)
    {rotation = #mx.hadamard<32>, kernel = "rotate_avx512"}
  return
}

// -----

func.func @tensors(%x: tensor<4x64xf32>, %y: tensor<4x64xf32>) -> tensor<4x64xf32> {
  // expected-error@+1 {{'mx.packed.rotate' op expected operands that are buffers, got 'tensor<4x64xf32>'}}
  %0 = mx.packed.rotate ins(%x : tensor<4x64xf32>) outs(%y : tensor<4x64xf32>)
    {rotation = #mx.hadamard<32>} -> tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// -----

func.func @graph_operation(%a: !mx.tensor<4x64, mxfp4, axis = 1>) -> tensor<4x64xf32> {
  // expected-error@+1 {{'mx.dequantize' op expected operands that are buffers, got '!mx.tensor<4x64, mxfp4, axis = 1>'}}
  %0 = mx.dequantize %a {kernel = "dequantize_emulated"}
    : !mx.tensor<4x64, mxfp4, axis = 1> to tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// -----

func.func @unreachable(%c: memref<4xi8>, %p: memref<2xi8>) {
  return
^unreachable:
  // expected-error@+1 {{'mx.packed.pack' op expected a packed operation in reachable code, got 'mx.packed.pack' with kernel "none"}}
  mx.packed.pack ins(%c : memref<4xi8>) outs(%p : memref<2xi8>) {bits = 4 : i64}
  return
}

// -----

func.func @no_shuffles(%k: index, %a: memref<4x64xf32>, %w: memref<2x512xi8>, %s: memref<2x32xi8>, %c: memref<4x20xf32>) {
  // expected-error@+1 {{expected a target with 'avx2,fma' or 'neon' and weights of E2M1 codes in blocks of 8 to 256 for the kernel 'matmul_shuffle_fma', got a target that lacks it}}
  mx.packed.matmul k(%k) lhs(%a : memref<4x64xf32>) rhs(%w, %s : memref<2x512xi8>, memref<2x32xi8>) outs(%c : memref<4x20xf32>)
    {rhs_format = #mx.format<mxfp4>, rhs_interleaved, kernel = "matmul_shuffle_fma"}
  return
}

// -----

module attributes {mx.target = #mx.target<cpu, features = "+avx2,+fma">} {
func.func @other_weights(%k: index, %a: memref<4x64xf32>, %w: memref<2x1024xi8>, %s: memref<2x32xi8>, %c: memref<4x20xf32>) {
  // expected-error@+1 {{got weights of another format}}
  mx.packed.matmul k(%k) lhs(%a : memref<4x64xf32>) rhs(%w, %s : memref<2x1024xi8>, memref<2x32xi8>) outs(%c : memref<4x20xf32>)
    {rhs_format = #mx.format<mxfp8_e4m3>, rhs_interleaved, kernel = "matmul_shuffle_fma"}
  return
}
}
