// Rows go to experts by the ends of their groups; other rows keep their initial value (N7.4).

// Expert e holds 2^e in every place: a row of ones gives 64 · 2^e + 0.5, one outside 0.5.
// RUN: split-file %s %t && cd %t
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write scales.npy "|u1" 4x3x2 127 127 127 127 127 127 128 128 128 128 128 128 129 129 129 129 129 129 130 130 130 130 130 130
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write whole.npy "<i4" 4 2 2 5 8
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write outside.npy "<i4" 4 -3 3 1 100
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py write before.npy "<i4" 4 1 2 3 4

// Expert 1 has no rows.
// RUN: mx-run grouped.mlir --function=i32 --check --input=8x64xbf16=1 --input=4x3x32xi8=34 --input=@scales.npy \
// RUN:   --input=@whole.npy --input=8x3xf32=0.5 --output=@whole-out.npy
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py print whole-out.npy | FileCheck %s --check-prefix=WHOLE
// WHOLE: 64.5 64.5 64.5 64.5 64.5 64.5 256.5 256.5 256.5 256.5 256.5 256.5 256.5 256.5 256.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5{{$}}

// Ends are clamped: expert 0 before the first row, 2 before its predecessor, 3 after the last row.
// RUN: mx-run grouped.mlir --function=i32 --check --input=8x64xbf16=1 --input=4x3x32xi8=34 --input=@scales.npy \
// RUN:   --input=@outside.npy --input=8x3xf32=0.5 --output=@outside-out.npy
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py print outside-out.npy | FileCheck %s --check-prefix=OUTSIDE
// OUTSIDE: 128.5 128.5 128.5 128.5 128.5 128.5 128.5 128.5 128.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5 512.5{{$}}

// Half of the rows are in no group.
// RUN: mx-run grouped.mlir --function=i32 --check --input=8x64xbf16=1 --input=4x3x32xi8=34 --input=@scales.npy \
// RUN:   --input=@before.npy --input=8x3xf32=0.5 --output=@before-out.npy
// RUN: %python %S/../../Tools/mx-run/Inputs/npy.py print before-out.npy | FileCheck %s --check-prefix=BEFORE
// BEFORE: 64.5 64.5 64.5 128.5 128.5 128.5 256.5 256.5 256.5 512.5 512.5 512.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5{{$}}

// No row, and no expert.
// RUN: mx-run grouped.mlir --function=i64 --check --input='0x48xf32=1' --input='3x2x24xi8=random(1)' --input=3x2x3xi8=56 \
// RUN:   --input=f32=1 --input=3xi64=0 --input=0x2xf16=1 | FileCheck %s --check-prefix=NO-ROWS
// NO-ROWS: result 0: 0x2xf16
// RUN: mx-run grouped.mlir --function=i64 --check --input='2x48xf32=1' --input='0x2x24xi8=1' --input=0x2x3xi8=56 \
// RUN:   --input=f32=1 --input=0xi64=0 --input=2x2xf16=7 | FileCheck %s --check-prefix=NO-EXPERTS
// NO-EXPERTS: result 0: 2x2xf16 min 7 max 7

// Both sides block-scaled, in different formats; ends far outside.
// RUN: mx-run grouped.mlir --function=i64 --check --input='9x48xf32=random(1)' --input='3x2x24xi8=random(2)' --input=3x2x3xi8=56 \
// RUN:   --input=f32=0.5 --input=3xi64=4611686018427387904 --input='9x2xf16=random(3)' | FileCheck %s --check-prefix=FAR
// FAR: result 0: 9x2xf16
// FAR: mx.packed.matmul {{.*}} 18 of 18 0

//--- grouped.mlir
func.func @i32(%a: tensor<?x64xbf16>, %b: !mx.tensor<4x3x64, mxfp4, axis = 2>, %ends: tensor<4xi32>, %c: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = mx.grouped_matmul ins(%a, %b, %ends : tensor<?x64xbf16>, !mx.tensor<4x3x64, mxfp4, axis = 2>, tensor<4xi32>) outs(%c : tensor<?x3xf32>)
  return %0 : tensor<?x3xf32>
}

func.func @i64(%a: tensor<?x48xf32>, %b: !mx.tensor<?x?x48, nvfp4, axis = 2>, %ends: tensor<?xi64>, %c: tensor<?x?xf16>) -> tensor<?x?xf16> {
  %0 = mx.quantize %a scale_rule(even) : tensor<?x48xf32> to !mx.tensor<?x48, mxfp8_e4m3, axis = 1>
  %1 = mx.grouped_matmul ins(%0, %b, %ends : !mx.tensor<?x48, mxfp8_e4m3, axis = 1>, !mx.tensor<?x?x48, nvfp4, axis = 2>, tensor<?xi64>) outs(%c : tensor<?x?xf16>)
  return %1 : tensor<?x?xf16>
}
