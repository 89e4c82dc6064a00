//===- CheckedBuffer.cpp - a program's buffer as rows ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "CheckedBuffer.h"
#include "mx/Numerics/Half.h"
#include "llvm/Support/ErrorHandling.h"
#include <cstring>

using namespace mlir;
using namespace mlir::mx;

/// A descriptor is: allocated pointer, aligned pointer, offset, sizes,
/// strides; all of them words.
CheckedBuffer::CheckedBuffer(DType type, int64_t rank, const void *descriptor)
    : type(type) {
  const auto *words = static_cast<const int64_t *>(descriptor);
  base =
      reinterpret_cast<const char *>(words[1]) + words[2] * getDTypeBytes(type);
  shape.assign(words + 3, words + 3 + rank);
  strides.assign(words + 3 + rank, words + 3 + 2 * rank);
}

int64_t CheckedBuffer::countRows() const {
  int64_t rows = 1;
  for (int64_t size : ArrayRef<int64_t>(shape).drop_back(!shape.empty()))
    rows *= size;
  return rows;
}

const char *CheckedBuffer::getRow(int64_t row) const {
  int64_t offset = 0;
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim) {
    offset += row % shape[dim] * strides[dim];
    row /= shape[dim];
  }
  return base + offset * getDTypeBytes(type);
}

int64_t CheckedBuffer::getStep() const {
  return (strides.empty() ? 1 : strides.back()) *
         static_cast<int64_t>(getDTypeBytes(type));
}

template <typename T>
static T load(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

static float loadFloat(DType type, const char *from) {
  switch (type) {
  case DType::F32:
    return load<float>(from);
  case DType::BF16:
    return mxnum::bf16ToF32(load<uint16_t>(from));
  case DType::F16:
    return mxnum::f16ToF32(load<uint16_t>(from));
  default:
    llvm_unreachable("the pass hands over f32, bf16 and f16");
  }
}

void CheckedBuffer::readRow(int64_t row, std::vector<float> &values) const {
  values.resize(getRowLength());
  const char *from = getRow(row);
  for (int64_t i = 0, e = getRowLength(); i < e; ++i)
    values[i] = loadFloat(type, from + i * getStep());
}

void CheckedBuffer::readRow(int64_t row, std::vector<uint8_t> &bytes) const {
  bytes.resize(getRowLength());
  const char *from = getRow(row);
  for (int64_t i = 0, e = getRowLength(); i < e; ++i)
    bytes[i] = load<uint8_t>(from + i * getStep());
}

float CheckedBuffer::getFloat(int64_t row, int64_t column) const {
  return loadFloat(type, getRow(row) + column * getStep());
}

int64_t CheckedBuffer::getInteger(int64_t row, int64_t column) const {
  const char *from = getRow(row) + column * getStep();
  return type == DType::I32 ? load<int32_t>(from) : load<int64_t>(from);
}

SavedBuffer::SavedBuffer(const CheckedBuffer &buffer)
    : rowLength(buffer.getRowLength()) {
  std::vector<float> row;
  for (int64_t i = 0, e = buffer.countRows(); i < e && rowLength != 0; ++i) {
    buffer.readRow(i, row);
    values.insert(values.end(), row.begin(), row.end());
  }
}
