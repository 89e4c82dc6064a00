//===- InputSpec.cpp - arrays named on a command line ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "InputSpec.h"
#include "mx/Driver/Npy.h"
#include "mx/Numerics/Philox.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::mx;
using llvm::Expected;

static llvm::Error makeSpecError(StringRef spec) {
  return llvm::createStringError(
      "expected an input '@file.npy', '4x32xf32=1.5' or "
      "'4x32xf32=random(7)', got '" +
      spec + "'");
}

//===----------------------------------------------------------------------===//
// Making
//===----------------------------------------------------------------------===//

/// Parses "4x32xf32".
static bool parseShapedType(StringRef text, SmallVectorImpl<int64_t> &shape,
                            std::optional<DType> &type) {
  while (!text.empty() && llvm::isDigit(text.front())) {
    int64_t size;
    if (text.consumeInteger(10, size) || !text.consume_front("x"))
      return false;
    shape.push_back(size);
  }
  type = lookupDType(text);
  return type.has_value();
}

/// Numbers in [-1, 1) for floating-point types, any byte otherwise.
static void fillRandom(Array &array, uint64_t seed) {
  bool isFloat = array.getType() == DType::F16 ||
                 array.getType() == DType::BF16 ||
                 array.getType() == DType::F32 || array.getType() == DType::F64;
  for (int64_t i = 0; i < array.size(); ++i) {
    double value = isFloat ? mxnum::getRandomBits(seed, i, 24) * 0x1p-23 - 1
                           : mxnum::getRandomBits(seed, i, 8);
    // The upper half of the bytes stands for negative numbers.
    if (array.getType() == DType::I8 && value > 127)
      value -= 256;
    array.setFromDouble(i, value);
  }
}

namespace {

/// The whole numbers that an element type holds: as far below 0, and above.
struct IntegerRange {
  uint64_t below;
  uint64_t above;
};

} // namespace

/// The range of `type`; nothing if it is no type of whole numbers.
static std::optional<IntegerRange> getIntegerRange(DType type) {
  unsigned bits = type == DType::Bool ? 1 : 8 * getDTypeBytes(type);
  switch (type) {
  case DType::I8:
  case DType::I16:
  case DType::I32:
  case DType::I64:
    return IntegerRange{uint64_t(1) << (bits - 1), llvm::maxUIntN(bits - 1)};
  case DType::Bool:
  case DType::U8:
  case DType::U16:
  case DType::U32:
  case DType::U64:
    return IntegerRange{0, llvm::maxUIntN(bits)};
  default:
    return std::nullopt;
  }
}

/// The magnitude that `text` spells, in digits or as in "1e3".
static std::optional<uint64_t> parseMagnitude(StringRef text) {
  uint64_t magnitude;
  if (!text.getAsInteger(10, magnitude))
    return magnitude;
  double number;
  if (text.getAsDouble(number) || !(number >= 0.0 && number < 0x1p64) ||
      std::trunc(number) != number)
    return std::nullopt;
  return static_cast<uint64_t>(number);
}

/// Fills with a whole number. False if `range` does not hold it: a number that
/// was clamped would be another than the one asked for.
static bool fillInteger(Array &array, StringRef text, IntegerRange range) {
  bool isNegative = text.consume_front("-");
  std::optional<uint64_t> magnitude = parseMagnitude(text);
  if (!magnitude || *magnitude > (isNegative ? range.below : range.above))
    return false;
  uint64_t bits = isNegative ? -*magnitude : *magnitude;
  unsigned elementBytes = getDTypeBytes(array.getType());
  for (int64_t i = 0; i < array.size(); ++i) {
    if (elementBytes == sizeof(bits))
      std::memcpy(array.data() + i * elementBytes, &bits, sizeof(bits));
    else
      array.setFromDouble(i, static_cast<double>(static_cast<int64_t>(bits)));
  }
  return true;
}

static llvm::Error fill(Array &array, StringRef value, StringRef spec) {
  uint64_t seed;
  if (value.consume_front("random(")) {
    if (value.consumeInteger(10, seed) || value != ")")
      return makeSpecError(spec);
    fillRandom(array, seed);
    return llvm::Error::success();
  }
  double number;
  if (value.getAsDouble(number))
    return makeSpecError(spec);
  if (auto range = getIntegerRange(array.getType())) {
    if (fillInteger(array, value, *range))
      return llvm::Error::success();
    return llvm::createStringError(
        "expected a whole number from " + Twine(range->below ? "-" : "") +
        Twine(range->below) + " to " + Twine(range->above) + " for '" +
        getDTypeName(array.getType()) + "', got '" + value + "'");
  }
  for (int64_t i = 0; i < array.size(); ++i)
    array.setFromDouble(i, number);
  return llvm::Error::success();
}

Expected<Array> mlir::mx::makeInput(StringRef spec) {
  if (spec.starts_with("@"))
    return readNpy(spec.drop_front());
  auto [left, value] = spec.split('=');
  SmallVector<int64_t> shape;
  std::optional<DType> type;
  if (!parseShapedType(left, shape, type))
    return makeSpecError(spec);
  Expected<Array> array = Array::create(*type, shape);
  if (!array)
    return array;
  if (llvm::Error error = fill(*array, value, spec))
    return error;
  return array;
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

static DType dropSign(DType type) {
  switch (type) {
  case DType::I8:
    return DType::U8;
  case DType::I16:
    return DType::U16;
  case DType::I32:
    return DType::U32;
  case DType::I64:
    return DType::U64;
  default:
    return type;
  }
}

static bool acceptsType(DType argument, DType array) {
  if (argument == DType::BF16 && array == DType::U16)
    return true;
  return dropSign(argument) == dropSign(array);
}

static bool acceptsShape(ArrayRef<int64_t> argument, ArrayRef<int64_t> array) {
  return argument.size() == array.size() &&
         llvm::all_of(llvm::zip(argument, array), [](auto sizes) {
           auto [expected, got] = sizes;
           return expected < 0 || expected == got;
         });
}

llvm::Error mlir::mx::checkInput(const Array &array,
                                 const ValueSignature &argument) {
  if (acceptsType(argument.type, array.getType()) &&
      acceptsShape(argument.shape, array.getShape()))
    return llvm::Error::success();
  return llvm::createStringError(
      "expected '" + formatShape(argument.shape, argument.type) + "', got '" +
      formatShape(array.getShape(), array.getType()) + "'");
}

Expected<StringRef> mlir::mx::parseOutputSpec(StringRef spec) {
  if (spec.size() > 1 && spec.starts_with("@"))
    return spec.drop_front();
  return llvm::createStringError("expected an output '@file.npy', got '" +
                                 spec + "'");
}
