//===- FakeDriver.h - how tests steer the driver that is none ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A libcuda.so.1 of our own, for machines without a GPU. Device memory is host
// memory under addresses that the host cannot touch; a kernel is a host
// function of its name, or does nothing. Calls are recorded, and can be told to
// fail. The environment says the same to a whole program:
//
//   MX_FAKE_DRIVER_FAIL=cuLaunchKernel:2:719   the second call returns 719
//   MX_FAKE_DRIVER_CAPABILITY=90               what GPU it is (default 120)
//   MX_FAKE_DRIVER_POOLS=0                     no stream-ordered memory
//   MX_FAKE_DRIVER_LOG=path                    where calls are written to
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_FAKEDRIVER_FAKEDRIVER_H
#define MX_TEST_FAKEDRIVER_FAKEDRIVER_H

#include <cstdint>

extern "C" {

/// Reads a kernel's parameters; device pointers go through `fake_host_address`.
using FakeKernel = void (*)(void **parameters, const unsigned *grid,
                            const unsigned *block);

/// Forgets calls, failures, modules and memory.
void fake_reset();
/// Lets call number `count` (from 1) of `name` return `code`.
void fake_fail(const char *name, int count, int code);
/// Ten times the compute capability.
void fake_set_capability(int capability);
void fake_set_pools(bool hasPools);
void fake_set_kernel(const char *name, FakeKernel kernel);
/// The calls so far, a line for each: its name and what matters of it.
const char *fake_calls();
int fake_count_calls(const char *name);
/// Allocations that were not freed.
int fake_count_allocations();
/// Where the host finds what is at a device address.
void *fake_host_address(const void *address);
/// A new context, and a stream in one.
void *fake_create_context();
void *fake_create_stream(void *context);
/// Another context at the address of `context`.
void fake_replace_context(void *context);
}

#endif // MX_TEST_FAKEDRIVER_FAKEDRIVER_H
