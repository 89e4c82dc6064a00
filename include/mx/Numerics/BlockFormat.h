//===- BlockFormat.h - what a block-scaled tensor is made of ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A format says what bits mean: element type, scale type, block length and
// whether one f32 scale covers the tensor (N1.5). It carries no rounding and
// no scale rule; those belong to the act of encoding (ScaleRule.h).
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_BLOCKFORMAT_H
#define MX_NUMERICS_BLOCKFORMAT_H

#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/SmallFloat.h"
#include <optional>
#include <string_view>

namespace mxnum {

struct BlockFormat {
  ElementType element;
  ScaleType scale;
  /// Number of elements that share a scale, along the blocked axis.
  int64_t block;
  /// Whether one f32 factor covers the whole tensor.
  bool tensorScale;

  bool operator==(const BlockFormat &other) const {
    return element == other.element && scale == other.scale &&
           block == other.block && tensorScale == other.tensorScale;
  }
  bool operator!=(const BlockFormat &other) const { return !(*this == other); }
};

/// A named format of N1.5.
struct NamedFormat {
  const char *name;
  BlockFormat format;
};

/// The six named formats, in the order of N1.5.
inline constexpr NamedFormat kNamedFormats[] = {
    {"mxfp4", {ElementType::E2M1, ScaleType::E8M0, 32, false}},
    {"nvfp4", {ElementType::E2M1, ScaleType::UE4M3, 16, true}},
    {"mxfp6_e2m3", {ElementType::E2M3, ScaleType::E8M0, 32, false}},
    {"mxfp6_e3m2", {ElementType::E3M2, ScaleType::E8M0, 32, false}},
    {"mxfp8_e4m3", {ElementType::E4M3, ScaleType::E8M0, 32, false}},
    {"mxfp8_e5m2", {ElementType::E5M2, ScaleType::E8M0, 32, false}},
};

/// Longest block that a format may have (N1.5).
inline constexpr int64_t kMaxBlock = 65536;

/// Returns the named format called `name`, if there is one.
std::optional<BlockFormat> lookupFormat(std::string_view name);

/// Returns the name of `format`, or an empty string if it has none.
std::string_view getFormatName(const BlockFormat &format);

/// Returns null if `format` is allowed by N1.5, else what must hold, e.g.
/// "a block that is a whole number of bytes".
const char *explainInvalidFormat(const BlockFormat &format);

/// Payload and scale bits for each value, e.g. 4.25 for mxfp4 (the tensor
/// scale not counted).
double getBitsPerValue(const BlockFormat &format);

} // namespace mxnum

#endif // MX_NUMERICS_BLOCKFORMAT_H
