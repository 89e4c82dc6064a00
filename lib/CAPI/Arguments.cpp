//===- Arguments.cpp - what callers of C pass, checked --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Text.h"
#include "mx/Driver/Array.h"
#include "mx/Numerics/Hadamard.h"

using namespace mlir::mx;
using namespace mxnum;
using llvm::Twine;

static_assert(static_cast<int>(ElementType::E2M1) == MX_E2M1 &&
                  static_cast<int>(ElementType::E5M2) == MX_E5M2 &&
                  static_cast<int>(ScaleType::E8M0) == MX_E8M0 &&
                  static_cast<int>(ScaleType::UE4M3) == MX_UE4M3,
              "the types of the two interfaces have the same numbers");

bool mlir::mx::checkElement(MXElement element, MXText **messages) {
  if (element >= MX_E2M1 && element <= MX_E5M2)
    return true;
  return fail(messages, "expected an element type of MXElement, got " +
                            Twine(static_cast<int>(element)));
}

bool mlir::mx::checkCount(int64_t count, MXText **messages) {
  if (count >= 0)
    return true;
  return fail(messages, "expected a number of elements, got " + Twine(count));
}

static std::optional<BlockFormat> readFormat(const MXFormat &format,
                                             MXText **messages) {
  if (!checkElement(format.element, messages))
    return std::nullopt;
  if (format.scale != MX_E8M0 && format.scale != MX_UE4M3) {
    fail(messages, "expected a scale type of MXScale, got " +
                       Twine(static_cast<int>(format.scale)));
    return std::nullopt;
  }
  BlockFormat result{static_cast<ElementType>(format.element),
                     static_cast<ScaleType>(format.scale), format.block,
                     format.hasTensorScale};
  if (const char *expected = explainInvalidFormat(result)) {
    fail(messages, "expected " + Twine(expected) + ", got " +
                       Twine(format.block) + " elements of " +
                       Twine(getElementInfo(result.element).bits) + " bits");
    return std::nullopt;
  }
  return result;
}

std::optional<std::vector<int64_t>> mlir::mx::readShape(int64_t rank,
                                                        const int64_t *shape,
                                                        int64_t axis,
                                                        MXText **messages) {
  if (rank < 1) {
    fail(messages,
         "expected an array of at least one dimension, got " + Twine(rank));
    return std::nullopt;
  }
  if (axis < 0 || axis >= rank) {
    fail(messages, "expected an axis from 0 to " + Twine(rank - 1) + ", got " +
                       Twine(axis));
    return std::nullopt;
  }
  llvm::ArrayRef<int64_t> sizes(shape, rank);
  if (!countElements(sizes, sizeof(double))) {
    fail(messages, "expected sizes of an array of less than 2^62 bytes, got '" +
                       formatShape(sizes, DType::F32) + "'");
    return std::nullopt;
  }
  return sizes.vec();
}

std::optional<BlockShape> mlir::mx::readBlocks(const MXBlocks &blocks,
                                               const MXFormat &format,
                                               MXText **messages) {
  std::optional<BlockFormat> checked = readFormat(format, messages);
  if (!checked)
    return std::nullopt;
  std::optional<std::vector<int64_t>> sizes =
      readShape(blocks.rank, blocks.shape, blocks.axis, messages);
  if (!sizes)
    return std::nullopt;
  return BlockShape{*checked, std::move(*sizes)};
}

static std::optional<ScaleRule> readRule(const char *name, MXText **messages) {
  if (std::optional<ScaleRule> rule = lookupScaleRule(name))
    return rule;
  std::string names;
  for (ScaleRule each : kScaleRules)
    names += (names.empty() ? "'" : ", '") +
             std::string(getScaleRuleName(each)) + "'";
  fail(messages,
       "expected a scale rule (" + Twine(names) + "), got '" + name + "'");
  return std::nullopt;
}

static std::optional<QuantizeOptions>
readOptions(const MXQuantization &quantization, const BlockFormat &format,
            MXText **messages) {
  std::optional<ScaleRule> rule = readRule(quantization.scaleRule, messages);
  if (!rule)
    return std::nullopt;
  QuantizeOptions options;
  options.rule = *rule;
  options.rounding =
      quantization.isStochastic ? Rounding::Stochastic : Rounding::NearestEven;
  if (const char *expected =
          explainInvalidRule(format, options.rule, options.rounding)) {
    fail(messages, "expected " + Twine(expected) + ", got '" +
                       quantization.scaleRule + "'");
    return std::nullopt;
  }
  constexpr uint32_t mostBits = 23;
  if (quantization.isStochastic &&
      (quantization.randomBits < 1 || quantization.randomBits > mostBits)) {
    fail(messages,
         "expected 1 to 23 random bits, got " + Twine(quantization.randomBits));
    return std::nullopt;
  }
  options.randomBits = quantization.randomBits;
  options.seed = quantization.seed;
  options.satfinite = quantization.isSatfinite;
  if (quantization.tensorScale)
    options.tensorScale = *quantization.tensorScale;
  return options;
}

std::optional<QuantizationTask>
mlir::mx::readQuantization(const MXQuantization &quantization,
                           const MXBlocks &blocks, MXText **messages) {
  std::optional<BlockFormat> format = readFormat(quantization.format, messages);
  if (!format)
    return std::nullopt;
  std::optional<QuantizeOptions> options =
      readOptions(quantization, *format, messages);
  if (!options)
    return std::nullopt;
  std::optional<std::vector<int64_t>> sizes =
      readShape(blocks.rank, blocks.shape, blocks.axis, messages);
  if (!sizes)
    return std::nullopt;
  return QuantizationTask{*format, std::move(*sizes), *options};
}

bool mlir::mx::checkRotation(int64_t size, const int8_t *signs,
                             MXText **messages) {
  if (!isHadamardSize(size))
    return fail(messages, "expected the size of a rotation to be a power of "
                          "two from 2 to 256, got " +
                              Twine(size));
  for (int64_t i = 0; signs && i < size; ++i)
    if (signs[i] != 1 && signs[i] != -1)
      return fail(messages, "expected signs that are 1 or -1, got " +
                                Twine(static_cast<int>(signs[i])));
  return true;
}
