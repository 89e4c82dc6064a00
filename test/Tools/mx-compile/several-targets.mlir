// A library for several processors chooses when it is loaded: with AVX2 it gives the bits of
// the code for x86-64-v3, without it those of the code for any machine.
// REQUIRES: qemu-x86_64

// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: mx-compile %s --target=x86-64-v3,cpu -o both.so --remarks-filter='mx.*' 2>&1 | FileCheck %s
// CHECK: chose matmul_shuffle_fma
// CHECK: chose matmul_emulated
// RUN: mx-compile %s --target=x86-64-v3 -o new.so
// RUN: mx-compile %s --target=cpu -o any.so
// RUN: %cc -O1 %S/../../Integration/CPU/Inputs/call_entry.c -o call -ldl
// RUN: %python -c "import random, struct; open('x', 'wb').write(struct.pack('<512f', *[random.Random(i).gauss(0, 1) for i in range(512)]))"
// RUN: %python -c "import random; open('w', 'wb').write(random.Random(1).randbytes(8 * 256))"
// RUN: %python -c "open('s', 'wb').write(bytes([120, 127, 130, 125] * 32))"
// RUN: %python -c "open('c', 'wb').write(bytes(32))"
// RUN: qemu-x86_64 -cpu max ./call ./new.so f 4 new x:1x512 w:8x256 s:8x16 c:1x8
// RUN: qemu-x86_64 -cpu max ./call ./both.so f 4 both-new x:1x512 w:8x256 s:8x16 c:1x8
// RUN: qemu-x86_64 -cpu Nehalem ./call ./any.so f 4 any x:1x512 w:8x256 s:8x16 c:1x8
// RUN: qemu-x86_64 -cpu Nehalem ./call ./both.so f 4 both-old x:1x512 w:8x256 s:8x16 c:1x8
// RUN: cmp new both-new
// RUN: cmp any both-old
// RUN: not cmp new any

// The other entries choose too.
// RUN: mx-run both.so --input=1x512xf32=1 --input=8x256xi8=17 --input=8x16xi8=127 --input=1x8xf32=0 | FileCheck %s --check-prefix=RESULT
// RESULT: result 0: 1x8xf32 min 256 max 256

func.func @f(%x: tensor<1x512xf32>, %w: !mx.tensor<8x512, mxfp4, axis = 1>, %c: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %y = mx.matmul ins(%x, %w : tensor<1x512xf32>, !mx.tensor<8x512, mxfp4, axis = 1>) outs(%c : tensor<1x8xf32>)
  return %y : tensor<1x8xf32>
}
