//===- BlockScaleTest.cpp - mma.block_scale against the slow model --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// As ProductTest.cpp, with scales that come through the selector tables: only
// the lanes and bytes that a selector names hold them, all others hold noise.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "SlowScaledModel.h"
#include "Table.h"
#include "mx/Numerics/ExactSum.h"

using namespace mxsim;

namespace {

struct Scaled {
  int32_t kind, scaleVector, format, typeA, typeB;
  int32_t byteA = 0, threadA = 0, byteB = 0, threadB = 0;

  size_t k() const { return kind == MXSIM_KIND_MXF8F6F4 ? 32 : 64; }
  size_t scales() const { return size_t(1) << scaleVector; }
};

/// Codes and scale bytes, by row of A and by column of B.
struct Tiles {
  std::vector<uint32_t> a, b, c, d;
  std::vector<uint8_t> scalesA, scalesB;
  explicit Tiles(const Scaled &scaled)
      : a(16 * scaled.k()), b(8 * scaled.k()), c(128), d(128),
        scalesA(16 * scaled.scales()), scalesB(8 * scaled.scales()) {}
};

/// Scale registers of all lanes, noise except where the table says.
std::vector<uint32_t> spreadScales(const char *table, const Scaled &scaled,
                                   int32_t thread, int32_t byte,
                                   const std::vector<uint8_t> &scales) {
  std::mt19937 engine(99);
  std::vector<uint32_t> words(32);
  for (uint32_t &word : words)
    word = engine();
  for (const Row &row : readTable(table)) {
    if (row[0] != scaled.scales() || row[1] != uint32_t(thread) ||
        row[2] != uint32_t(byte))
      continue;
    uint32_t &word = words[row[3]];
    word &= ~(0xFFu << 8 * row[4]);
    word |= uint32_t(scales[row[5] * scaled.scales() + row[6]]) << 8 * row[4];
  }
  return words;
}

Report multiply(const Scaled &scaled, Tiles &tiles, Arithmetic arithmetic) {
  std::string stem =
      scaled.k() == 64 ? "mma_m16n8k64_fp4_" : "mma_m16n8k32_fp8_";
  std::vector<uint32_t> a(32 * 4), b(32 * 2);
  std::vector<float> c(32 * 4), d(32 * 4);
  for (const Row &row : readTable(stem + "A"))
    a[row[0] * 4 + row[1]] |= tiles.a[row[4] * scaled.k() + row[5]] << row[3];
  for (const Row &row : readTable(stem + "B"))
    b[row[0] * 2 + row[1]] |= tiles.b[row[5] * scaled.k() + row[4]] << row[3];
  const std::vector<Row> &cells = readTable(stem + "CD");
  for (const Row &row : cells)
    std::memcpy(&c[row[0] * 4 + row[1]], &tiles.c[row[4] * 8 + row[5]], 4);
  auto scaleA = spreadScales("mma_scale_A", scaled, scaled.threadA,
                             scaled.byteA, tiles.scalesA);
  auto scaleB = spreadScales("mma_scale_B", scaled, scaled.threadB,
                             scaled.byteB, tiles.scalesB);
  Setting setting;
  setting.options.arithmetic = arithmetic;
  Report report = runKernel(setting, [&] {
    uint32_t lane = threadId();
    mxsim_mma_block_scale(&d[lane * 4], &a[lane * 4], &b[lane * 2],
                          &c[lane * 4], scaleA[lane], scaled.byteA,
                          scaled.threadA, scaleB[lane], scaled.byteB,
                          scaled.threadB, scaled.kind, scaled.scaleVector,
                          scaled.format, scaled.typeA, scaled.typeB, 5);
  });
  for (const Row &row : cells)
    std::memcpy(&tiles.d[row[4] * 8 + row[5]], &d[row[0] * 4 + row[1]], 4);
  return report;
}

using slow::decodeScale;

uint32_t expectGroups(const Scaled &scaled, const Tiles &tiles, size_t row,
                      size_t column) {
  return slow::dotGroups(
      scaled.format, scaled.scales(), &tiles.a[row * 64],
      &tiles.scalesA[row * scaled.scales()], &tiles.b[column * 64],
      &tiles.scalesB[column * scaled.scales()], tiles.c[row * 8 + column]);
}

uint32_t containerOf(int32_t type, uint32_t code) {
  return type == MXSIM_TYPE_E2M1 ? (code & 15) << 2 : code;
}

uint32_t expectSmallFloats(const Scaled &scaled, const Tiles &tiles, size_t row,
                           size_t column) {
  double scale = decodeScale(scaled.format, tiles.scalesA[row]) *
                 decodeScale(scaled.format, tiles.scalesB[column]);
  std::vector<double> a, b;
  auto decode = [](int32_t type, uint32_t container) {
    return slow::decode(type, type == MXSIM_TYPE_E2M1 ? container >> 2 & 15
                                                      : container);
  };
  for (size_t k = 0; k < 32; ++k) {
    a.push_back(decode(scaled.typeA, tiles.a[row * 32 + k]));
    b.push_back(decode(scaled.typeB, tiles.b[column * 32 + k]));
  }
  return slow::dot(a, scaled.typeA, b, scaled.typeB, scale,
                   tiles.c[row * 8 + column], 25, 23);
}

/// Random operands; scales near one another or anywhere, some of them NaN.
void fill(const Scaled &scaled, Tiles &tiles, std::mt19937 &engine, int round) {
  auto draw = [&](int32_t type) {
    uint32_t code = engine() & (type == MXSIM_TYPE_E2M1   ? 0xF
                                : type >= MXSIM_TYPE_E3M2 ? 0x3F
                                                          : 0xFF);
    // NaN and infinities of the 8-bit formats only now and then.
    if (round % 8 != 0 && !std::isfinite(slow::decode(type, code)))
      code = 0;
    return scaled.k() == 64 ? code : containerOf(type, code);
  };
  for (uint32_t &code : tiles.a)
    code = round % 8 == 5 ? 0 : draw(scaled.typeA);
  for (uint32_t &code : tiles.b)
    code = draw(scaled.typeB);
  uint32_t span = round % 4 == 0 ? 256 : 12;
  for (auto *scales : {&tiles.scalesA, &tiles.scalesB})
    for (uint8_t &byte : *scales) {
      byte = uint8_t(engine() % span + (span == 256 ? 0 : 120));
      if (round % 4 != 1 && byte == 0xFF)
        byte = 0xFE;
    }
  if (round % 4 == 1)
    tiles.scalesA[engine() % tiles.scalesA.size()] = 0xFF;
  for (uint32_t &word : tiles.c) {
    int field = 127 + int(engine() % 40) - 20;
    word = (engine() & 0x807FFFFF) | uint32_t(field) << 23;
    if (engine() % 8 == 0)
      word = engine() & 0xFF800000;
  }
}

void check(const Scaled &scaled, uint32_t seed) {
  std::mt19937 engine(seed);
  for (int round = 0; round < 8; ++round) {
    Tiles tiles(scaled);
    fill(scaled, tiles, engine, round);
    expectGood(multiply(scaled, tiles, Arithmetic::Blackwell));
    for (size_t row = 0; row < 16; ++row)
      for (size_t column = 0; column < 8; ++column)
        ASSERT_EQ(tiles.d[row * 8 + column],
                  scaled.k() == 64
                      ? expectGroups(scaled, tiles, row, column)
                      : expectSmallFloats(scaled, tiles, row, column))
            << "round " << round << " at " << row << ", " << column;
  }
}

constexpr Scaled kMXF4 = {MXSIM_KIND_MXF4, MXSIM_SCALE_X2, MXSIM_SCALE_UE8M0,
                          MXSIM_TYPE_E2M1, MXSIM_TYPE_E2M1};
constexpr Scaled kNVF4 = {MXSIM_KIND_MXF4NVF4, MXSIM_SCALE_X4,
                          MXSIM_SCALE_UE4M3, MXSIM_TYPE_E2M1, MXSIM_TYPE_E2M1};

TEST(BlockScaled, MXF4WithAllSelectors) {
  for (int32_t threadA = 0; threadA < 2; ++threadA)
    for (int32_t threadB = 0; threadB < 4; ++threadB)
      for (int32_t byte : {0, 2}) {
        Scaled scaled = kMXF4;
        scaled.threadA = threadA;
        scaled.threadB = threadB;
        scaled.byteA = byte;
        scaled.byteB = 2 - byte;
        check(scaled, uint32_t(threadA * 8 + threadB * 2 + byte));
      }
}

TEST(BlockScaled, NVF4WithBothScaleFormats) {
  for (int32_t thread = 0; thread < 4; ++thread) {
    Scaled scaled = kNVF4;
    scaled.threadA = thread % 2;
    scaled.threadB = thread;
    check(scaled, uint32_t(100 + thread));
    scaled.format = MXSIM_SCALE_UE8M0;
    check(scaled, uint32_t(200 + thread));
    scaled.scaleVector = MXSIM_SCALE_X2;
    check(scaled, uint32_t(300 + thread));
  }
}

TEST(BlockScaled, AllMixesOfSmallFloats) {
  for (int32_t typeA = MXSIM_TYPE_E4M3; typeA <= MXSIM_TYPE_E2M1; ++typeA)
    for (int32_t typeB = MXSIM_TYPE_E4M3; typeB <= MXSIM_TYPE_E2M1; ++typeB) {
      Scaled scaled = {MXSIM_KIND_MXF8F6F4, MXSIM_SCALE_X1, MXSIM_SCALE_UE8M0,
                       typeA, typeB};
      scaled.byteA = typeA % 4;
      scaled.byteB = typeB % 4;
      scaled.threadB = typeA % 4;
      check(scaled, uint32_t(typeA * 16 + typeB));
    }
}

uint32_t expectExact(const Scaled &scaled, const Tiles &tiles, size_t row,
                     size_t column) {
  size_t k = scaled.k(), block = k / scaled.scales();
  auto decode = [&](int32_t type, uint32_t code) {
    bool isContained = k == 32 && type == MXSIM_TYPE_E2M1;
    return float(slow::decode(type, isContained ? code >> 2 & 15 : code));
  };
  mxnum::ExactSum sum;
  sum.add(slow::bitsToFloat(tiles.c[row * 8 + column]));
  for (size_t index = 0; index < k; ++index)
    sum.addProduct(
        decode(scaled.typeA, tiles.a[row * k + index]),
        decode(scaled.typeB, tiles.b[column * k + index]),
        float(
            decodeScale(scaled.format,
                        tiles.scalesA[row * scaled.scales() + index / block])),
        float(decodeScale(
            scaled.format,
            tiles.scalesB[column * scaled.scales() + index / block])));
  float value = sum.toFloat();
  return std::isnan(value) ? 0x7FFFFFFF : slow::floatToBits(value);
}

TEST(BlockScaled, CanBeExact) {
  constexpr Scaled mixed = {MXSIM_KIND_MXF8F6F4, MXSIM_SCALE_X1,
                            MXSIM_SCALE_UE8M0, MXSIM_TYPE_E5M2,
                            MXSIM_TYPE_E2M1};
  for (const Scaled &scaled : {kMXF4, kNVF4, mixed}) {
    std::mt19937 engine(3);
    for (int round = 0; round < 8; ++round) {
      Tiles tiles(scaled);
      fill(scaled, tiles, engine, round);
      expectGood(multiply(scaled, tiles, Arithmetic::Exact));
      for (size_t row = 0; row < 16; ++row)
        for (size_t column = 0; column < 8; ++column)
          ASSERT_EQ(tiles.d[row * 8 + column],
                    expectExact(scaled, tiles, row, column))
              << "round " << round << " at " << row << ", " << column;
    }
  }
}

/// A wrong nibble, selector or lane changes the result: the test of the test.
TEST(BlockScaled, NoticeASwappedNibble) {
  std::mt19937 engine(4);
  Tiles tiles(kMXF4);
  fill(kMXF4, tiles, engine, 2);
  tiles.a[5 * 64 + 7] = 3;
  tiles.a[5 * 64 + 8] = 13;
  expectGood(multiply(kMXF4, tiles, Arithmetic::Blackwell));
  Tiles swapped = tiles;
  std::swap(swapped.a[5 * 64 + 7], swapped.a[5 * 64 + 8]);
  expectGood(multiply(kMXF4, swapped, Arithmetic::Blackwell));
  EXPECT_NE(tiles.d, swapped.d);
}

TEST(BlockScaled, RefuseBadSelectors) {
  Tiles tiles(kMXF4);
  Scaled scaled = kMXF4;
  scaled.byteA = 1;
  expectError(
      multiply(scaled, tiles, Arithmetic::Blackwell), ErrorKind::Selector, 5,
      "expected a byte selector that is a multiple of '2' below '4' and "
      "a thread selector below '2' for the scales of A, got '1' and "
      "'0'");
  scaled = kMXF4;
  scaled.threadB = 4;
  expectError(
      multiply(scaled, tiles, Arithmetic::Blackwell), ErrorKind::Selector, 5,
      "expected a byte selector that is a multiple of '2' below '4' and "
      "a thread selector below '4' for the scales of B, got '0' and "
      "'4'");
}

TEST(BlockScaled, RefuseWhatDoesNotExist) {
  Tiles tiles(kMXF4);
  Scaled scaled = kMXF4;
  scaled.format = MXSIM_SCALE_UE4M3;
  expectError(multiply(scaled, tiles, Arithmetic::Blackwell),
              ErrorKind::Operand, 5,
              "expected a product that mma.block_scale has, got kind '1' with "
              "scales '1' of format '1' on types '15' and '15'");
}

} // namespace
