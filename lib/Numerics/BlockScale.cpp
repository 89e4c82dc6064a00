//===- BlockScale.cpp - E8M0 and UE4M3 block scales -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// E8M0 is the exponent field of an f32, with the subnormal 2^-127 at the
// bottom; UE4M3 is E4M3 without a sign.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/FloatBits.h"
#include "mx/Numerics/SmallFloat.h"
#include <limits>

using namespace mxnum;

static constexpr uint8_t kE8M0NaN = 0xFF;
static constexpr uint8_t kUE4M3NaN = 0x7F;

uint8_t mxnum::getPoisonScale(ScaleType type) {
  return type == ScaleType::E8M0 ? kE8M0NaN : kUE4M3NaN;
}

uint8_t mxnum::getUnitScale(ScaleType type) {
  return type == ScaleType::E8M0 ? uint8_t(kF32Bias) : encodeUE4M3(1.0f);
}

float mxnum::decodeScale(ScaleType type, uint8_t byte) {
  // N1.2: only 255 is NaN. N1.3: so are 0x7F and every byte with a sign.
  if (byte >= getPoisonScale(type))
    return std::numeric_limits<float>::quiet_NaN();
  if (type == ScaleType::UE4M3)
    return decodeElement(ElementType::E4M3, byte);
  return powerOfTwo(byte - kF32Bias);
}

uint8_t mxnum::encodeUE4M3(float value) {
  // NaN passes this test and gets its code from N2.4.
  if (value <= 0.0f)
    return 0;
  return encodeElement(ElementType::E4M3, value);
}
