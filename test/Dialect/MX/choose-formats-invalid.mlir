// Every option that cannot be obeyed is an error, and no plan is written.
// RUN: not mx-opt %s --mx-choose-formats=objective=best 2>&1 | FileCheck %s --check-prefix=OBJECTIVE --implicit-check-not=mx.plan
// RUN: not mx-opt %s --mx-choose-formats=formats=mxfp4,int4 2>&1 | FileCheck %s --check-prefix=FORMATS
// RUN: not mx-opt %s --mx-choose-formats=activations=fp16 2>&1 | FileCheck %s --check-prefix=ACTIVATIONS
// RUN: not mx-opt %s --mx-choose-formats=rotation=33 2>&1 | FileCheck %s --check-prefix=ROTATION
// RUN: not mx-opt %s --mx-choose-formats=method=awq 2>&1 | FileCheck %s --check-prefix=METHOD
// RUN: not mx-opt %s --mx-choose-formats="method=mr-gptq rotation=off" 2>&1 | FileCheck %s --check-prefix=MRGPTQ
// RUN: not mx-opt %s --mx-choose-formats=method=gptq 2>&1 | FileCheck %s --check-prefix=GPTQ
// RUN: not mx-opt %s --mx-choose-formats=bits=-1 2>&1 | FileCheck %s --check-prefix=BITS
// RUN: not mx-opt %s --mx-choose-formats=error=nan 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not mx-opt %s --mx-choose-formats="bits=5 error=0.1" 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not mx-opt %s --mx-choose-formats=samples=0 2>&1 | FileCheck %s --check-prefix=SAMPLES
// RUN: not mx-opt %s --mx-choose-formats=report=%t.txt 2>&1 | FileCheck %s --check-prefix=EXTENSION
// RUN: not mx-opt %s --mx-choose-formats=report=%t/no/where.json 2>&1 | FileCheck %s --check-prefix=REPORT --implicit-check-not=mx.plan
// RUN: not mx-opt %s --mx-choose-formats=calibration=%t.none 2>&1 | FileCheck %s --check-prefix=CALIBRATION

// A budget that cannot be met says what could be; no report is left.
// RUN: rm -f %t.json
// RUN: not mx-opt %s --mx-choose-formats="bits=4.2 report=%t.json" 2>&1 | FileCheck %s --check-prefix=FEW --implicit-check-not=mx.plan
// RUN: not mx-opt %s --mx-choose-formats="error=1e-9 formats=mxfp4 objective=ocp report=%t.json" 2>&1 | FileCheck %s --check-prefix=EXACT
// RUN: not ls %t.json

// OBJECTIVE: error: expected objective to be ocp, nvidia, accuracy or speed, got 'best'
// FORMATS: error: expected formats of mxfp4, nvfp4, mxfp6_e2m3, mxfp6_e3m2, mxfp8_e4m3, mxfp8_e5m2, or keep, got 'int4'
// ACTIVATIONS: error: expected activations to be mxfp4, nvfp4, mxfp6_e2m3, mxfp6_e3m2, mxfp8_e4m3, mxfp8_e5m2, auto or keep, got 'fp16'
// ROTATION: error: expected rotation to be auto, off or a power of two from 2 to 256, got '33'
// METHOD: error: expected method to be rtn, gptq or mr-gptq, got 'awq'
// MRGPTQ: error: expected rotation to be auto or a size with method = mr-gptq, got 'off'
// GPTQ: error: 'mx.matmul' op expected a calibration file with statistics of 'layer0.up' for method = gptq, got none
// BITS: error: expected bits to be a number of at least 0, got -1
// ERROR: error: expected error to be a number of at least 0, got nan
// BOTH: error: expected one budget, got both bits and error
// SAMPLES: error: expected samples to be at least 1, got 0
// EXTENSION: error: expected a report that ends in .json or .html, got '{{.*}}.txt'
// REPORT: error: expected to write the report, got {{.*}}where.json
// CALIBRATION: error: {{.*}}.none
// FEW: error: expected a budget of at least 4.25 bits per weight, the least that the candidates take, got 4.2
// EXACT: error: expected a budget of at least {{0.0[0-9]+}} relative squared error, the least that the candidates reach, got 1e-09
func.func @f(%x: tensor<4x64xf32>, %init: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = arith.constant dense<0.3> : tensor<8x64xf32>
  %0 = mx.matmul ins(%x, %w : tensor<4x64xf32>, tensor<8x64xf32>) outs(%init : tensor<4x8xf32>) {mx.site = "layer0.up"}
  return %0 : tensor<4x8xf32>
}
