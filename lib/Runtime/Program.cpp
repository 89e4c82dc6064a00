//===- Program.cpp - kernels and constants in contexts --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Program.h"
#include <cstdlib>
#include <initializer_list>

using namespace mxgpu;

Mutex &mxgpu::getLoadMutex() {
  static Mutex mutex;
  return mutex;
}

Loaded *mxgpu::find(const Run &run, void **place) {
  auto *entry = static_cast<Loaded *>(__atomic_load_n(place, __ATOMIC_ACQUIRE));
  while (entry && entry->contextId != run.contextId)
    entry = entry->next;
  return entry;
}

Loaded *mxgpu::add(Run &run, void **place, void *value) {
  auto *entry = static_cast<Loaded *>(std::malloc(sizeof(Loaded)));
  if (!entry) {
    setError(MX_GPU_NO_HOST_MEMORY, "expected host memory, got none");
    return nullptr;
  }
  *entry = {static_cast<Loaded *>(*place), run.contextId, value, 0};
  __atomic_store_n(place, entry, __ATOMIC_RELEASE);
  return entry;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

static bool isReached(const mx_gpu_program &program, int major, int minor) {
  int needed = program.capability / 10, neededMinor = program.capability % 10;
  if (program.reach == MX_GPU_REACH_EXACT)
    return major == needed && minor == neededMinor;
  if (major == needed)
    return minor >= neededMinor;
  return program.reach == MX_GPU_REACH_LATER && major > needed;
}

/// The driver would say no more than that there is no code for the GPU.
static bool verifyDevice(Run &run, const mx_gpu_program &program) {
  int major = 0, minor = 0;
  if (!run.checkAttribute(major, kComputeCapabilityMajor) ||
      !run.checkAttribute(minor, kComputeCapabilityMinor))
    return false;
  if (isReached(program, major, minor))
    return true;
  static constexpr const char *reaches[] = {" or later",
                                            " or later of its family", ""};
  setError(MX_GPU_WRONG_DEVICE,
           "expected a GPU of compute capability %d.%d%s for code of %s, got "
           "%d.%d",
           program.capability / 10, program.capability % 10,
           reaches[program.reach], program.chip, major, minor);
  return false;
}

/// Loads the image. What the driver's assembler says about PTX gets into the
/// error.
static void *loadImage(Run &run, const mx_gpu_program &program) {
  char log[512] = "";
  int options[] = {kErrorLogBuffer, kErrorLogBufferBytes};
  void *values[] = {log, reinterpret_cast<void *>(uintptr_t(sizeof(log) - 1))};
  void *module = nullptr;
  int result =
      run.driver->loadModule(&module, program.image, 2, options, values);
  log[sizeof(log) - 1] = '\0';
  return run.check(result, "a driver that loads code of %s%s%s%s", program.chip,
                   *log ? " ('" : "", log, *log ? "')" : "")
             ? module
             : nullptr;
}

Loaded *mxgpu::loadProgram(Run &run, mx_gpu_program &program) {
  if (Loaded *entry = find(run, &program.loaded))
    return entry;
  Lock lock(getLoadMutex());
  if (Loaded *entry = find(run, &program.loaded))
    return entry;
  if (!verifyDevice(run, program))
    return nullptr;
  void *module = loadImage(run, program);
  return module ? add(run, &program.loaded, module) : nullptr;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static Loaded *loadKernel(Run &run, mx_gpu_program &program, void **place,
                          const char *name) {
  if (Loaded *entry = find(run, place))
    return entry;
  Loaded *module = loadProgram(run, program);
  if (!module)
    return nullptr;
  Lock lock(getLoadMutex());
  if (Loaded *entry = find(run, place))
    return entry;
  void *function = nullptr;
  if (!run.check(run.driver->getFunction(&function, module->value, name),
                 "the kernel '%s'", name))
    return nullptr;
  return add(run, place, function);
}

/// More than 48 KiB must be asked for.
static bool allowShared(Run &run, Loaded &kernel, const char *name,
                        int32_t bytes) {
  if (bytes <= __atomic_load_n(&kernel.sharedBytes, __ATOMIC_ACQUIRE))
    return true;
  Lock lock(getLoadMutex());
  if (bytes <= kernel.sharedBytes)
    return true;
  if (!run.check(run.driver->setFunctionAttribute(
                     kernel.value, kMaxDynamicSharedBytes, bytes),
                 "%d bytes of shared memory for '%s'", bytes, name))
    return false;
  __atomic_store_n(&kernel.sharedBytes, bytes, __ATOMIC_RELEASE);
  return true;
}

/// Checks the sizes of a launch; what else they must be, the driver knows.
static bool verifySizes(const char *name, std::initializer_list<int64_t> grid,
                        std::initializer_list<int64_t> block) {
  constexpr int64_t mostBlocks = INT32_MAX, mostThreads = 1024;
  for (int64_t size : block)
    if (size < 1 || size > mostThreads) {
      setError(MX_GPU_BAD_LAUNCH,
               "expected a block of 1 to 1024 along each axis to launch '%s', "
               "got %lld",
               name, static_cast<long long>(size));
      return false;
    }
  for (int64_t size : grid)
    if (size < 0 || size > mostBlocks) {
      setError(MX_GPU_BAD_LAUNCH,
               "expected a grid of 0 to 2^31 - 1 along each axis to launch "
               "'%s', got %lld",
               name, static_cast<long long>(size));
      return false;
    }
  return true;
}

void mx_gpu_launch(mx_gpu_program *program, void **kernel, const char *name,
                   int64_t gridX, int64_t gridY, int64_t gridZ, int64_t blockX,
                   int64_t blockY, int64_t blockZ, int32_t dynamicSharedBytes,
                   void **parameters) {
  Entered run;
  if (!run ||
      !verifySizes(name, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}))
    return;
  // The driver refuses a grid of no blocks.
  if (gridX == 0 || gridY == 0 || gridZ == 0)
    return;
  Loaded *entry = loadKernel(*run, *program, kernel, name);
  if (!entry || !allowShared(*run, *entry, name, dynamicSharedBytes))
    return;
  run->check(run->driver->launch(entry->value, gridX, gridY, gridZ, blockX,
                                 blockY, blockZ, dynamicSharedBytes,
                                 run->stream, parameters, nullptr),
             "'%s' to be launched", name);
}
