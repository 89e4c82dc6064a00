//===- FakeKernels.h - kernels as host functions ----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_FAKEDRIVER_FAKEKERNELS_H
#define MX_TEST_FAKEDRIVER_FAKEKERNELS_H

#include "FakeDriver.h"
#include <string>

/// What runs instead of a kernel of this name; null does nothing.
FakeKernel lookupFakeKernel(const std::string &name);

#endif // MX_TEST_FAKEDRIVER_FAKEKERNELS_H
