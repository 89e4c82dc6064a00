// REQUIRES: ptxas
// The kernels of warpgroups, assembled: all registers that 384 threads can have, no spills, and
// nothing that ptxas says about performance (C75xx), which would be an error.

// RUN: mx-compile %s --target=sm_90a --cuda-path=%cuda -o %t.cubin --remarks-filter=mx-ptxas 2>&1 | FileCheck %s
// RUN: %python %S/../../utils/sass-report.py --json %t.cubin | FileCheck %s --check-prefix=LOOP

// CHECK-DAG: matmul_wgmma_bf16_mxfp4_f32_128x128: Used 168 registers, used 1 barriers, no spills
// CHECK-DAG: matmul_wgmma_bf16_mxfp4_f32_256x128: Used 168 registers, used 1 barriers, no spills
// CHECK-DAG: matmul_wgmma_bf16_nvfp4_bf16_256x128: Used 168 registers, used 1 barriers, no spills
// CHECK-DAG: matmul_wgmma_bf16_mxfp6_e2m3_f32_256x128: Used 168 registers, used 1 barriers, no spills

// Four products of a warpgroup in a step.
// LOOP: "kernel": "matmul_wgmma_bf16_mxfp4_f32_256x128", "loop": {{.*}}"HGMMA": 4,

!X = tensor<?x2880xbf16>
!A = !mx.tensor<512x2880, mxfp4, axis = 1>
!B = !mx.tensor<512x2880, nvfp4, axis = 1>
!C = !mx.tensor<512x2880, mxfp6_e2m3, axis = 1>
!F = tensor<?x512xf32>
!H = tensor<?x512xbf16>

func.func @products(%x: !X, %a: !A, %b: !B, %c: !C, %f: !F, %g: !F, %h: !H) -> (!F, !H, !F) {
  %0 = mx.matmul ins(%x, %a : !X, !A) outs(%f : !F)
  %1 = mx.matmul ins(%x, %b : !X, !B) outs(%h : !H)
  %2 = mx.matmul ins(%x, %c : !X, !C) outs(%g : !F)
  return %0, %1, %2 : !F, !H, !F
}
