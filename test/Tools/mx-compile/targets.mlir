// REQUIRES: target-x86_64
// The target goes onto the module; one that is there already is kept unless
// another is asked for.

// RUN: split-file %s %t && cd %t
// RUN: mx-compile plain.mlir --stop-after=import | FileCheck %s --check-prefix=ANY
// ANY: mx.target = #mx.target<cpu>
// RUN: mx-compile plain.mlir --stop-after=import --target=x86-64-v3 | FileCheck %s --check-prefix=CHIP
// CHIP: mx.target = #mx.target<cpu, chip = "x86-64-v3", features = "{{.*}}+avx2{{.*}}">
// RUN: mx-compile plain.mlir --stop-after=import --target=native | FileCheck %s --check-prefix=NATIVE
// NATIVE: mx.target = #mx.target<cpu, chip = "{{.+}}", features = "{{.*}}+sse2{{.*}}">
// RUN: mx-compile named.mlir --stop-after=import | FileCheck %s --check-prefix=KEPT
// KEPT: mx.target = #mx.target<cpu, chip = "x86-64-v2">
// RUN: mx-compile named.mlir --stop-after=import --target=cpu | FileCheck %s --check-prefix=ANY
// RUN: mx-compile plain.mlir --target=x86-64-v3 -o a.ll
// RUN: FileCheck %s --check-prefix=LLVM < a.ll
// LLVM: "target-cpu"="x86-64-v3"
// RUN: not mx-compile unknown.mlir 2>&1 | FileCheck %s --check-prefix=CHECK-UNKNOWN
// CHECK-UNKNOWN: unknown.mlir:1:1: error: expected 'mx.target' to name a processor of this kind of machine, x86-64 or AArch64, got 'z80'

//--- plain.mlir
func.func @f(%x: tensor<64xf32>) -> tensor<64xf32> {
  %0 = arith.addf %x, %x : tensor<64xf32>
  return %0 : tensor<64xf32>
}
//--- unknown.mlir
module attributes {mx.target = #mx.target<cpu, chip = "z80">} {}
//--- named.mlir
module attributes {mx.target = #mx.target<cpu, chip = "x86-64-v2">} {}
