//===- InputSpec.cpp - arrays named on a command line ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "InputSpec.h"
#include "mx/Driver/Npy.h"
#include "mx/Numerics/Philox.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::mx;
using llvm::Expected;

static llvm::Error makeSpecError(StringRef spec) {
  return llvm::createStringError(
      "expected an input '@file.npy', '4x32xf32=1.5' or "
      "'4x32xf32=random(7)', got '" +
      spec + "'");
}

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

static bool fill(Array &array, StringRef value) {
  uint64_t seed;
  if (value.consume_front("random(")) {
    if (value.consumeInteger(10, seed) || value != ")")
      return false;
    fillRandom(array, seed);
    return true;
  }
  double number;
  if (value.getAsDouble(number))
    return false;
  for (int64_t i = 0; i < array.size(); ++i)
    array.setFromDouble(i, number);
  return true;
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
  if (array && !fill(*array, value))
    return makeSpecError(spec);
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
