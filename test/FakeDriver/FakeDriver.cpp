//===- FakeDriver.cpp - a libcuda.so.1 for machines without a GPU ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"
#include "FakeKernels.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

struct Context {
  unsigned long long id;
};
struct Stream {
  Context *context;
};
struct Function {
  std::string name;
  int sharedBytes = 0;
};
struct Failure {
  std::string name;
  int count, code;
};

constexpr int kInvalidValue = 1, kOutOfMemory = 2, kInvalidContext = 201,
              kNotFound = 500, kBadImage = 200;
/// No address of the host has this bit.
constexpr uintptr_t kDeviceBit = uintptr_t(1) << 62;

struct Machine {
  std::mutex mutex;
  std::string log;
  std::map<std::string, int> counts;
  std::vector<Failure> failures;
  std::map<uintptr_t, size_t> memory;
  std::map<std::string, FakeKernel> kernels;
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Function>> functions;
  Context *primary = nullptr;
  unsigned long long nextId = 1;
  int capability = 120, pools = 1;
  FILE *file = nullptr;

  Machine();
  Context *createContext() {
    contexts.push_back(std::make_unique<Context>(Context{nextId++}));
    return contexts.back().get();
  }
  int record(const char *name, const std::string &details);
  bool owns(uintptr_t address, size_t bytes) const;
};

} // namespace

Machine::Machine() {
  if (const char *text = std::getenv("MX_FAKE_DRIVER_CAPABILITY"))
    capability = std::atoi(text);
  if (const char *text = std::getenv("MX_FAKE_DRIVER_POOLS"))
    pools = std::atoi(text);
  if (const char *path = std::getenv("MX_FAKE_DRIVER_LOG"))
    file = std::fopen(path, "w");
  char name[64];
  Failure failure{"", 0, 0};
  if (const char *text = std::getenv("MX_FAKE_DRIVER_FAIL"))
    if (std::sscanf(text, "%63[^:]:%d:%d", name, &failure.count,
                    &failure.code) == 3) {
      failure.name = name;
      failures.push_back(failure);
    }
}

static Machine &machine() {
  static auto *instance = new Machine;
  return *instance;
}

static thread_local std::vector<Context *> stack;

/// Notes a call; returns what it was told to fail with, or 0.
int Machine::record(const char *name, const std::string &details) {
  std::string line = name + (details.empty() ? "" : " " + details) + "\n";
  log += line;
  if (file) {
    std::fputs(line.c_str(), file);
    std::fflush(file);
  }
  int count = ++counts[name];
  for (const Failure &failure : failures)
    if (failure.name == name && failure.count == count)
      return failure.code;
  return 0;
}

bool Machine::owns(uintptr_t address, size_t bytes) const {
  auto next = memory.upper_bound(address);
  if (next == memory.begin())
    return false;
  auto [start, size] = *std::prev(next);
  return address + bytes <= start + size;
}

static int call(const char *name, const std::string &details = "") {
  std::lock_guard<std::mutex> lock(machine().mutex);
  return machine().record(name, details);
}

//===----------------------------------------------------------------------===//
// Steering
//===----------------------------------------------------------------------===//

void fake_reset() {
  std::lock_guard<std::mutex> lock(machine().mutex);
  Machine &m = machine();
  m.log.clear();
  m.counts.clear();
  m.failures.clear();
  for (auto [address, bytes] : m.memory)
    std::free(reinterpret_cast<void *>(address & ~kDeviceBit));
  m.memory.clear();
  m.kernels.clear();
  m.primary = nullptr;
  m.capability = 120;
  m.pools = 1;
}

void fake_fail(const char *name, int count, int code) {
  std::lock_guard<std::mutex> lock(machine().mutex);
  machine().failures.push_back({name, count, code});
}
void fake_set_capability(int capability) { machine().capability = capability; }
void fake_set_pools(bool hasPools) { machine().pools = hasPools; }
void fake_set_kernel(const char *name, FakeKernel kernel) {
  machine().kernels[name] = kernel;
}
const char *fake_calls() { return machine().log.c_str(); }
int fake_count_calls(const char *name) { return machine().counts[name]; }
int fake_count_allocations() { return int(machine().memory.size()); }
void *fake_host_address(const void *address) {
  return reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(address) &
                                  ~kDeviceBit);
}
void *fake_create_context() { return machine().createContext(); }
void *fake_create_stream(void *context) {
  machine().streams.push_back(
      std::make_unique<Stream>(Stream{static_cast<Context *>(context)}));
  return machine().streams.back().get();
}
void fake_replace_context(void *context) {
  static_cast<Context *>(context)->id = machine().nextId++;
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

extern "C" {

int cuInit(unsigned) { return call("cuInit"); }

int cuGetErrorString(int code, const char **text) {
  *text = code == kOutOfMemory    ? "out of memory"
          : code == kNotFound     ? "named symbol not found"
          : code == 100           ? "no CUDA-capable device is detected"
          : code == kInvalidValue ? "invalid argument"
                                  : "some failure";
  return 0;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  if (int code = call("cuDeviceGetAttribute", std::to_string(attribute)))
    return code;
  *value = attribute == 75    ? machine().capability / 10
           : attribute == 76  ? machine().capability % 10
           : attribute == 115 ? machine().pools
                              : 0;
  return 0;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
  if (int code = call("cuDevicePrimaryCtxRetain", std::to_string(device)))
    return code;
  std::lock_guard<std::mutex> lock(machine().mutex);
  if (!machine().primary)
    machine().primary = machine().createContext();
  *context = machine().primary;
  return 0;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  return call("cuDevicePrimaryCtxRelease", std::to_string(device));
}

int cuCtxGetCurrent(void **context) {
  *context = stack.empty() ? nullptr : stack.back();
  return call("cuCtxGetCurrent");
}

int cuCtxPushCurrent_v2(void *context) {
  if (int code = call("cuCtxPushCurrent"))
    return code;
  stack.push_back(static_cast<Context *>(context));
  return 0;
}

int cuCtxPopCurrent_v2(void **context) {
  if (int code = call("cuCtxPopCurrent"))
    return code;
  if (stack.empty())
    return kInvalidContext;
  *context = stack.back();
  stack.pop_back();
  return 0;
}

int cuCtxGetDevice(int *device) {
  *device = 0;
  if (int code = call("cuCtxGetDevice"))
    return code;
  return stack.empty() ? kInvalidContext : 0;
}

int cuCtxGetId(void *context, unsigned long long *id) {
  *id = static_cast<Context *>(context)->id;
  return call("cuCtxGetId");
}

int cuCtxSynchronize() { return call("cuCtxSynchronize"); }

int cuStreamGetCtx(void *stream, void **context) {
  *context = static_cast<Stream *>(stream)->context;
  return call("cuStreamGetCtx");
}

int cuStreamSynchronize(void *) { return call("cuStreamSynchronize"); }

//===----------------------------------------------------------------------===//
// Modules and launches
//===----------------------------------------------------------------------===//

/// An image is a fat binary, machine code or PTX; a zero ends PTX.
static bool isImage(const void *image) {
  static const unsigned char fatbin[] = {0x50, 0xed, 0x55, 0xba};
  return std::memcmp(image, fatbin, 4) == 0 ||
         std::memcmp(image, "\177ELF", 4) == 0 ||
         std::strstr(static_cast<const char *>(image), ".version");
}

int cuModuleLoadDataEx(void **module, const void *image, unsigned count,
                       int *options, void **values) {
  if (int code = call("cuModuleLoadDataEx")) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == 5)
        std::strcpy(static_cast<char *>(values[i]), "ptxas says no");
    return code;
  }
  if (!isImage(image))
    return kBadImage;
  *module = const_cast<void *>(image);
  return 0;
}

int cuModuleGetFunction(void **function, void *module, const char *name) {
  if (int code = call("cuModuleGetFunction", name))
    return code;
  std::lock_guard<std::mutex> lock(machine().mutex);
  machine().functions.push_back(std::make_unique<Function>(Function{name}));
  *function = machine().functions.back().get();
  return 0;
}

int cuFuncSetAttribute(void *function, int attribute, int value) {
  auto *known = static_cast<Function *>(function);
  if (int code = call("cuFuncSetAttribute", known->name + " " +
                                                std::to_string(attribute) +
                                                " " + std::to_string(value)))
    return code;
  known->sharedBytes = value;
  return 0;
}

int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                   unsigned gridZ, unsigned blockX, unsigned blockY,
                   unsigned blockZ, unsigned sharedBytes, void *,
                   void **parameters, void **) {
  constexpr unsigned freeOfCharge = 48 << 10;
  auto *known = static_cast<Function *>(function);
  unsigned grid[] = {gridX, gridY, gridZ}, block[] = {blockX, blockY, blockZ};
  std::string details = known->name;
  for (unsigned size :
       {gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes})
    details += " " + std::to_string(size);
  if (int code = call("cuLaunchKernel", details))
    return code;
  for (unsigned size : {gridX, gridY, gridZ, blockX, blockY, blockZ})
    if (size == 0)
      return kInvalidValue;
  if (sharedBytes > freeOfCharge && sharedBytes > unsigned(known->sharedBytes))
    return kInvalidValue;
  auto found = machine().kernels.find(known->name);
  if (found != machine().kernels.end())
    found->second(parameters, grid, block);
  else if (FakeKernel kernel = lookupFakeKernel(known->name))
    kernel(parameters, grid, block);
  return 0;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static int allocate(unsigned long long *address, size_t bytes) {
  std::lock_guard<std::mutex> lock(machine().mutex);
  constexpr size_t alignment = 256;
  void *memory = std::aligned_alloc(alignment, (bytes + alignment - 1) /
                                                   alignment * alignment);
  std::memset(memory, 0xFF, bytes);
  *address = reinterpret_cast<uintptr_t>(memory) | kDeviceBit;
  machine().memory[*address] = bytes;
  return 0;
}

static int release(unsigned long long address) {
  std::lock_guard<std::mutex> lock(machine().mutex);
  if (machine().memory.erase(address) == 0)
    return kInvalidValue;
  std::free(reinterpret_cast<void *>(address & ~kDeviceBit));
  return 0;
}

/// Copies where every device address is within what was allocated.
static int copy(const char *name, uintptr_t to, uintptr_t from, size_t bytes) {
  if (int code = call(name, std::to_string(bytes)))
    return code;
  std::lock_guard<std::mutex> lock(machine().mutex);
  for (uintptr_t address : {to, from})
    if ((address & kDeviceBit) && !machine().owns(address, bytes))
      return kInvalidValue;
  std::memmove(reinterpret_cast<void *>(to & ~kDeviceBit),
               reinterpret_cast<void *>(from & ~kDeviceBit), bytes);
  return 0;
}

static uintptr_t toNumber(const void *address) {
  return reinterpret_cast<uintptr_t>(address);
}

int cuMemAlloc_v2(unsigned long long *address, size_t bytes) {
  int code = call("cuMemAlloc", std::to_string(bytes));
  return code ? code : allocate(address, bytes);
}
int cuMemAllocAsync(unsigned long long *address, size_t bytes, void *) {
  int code = call("cuMemAllocAsync", std::to_string(bytes));
  return code ? code : allocate(address, bytes);
}
int cuMemFree_v2(unsigned long long address) {
  int code = call("cuMemFree");
  return code ? code : release(address);
}
int cuMemFreeAsync(unsigned long long address, void *) {
  int code = call("cuMemFreeAsync");
  return code ? code : release(address);
}
int cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from,
                         size_t bytes, void *) {
  return copy("cuMemcpyDtoDAsync", to, from, bytes);
}
int cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t bytes,
                         void *) {
  return copy("cuMemcpyDtoHAsync", toNumber(to), from, bytes);
}
int cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t bytes,
                         void *) {
  return copy("cuMemcpyHtoDAsync", to, toNumber(from), bytes);
}

int cuTensorMapEncodeTiled(void *map, int type, uint32_t rank, void *address,
                           const uint64_t *extents, const uint64_t *strides,
                           const uint32_t *box, const uint32_t *, int, int, int,
                           int) {
  std::string details = std::to_string(type);
  for (uint32_t axis = 0; axis < rank; ++axis)
    details +=
        " " + std::to_string(extents[axis]) + "/" + std::to_string(box[axis]);
  for (uint32_t axis = 0; axis + 1 < rank; ++axis)
    details += " +" + std::to_string(strides[axis]);
  if (int code = call("cuTensorMapEncodeTiled", details))
    return code;
  if (toNumber(address) % 16 != 0)
    return kInvalidValue;
  std::memset(map, 0, 128);
  std::memcpy(map, &address, sizeof(address));
  return 0;
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

int cuEventCreate(void **event, unsigned) {
  *event = machine().createContext();
  return call("cuEventCreate");
}
int cuEventRecord(void *, void *) { return call("cuEventRecord"); }
int cuEventSynchronize(void *) { return call("cuEventSynchronize"); }
int cuEventElapsedTime(float *milliseconds, void *, void *) {
  *milliseconds = 0.25F;
  return call("cuEventElapsedTime");
}
int cuEventDestroy_v2(void *) { return call("cuEventDestroy"); }
}
