//===- BlockFormat.cpp - what a block-scaled tensor is made of ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Names and limits of formats (N1.5).
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockFormat.h"

using namespace mxnum;

static constexpr unsigned kByteBits = 8;

std::optional<BlockFormat> mxnum::lookupFormat(std::string_view name) {
  for (const NamedFormat &named : kNamedFormats)
    if (name == named.name)
      return named.format;
  return std::nullopt;
}

std::string_view mxnum::getFormatName(const BlockFormat &format) {
  for (const NamedFormat &named : kNamedFormats)
    if (format == named.format)
      return named.name;
  return {};
}

const char *mxnum::explainInvalidFormat(const BlockFormat &format) {
  if (format.block < 1 || format.block > kMaxBlock)
    return "a block of 1 to 65536 elements";
  if (format.block * getElementInfo(format.element).bits % kByteBits != 0)
    return "a block that is a whole number of bytes";
  return nullptr;
}

double mxnum::getBitsPerValue(const BlockFormat &format) {
  return getElementInfo(format.element).bits +
         double(kByteBits) / static_cast<double>(format.block);
}
