//===- CudaDriver.h - the NVIDIA driver, found at run time ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The dozen functions of libcuda.so.1 that the runtime needs, in its own words:
// contexts, streams and such are opaque pointers, errors are numbers. The
// library has no other dependency than libc, so that it can be linked into
// anything.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_RUNTIME_CUDADRIVER_H
#define MX_LIB_RUNTIME_CUDADRIVER_H

#include <cstddef>
#include <cstdint>

namespace mxgpu {

/// What the driver returns; numbers of its interface.
inline constexpr int kInvalidValue = 1;
inline constexpr int kComputeCapabilityMajor = 75;
inline constexpr int kComputeCapabilityMinor = 76;
inline constexpr int kMemoryPoolsSupported = 115;
inline constexpr int kMaxDynamicSharedBytes = 8;
inline constexpr int kErrorLogBuffer = 5;
inline constexpr int kErrorLogBufferBytes = 6;

/// An address in device memory, of the width that the driver gives it.
using DevicePointer = unsigned long long;

/// The driver's functions. Those that older drivers lack may be null, as the
/// last column of DriverCalls.def says.
struct Driver {
#define MX_DRIVER_CALL(FIELD, SYMBOL, NEED, ...) int (*FIELD)(__VA_ARGS__);
#include "DriverCalls.def"
};

/// The driver; where there is none, null, having set the thread's error.
const Driver *getDriver();

} // namespace mxgpu

#endif // MX_LIB_RUNTIME_CUDADRIVER_H
