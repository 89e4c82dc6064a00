// mx-opt offers every pass and pipeline of the project beside MLIR's own.
// RUN: mx-opt --help | FileCheck %s
// RUN: mx-opt --show-dialects | FileCheck %s --check-prefix=DIALECTS

// CHECK-DAG: --canonicalize
// CHECK-DAG: --convert-mx-to-linalg
// CHECK-DAG: --convert-mx-to-loops
// CHECK-DAG: --mx-import
// CHECK-DAG: --mx-pack-layouts
// CHECK-DAG: --mx-pipeline
// CHECK-DAG: --mx-select-kernels
// CHECK-DAG: --mx-verify-phase
// DIALECTS: mx
