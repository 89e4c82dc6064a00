//===- ProductTest.cpp - mma.sync against the slow model ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Registers are filled through the layout tables, so that layouts are tested
// along with sums. Operands are random codes of all kinds: subnormal numbers,
// zeros of both signs, infinities and NaN come up by themselves, and exponents
// are spread so that much is cut off.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "SlowModel.h"
#include "Table.h"
#include "mx/Numerics/ExactSum.h"

using namespace mxsim;

namespace {

struct Product {
  int32_t k, typeA, typeB, typeC;
};

/// A is 16 x k, B is k x 8 (by column), C and D are 16 x 8.
struct Tiles {
  std::vector<uint32_t> a, b, c, d;
  explicit Tiles(int32_t k)
      : a(size_t(16 * k)), b(size_t(8 * k)), c(128), d(128) {}
};

unsigned bitsOf(int32_t type) {
  return type == MXSIM_TYPE_F16 || type == MXSIM_TYPE_BF16 ? 16 : 8;
}

/// Runs the product on one warp, registers filled as the tables say.
Report multiply(const Product &product, Tiles &tiles, Arithmetic arithmetic) {
  bool isHalf = bitsOf(product.typeA) == 16;
  std::string stem = isHalf ? "mma_m16n8k16_bf16_" : "mma_m16n8k32_fp8_";
  std::vector<uint32_t> a(32 * 4), b(32 * 2), c(32 * 4), d(32 * 4);
  size_t k = size_t(product.k);
  for (const Row &row : readTable(stem + "A"))
    if (row[5] < k)
      a[row[0] * 4 + row[1]] |= tiles.a[row[4] * k + row[5]] << row[3];
  for (const Row &row : readTable(stem + "B"))
    if (row[4] < k)
      b[row[0] * 2 + row[1]] |= tiles.b[row[5] * k + row[4]] << row[3];
  const std::vector<Row> &cells = readTable("mma_m16n8k32_fp8_CD");
  for (const Row &row : cells)
    c[row[0] * 4 + row[1]] = tiles.c[row[4] * 8 + row[5]];
  Setting setting;
  setting.options.arithmetic = arithmetic;
  Report report = runKernel(setting, [&] {
    uint32_t lane = threadId();
    mxsim_mma(&d[lane * 4], &a[lane * 4], &b[lane * 2], &c[lane * 4], product.k,
              product.typeA, product.typeB, product.typeC, 5);
  });
  for (const Row &row : cells)
    tiles.d[row[4] * 8 + row[5]] = d[row[0] * 4 + row[1]];
  return report;
}

/// Where a small code lies in its byte for kind::f8f6f4.
uint32_t contain(int32_t type, uint32_t code) {
  return type == MXSIM_TYPE_E2M1 ? (code & 15) << 2 : code;
}

uint32_t codeOf(int32_t type, uint32_t container) {
  return type == MXSIM_TYPE_E2M1 ? container >> 2 & 15 : container;
}

class Operands {
public:
  explicit Operands(uint32_t seed) : engine(seed) {}

  /// A code of any kind, or one without infinities and NaN.
  uint32_t draw(int32_t type, bool finite) {
    while (true) {
      uint32_t bits = engine();
      uint32_t code = bits & 0xFF;
      if (type == MXSIM_TYPE_E2M3 || type == MXSIM_TYPE_E3M2)
        code &= 0x3F;
      else if (type == MXSIM_TYPE_E2M1)
        code &= 0xF;
      else if (type == MXSIM_TYPE_F16 || type == MXSIM_TYPE_BF16)
        code = bits & 0xFFFF;
      // Some zeros of either sign.
      if (bits >> 28 == 0)
        code &= 1u << (bitsOf(type) - 1);
      if (!finite || std::isfinite(slow::decode(type, code)))
        return contain(type, code);
    }
  }

  /// An accumulator near `exponent`, or zero, or far away.
  uint32_t drawAccumulator(int exponent) {
    uint32_t bits = engine();
    if (bits % 16 == 0)
      return bits & 0x80000000;
    if (bits % 16 == 1)
      return engine() & 0xFF7FFFFF;
    int field = std::clamp(exponent + 127 + int(bits >> 24 & 15) - 8, 0, 254);
    return (bits & 0x807FFFFF) | uint32_t(field) << 23;
  }

  std::mt19937 engine;
};

struct Model {
  Arithmetic arithmetic;
  int bits, kept;
  size_t steps;
};

uint32_t expected(const Product &product, const Tiles &tiles, size_t row,
                  size_t column, const Model &model) {
  size_t k = size_t(product.k), step = k / model.steps;
  uint32_t sum = tiles.c[row * 8 + column];
  for (size_t start = 0; start < k; start += step) {
    std::vector<double> a, b;
    for (size_t index = start; index < start + step; ++index) {
      a.push_back(slow::decode(
          product.typeA, codeOf(product.typeA, tiles.a[row * k + index])));
      b.push_back(slow::decode(
          product.typeB, codeOf(product.typeB, tiles.b[column * k + index])));
    }
    sum = slow::dot(a, product.typeA, b, product.typeB, 1, sum, model.bits,
                    model.kept);
  }
  return sum;
}

void checkAgainstModel(const Product &product, const Model &model,
                       uint32_t seed, int rounds = 40) {
  Operands operands(seed);
  for (int round = 0; round < rounds; ++round) {
    Tiles tiles(product.k);
    bool finite = round % 8 != 0;
    for (uint32_t &code : tiles.a)
      code = operands.draw(product.typeA, finite);
    for (uint32_t &code : tiles.b)
      code = operands.draw(product.typeB, finite);
    for (uint32_t &word : tiles.c)
      word = operands.drawAccumulator(round - 20);
    if (round % 8 == 1)
      tiles.c[round] = 0x7FC00001;
    if (round % 8 == 2)
      tiles.c[round] = 0xFF800000;
    expectGood(multiply(product, tiles, model.arithmetic));
    for (size_t row = 0; row < 16; ++row)
      for (size_t column = 0; column < 8; ++column)
        ASSERT_EQ(tiles.d[row * 8 + column],
                  expected(product, tiles, row, column, model))
            << "round " << round << " at " << row << ", " << column;
  }
}

constexpr int32_t kHalves[] = {MXSIM_TYPE_F16, MXSIM_TYPE_BF16};

TEST(Products, OfHalvesFollowAmpere) {
  for (int32_t type : kHalves) {
    checkAgainstModel({16, type, type, MXSIM_TYPE_F32},
                      {Arithmetic::Ampere, 24, 23, 2}, 1);
    checkAgainstModel({8, type, type, MXSIM_TYPE_F32},
                      {Arithmetic::Ada, 24, 23, 1}, 2);
  }
}

TEST(Products, OfHalvesFollowHopperAndBlackwell) {
  for (int32_t type : kHalves) {
    checkAgainstModel({16, type, type, MXSIM_TYPE_F32},
                      {Arithmetic::Hopper, 25, 23, 1}, 3);
    checkAgainstModel({16, type, type, MXSIM_TYPE_F32},
                      {Arithmetic::Blackwell, 25, 23, 1}, 4);
  }
}

TEST(Products, OfBytesFollowAda) {
  checkAgainstModel({32, MXSIM_TYPE_E4M3, MXSIM_TYPE_E5M2, MXSIM_TYPE_F32},
                    {Arithmetic::Ada, 13, 13, 2}, 5);
  checkAgainstModel({16, MXSIM_TYPE_E4M3, MXSIM_TYPE_E4M3, MXSIM_TYPE_F32},
                    {Arithmetic::Ada, 13, 13, 1}, 6);
}

TEST(Products, OfAllSmallFloatsFollowBlackwell) {
  for (int32_t typeA = MXSIM_TYPE_E4M3; typeA <= MXSIM_TYPE_E2M1; ++typeA)
    for (int32_t typeB = MXSIM_TYPE_E4M3; typeB <= MXSIM_TYPE_E2M1; ++typeB)
      checkAgainstModel({32, typeA, typeB, MXSIM_TYPE_F32},
                        {Arithmetic::Blackwell, 25, 23, 1},
                        uint32_t(typeA * 16 + typeB), 8);
}

TEST(Products, OfIntegersWrapAround) {
  std::mt19937 engine(7);
  for (int32_t k : {16, 32})
    for (int32_t typeB : {MXSIM_TYPE_S8, MXSIM_TYPE_U8}) {
      Tiles tiles(k);
      for (auto *list : {&tiles.a, &tiles.b})
        for (uint32_t &code : *list)
          code = engine() & 0xFF;
      for (uint32_t &word : tiles.c)
        word = 0x7FFFFFF0 + (engine() & 15);
      expectGood(multiply({k, MXSIM_TYPE_S8, typeB, MXSIM_TYPE_S32}, tiles,
                          Arithmetic::Blackwell));
      for (size_t row = 0; row < 16; ++row)
        for (size_t column = 0; column < 8; ++column) {
          int64_t sum = int32_t(tiles.c[row * 8 + column]);
          for (size_t index = 0; index < size_t(k); ++index) {
            uint32_t b = tiles.b[column * size_t(k) + index];
            sum += int64_t(int8_t(tiles.a[row * size_t(k) + index])) *
                   (typeB == MXSIM_TYPE_S8 ? int8_t(b) : int64_t(b));
          }
          EXPECT_EQ(tiles.d[row * 8 + column], uint32_t(sum));
        }
    }
}

/// One rounding of the exact sum, where the machine's model loses bits; with
/// near exponents and with all of them.
TEST(Products, CanBeExact) {
  Operands operands(9);
  Product product = {16, MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, MXSIM_TYPE_F32};
  for (int round = 0; round < 24; ++round) {
    Tiles tiles(16);
    for (auto *list : {&tiles.a, &tiles.b})
      for (uint32_t &code : *list) {
        code = operands.draw(MXSIM_TYPE_BF16, round % 6 != 0);
        if (round % 2)
          code = (code & 0x807F) | (120 + (code >> 7 & 15)) << 7;
      }
    for (uint32_t &word : tiles.c)
      word = operands.drawAccumulator(0);
    expectGood(multiply(product, tiles, Arithmetic::Exact));
    for (size_t row = 0; row < 16; ++row)
      for (size_t column = 0; column < 8; ++column) {
        mxnum::ExactSum sum;
        sum.add(slow::bitsToFloat(tiles.c[row * 8 + column]));
        for (size_t k = 0; k < 16; ++k)
          sum.addProduct(
              float(slow::decode(MXSIM_TYPE_BF16, tiles.a[row * 16 + k])),
              float(slow::decode(MXSIM_TYPE_BF16, tiles.b[column * 16 + k])));
        float value = sum.toFloat();
        ASSERT_EQ(tiles.d[row * 8 + column],
                  std::isnan(value) ? 0x7FFFFFFF : slow::floatToBits(value))
            << "round " << round;
      }
  }
}

/// Ties, results at the end of the range, and sums that vanish.
TEST(Products, RoundExactSumsOnce) {
  struct Case {
    double a, b, c, sum;
    /// Added as one more product, far below.
    double trifle = 0;
  };
  const double unit = 0x1p-23;
  const Case cases[] = {
      {1, 0x1p-24, 1, 1},
      {1, 0x1p-24, 1 + unit, 1 + 2 * unit},
      {1.0078125, 0x1p-24, 1, 1 + unit},
      {-1, 0x1p-24, -1, -1},
      {0x1p-74, 0x1p-76, 0, 0},
      {0x1.8p-74, 0x1p-76, 0, 0x1p-149},
      {0x1p-75, -0x1p-74, 0, -0x1p-149},
      {0x1p-126, 0x1p-126, 1, 1},
      {0x1p127, 0x1p127, 1, HUGE_VAL},
      {2, -3, 6, 0},
      {1, 0x1p-24, 1, 1 + unit, 0x1p-80},
      {1, 0x1p-24, 1 + unit, 1 + unit, -0x1p-80},
      {1, 0x1p-24, 1, 1 + unit, 0x1p-126},
  };
  Product product = {16, MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, MXSIM_TYPE_F32};
  for (const Case &one : cases) {
    Tiles tiles(16);
    tiles.a[0] = mxnum::f64ToBF16(one.a);
    tiles.b[0] = mxnum::f64ToBF16(one.b);
    tiles.a[1] = mxnum::f64ToBF16(one.trifle);
    tiles.b[1] = mxnum::f64ToBF16(1);
    tiles.c[0] = slow::floatToBits(float(one.c));
    expectGood(multiply(product, tiles, Arithmetic::Exact));
    EXPECT_EQ(tiles.d[0], slow::floatToBits(float(one.sum)))
        << one.a << " * " << one.b << " + " << one.c;
  }
}

/// 2^24 + 1 + 1: the ones are cut off one by one with 24 fractional bits on a
/// sum of exponent 24, where an exact sum keeps them.
TEST(Products, CutOffWhatIsTooSmall) {
  constexpr uint32_t one = 0x3F80, big = 0x4B800000;
  Product product = {16, MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, MXSIM_TYPE_F32};
  auto multiplyOnes = [&](Arithmetic arithmetic, size_t ones) {
    Tiles tiles(16);
    for (size_t index = 0; index < ones; ++index)
      tiles.a[index] = tiles.b[index] = one;
    tiles.c[0] = big;
    expectGood(multiply(product, tiles, arithmetic));
    return slow::bitsToFloat(tiles.d[0]) - slow::bitsToFloat(big);
  };
  EXPECT_EQ(multiplyOnes(Arithmetic::Exact, 3), 4.0f);
  EXPECT_EQ(multiplyOnes(Arithmetic::Blackwell, 3), 2.0f);
  EXPECT_EQ(multiplyOnes(Arithmetic::Ampere, 16), 16.0f);
}

/// -2^-151 survives 25 fractional bits below 2^-126, and then not the result's:
/// a zero has no sign.
TEST(Products, CutOffToPositiveZero) {
  constexpr uint32_t left = 0x9A00, right = 0x1980;
  Product product = {16, MXSIM_TYPE_BF16, MXSIM_TYPE_BF16, MXSIM_TYPE_F32};
  ASSERT_EQ(slow::decode(MXSIM_TYPE_BF16, left) *
                slow::decode(MXSIM_TYPE_BF16, right),
            -std::ldexp(1.0, -151));
  Tiles tiles(16);
  tiles.a[0] = left;
  tiles.b[0] = right;
  expectGood(multiply(product, tiles, Arithmetic::Blackwell));
  EXPECT_EQ(tiles.d[0], 0u);
}

TEST(Products, RefuseWhatDoesNotExist) {
  Tiles tiles(32);
  Report report =
      multiply({16, MXSIM_TYPE_F16, MXSIM_TYPE_BF16, MXSIM_TYPE_F32}, tiles,
               Arithmetic::Blackwell);
  expectError(report, ErrorKind::Operand, 5,
              "expected a product that mma.sync has, got k '16' with types '0' "
              "and '9' added to '1'");
}

TEST(Products, NeedTheWholeWarp) {
  uint32_t zero[4] = {}, d[4];
  auto body = [&] {
    if (threadId() != 3)
      mxsim_mma(d, zero, zero, zero, 16, MXSIM_TYPE_BF16, MXSIM_TYPE_BF16,
                MXSIM_TYPE_F32, 6);
  };
  expectError(runKernel({}, body), ErrorKind::Divergent, 6,
              "expected all '32' lanes of the warp, got lane '3' ended");
  Setting setting;
  setting.threads = 16;
  expectError(runKernel(setting, body), ErrorKind::Divergent, 6,
              "expected all '32' lanes of the warp, got '16'");
}

} // namespace
