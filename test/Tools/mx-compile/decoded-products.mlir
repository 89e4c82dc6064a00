// REQUIRES: ptxas
// Kernels that decode to bf16, as machine code of each chip: nothing is spilled,
// and the main loops touch no local memory.

// RUN: mx-compile %s --target=sm_80 -o %t.cubin --remarks-filter=mx-ptxas 2>&1 | FileCheck %s --check-prefixes=CHECK,FRAGMENTS
// RUN: %python %mx_source/utils/sass-report.py %t.cubin | FileCheck %s --check-prefix=SASS
// RUN: mx-compile %s --target=sm_89 -o %t.cubin --remarks-filter=mx-ptxas 2>&1 | FileCheck %s --check-prefixes=CHECK,FRAGMENTS
// RUN: mx-compile %s --target=sm_90a -o %t.cubin --remarks-filter=mx-ptxas 2>&1 | FileCheck %s
// RUN: mx-compile %s --target=sm_120a -o %t.cubin --remarks-filter=mx-ptxas 2>&1 | FileCheck %s --check-prefixes=CHECK,FRAGMENTS
// RUN: %python %mx_source/utils/sass-report.py %t.cubin | FileCheck %s --check-prefix=SASS

// CHECK-DAG: "matmul_sync_f16_nvfp4_f32_128x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "matmul_sync_f16_nvfp4_f32_32x128_bytes: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "matmul_sync_bf16_mxfp4_bf16_128x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "matmul_sync_bf16_mxfp4_bf16_32x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "matmul_sync_bf16_mxfp4_bf16_16x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "matmul_sync_bf16_mxfp4_bf16_32x128_bytes: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "grouped32_matmul_sync_bf16_mxfp4_bf16_128x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "grouped32_matmul_sync_bf16_mxfp4_bf16_32x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "grouped32_matmul_sync_bf16_mxfp4_bf16_16x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "grouped32_matmul_sync_bf16_mxfp4_bf16_32x128_bytes: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "grouped32_matmul_sync_f16_nvfp4_f32_128x128: Used {{[0-9]+}} registers, {{.*}}, no spills"

// Constant weights in the order of fragments; on sm_90a those beside bf16 are for warpgroups.
// FRAGMENTS-DAG: "matmul_sync_bf16_mxfp4_fragments_bf16_128x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// FRAGMENTS-DAG: "matmul_sync_bf16_mxfp4_fragments_bf16_32x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// FRAGMENTS-DAG: "matmul_sync_bf16_mxfp4_fragments_bf16_16x128_sums5: Used {{[0-9]+}} registers, {{.*}}, no spills"
// FRAGMENTS-DAG: "matmul_sync_bf16_mxfp4_fragments_bf16_16x128_total5: Used {{[0-9]+}} registers, {{.*}}, no spills"
// FRAGMENTS-DAG: "matmul_sync_bf16_mxfp4_fragments_bf16_32x128_bytes: Used {{[0-9]+}} registers, {{.*}}, no spills"
// FRAGMENTS-DAG: "matmul_sync_bf16_nvfp4_large_fragments_f32_128x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// FRAGMENTS-DAG: "matmul_sync_bf16_nvfp4_large_fragments_f32_32x128: Used {{[0-9]+}} registers, {{.*}}, no spills"
// FRAGMENTS-DAG: "matmul_sync_bf16_nvfp4_large_fragments_f32_32x128_bytes: Used {{[0-9]+}} registers, {{.*}}, no spills"
// CHECK-DAG: "matmul_sync_f32_mxfp4_fragments_f32_32x128: Used {{[0-9]+}} registers, {{.*}}, no spills"

// SASS-NOT: LDL
// SASS-NOT: STL
// SASS: matmul_sync_{{.+}}_128x128: {{[0-9]+}} registers, 0 bytes of stack
// SASS: main loop: {{.*}}HMMA:
// SASS-NOT: LDL
// SASS-NOT: STL

!W = !mx.tensor<?x?, mxfp4, axis = 1>
func.func @unknown_sizes(%a: tensor<?x?xbf16>, %b: !W, %c: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %0 = mx.matmul ins(%a, %b : tensor<?x?xbf16>, !W) outs(%c : tensor<?x?xbf16>)
  return %0 : tensor<?x?xbf16>
}

!V = !mx.tensor<128x2880, nvfp4, axis = 1>
func.func @prefill(%a: tensor<128x2880xf16>, %b: !V, %c: tensor<128x128xf32>) -> tensor<128x128xf32> {
  %0 = mx.matmul ins(%a, %b : tensor<128x2880xf16>, !V) outs(%c : tensor<128x128xf32>)
  return %0 : tensor<128x128xf32>
}

!E = !mx.tensor<?x?x?, mxfp4, axis = 2>
func.func @experts(%a: tensor<?x?xbf16>, %b: !E, %ends: tensor<?xi32>, %c: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %0 = mx.grouped_matmul ins(%a, %b, %ends : tensor<?x?xbf16>, !E, tensor<?xi32>) outs(%c : tensor<?x?xbf16>)
  return %0 : tensor<?x?xbf16>
}

!F = !mx.tensor<4x128x2880, nvfp4, axis = 2>
func.func @experts_prefill(%a: tensor<512x2880xf16>, %b: !F, %ends: tensor<4xi32>, %c: tensor<512x128xf32>) -> tensor<512x128xf32> {
  %0 = mx.grouped_matmul ins(%a, %b, %ends : tensor<512x2880xf16>, !F, tensor<4xi32>) outs(%c : tensor<512x128xf32>)
  return %0 : tensor<512x128xf32>
}

!C = !mx.tensor<2880x2880, mxfp4, axis = 1>
func.func @constant_mxfp4(%a: tensor<?x2880xbf16>, %c: tensor<?x2880xbf16>, %d: tensor<?x2880xf32>, %e: tensor<?x2880xf32>) -> (tensor<?x2880xbf16>, tensor<?x2880xf32>) {
  %b = mx.constant <payload = dense<34> : tensor<2880x1440xi8>, scales = dense<120> : tensor<2880x90xi8>> : !C
  %0 = mx.matmul ins(%a, %b : tensor<?x2880xbf16>, !C) outs(%c : tensor<?x2880xbf16>)
  %1 = mx.matmul ins(%d, %b : tensor<?x2880xf32>, !C) outs(%e : tensor<?x2880xf32>)
  return %0, %1 : tensor<?x2880xbf16>, tensor<?x2880xf32>
}

!D = !mx.tensor<2880x2880, nvfp4, axis = 1>
func.func @constant_nvfp4(%a: tensor<?x2880xbf16>, %c: tensor<?x2880xf32>) -> tensor<?x2880xf32> {
  %b = mx.constant <payload = dense<34> : tensor<2880x1440xi8>, scales = dense<100> : tensor<2880x180xi8>, tensor_scale = 0.5 : f32> : !D
  %0 = mx.matmul ins(%a, %b : tensor<?x2880xbf16>, !D) outs(%c : tensor<?x2880xf32>)
  return %0 : tensor<?x2880xf32>
}
