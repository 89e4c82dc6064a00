//===- MatmulTest.cpp - the reference matrix product
//-------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N7: the value, the bound that plain loops meet, and the exact domain.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/Matmul.h"
#include "Samples.h"
#include "mx/Numerics/ExactSum.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

/// A dot product with its scales, and the plain f32 loop over it.
struct Dot {
  std::vector<float> a, b;
  float scaleA = 1.0f, scaleB = 1.0f, init = 0.0f;

  int64_t count() const { return int64_t(a.size()); }

  DotReference reference() const {
    return referenceDot(a.data(), b.data(), count(), scaleA, scaleB, init,
                        count() + 1);
  }
  float loop() const {
    float sum = 0.0f;
    for (int64_t k = 0; k < count(); ++k) {
      float product = a[k] * b[k];
      sum = sum + product;
    }
    float scaled = (scaleA * scaleB) * sum;
    return init + scaled;
  }
};

Dot drawDot(Random &random, int64_t count) {
  Dot dot;
  for (int64_t k = 0; k < count; ++k) {
    dot.a.push_back(float(random.normal()));
    dot.b.push_back(float(random.studentT5()));
  }
  dot.scaleA = float(random.uniform());
  dot.scaleB = float(random.uniform());
  dot.init = float(random.normal());
  return dot;
}

TEST(Matmul, N7_1_SmallProduct) {
  Dot dot{{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}, 0.5f, 2.0f, 10.0f};
  DotReference reference = dot.reference();
  EXPECT_EQ(42.0f, reference.nearest);
  EXPECT_EQ(42.0, reference.value);
}

TEST(Matmul, N7_1_RoundsOnce) {
  // Terms that cancel in f32 leave the small one.
  Dot dot{{1e30f, 1.0f, -1e30f}, {1.0f, 0x1p-60f, 1.0f}};
  EXPECT_EQ(0x1p-60f, dot.reference().nearest);
  dot.init = 0x1p-61f;
  dot.scaleA = 3.0f;
  EXPECT_EQ(0x1.cp-59, dot.reference().value);
}

TEST(Matmul, N7_1_SpecialValues) {
  auto value = [](Dot dot) { return dot.reference().nearest; };
  EXPECT_TRUE(std::isnan(value({{NAN}, {1.0f}})));
  EXPECT_TRUE(std::isnan(value({{HUGE_VALF}, {0.0f}})));
  EXPECT_TRUE(std::isnan(value({{HUGE_VALF, 1.0f}, {1.0f, -HUGE_VALF}})));
  EXPECT_EQ(HUGE_VALF, value({{HUGE_VALF}, {2.0f}}));
  EXPECT_EQ(-HUGE_VALF, value({{1.0f}, {1.0f}, 1.0f, 1.0f, -HUGE_VALF}));
  EXPECT_TRUE(std::isnan(value({{1.0f}, {1.0f}, NAN})));
  EXPECT_TRUE(std::isnan(value({{}, {}, HUGE_VALF})));
  // The sum is scaled, not its terms: 0·inf would be NaN.
  EXPECT_EQ(HUGE_VALF, value({{0.0f, 1.0f}, {1.0f, 1.0f}, HUGE_VALF}));
  EXPECT_EQ(7.0f, value({{}, {}, 1.0f, 1.0f, 7.0f}));
}

TEST(Matmul, N7_2_LoopsMeetTheBound) {
  Random random(1);
  for (int64_t count : {0, 1, 2, 7, 32, 100, 1000, 4096})
    for (int trial = 0; trial < 40; ++trial) {
      Dot dot = drawDot(random, count);
      DotReference reference = dot.reference();
      ASSERT_LE(std::fabs(dot.loop() - reference.value), reference.bound);
    }
}

TEST(Matmul, N7_2_LoopsMeetTheBoundWithSubnormals) {
  Random random(2);
  for (int trial = 0; trial < 2000; ++trial) {
    Dot dot;
    for (int k = 0; k < 16; ++k) {
      dot.a.push_back(random.anyFloat(40, 70));
      dot.b.push_back(random.anyFloat(40, 70));
    }
    dot.scaleA = std::fabs(random.anyFloat(100, 140));
    DotReference reference = dot.reference();
    ASSERT_LE(std::fabs(dot.loop() - reference.value), reference.bound);
  }
}

TEST(Matmul, N7_2_BoundIsTheFormula) {
  Random random(3);
  for (int trial = 0; trial < 100; ++trial) {
    Dot dot = drawDot(random, 64);
    double magnitude = 0.0;
    for (int k = 0; k < 64; ++k)
      magnitude += std::fabs(double(dot.a[k]) * dot.b[k]);
    magnitude *= double(dot.scaleA) * dot.scaleB;
    magnitude += std::fabs(dot.init);
    double expected = (65 + 2) * 0x1p-24 * magnitude + 65 * 0x1p-149;
    double bound = dot.reference().bound;
    ASSERT_GE(bound, expected * (1 - 1e-12));
    ASSERT_LE(bound, expected * (1 + 1e-12));
  }
}

TEST(Matmul, N7_2_BoundRejectsOneWrongTerm) {
  Random random(4);
  Dot dot = drawDot(random, 64);
  dot.scaleA = dot.scaleB = 1.0f;
  DotReference reference = dot.reference();
  dot.a[13] += 0.01f;
  EXPECT_GT(std::fabs(dot.loop() - reference.value), reference.bound);
}

TEST(Matmul, N7_3_ExactDomain) {
  // FP4 values times power-of-two scales: sums are small integers.
  Random random(5);
  for (int trial = 0; trial < 200; ++trial) {
    Dot dot;
    for (int k = 0; k < 512; ++k) {
      auto draw = [&] {
        return decodeElement(ElementType::E2M1, uint8_t(random.below(16)));
      };
      dot.a.push_back(draw());
      dot.b.push_back(draw());
    }
    dot.scaleA = 0x1p-7f;
    dot.init = 3.0f;
    ASSERT_EQ(dot.reference().nearest, dot.loop());
  }
}

} // namespace
