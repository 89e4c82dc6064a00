//===- CacheSizes.h - what Eigen takes for the machine's caches -*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Results must not depend on the machine, and how Eigen cuts products does.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_QUANTIZATION_CACHESIZES_H
#define MX_TEST_UNIT_QUANTIZATION_CACHESIZES_H

#include <Eigen/Core>

/// Calls `body` as if on machines with L1 caches of 12 to 256 KiB, and other
/// caches in proportion.
template <typename Body>
void forEachCacheSize(Body body) {
  std::ptrdiff_t l1 = Eigen::l1CacheSize(), l2 = Eigen::l2CacheSize(),
                 l3 = Eigen::l3CacheSize();
  for (int kib : {12, 16, 32, 48, 256}) {
    Eigen::setCpuCacheSizes(kib << 10, kib << 14, kib << 18);
    body();
  }
  Eigen::setCpuCacheSizes(l1, l2, l3);
}

#endif // MX_TEST_UNIT_QUANTIZATION_CACHESIZES_H
