//===- Run.cpp - one run of a program in one thread -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Run.h"
#include "Program.h"
#include "mx/Runtime/GpuRuntime.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

using namespace mxgpu;

namespace {

/// What a thread knows. The text outlives the code, so that it can be read.
struct ThreadState {
  Run *run;
  int32_t code;
  char text[1024];
};

} // namespace

/// Without a destructor, so that threads need not be told of it.
static thread_local ThreadState state;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

void mxgpu::setError(int32_t code, const char *format, ...) {
  if (state.code != MX_GPU_SUCCESS)
    return;
  state.code = code;
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(state.text, sizeof(state.text), format, arguments);
  va_end(arguments);
}

int32_t mxgpu::getStatus() { return state.code; }

bool Run::check(int result, const char *what, ...) {
  if (result == 0)
    return true;
  char expected[512];
  va_list arguments;
  va_start(arguments, what);
  std::vsnprintf(expected, sizeof(expected), what, arguments);
  va_end(arguments);
  const char *reason = nullptr;
  driver->getErrorString(result, &reason);
  setError(result, "expected %s, got error %d (%s)", expected, result,
           reason ? reason : "unknown");
  return false;
}

bool Run::checkAttribute(int &value, int attribute) {
  return check(driver->getAttribute(&value, attribute, device),
               "an attribute of device %d", device);
}

const char *mx_gpu_error() {
  // Outside of a run, whoever asks may go on.
  if (!state.run)
    state.code = MX_GPU_SUCCESS;
  return state.text;
}

//===----------------------------------------------------------------------===//
// Beginning and end
//===----------------------------------------------------------------------===//

/// Streams that are numbers, the same in every context: the default ones.
static bool isDefaultStream(void *stream) {
  constexpr uintptr_t lastNumber = 2;
  return reinterpret_cast<uintptr_t>(stream) <= lastNumber;
}

/// Makes `context` the primary one of device 0. The process holds it once,
/// however often it is asked for, and again after somebody has reset it.
static bool takePrimary(Run &run, void *&context) {
  static void *held;
  constexpr int device = 0;
  if (!run.check(run.driver->retainPrimary(&context, device),
                 "the context of device %d", device))
    return false;
  if (__atomic_exchange_n(&held, context, __ATOMIC_ACQ_REL) == context)
    run.driver->releasePrimary(device);
  return true;
}

bool Run::begin(void *stream) {
  this->stream = stream;
  driver = getDriver();
  if (!driver)
    return false;
  void *current = nullptr, *wanted = nullptr;
  if (!check(driver->getCurrent(&current), "the thread's context"))
    return false;
  if (!isDefaultStream(stream) &&
      !check(driver->getStreamContext(stream, &wanted),
             "a stream of the driver"))
    return false;
  if (!wanted)
    wanted = current;
  if (!wanted && !takePrimary(*this, wanted))
    return false;
  if (wanted != current) {
    if (!check(driver->pushCurrent(wanted), "a context that can be used"))
      return false;
    hasPushed = true;
  }
  contextId = reinterpret_cast<uintptr_t>(wanted);
  // Another context may get the address of one that was destroyed.
  if (driver->getContextId)
    driver->getContextId(wanted, &contextId);
  int pools = 0;
  if (!check(driver->getDevice(&device), "the context's device") ||
      !checkAttribute(pools, kMemoryPoolsSupported))
    return false;
  hasPools = pools != 0 && driver->allocAsync && driver->freeAsync;
  return true;
}

void Run::end() {
  if (getStatus() != MX_GPU_SUCCESS)
    for (size_t i = 0; i < allocations.size; ++i)
      freeMemory(*this, allocations.list[i]);
  for (size_t i = 0; i < fetched.size; ++i)
    std::free(fetched.list[i]);
  for (Allocations *memory : {&allocations, &fetched}) {
    std::free(memory->list);
    *memory = {};
  }
  void *ignored;
  if (hasPushed)
    driver->popCurrent(&ignored);
  hasPushed = false;
}

Entered::Entered(bool evenAfterErrors) {
  if (state.code != MX_GPU_SUCCESS && !evenAfterErrors)
    return;
  if (state.run) {
    run = state.run;
    return;
  }
  if (state.code == MX_GPU_SUCCESS)
    state.text[0] = '\0';
  run = &own;
  if (own.begin(/*stream=*/nullptr))
    return;
  own.end();
  run = nullptr;
}

Entered::~Entered() {
  if (run == &own)
    own.end();
}

int32_t mx_gpu_run(mx_gpu_program *program, void (*body)(void **values),
                   void **values, void *stream) {
  Run run;
  run.isTracked = true;
  run.outer = state.run;
  run.outerStatus = state.code;
  state.code = MX_GPU_SUCCESS;
  state.text[0] = '\0';
  std::jmp_buf exit;
  run.exit = &exit;
  // A program that only moves memory has no kernels.
  if (run.begin(stream) && (!program->image || loadProgram(run, *program))) {
    state.run = &run;
    if (setjmp(exit) == 0)
      body(values);
  }
  run.end();
  state.run = run.outer;
  // Whoever called knows now, and may go on.
  int32_t status = state.code;
  state.code = run.outer ? run.outerStatus : MX_GPU_SUCCESS;
  return status;
}
