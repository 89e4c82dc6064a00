// Products with FP4 weights on a CPU that has byte shuffles and fused multiplications.
// RUN: mx-opt %s --mx-select-kernels --split-input-file | FileCheck %s
// RUN: mx-opt %s --mx-select-kernels --split-input-file --remarks-filter=mx-select --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

module attributes {mx.target = #mx.target<cpu, chip = "x86-64-v3", features = "+avx2,+fma">} {
  // CHECK-LABEL: @named_weights
  func.func @named_weights(%x: tensor<4x64xbf16>, %w: !mx.tensor<8x64, mxfp4, axis = 1>, %a: !mx.tensor<4x64, mxfp8_e4m3, axis = 1>,
                           %n: !mx.tensor<8x64, nvfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
    // CHECK: mx.matmul {{.*}} {kernel = "matmul_shuffle_fma"}
    // REMARK: remark: {{.*}}chose matmul_shuffle_fma: fastest, by avx2,fma
    %0 = mx.matmul ins(%x, %w : tensor<4x64xbf16>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
    // CHECK: mx.matmul {{.*}} {kernel = "matmul_shuffle_fma"}
    %1 = mx.matmul ins(%a, %n : !mx.tensor<4x64, mxfp8_e4m3, axis = 1>, !mx.tensor<8x64, nvfp4, axis = 1>) outs(%0 : tensor<4x8xf32>)
    return %1 : tensor<4x8xf32>
  }
  // CHECK-LABEL: @experts
  func.func @experts(%x: tensor<4x64xf32>, %w: !mx.tensor<2x8x64, mxfp4, axis = 2>, %e: tensor<2xi32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
    // CHECK: mx.grouped_matmul {{.*}} {kernel = "grouped_matmul_shuffle_fma"}
    %0 = mx.grouped_matmul ins(%x, %w, %e : tensor<4x64xf32>, !mx.tensor<2x8x64, mxfp4, axis = 2>, tensor<2xi32>) outs(%c : tensor<4x8xf32>)
    return %0 : tensor<4x8xf32>
  }
  // CHECK-LABEL: @other_weights
  func.func @other_weights(%x: tensor<4x64xf32>, %w: !mx.tensor<8x64, mxfp8_e4m3, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
    // CHECK: mx.matmul {{.*}} {kernel = "matmul_emulated"}
    // REMARK: remark: {{.*}}chose matmul_emulated: emulated, because no other row of this operation fits the target
    %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, !mx.tensor<8x64, mxfp8_e4m3, axis = 1>) outs(%c : tensor<4x8xf32>)
    return %0 : tensor<4x8xf32>
  }
}

// -----

module attributes {mx.target = #mx.target<cpu, chip = "cortex-a57", features = "+fp-armv8,+neon">} {
  // CHECK-LABEL: @neon
  func.func @neon(%x: tensor<4x64xf32>, %w: !mx.tensor<8x64, nvfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
    // CHECK: mx.matmul {{.*}} {kernel = "matmul_shuffle_fma"}
    // REMARK: remark: {{.*}}chose matmul_shuffle_fma: fastest, by neon
    %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, !mx.tensor<8x64, nvfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
    return %0 : tensor<4x8xf32>
  }
}

// -----

module attributes {mx.target = #mx.target<cpu, chip = "haswell", features = "+avx2">} {
  // CHECK-LABEL: @no_fma
  func.func @no_fma(%x: tensor<4x64xf32>, %w: !mx.tensor<8x64, mxfp4, axis = 1>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
    // CHECK: mx.matmul {{.*}} {kernel = "matmul_emulated"}
    // REMARK: remark: {{.*}}chose matmul_emulated: emulated, because matmul_shuffle_fma needs fma
    %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>) outs(%c : tensor<4x8xf32>)
    return %0 : tensor<4x8xf32>
  }
}
