//===- GpuInvocation.cpp - calls of a function on a GPU -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The runtime of this process moves arrays; a library has one of its own, which
// works in the same context of the driver.
//===----------------------------------------------------------------------===//

#include "GpuInvocation.h"
#include "Invocation.h"
#include "mx/Runtime/GpuRuntime.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <cstring>

using namespace mlir;
using namespace mlir::mx;
using llvm::Error;
using llvm::Expected;

/// What the runtime of this process has to say.
static Error takeError() {
  StringRef text = mx_gpu_error();
  return text.empty() ? Error::success() : llvm::createStringError(text);
}

GpuInvocation::~GpuInvocation() {
  freeResults();
  for (void *buffer : buffers)
    mx_gpu_free(buffer);
}

Error GpuInvocation::prepare(Program &program) {
  Expected<Program::GpuEntry> foundEntry =
      program.lookupGpuEntry(signature.name);
  if (!foundEntry)
    return foundEntry.takeError();
  Expected<Program::GpuError> foundError = program.lookupGpuError();
  if (!foundError)
    return foundError.takeError();
  entry = *foundEntry;
  error = *foundError;
  for (auto [argument, input] : llvm::zip_equal(signature.arguments, inputs)) {
    void *buffer = nullptr;
    if (argument.isBuffer) {
      buffer = mx_gpu_alloc(input.getByteSize());
      if (!buffer)
        return takeError();
    }
    buffers.push_back(buffer);
    storage.push_back(buffer ? makeDescriptor(buffer, input.getShape())
                             : std::vector<int64_t>());
    values.push_back(buffer ? storage.back().data()
                            : static_cast<void *>(input.data()));
  }
  for (const ValueSignature &result : signature.results) {
    storage.emplace_back(3 + 2 * result.shape.size());
    values.push_back(storage.back().data());
  }
  return upload();
}

Error GpuInvocation::upload() {
  for (auto [buffer, input] : llvm::zip_equal(buffers, inputs))
    if (buffer) {
      mx_gpu_upload(buffer, input.data(), input.getByteSize());
      if (Error failed = takeError())
        return failed;
    }
  return Error::success();
}

Error GpuInvocation::call() {
  freeResults();
  if (entry(values.data(), /*stream=*/nullptr) == MX_GPU_SUCCESS)
    return Error::success();
  // Nothing of the results is there.
  for (size_t i = signature.arguments.size(); i < storage.size(); ++i)
    llvm::fill(storage[i], 0);
  return llvm::createStringError(error());
}

void GpuInvocation::freeResults() {
  llvm::SmallPtrSet<void *, 4> freed;
  // Only what prepare has finished has results.
  for (size_t i = signature.arguments.size(); i < storage.size(); ++i) {
    const ValueSignature &result =
        signature.results[i - signature.arguments.size()];
    int64_t word = storage[i][0];
    auto *memory = reinterpret_cast<void *>(word);
    // Results may share memory with each other and with the inputs.
    if (result.isBuffer && word != 0 && word != kNotAllocated &&
        !llvm::is_contained(buffers, memory) && freed.insert(memory).second)
      mx_gpu_free(memory);
    llvm::fill(storage[i], 0);
  }
}

Expected<Array> GpuInvocation::copyResult(unsigned index) {
  const ValueSignature &result = signature.results[index];
  ArrayRef<int64_t> words = storage[signature.arguments.size() + index];
  int64_t elementBytes = getDTypeBytes(result.type);
  size_t rank = result.shape.size();
  ArrayRef<int64_t> shape = words.slice(3, rank);
  ArrayRef<int64_t> strides = words.slice(3 + rank, rank);
  Expected<Array> array = Array::create(result.type, shape);
  if (!array || array->size() == 0)
    return array;
  if (!result.isBuffer) {
    std::memcpy(array->data(), words.data(), elementBytes);
    return array;
  }
  int64_t span = 1;
  for (auto [size, stride] : llvm::zip_equal(shape, strides))
    span += (size - 1) * stride;
  Expected<Array> bytes = Array::create(DType::U8, {span * elementBytes});
  if (!bytes)
    return bytes;
  mx_gpu_load(bytes->data(),
              reinterpret_cast<const char *>(words[1]) +
                  words[2] * elementBytes,
              bytes->size());
  if (Error failed = takeError())
    return failed;
  char *to = array->data();
  copyStrided(bytes->data(), shape, strides, elementBytes, to);
  return array;
}

Expected<std::vector<Array>> GpuInvocation::takeResults() {
  std::vector<Array> results;
  for (unsigned i = 0, e = signature.results.size(); i < e; ++i) {
    Expected<Array> result = copyResult(i);
    if (!result)
      return result.takeError();
    results.push_back(std::move(*result));
  }
  // Also without results, the kernels have to end well.
  mx_gpu_synchronize();
  if (Error failed = takeError())
    return failed;
  return results;
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

Expected<bool> GpuInvocation::haveInputsChanged() {
  for (auto [buffer, input] : llvm::zip_equal(buffers, inputs)) {
    if (!buffer)
      continue;
    Expected<Array> copy = Array::create(input.getType(), input.getShape());
    if (!copy)
      return copy.takeError();
    mx_gpu_load(copy->data(), buffer, copy->getByteSize());
    if (Error failed = takeError())
      return failed;
    if (std::memcmp(copy->data(), input.data(), copy->getByteSize()) != 0)
      return true;
  }
  return false;
}

Expected<std::vector<double>> GpuInvocation::measure(unsigned runs) {
  // The call before this one warmed up, and shows whether copies are needed.
  Expected<bool> overwrites = haveInputsChanged();
  if (!overwrites)
    return overwrites.takeError();
  std::vector<double> times;
  for (unsigned i = 0; i < runs; ++i) {
    if (*overwrites)
      if (Error failed = upload())
        return failed;
    void *first = mx_gpu_record_event();
    if (Error failed = call())
      return failed;
    void *last = mx_gpu_record_event();
    times.push_back(mx_gpu_elapsed(first, last));
    if (Error failed = takeError())
      return failed;
  }
  return times;
}
