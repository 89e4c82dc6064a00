//===- Parallel.cpp - loops whose iterations are independent --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The loop of callers that bring no threads: tests, and small tensors.
//===----------------------------------------------------------------------===//

#include "mx/Quantization/Parallel.h"

void mxquant::runSerially(int64_t count,
                          const std::function<void(int64_t)> &body) {
  for (int64_t i = 0; i < count; ++i)
    body(i);
}
