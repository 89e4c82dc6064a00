//===- Array.cpp - what goes into and comes out of a program --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Array.h"
#include "mx/Numerics/Half.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::StringRef;

namespace {
struct DTypeInfo {
  const char *name;
  unsigned bytes;
};
} // namespace

static const DTypeInfo &getInfo(DType type) {
  static constexpr DTypeInfo table[] = {
      {"i1", 1},   {"i8", 1},  {"i16", 2}, {"i32", 4}, {"i64", 8},
      {"u8", 1},   {"u16", 2}, {"u32", 4}, {"u64", 8}, {"f16", 2},
      {"bf16", 2}, {"f32", 4}, {"f64", 8}};
  return table[static_cast<unsigned>(type)];
}

StringRef mlir::mx::getDTypeName(DType type) { return getInfo(type).name; }

std::optional<DType> mlir::mx::lookupDType(StringRef name) {
  for (DType type : kDTypes)
    if (name == getDTypeName(type))
      return type;
  return std::nullopt;
}

unsigned mlir::mx::getDTypeBytes(DType type) { return getInfo(type).bytes; }

std::optional<int64_t> mlir::mx::countElements(ArrayRef<int64_t> shape,
                                               unsigned elementBytes) {
  constexpr int64_t limit = int64_t(1) << 62;
  int64_t bytes = elementBytes;
  bool isEmpty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    isEmpty |= size == 0;
    // Checked even beside a zero, so that no later product wraps.
    if (size != 0 && llvm::MulOverflow(bytes, size, bytes))
      return std::nullopt;
    if (bytes > limit)
      return std::nullopt;
  }
  return isEmpty ? 0 : bytes / elementBytes;
}

std::string mlir::mx::formatShape(ArrayRef<int64_t> shape, DType type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (int64_t size : shape) {
    if (size < 0)
      os << "?x";
    else
      os << size << 'x';
  }
  os << getDTypeName(type);
  return text;
}

llvm::Expected<Array> Array::wrap(DType type, ArrayRef<int64_t> shape,
                                  void *data, Ownership ownership) {
  std::optional<int64_t> elements = countElements(shape, getDTypeBytes(type));
  if (!elements)
    return llvm::createStringError("expected an array of less than 2^62 bytes, "
                                   "got '" +
                                   formatShape(shape, type) + "'");
  Array result;
  result.type = type;
  result.shape.assign(shape.begin(), shape.end());
  result.elements = *elements;
  result.storage = {static_cast<char *>(data), Deleter{ownership}};
  return result;
}

llvm::Expected<Array> Array::create(DType type, ArrayRef<int64_t> shape) {
  constexpr size_t alignment = 64;
  llvm::Expected<Array> result = wrap(type, shape, nullptr, Ownership::Owned);
  if (!result)
    return result;
  size_t bytes = llvm::alignTo(result->getByteSize() + 1, alignment);
  result->storage.reset(
      static_cast<char *>(std::aligned_alloc(alignment, bytes)));
  if (!result->storage)
    return llvm::createStringError("expected memory for '" +
                                   formatShape(shape, type) + "', got none");
  std::memset(result->storage.get(), 0, bytes);
  return result;
}

llvm::Expected<Array> Array::clone() const {
  llvm::Expected<Array> copy = create(type, shape);
  if (copy)
    std::memcpy(copy->data(), data(), getByteSize());
  return copy;
}

//===----------------------------------------------------------------------===//
// Elements as numbers
//===----------------------------------------------------------------------===//

template <typename T>
static T load(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename T>
static void store(char *to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

double Array::getAsDouble(int64_t index) const {
  const char *from = data() + index * getDTypeBytes(type);
  switch (type) {
  case DType::Bool:
    return load<uint8_t>(from) != 0;
  case DType::I8:
    return load<int8_t>(from);
  case DType::I16:
    return load<int16_t>(from);
  case DType::I32:
    return load<int32_t>(from);
  case DType::I64:
    return static_cast<double>(load<int64_t>(from));
  case DType::U8:
    return load<uint8_t>(from);
  case DType::U16:
    return load<uint16_t>(from);
  case DType::U32:
    return load<uint32_t>(from);
  case DType::U64:
    return static_cast<double>(load<uint64_t>(from));
  case DType::F16:
    return mxnum::f16ToF32(load<uint16_t>(from));
  case DType::BF16:
    return mxnum::bf16ToF32(load<uint16_t>(from));
  case DType::F32:
    return load<float>(from);
  case DType::F64:
    return load<double>(from);
  }
  llvm_unreachable("every element type is listed");
}

/// Stores the integer nearest to `value` that T has; NaN gives 0.
template <typename T>
static void storeInteger(char *to, double value) {
  // The bounds below are powers of two, hence exact in a double.
  constexpr double upper =
      2.0 * static_cast<double>(std::numeric_limits<T>::max() / 2 + 1);
  constexpr double lower = static_cast<double>(std::numeric_limits<T>::min());
  double rounded = std::nearbyint(value);
  if (std::isnan(rounded))
    store<T>(to, 0);
  else if (rounded >= upper)
    store<T>(to, std::numeric_limits<T>::max());
  else if (rounded < lower)
    store<T>(to, std::numeric_limits<T>::min());
  else
    store<T>(to, static_cast<T>(rounded));
}

void Array::setFromDouble(int64_t index, double value) {
  char *to = data() + index * getDTypeBytes(type);
  switch (type) {
  case DType::Bool:
    return store<uint8_t>(to, value != 0);
  case DType::I8:
    return storeInteger<int8_t>(to, value);
  case DType::I16:
    return storeInteger<int16_t>(to, value);
  case DType::I32:
    return storeInteger<int32_t>(to, value);
  case DType::I64:
    return storeInteger<int64_t>(to, value);
  case DType::U8:
    return storeInteger<uint8_t>(to, value);
  case DType::U16:
    return storeInteger<uint16_t>(to, value);
  case DType::U32:
    return storeInteger<uint32_t>(to, value);
  case DType::U64:
    return storeInteger<uint64_t>(to, value);
  case DType::F16:
    return store(to, mxnum::f64ToF16(value));
  case DType::BF16:
    return store(to, mxnum::f64ToBF16(value));
  case DType::F32:
    return store(to, static_cast<float>(value));
  case DType::F64:
    return store(to, value);
  }
}
