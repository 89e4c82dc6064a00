// A kernel that is fed by tensor copies takes the maps by value, and hands the
// copies the place where its parameters are.

// RUN: mx-compile %s --target=sm_120a -o %t.ptx && FileCheck %s < %t.ptx
// CHECK-NOT: .local
// CHECK: .entry matmul_mxfp4_mxfp4_f32_128x128_ring(
// CHECK-NEXT: .param .align 128 .b8 matmul_mxfp4_mxfp4_f32_128x128_ring_param_0[128]
// CHECK-NEXT: .param .u64 {{.*}}_param_1
// CHECK-NEXT: .param .align 128 .b8 matmul_mxfp4_mxfp4_f32_128x128_ring_param_2[128]
// CHECK: cvta.param.u64
// CHECK: cp.async.bulk.tensor
// CHECK-NOT: .local

!A = !mx.tensor<256x256, mxfp4, axis = 1>
func.func @f(%a: !A, %c: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %0 = mx.matmul ins(%a, %a : !A, !A) outs(%c : tensor<256x256xf32>)
  return %0 : tensor<256x256xf32>
}
