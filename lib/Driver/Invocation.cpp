//===- Invocation.cpp - one call of a compiled function -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Invocation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include <cstdlib>
#include <cstring>

using namespace mlir;
using namespace mlir::mx;

std::vector<int64_t> mlir::mx::makeDescriptor(void *data,
                                              ArrayRef<int64_t> shape) {
  auto address = reinterpret_cast<int64_t>(data);
  std::vector<int64_t> words = {address, address, 0};
  words.insert(words.end(), shape.begin(), shape.end());
  words.resize(3 + 2 * shape.size());
  int64_t stride = 1;
  for (size_t dim = shape.size(); dim-- > 0;) {
    words[3 + shape.size() + dim] = stride;
    stride *= shape[dim];
  }
  return words;
}

Invocation::Invocation(const FunctionSignature &signature,
                       MutableArrayRef<Array> inputs)
    : signature(signature), inputs(inputs) {
  for (auto [argument, input] : llvm::zip_equal(signature.arguments, inputs)) {
    storage.push_back(argument.isBuffer
                          ? makeDescriptor(input.data(), input.getShape())
                          : std::vector<int64_t>());
    values.push_back(argument.isBuffer ? storage.back().data()
                                       : static_cast<void *>(input.data()));
  }
  for (const ValueSignature &result : signature.results) {
    storage.emplace_back(3 + 2 * result.shape.size());
    values.push_back(storage.back().data());
  }
}

Invocation::~Invocation() { freeResults(); }

void Invocation::call(Program::Entry entry) {
  freeResults();
  entry(values.data());
}

bool Invocation::belongsToInput(const void *address) const {
  return llvm::any_of(
      inputs, [&](const Array &input) { return input.data() == address; });
}

void Invocation::freeResults() {
  llvm::SmallPtrSet<void *, 4> freed;
  for (auto [index, result] : llvm::enumerate(signature.results)) {
    std::vector<int64_t> &words = storage[signature.arguments.size() + index];
    if (!result.isBuffer || words[0] == kNotAllocated)
      continue;
    auto *memory = reinterpret_cast<void *>(words[0]);
    // Results may share memory with each other and with the inputs.
    if (!belongsToInput(memory) && freed.insert(memory).second)
      std::free(memory);
  }
  for (size_t i = signature.arguments.size(); i < storage.size(); ++i)
    llvm::fill(storage[i], 0);
}

void mlir::mx::copyStrided(const char *from, ArrayRef<int64_t> shape,
                           ArrayRef<int64_t> strides, int64_t elementBytes,
                           char *&to) {
  if (shape.empty()) {
    std::memcpy(to, from, elementBytes);
    to += elementBytes;
    return;
  }
  for (int64_t i = 0; i < shape.front(); ++i)
    copyStrided(from + i * strides.front() * elementBytes, shape.drop_front(),
                strides.drop_front(), elementBytes, to);
}

llvm::Expected<Array> Invocation::copyResult(unsigned index) const {
  const ValueSignature &result = signature.results[index];
  ArrayRef<int64_t> words = storage[signature.arguments.size() + index];
  int64_t elementBytes = getDTypeBytes(result.type);
  size_t rank = result.shape.size();
  ArrayRef<int64_t> shape = words.slice(3, rank);
  ArrayRef<int64_t> strides = words.slice(3 + rank, rank);
  llvm::Expected<Array> array = Array::create(result.type, shape);
  if (!array)
    return array;
  auto *from = reinterpret_cast<const char *>(words.data());
  if (result.isBuffer)
    from = reinterpret_cast<const char *>(words[1]) + words[2] * elementBytes;
  char *to = array->data();
  if (array->size() != 0)
    copyStrided(from, shape, strides, elementBytes, to);
  return array;
}

/// Whether the memory of a result is all there is in an allocation that nothing
/// else refers to.
bool Invocation::ownsWholeArray(unsigned index) const {
  size_t first = signature.arguments.size();
  ArrayRef<int64_t> words = storage[first + index];
  if (!signature.results[index].isBuffer || words[0] == kNotAllocated ||
      words[0] != words[1] ||
      belongsToInput(reinterpret_cast<const void *>(words[0])))
    return false;
  size_t rank = signature.results[index].shape.size();
  std::vector<int64_t> whole =
      makeDescriptor(reinterpret_cast<void *>(words[0]), words.slice(3, rank));
  if (words != ArrayRef<int64_t>(whole))
    return false;
  for (size_t i = first; i < storage.size(); ++i)
    if (i != first + index && storage[i][0] == words[0])
      return false;
  return true;
}

llvm::Expected<Array> Invocation::takeResult(unsigned index) {
  if (!ownsWholeArray(index))
    return copyResult(index);
  const ValueSignature &result = signature.results[index];
  std::vector<int64_t> &words = storage[signature.arguments.size() + index];
  auto shape = ArrayRef<int64_t>(words).slice(3, result.shape.size());
  llvm::Expected<Array> array = Array::wrap(
      result.type, shape, reinterpret_cast<void *>(words[0]), Ownership::Owned);
  // Memory that is no longer ours to free.
  if (array)
    words[0] = words[1] = 0;
  return array;
}

llvm::Expected<std::vector<Array>> Invocation::takeResults() {
  std::vector<Array> results;
  for (unsigned i = 0, e = signature.results.size(); i < e; ++i) {
    llvm::Expected<Array> result = takeResult(i);
    if (!result)
      return result.takeError();
    results.push_back(std::move(*result));
  }
  return results;
}
