// Arrays of every type go in and come out as .npy files.

// RUN: split-file %s %t && cd %t
// RUN: %python %S/Inputs/npy.py write f4.npy "<f4" 2x3 1 2.5 -3
// RUN: mx-run twice.mlir --input=@f4.npy --output=@out.npy
// RUN: %python %S/Inputs/npy.py print out.npy | FileCheck %s --check-prefix=F32
// F32: <f4 (2, 3) 2.0 5.0 -6.0 2.0 5.0 -6.0

// Without --output a summary is printed.
// RUN: mx-run twice.mlir --input=@f4.npy | FileCheck %s --check-prefix=SUMMARY
// SUMMARY: result 0: 2x3xf32 min -6 max 5 mean 0.3333333 [2, 5, -6, 2, 5, -6]

// bf16 travels as its bits, 16-bit floats as themselves, i1 as booleans; an
// index is 64 bits wide, and integers of either sign are accepted.
// RUN: %python %S/Inputs/npy.py write bf16.npy "<u2" 2 16256 49216
// RUN: %python %S/Inputs/npy.py write f2.npy "<f2" 2 0.5 -2
// RUN: %python %S/Inputs/npy.py write b1.npy "|b1" 2 1 0
// RUN: %python %S/Inputs/npy.py write i8.npy "<i8" - 7
// RUN: %python %S/Inputs/npy.py write u1.npy "|u1" 2 1 255
// RUN: %python %S/Inputs/npy.py write f8.npy "<f8" 2 0.1 -1e300
// RUN: mx-run copies.mlir --input=@bf16.npy --input=@f2.npy --input=@b1.npy \
// RUN:   --input=@i8.npy --input=@u1.npy --input=@f8.npy --output=@1.npy \
// RUN:   --output=@2.npy --output=@3.npy --output=@4.npy --output=@5.npy \
// RUN:   --output=@6.npy
// RUN: %python %S/Inputs/npy.py print 1.npy | FileCheck %s --check-prefix=BF16
// BF16: <u2 (2,) 16256 49216
// RUN: %python %S/Inputs/npy.py print 2.npy | FileCheck %s --check-prefix=F16
// F16: <f2 (2,) 0.5 -2.0
// RUN: %python %S/Inputs/npy.py print 3.npy | FileCheck %s --check-prefix=I1
// I1: |b1 (2,) True False
// RUN: %python %S/Inputs/npy.py print 4.npy | FileCheck %s --check-prefix=INDEX
// INDEX: <i8 () 14
// RUN: %python %S/Inputs/npy.py print 5.npy | FileCheck %s --check-prefix=I8
// I8: |i1 (2,) 1 -1
// RUN: %python %S/Inputs/npy.py print 6.npy | FileCheck %s --check-prefix=F64
// F64: <f8 (2,) 0.1 -1e+300

// Values can be spelled out, also for dynamic sizes, and are reproducible.
// RUN: mx-run twice.mlir --input=1x3xf32=1.5 | FileCheck %s --check-prefix=SPLAT
// SPLAT: 1x3xf32 min 3 max 3 mean 3 [3, 3, 3]
// RUN: mx-run twice.mlir '--input=4x3xf32=random(7)' > 1.txt
// RUN: mx-run twice.mlir '--input=4x3xf32=random(7)' > 2.txt
// RUN: cmp 1.txt 2.txt
// RUN: mx-run twice.mlir --input=0x3xf32=0 | FileCheck %s --check-prefix=EMPTY
// EMPTY: result 0: 0x3xf32 []
// RUN: mx-run twice.mlir --input=1x3xf32=nan | FileCheck %s --check-prefix=NAN
// NAN: result 0: 1x3xf32 NaN 3 [nan, nan, nan]

// Whole numbers of either sign, to the last digit.
// RUN: mx-run whole.mlir --input=2xu8=200 --input=i64=-9223372036854775808 --output=@byte.npy --output=@long.npy
// RUN: %python %S/Inputs/npy.py print byte.npy | FileCheck %s --check-prefix=BYTE
// BYTE: |i1 (2,) -56 -56
// RUN: %python %S/Inputs/npy.py print long.npy | FileCheck %s --check-prefix=LEAST
// LEAST: <i8 () -9223372036854775808
// RUN: mx-run whole.mlir --input=2xi8=-128 --input=i64=9007199254740993 --output=@byte.npy --output=@long.npy
// RUN: %python %S/Inputs/npy.py print byte.npy | FileCheck %s --check-prefix=LOWEST
// LOWEST: |i1 (2,) -128 -128
// RUN: %python %S/Inputs/npy.py print long.npy | FileCheck %s --check-prefix=EXACT
// EXACT: <i8 () 9007199254740993
// RUN: mx-run whole.mlir --input=2xi8=1e2 --input=u64=18446744073709551615 | FileCheck %s --check-prefix=ALL-BITS
// ALL-BITS: [100, 100]
// ALL-BITS: [-1]

// A function may return an argument, a constant, or one value twice.
// RUN: mx-run shared.mlir --input=2xf32=3 | FileCheck %s --check-prefix=SHARED
// SHARED: result 0: 2xf32 {{.*}}[3, 3]
// SHARED: result 1: 2xf32 {{.*}}[1, 2]
// SHARED: result 2: 2xf32 {{.*}}[6, 6]
// SHARED: result 3: 2xf32 {{.*}}[6, 6]

//--- twice.mlir
func.func @twice(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = arith.addf %x, %x : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

//--- copies.mlir
func.func @copies(%bf16: tensor<2xbf16>, %f16: tensor<2xf16>, %i1: tensor<2xi1>,
                  %index: index, %i8: tensor<2xi8>, %f64: tensor<2xf64>)
    -> (tensor<2xbf16>, tensor<2xf16>, tensor<2xi1>, index, tensor<2xi8>, tensor<2xf64>) {
  %0 = arith.addi %index, %index : index
  return %bf16, %f16, %i1, %0, %i8, %f64
    : tensor<2xbf16>, tensor<2xf16>, tensor<2xi1>, index, tensor<2xi8>, tensor<2xf64>
}

//--- whole.mlir
func.func @whole(%byte: tensor<2xi8>, %long: i64) -> (tensor<2xi8>, i64) {
  return %byte, %long : tensor<2xi8>, i64
}

//--- shared.mlir
func.func @shared(%x: tensor<2xf32>)
    -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %0 = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = arith.addf %x, %x : tensor<2xf32>
  return %x, %0, %1, %1 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
