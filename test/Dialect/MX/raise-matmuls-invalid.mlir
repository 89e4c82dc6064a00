// Options that name no policy and no pattern.
// RUN: not mx-opt %s --mx-raise-matmuls=policy=some 2>&1 | FileCheck %s --check-prefix=POLICY
// RUN: not mx-opt %s --mx-raise-matmuls="functions=(" 2>&1 | FileCheck %s --check-prefix=FUNCTIONS
// RUN: not mx-opt %s --mx-raise-matmuls="sites=[a" 2>&1 | FileCheck %s --check-prefix=SITES

// POLICY: raise-matmuls-invalid.mlir:{{.+}}: error: expected 'policy' to be 'all', 'constant-weights' or 'none', got 'some'
// FUNCTIONS: raise-matmuls-invalid.mlir:{{.+}}: error: expected 'functions' to be a regular expression, got '(' ({{.+}})
// SITES: raise-matmuls-invalid.mlir:{{.+}}: error: expected 'sites' to be a regular expression, got '[a' ({{.+}})
module {}
