// What can go wrong with --calibration-output. The file appears only if all went
// well, and an older one stays.

// RUN: split-file %s %t && cd %t && rm -f *.safetensors
// RUN: mx-run sites.mlir --function=one --input=4x32xf32=1 --calibration-output=c.safetensors | FileCheck %s
// CHECK: calibration: c.safetensors
// CHECK-NEXT: one: 4 rows of 32
// RUN: cp c.safetensors old.safetensors

// RUN: not mx-run sites.mlir --function=one --input=4x32xf32=nan --calibration-output=c.safetensors 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NAN
// NAN: error: c.safetensors: expected finite activations at site 'one', got 4 rows with NaN or infinity
// RUN: not mx-run sites.mlir --function=one --input=0x32xf32=1 --calibration-output=c.safetensors 2>&1 \
// RUN:   | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: c.safetensors: expected the program to record at least one row, got none
// RUN: cmp c.safetensors old.safetensors

// A sum of squares may be too large for the file.
// RUN: not mx-run sites.mlir --function=one --input=4x32xf32=1e20 --calibration-output=new.safetensors 2>&1 \
// RUN:   | FileCheck %s --check-prefix=LARGE
// LARGE: error: new.safetensors: expected finite statistics of site 'one' in f32, got NaN or infinity
// RUN: not ls new.safetensors

// Found before the program runs.
// RUN: not mx-run sites.mlir --function=none --input=f32=1 --calibration-output=new.safetensors 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NONE
// RUN: not mx-run none.mlir --input=f32=1 --calibration-output=new.safetensors 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NOTHING
// NONE: error: new.safetensors: expected the program to record at least one row, got none
// NOTHING: error: none.mlir: expected a program that records activations (products by constant weights, or mx.record), got one that records none
// RUN: not mx-run sites.mlir --function=one --input=4x32xf32=1 --calibration-output=/dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=DEVICE
// DEVICE: error: /dev/null: expected a regular file, got something else
// RUN: not mx-run sites.mlir --function=one --input=4x32xf32=1 --calibration-output=no/c.safetensors 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FOLDER
// FOLDER: error: no/c.safetensors: No such file or directory
// RUN: not mx-run sites.mlir --function=one --input=4x32xf32=1 --calibration-output=none.mlir --calibration-append 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FOREIGN
// FOREIGN: error: none.mlir:0: expected a header of at most {{[0-9]+}} bytes, got {{[0-9]+}}

// RUN: cp sites.mlir copy.mlir && not mx-run copy.mlir --function=one --input=4x32xf32=1 --calibration-output=./copy.mlir 2>&1 \
// RUN:   | FileCheck %s --check-prefix=PROGRAM
// PROGRAM: error: expected --calibration-output to be another file than the program, got './copy.mlir'
// RUN: cmp copy.mlir sites.mlir

// Runs that add to a file at once lose nothing.
// RUN: rm -f sum.safetensors && sh together.sh mx-run sites.mlir --function=one --input=4x32xf32=1 \
// RUN:   --calibration-output=sum.safetensors --calibration-append
// RUN: mx-run sites.mlir --function=one --input=4x32xf32=1 --calibration-output=sum.safetensors --calibration-append \
// RUN:   | FileCheck %s --check-prefix=TOGETHER
// TOGETHER: one: 28 rows of 32

// Two sites of one name, recorded by hand with different sizes.
// RUN: not mx-run sites.mlir --function=clash --input=4x32xf32=1 --calibration-output=new.safetensors 2>&1 \
// RUN:   | FileCheck %s --check-prefix=CLASH
// CLASH: error: new.safetensors: expected statistics of site 'clash' with 32 columns, as there were before, got 4

// The name by which a program is listened to is taken.
// RUN: not mx-run hook.mlir --input=f32=1 --calibration-output=new.safetensors 2>&1 | FileCheck %s --check-prefix=HOOK
// HOOK: hook.mlir:1:1: error: expected another name than 'mx_record_hook', which compiled code exports

// Command lines that make no sense.
// RUN: sh status.sh 2 mx-run sites.mlir --calibration-append 2>&1 | FileCheck %s --check-prefix=ALONE
// RUN: sh status.sh 2 mx-run sites.mlir --calibration-rows=4 2>&1 | FileCheck %s --check-prefix=ALONE
// ALONE: mx-run: expected --calibration-output with --calibration-append and --calibration-rows, got none
// RUN: sh status.sh 2 mx-run sites.mlir --calibration-output=x --benchmark 2>&1 | FileCheck %s --check-prefix=BENCHMARK
// BENCHMARK: mx-run: expected --calibration-output or --benchmark, got both
// RUN: sh status.sh 2 mx-run sites.mlir --calibration-output=x --calibration-rows=0 2>&1 | FileCheck %s --check-prefix=ROWS
// ROWS: mx-run: expected --calibration-rows to be a positive number, got '0'
// RUN: mx-compile sites.mlir --record=rows -o sites.so
// RUN: sh status.sh 2 mx-run sites.so --function=one --calibration-output=x --calibration-rows=4 2>&1 \
// RUN:   | FileCheck %s --check-prefix=LIBRARY
// LIBRARY: error: expected --calibration-rows with IR, got a library, which has been told what to keep
// RUN: not mx-compile sites.mlir --record=mean 2>&1 | FileCheck %s --check-prefix=COLLECT
// COLLECT: error: expected 'collect' to be hessian or rows, got 'mean'

// Sites may be chosen without quantising anything.
// RUN: mx-run sites.mlir --function=product --input=4x32xf32=1 --calibration-output=new.safetensors \
// RUN:   --quantize-sites=product | FileCheck %s --check-prefix=PRODUCT
// PRODUCT: product.0: 4 rows of 32
// RUN: rm new.safetensors
// RUN: not mx-run sites.mlir --function=product --input=4x32xf32=1 --calibration-output=new.safetensors \
// RUN:   --quantize-sites=other 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: sh status.sh 2 mx-run sites.mlir --calibration-output=x --formats=mxfp4 2>&1 | FileCheck %s --check-prefix=FORMATS
// FORMATS: mx-run: expected --quantize with --formats, got --formats alone

//--- status.sh
expected=$1; shift; "$@"; test $? = $expected
//--- together.sh
for run in 1 2 3 4 5 6; do "$@" > /dev/null & done
wait
//--- hook.mlir
func.func @mx_record_hook(%x: f32) -> f32 {
  return %x : f32
}

//--- none.mlir
func.func @none(%x: f32) -> f32 {
  return %x : f32
}

//--- sites.mlir
func.func @none(%x: f32) -> f32 {
  return %x : f32
}

func.func @one(%x: tensor<?x32xf32>) -> tensor<?x32xf32> {
  mx.record %x for ["one"] : tensor<?x32xf32>
  return %x : tensor<?x32xf32>
}

func.func @clash(%x: tensor<4x32xf32>) -> tensor<4x32xf32> {
  mx.record %x for ["clash"] : tensor<4x32xf32>
  %empty = tensor.empty() : tensor<32x4xf32>
  %transposed = linalg.transpose ins(%x : tensor<4x32xf32>) outs(%empty : tensor<32x4xf32>) permutation = [1, 0]
  mx.record %transposed for ["clash"] : tensor<32x4xf32>
  return %x : tensor<4x32xf32>
}

func.func @product(%x: tensor<4x32xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<0.5> : tensor<32x2xf32>
  %zero = arith.constant dense<0.0> : tensor<4x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<4x32xf32>, tensor<32x2xf32>)
                     outs(%zero : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
