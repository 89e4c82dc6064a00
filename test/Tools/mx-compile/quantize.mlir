// Flags that quantise a program of plain linalg, in compiler, runner and pipeline.

// RUN: split-file %s %t && cd %t
// Nothing is quantised unless asked for.
// RUN: mx-compile mlp.mlir --stop-after=quantize | FileCheck %s --check-prefix=PLAIN
// PLAIN: func.func @mlp
// PLAIN-NOT: mx.
// PLAIN: linalg.matmul
// RUN: mx-compile mlp.mlir --quantize=speed --stop-after=import | FileCheck %s --check-prefix=IMPORT
// IMPORT: mx.matmul {{.*}}mx.site = "mlp.0"
// RUN: mx-compile mlp.mlir --quantize=speed --stop-after=format | FileCheck %s --check-prefix=FORMAT
// FORMAT: mx.matmul {{.*}}mx.plan = #mx.plan<rhs = mxfp4 by even
// RUN: mx-compile mlp.mlir --quantize=speed --rotation=8 --stop-after=rotate | FileCheck %s --check-prefix=ROTATE
// ROTATE: mx.matmul {{.*}}mx.rotated = #mx.hadamard<8>
// RUN: mx-compile mlp.mlir --quantize=speed --stop-after=quantize | FileCheck %s --check-prefix=QUANTIZE
// QUANTIZE: mx.constant {{.*}}mxfp4
// QUANTIZE: mx.matmul
// QUANTIZE-NOT: linalg.matmul

// Each flag reaches its pass.
// RUN: mx-compile mlp.mlir --quantize=accuracy --formats=mxfp6_e2m3,nvfp4 --activations=mxfp8_e4m3 --rotation=16 \
// RUN:   --rotation-seed=5 --bits-per-weight=5 --report=report.json --stop-after=rotate | FileCheck %s --check-prefix=ALL
// RUN: mx-opt mlp.mlir --mx-pipeline='quantize=accuracy formats=mxfp6_e2m3,nvfp4 activations=mxfp8_e4m3 rotation=16 \
// RUN:   rotation-seed=5 bits-per-weight=5 report=report.json stop-after=rotate' | FileCheck %s --check-prefix=ALL
// ALL: mx.rotate {{.*}}hadamard<16, signs = [
// ALL: mx.plan = #mx.plan<lhs = mxfp8_e4m3 by {{.*}}, rhs = nvfp4 by
// RUN: FileCheck %s --check-prefix=REPORT --input-file=report.json
// REPORT: "mlp.0"
// RUN: mx-compile mlp.mlir --quantize=accuracy --error-budget=1e-4 --stop-after=format | FileCheck %s --check-prefix=ERROR
// ERROR: mx.plan = #mx.plan<{{keep|rhs = mxfp8}}
// RUN: mx-compile mlp.mlir --quantize=accuracy --quantize-policy=all --quantize-sites=nothing --stop-after=quantize | FileCheck %s --check-prefix=PLAIN
// RUN: mx-compile mlp.mlir --quantize=accuracy --quantize-functions=nothing --stop-after=quantize | FileCheck %s --check-prefix=PLAIN
// RUN: mx-compile mlp.mlir --quantize=accuracy --quantize-min-elements=100 --stop-after=quantize | FileCheck %s --check-prefix=PLAIN
// RUN: not mx-compile mlp.mlir --quantize=accuracy --method=gptq --calibration=missing 2>&1 | FileCheck %s --check-prefix=CALIBRATION
// CALIBRATION: mlp.mlir:{{.*}}error: {{.*}}missing: No such file

// Plans that a hand wrote are obeyed without an objective.
// RUN: mx-compile planned.mlir --stop-after=quantize | FileCheck %s --check-prefix=PLANNED
// PLANNED: mx.constant {{.*}}nvfp4, axis = 1, rotation = hadamard<8>

// RUN: mx-run mlp.mlir --quantize=accuracy --activations=auto --check --input='2x32xf32=random(3)' | FileCheck %s --check-prefix=EXECUTE
// EXECUTE: result 0: 2x2xf32
// EXECUTE: mx.packed.quantize {{.*}} 0 bits
// EXECUTE: mx.packed.matmul {{.*}} 4 of 4 0

// Values that no pass knows, and flags that mean nothing alone.
// RUN: not mx-compile mlp.mlir --quantize=beauty 2>&1 | FileCheck %s --check-prefix=OBJECTIVE
// OBJECTIVE: mlp.mlir:{{.*}}error: expected {{.*}}ocp, nvidia, accuracy or speed, got 'beauty'
// RUN: not mx-compile mlp.mlir --quantize=speed --quantize-policy=some 2>&1 | FileCheck %s --check-prefix=POLICY
// POLICY: mlp.mlir:{{.*}}error: expected 'policy' to be {{.*}}, got 'some'
// RUN: sh status.sh 2 mx-compile mlp.mlir --formats=mxfp4 2>&1 | FileCheck %s --check-prefix=ALONE
// RUN: sh status.sh 2 mx-run mlp.mlir --formats=mxfp4 2>&1 | FileCheck %s --check-prefix=ALONE
// ALONE: {{mx-compile|mx-run}}: expected --quantize with --formats, got --formats alone
// RUN: sh status.sh 2 mx-compile mlp.mlir --quantize=speed --bits-per-weight=few 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: 'few' value invalid for floating point argument

//--- status.sh
expected=$1; shift; "$@"; test $? = $expected
//--- mlp.mlir
func.func @mlp(%x: tensor<2x32xf32>) -> tensor<2x2xf32> {
  %zero = arith.constant dense<0.0> : tensor<2x2xf32>
  %w = arith.constant dense<[
    [0.3, -0.1], [1.2, 0.4], [-0.7, 0.9], [0.1, -2.0], [0.6, 0.3], [-0.2, 1.1], [0.8, -0.5], [-1.6, 0.2],
    [0.5, 0.7], [-0.4, -1.3], [0.9, 0.6], [1.4, -0.8], [-0.3, 0.1], [0.2, 1.7], [-1.1, 0.5], [0.7, -0.6],
    [0.4, 0.2], [-0.9, -0.3], [1.3, 0.8], [-0.5, 1.0], [0.6, -1.4], [0.1, 0.9], [-0.8, -0.7], [1.1, 0.4],
    [-0.6, 0.3], [0.2, -1.2], [1.5, 0.1], [-1.0, 0.6], [0.3, -0.4], [0.9, 1.6], [-0.1, -0.9], [0.5, 0.2]]> : tensor<32x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<2x32xf32>, tensor<32x2xf32>) outs(%zero : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
//--- planned.mlir
func.func @planned(%x: tensor<2x16xf32>, %init: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = arith.constant dense<1.0> : tensor<2x16xf32>
  %0 = mx.matmul ins(%x, %w : tensor<2x16xf32>, tensor<2x16xf32>) outs(%init : tensor<2x2xf32>)
    {mx.plan = #mx.plan<rhs = nvfp4 by amax, rotation = hadamard<8>>}
  return %0 : tensor<2x2xf32>
}
