// RUN: mx-opt %s --mx-attach-target="chip=x86-64-v3 features=+avx2,+fma" | FileCheck %s
// RUN: not mx-opt %s --mx-attach-target=kind=toaster 2>&1 | FileCheck %s --check-prefix=BAD

// The target that the options describe stands on the module.

// CHECK: module attributes {mx.target = #mx.target<cpu, chip = "x86-64-v3", features = "+avx2,+fma">}
// BAD: error: expected the target 'cpu' or 'nvvm', got 'toaster'
module {
}
