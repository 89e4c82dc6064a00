// Every mismatch is an error before anything runs, with exit code 1.

// RUN: mkdir -p %t && cd %t

// RUN: not mx-run %s --input=4x3xf32=1 2>&1 | FileCheck %s --check-prefix=ARITY
// ARITY: error: expected 2 inputs for 'f' ('tensor<4x?xf32>', 'i64'), got 1

// RUN: not mx-run %s --input=5x3xf32=1 --input=i64=0 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: error: input 0 (5x3xf32=1) for 'tensor<4x?xf32>': expected '4x?xf32', got '5x3xf32'

// RUN: not mx-run %s --input=4xf32=1 --input=i64=0 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: expected '4x?xf32', got '4xf32'

// RUN: not mx-run %s --input=4x3xf64=1 --input=i64=0 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: expected '4x?xf32', got '4x3xf64'

// RUN: not mx-run %s --input=4x3xf32=1 --input=f32=0 2>&1 | FileCheck %s --check-prefix=SCALAR
// SCALAR: error: input 1 (f32=0) for 'i64': expected 'i64', got 'f32'

// RUN: not mx-run %s --input=4x3xf32 --input=i64=0 2>&1 | FileCheck %s --check-prefix=SPEC
// SPEC: error: expected an input '@file.npy', '4x32xf32=1.5' or '4x32xf32=random(7)', got '4x3xf32'
// RUN: not mx-run %s --input=4x3xf9=1 --input=i64=0 2>&1 | FileCheck %s --check-prefix=SPEC-TYPE
// SPEC-TYPE: got '4x3xf9=1'
// RUN: not mx-run %s '--input=4x3xf32=random(x)' --input=i64=0 2>&1 | FileCheck %s --check-prefix=SPEC-SEED
// SPEC-SEED: got '4x3xf32=random(x)'

// A whole number is one that its type holds.
// RUN: not mx-run %s --input=4x3xi8=128 --input=i64=0 2>&1 | FileCheck %s --check-prefix=I8
// I8: error: expected a whole number from -128 to 127 for 'i8', got '128'
// RUN: not mx-run %s --input=4x3xu8=-1 --input=i64=0 2>&1 | FileCheck %s --check-prefix=U8
// U8: error: expected a whole number from 0 to 255 for 'u8', got '-1'
// RUN: not mx-run %s --input=4x3xi1=2 --input=i64=0 2>&1 | FileCheck %s --check-prefix=I1
// I1: error: expected a whole number from 0 to 1 for 'i1', got '2'
// RUN: not mx-run %s --input=4x3xi32=1.5 --input=i64=0 2>&1 | FileCheck %s --check-prefix=HALF
// HALF: error: expected a whole number from -2147483648 to 2147483647 for 'i32', got '1.5'
// RUN: not mx-run %s --input=4x3xf32=1 --input=i64=9223372036854775808 2>&1 | FileCheck %s --check-prefix=I64
// I64: error: expected a whole number from -9223372036854775808 to 9223372036854775807 for 'i64', got '9223372036854775808'
// RUN: not mx-run %s --input=4x3xu64=nan --input=i64=0 2>&1 | FileCheck %s --check-prefix=U64
// U64: error: expected a whole number from 0 to 18446744073709551615 for 'u64', got 'nan'

// RUN: not mx-run %s --input=4294967296x4294967296xf32=1 --input=i64=0 2>&1 | FileCheck %s --check-prefix=HUGE
// HUGE: error: expected an array of less than 2^62 bytes, got '4294967296x4294967296xf32'

// RUN: not mx-run %s --input=4x3xf32=1 --input=i64=0 --output=@a.npy --output=@b.npy 2>&1 | FileCheck %s --check-prefix=OUTPUTS
// OUTPUTS: error: expected 1 outputs for 'f', or none, got 2

// RUN: not mx-run %s --input=4x3xf32=1 --input=i64=0 --output=a.npy 2>&1 | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: error: expected an output '@file.npy', got 'a.npy'

// RUN: not mx-run %s --input=4x3xf32=1 --input=i64=0 --output=@missing/a.npy 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: error: missing/a.npy: {{.*}}No such file or directory

// RUN: not mx-run %s --input=@missing.npy --input=i64=0 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: error: missing.npy: No such file or directory

func.func @f(%x: tensor<4x?xf32>, %n: i64) -> tensor<4x?xf32> {
  return %x : tensor<4x?xf32>
}
