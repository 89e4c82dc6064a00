//===- CompiledProvider.h - what mx compiles --------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A library for each layer, with its weights as constants, as mx-compile writes
// it for this machine.
//===----------------------------------------------------------------------===//

#ifndef MX_BENCH_CPU_COMPILEDPROVIDER_H
#define MX_BENCH_CPU_COMPILEDPROVIDER_H

#include "Provider.h"

extern const mx_bench_provider kCompiledProvider;

#endif // MX_BENCH_CPU_COMPILEDPROVIDER_H
