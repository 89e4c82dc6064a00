//===- Conversion.cpp - conversions in registers --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Codes come from lib/Numerics, whose saturating rounding and treatment of NaN
// are the machine's. What is said here is how pairs lie in a register, scales,
// and halves, whose NaN is the canonical one.
//===----------------------------------------------------------------------===//

#include "FusedSum.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/SmallFloat.h"
#include "mx/Simulator/DeviceCalls.h"
#include <algorithm>
#include <cmath>

using namespace mxsim;

static constexpr uint32_t kHalfNaN = 0x7FFF, kScaleNaN = 0xFF;
static constexpr uint32_t kLargestScale = 0xFE;

static mxnum::ElementType toElementType(int32_t type) {
  switch (type) {
  case MXSIM_TYPE_E4M3:
    return mxnum::ElementType::E4M3;
  case MXSIM_TYPE_E5M2:
    return mxnum::ElementType::E5M2;
  case MXSIM_TYPE_E3M2:
    return mxnum::ElementType::E3M2;
  case MXSIM_TYPE_E2M3:
    return mxnum::ElementType::E2M3;
  default:
    return mxnum::ElementType::E2M1;
  }
}

/// Bits that a number takes in a pair.
static unsigned getSlotBits(int32_t type) {
  constexpr unsigned nibble = 4, byte = 8, half = 16;
  if (type == MXSIM_TYPE_F16 || type == MXSIM_TYPE_BF16)
    return half;
  return type == MXSIM_TYPE_E2M1 ? nibble : byte;
}

/// Rounds to a half; `toZero` steps back where rounding went up.
static uint32_t narrow(int32_t type, float value, bool toZero) {
  if (std::isnan(value))
    return kHalfNaN;
  bool isF16 = type == MXSIM_TYPE_F16;
  uint16_t bits = isF16 ? mxnum::f32ToF16(value) : mxnum::f32ToBF16(value);
  float rounded = isF16 ? mxnum::f16ToF32(bits) : mxnum::bf16ToF32(bits);
  if (toZero && std::fabs(rounded) > std::fabs(value))
    --bits;
  return bits;
}

/// The power of two at or above (`MXSIM_ROUND_UP`) or at or below |value|.
static uint32_t encodeScale(float value, int32_t rounding, bool saturate) {
  constexpr int bias = 127;
  if (std::isnan(value))
    return kScaleNaN;
  float magnitude = std::fabs(value);
  if (std::isinf(magnitude))
    return saturate ? kLargestScale : kScaleNaN;
  if (magnitude == 0)
    return 0;
  int exponent = std::ilogb(magnitude);
  if (rounding == MXSIM_ROUND_UP && magnitude != std::ldexp(1.0f, exponent))
    ++exponent;
  if (exponent + bias > int(kLargestScale))
    return saturate ? kLargestScale : kScaleNaN;
  return uint32_t(std::max(exponent + bias, 0));
}

static uint32_t encode(int32_t type, float value, int32_t rounding,
                       bool saturate, bool relu) {
  if (relu && value <= 0)
    value = 0;
  switch (type) {
  case MXSIM_TYPE_F16:
  case MXSIM_TYPE_BF16:
    return narrow(type, value, rounding == MXSIM_ROUND_ZERO);
  case MXSIM_TYPE_UE8M0:
    return encodeScale(value, rounding, saturate);
  default:
    return mxnum::encodeElement(toElementType(type), value);
  }
}

uint32_t mxsim_convert_from_f32x2(int32_t type, float high, float low,
                                  int32_t rounding, int32_t saturate,
                                  int32_t relu) {
  return encode(type, high, rounding, saturate, relu) << getSlotBits(type) |
         encode(type, low, rounding, saturate, relu);
}

static float widen(int32_t type, uint32_t half) {
  return decodeNumber(type, half & 0xFFFF);
}

uint32_t mxsim_convert_from_halves(int32_t type, int32_t source, uint32_t pair,
                                   int32_t rounding, int32_t saturate,
                                   int32_t relu) {
  return mxsim_convert_from_f32x2(type, widen(source, pair >> 16),
                                  widen(source, pair), rounding, saturate,
                                  relu);
}

static uint32_t decodeToHalf(int32_t type, int32_t target, uint32_t code,
                             bool relu) {
  constexpr uint32_t byteMask = 0xFF;
  float value =
      type == MXSIM_TYPE_UE8M0
          ? mxnum::decodeScale(mxnum::ScaleType::E8M0, uint8_t(code & byteMask))
          : decodeNumber(type, code);
  if (relu && value <= 0)
    value = 0;
  return narrow(target, value, false);
}

uint32_t mxsim_convert_to_halves(int32_t type, int32_t target, uint32_t pair,
                                 int32_t relu) {
  return decodeToHalf(type, target, pair >> getSlotBits(type), relu) << 16 |
         decodeToHalf(type, target, pair, relu);
}

uint32_t mxsim_convert_stochastic(int32_t type, const float *values,
                                  uint32_t random, int32_t relu) {
  constexpr unsigned randomBits = 8;
  uint32_t result = 0;
  for (unsigned index = 0; index < 4; ++index) {
    float value = relu && values[index] <= 0 ? 0 : values[index];
    uint32_t share = random >> randomBits * index & 0xFF;
    uint32_t code = mxnum::encodeElementStochastic(toElementType(type), value,
                                                   share, randomBits);
    result |= code << getSlotBits(type) * index;
  }
  return result;
}

// --- prmt -------------------------------------------------------------------

/// Which of the eight bytes becomes byte `index` in a mode with a number.
static unsigned pickByte(int32_t mode, unsigned number, unsigned index) {
  switch (mode) {
  case MXSIM_PERMUTE_F4E:
    return number + index;
  case MXSIM_PERMUTE_B4E:
    return (number - index) & 7;
  case MXSIM_PERMUTE_RC8:
    return number;
  case MXSIM_PERMUTE_ECL:
    return std::max(number, index);
  case MXSIM_PERMUTE_ECR:
    return std::min(number, index);
  default:
    return (number & 1) * 2 + (index & 1);
  }
}

uint32_t mxsim_permute(int32_t mode, uint32_t low, uint32_t high,
                       uint32_t selector) {
  uint64_t bytes = uint64_t(high) << 32 | low;
  uint32_t result = 0;
  for (unsigned index = 0; index < 4; ++index) {
    unsigned nibble = selector >> 4 * index & 15;
    bool isDefault = mode == MXSIM_PERMUTE_DEFAULT;
    unsigned pick =
        isDefault ? nibble & 7 : pickByte(mode, selector & 3, index);
    auto byte = uint8_t(bytes >> 8 * pick);
    // The nibble's top bit asks for the byte's sign, eight times.
    if (isDefault && nibble & 8)
      byte = byte & 0x80 ? 0xFF : 0;
    result |= uint32_t(byte) << 8 * index;
  }
  return result;
}
