// More tiles than blocks: the kernel of warpgroups goes from one to the next, and its ring of
// stages goes on. Random numbers, within N7.2 of the exact sums, in another order of threads.

// RUN: mx-run %s --target=sm_90a --simulate --check --schedule-seed=7 --input='140x65x224xbf16=random(1)' \
// RUN:   --input='140x3x112xi8=random(2)' --input=140x3x7xi8=125 --input='140x65x3xf32=random(3)' | FileCheck %s

// CHECK: simulated: 132 blocks, 4480 matrix products
// CHECK: mx.packed.matmul {{.+}} 1 {{ *}}27300 of 27300 {{ *}}0 {{ *}}

!X = tensor<140x65x224xbf16>
!W = !mx.tensor<140x3x224, mxfp4, axis = 2>
!C = tensor<140x65x3xf32>

func.func @products(%x: !X, %w: !W, %c: !C) -> !C {
  %0 = mx.matmul ins(%x, %w : !X, !W) outs(%c : !C)
  return %0 : !C
}
