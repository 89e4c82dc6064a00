// A power with a whole exponent of any width, alone, in tensors and in vectors, without a
// function of a runtime library.

// RUN: mx-run %s --function=scalar --input=f32=-1.5 --input=i64=3 | FileCheck %s --check-prefix=CUBE
// RUN: mx-run %s --function=scalar --input=f32=4 --input=i64=-2 | FileCheck %s --check-prefix=INVERSE
// RUN: mx-run %s --function=scalar --input=f32=0 --input=i64=0 | FileCheck %s --check-prefix=ZERO
// CUBE: [-3.375]
// INVERSE: [0.0625]
// ZERO: [1]
// RUN: mx-run %s --function=tensors --input=3xbf16=1.5 --input=3xi32=2 --input=3xf64=3 --input=3xi8=-1 \
// RUN:   | FileCheck %s --check-prefix=TENSORS
// TENSORS: 3xbf16 {{.*}}[2.25, 2.25, 2.25]
// TENSORS: 3xf64 {{.*}}[0.3333333, 0.3333333, 0.3333333]
// RUN: mx-run %s --function=vectors --input=4xf32=2 --input=i16=5 | FileCheck %s --check-prefix=VECTORS
// VECTORS: [32, 32, 32, 32]
// RUN: mx-compile %s -o %t.so

func.func @scalar(%x: f32, %n: i64) -> f32 {
  %0 = math.fpowi %x, %n : f32, i64
  return %0 : f32
}

func.func @tensors(%x: tensor<3xbf16>, %n: tensor<3xi32>, %y: tensor<3xf64>, %m: tensor<3xi8>)
    -> (tensor<3xbf16>, tensor<3xf64>) {
  %0 = math.fpowi %x, %n : tensor<3xbf16>, tensor<3xi32>
  %1 = math.fpowi %y, %m : tensor<3xf64>, tensor<3xi8>
  return %0, %1 : tensor<3xbf16>, tensor<3xf64>
}

func.func @vectors(%x: tensor<4xf32>, %n: i16) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %0 = vector.transfer_read %x[%c0], %zero {in_bounds = [true]} : tensor<4xf32>, vector<4xf32>
  %1 = vector.broadcast %n : i16 to vector<4xi16>
  %2 = math.fpowi %0, %1 : vector<4xf32>, vector<4xi16>
  %3 = vector.transfer_write %2, %x[%c0] {in_bounds = [true]} : vector<4xf32>, tensor<4xf32>
  return %3 : tensor<4xf32>
}
