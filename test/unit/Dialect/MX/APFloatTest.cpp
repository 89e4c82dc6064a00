//===- APFloatTest.cpp - builtin float types mean what N1 and N2 say ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A payload may be written as numbers of a builtin type, which LLVM's APFloat
// reads and rounds. It agrees with lib/Numerics on every finite value in range;
// beyond the range the two differ, and the tests say how.
//===----------------------------------------------------------------------===//

#include "llvm/ADT/APFloat.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/SmallFloat.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace mxnum;
using llvm::APFloat;

namespace {

const llvm::fltSemantics &getSemantics(ElementType type) {
  switch (type) {
  case ElementType::E2M1:
    return APFloat::Float4E2M1FN();
  case ElementType::E2M3:
    return APFloat::Float6E2M3FN();
  case ElementType::E3M2:
    return APFloat::Float6E3M2FN();
  case ElementType::E4M3:
    return APFloat::Float8E4M3FN();
  case ElementType::E5M2:
    return APFloat::Float8E5M2();
  }
  return APFloat::IEEEsingle();
}

class APFloatElement : public testing::TestWithParam<ElementType> {
protected:
  const ElementInfo &info = getElementInfo(GetParam());
  const llvm::fltSemantics &semantics = getSemantics(GetParam());

  APFloat encode(float value) const {
    APFloat result(value);
    bool losesInfo;
    result.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
    return result;
  }

  /// The magnitude from which rounding leaves the range.
  float getOverflow() const {
    return info.maxFinite +
           std::ldexp(0.5f, info.emax - static_cast<int>(info.mantissaBits));
  }

  /// Compares the two encoders on one value, and says where they must differ.
  testing::AssertionResult check(float value) const {
    uint8_t ours = encodeElement(GetParam(), value);
    APFloat theirs = encode(value);
    uint64_t code = theirs.bitcastToAPInt().getZExtValue();
    bool agree;
    if (std::isnan(value)) // N2.4; formats without NaN have no answer.
      agree = !info.hasNaN ||
              (theirs.isNaN() && std::isnan(decodeElement(GetParam(), ours)));
    else if (std::fabs(value) < getOverflow())
      agree = ours == code;
    else // N2.2 saturates; APFloat does so only without NaN and infinity.
      agree = std::fabs(decodeElement(GetParam(), ours)) == info.maxFinite &&
              (info.hasNaN ? !theirs.isFinite() || ours == code : true);
    if (agree)
      return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << info.name << ": " << value << " is " << int(ours) << " by N2 and "
           << code << " by APFloat";
  }
};

TEST_P(APFloatElement, N1_1_EveryCode) {
  for (unsigned code = 0; code < 1u << info.bits; ++code) {
    float ours = decodeElement(GetParam(), static_cast<uint8_t>(code));
    APFloat theirs(semantics, llvm::APInt(info.bits, code));
    if (std::isnan(ours)) {
      EXPECT_TRUE(theirs.isNaN()) << info.name << " code " << code;
      continue;
    }
    EXPECT_TRUE(theirs.bitwiseIsEqual(encode(ours)))
        << info.name << " code " << code;
    EXPECT_EQ(ours, theirs.convertToFloat()) << info.name << " code " << code;
    EXPECT_EQ(std::signbit(ours), theirs.isNegative());
  }
}

TEST_P(APFloatElement, N2_1_EveryBF16AndF16) {
  for (unsigned bits = 0; bits < 1u << 16; ++bits) {
    ASSERT_TRUE(check(bf16ToF32(static_cast<uint16_t>(bits))));
    ASSERT_TRUE(check(f16ToF32(static_cast<uint16_t>(bits))));
  }
}

TEST_P(APFloatElement, N2_1_NeighboursOfEveryMidpoint) {
  std::vector<float> magnitudes;
  for (unsigned code = 0; code < 1u << (info.bits - 1); ++code)
    if (float value = decodeElement(GetParam(), static_cast<uint8_t>(code));
        std::isfinite(value))
      magnitudes.push_back(value);
  for (size_t i = 0; i + 1 < magnitudes.size(); ++i) {
    float middle = (magnitudes[i] + magnitudes[i + 1]) / 2;
    for (float value : {std::nextafterf(middle, 0), middle,
                        std::nextafterf(middle, INFINITY)}) {
      ASSERT_TRUE(check(value));
      ASSERT_TRUE(check(-value));
    }
  }
}

std::string getName(const testing::TestParamInfo<ElementType> &param) {
  return getElementInfo(param.param).name;
}

INSTANTIATE_TEST_SUITE_P(Elements, APFloatElement,
                         testing::ValuesIn(kElementTypes), getName);

TEST(APFloatScale, N1_2_EveryE8M0Byte) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    float ours = decodeScale(ScaleType::E8M0, static_cast<uint8_t>(byte));
    APFloat theirs(APFloat::Float8E8M0FNU(), llvm::APInt(8, byte));
    if (std::isnan(ours))
      EXPECT_TRUE(theirs.isNaN()) << "byte " << byte;
    else
      EXPECT_EQ(ours, theirs.convertToFloat()) << "byte " << byte;
  }
}

TEST(APFloatScale, N1_3_EveryUE4M3Byte) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    float ours = decodeScale(ScaleType::UE4M3, static_cast<uint8_t>(byte));
    APFloat theirs(APFloat::Float8E4M3FN(), llvm::APInt(8, byte));
    // APFloat reads the sign that a block scale does not have.
    if (std::isnan(ours))
      EXPECT_TRUE(theirs.isNaN() || byte >= 0x80) << "byte " << byte;
    else
      EXPECT_EQ(ours, theirs.convertToFloat()) << "byte " << byte;
  }
}

} // namespace
