// Products with FP4 weights whose rows lie in lanes (N8.7): every result is compared with the
// reference, for one row and for several, constant weights and others, and experts.
// REQUIRES: x86-avx2, x86-fma

// RUN: mx-run %s --target=x86-64-v3 --function=constant --check --input='1x40xbf16=random(1)' --input=1x18xf32=2 | FileCheck %s
// RUN: mx-run %s --target=x86-64-v3 --function=constant --check --input='9x40xbf16=random(1)' --input=9x18xf32=2 | FileCheck %s
// RUN: mx-run %s --target=x86-64-v3 --function=constant --check --input='0x40xbf16=1' --input=0x18xf32=2 | FileCheck %s --check-prefix=NONE
// RUN: mx-run %s --target=x86-64-v3 --function=argument --check --input='1x300xf32=random(2)' --input='33x150xi8=random(3)' \
// RUN:   --input='33x19xi8=56' --input=f32=0.25 --input=1x33xf32=1 | FileCheck %s --check-prefix=RUN-TIME
// RUN: mx-run %s --target=x86-64-v3 --function=argument --check --input='7x300xf32=random(2)' --input='33x150xi8=random(3)' \
// RUN:   --input='33x19xi8=56' --input=f32=0.25 --input=7x33xf32=1 | FileCheck %s --check-prefix=RUN-TIME
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write %t.npy "<i4" 3 1 1 8
// RUN: mx-run %s --target=x86-64-v3 --function=experts --check --input='8x64xf32=random(4)' --input='3x17x32xi8=random(5)' \
// RUN:   --input='3x17x2xi8=126' --input=@%t.npy --input=8x17xf32=0.5 | FileCheck %s --check-prefix=RUN-TIME

// No operation is emulated.
// RUN: mx-compile %s --target=x86-64-v3 --fail-on-emulation --stop-after=select -o %t.mlir
// RUN: FileCheck %s --check-prefix=SELECT --input-file=%t.mlir
// SELECT-COUNT-2: kernel = "matmul_shuffle_fma"
// SELECT: kernel = "grouped_matmul_shuffle_fma"

// CHECK-NOT: mx.packed.interleave
// CHECK: mx.packed.matmul {{.*}} 0 {{ *}}0.{{[0-9]+}} of bound
// NONE: mx.packed.matmul {{.*}} 0 of 0 {{.*}} of bound
// RUN-TIME-COUNT-2: mx.packed.interleave {{.*}} 0 {{ *}}bits
// RUN-TIME: mx.packed.matmul {{.*}} 0 {{ *}}0.{{[0-9]+}} of bound

func.func @constant(%x: tensor<?x40xbf16>, %c: tensor<?x18xf32>) -> tensor<?x18xf32> {
  %w = mx.constant <payload = dense<52> : tensor<18x20xi8>, scales = dense<128> : tensor<18x2xi8>> : !mx.tensor<18x40, mxfp4, axis = 1>
  %y = mx.matmul ins(%x, %w : tensor<?x40xbf16>, !mx.tensor<18x40, mxfp4, axis = 1>) outs(%c : tensor<?x18xf32>)
  return %y : tensor<?x18xf32>
}

func.func @argument(%x: tensor<?x300xf32>, %w: !mx.tensor<33x300, nvfp4, axis = 1>, %c: tensor<?x33xf32>) -> tensor<?x33xf32> {
  %y = mx.matmul ins(%x, %w : tensor<?x300xf32>, !mx.tensor<33x300, nvfp4, axis = 1>) outs(%c : tensor<?x33xf32>)
  return %y : tensor<?x33xf32>
}

func.func @experts(%x: tensor<?x64xf32>, %w: !mx.tensor<3x17x64, mxfp4, axis = 2>, %e: tensor<3xi32>, %c: tensor<?x17xf32>) -> tensor<?x17xf32> {
  %y = mx.grouped_matmul ins(%x, %w, %e : tensor<?x64xf32>, !mx.tensor<3x17x64, mxfp4, axis = 2>, tensor<3xi32>) outs(%c : tensor<?x17xf32>)
  return %y : tensor<?x17xf32>
}
