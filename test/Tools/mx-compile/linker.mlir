// A shared library needs a linker on PATH; what it says is passed on, and no
// file is left behind.

// RUN: rm -rf %t && mkdir -p %t/bin && cd %t
// RUN: env PATH=%mx_build/bin not mx-compile %s -o a.so 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: expected cc, clang, clang-22, gcc or ld.lld on PATH to link a shared library, got none; an object can be written instead ('-o name.o')

// RUN: printf '#!/bin/sh\necho out of paper; exit 3\n' > bin/cc && chmod +x bin/cc
// RUN: env PATH=%t/bin:%mx_build/bin not mx-compile %s -o a.so 2>&1 | FileCheck %s --check-prefix=STATUS
// STATUS: error: expected '{{.*}}cc' to link, got status 3: out of paper

// RUN: not mx-compile %s -o missing/a.so 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: error: missing/a.so: No such file or directory

// RUN: ls | FileCheck %s --check-prefix=FILES
// FILES: bin
// FILES-NOT: {{.}}

func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
