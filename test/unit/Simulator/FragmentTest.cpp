//===- FragmentTest.cpp - register layouts against the tables -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The formulas of Fragment.h and TensorMap.h, element by element.
//===----------------------------------------------------------------------===//

#include "Fragment.h"
#include "Table.h"
#include "TensorMap.h"
#include <set>

using namespace mxsim;

namespace {

/// lane, reg, elem, bit_lo, then two coordinates.
struct Fragment {
  const char *suffix;
  unsigned bits;
};
constexpr Fragment kFragments[] = {
    {"m16n8k64_fp4", 4}, {"m16n8k32_fp8", 8}, {"m16n8k16_bf16", 16}};

TEST(Fragments, EqualTheTablesOfA) {
  for (const Fragment &fragment : kFragments)
    for (const Row &row :
         readTable(std::string("mma_") + fragment.suffix + "_A")) {
      TilePlace place = placeOfA(fragment.bits, row[0], row[1], row[2]);
      EXPECT_EQ(place.outer, row[4]);
      EXPECT_EQ(place.inner, row[5]);
      EXPECT_EQ(row[3], row[2] * fragment.bits);
    }
}

TEST(Fragments, EqualTheTablesOfB) {
  for (const Fragment &fragment : kFragments)
    for (const Row &row :
         readTable(std::string("mma_") + fragment.suffix + "_B")) {
      TilePlace place = placeOfB(fragment.bits, row[0], row[1], row[2]);
      EXPECT_EQ(place.inner, row[4]);
      EXPECT_EQ(place.outer, row[5]);
    }
}

TEST(Fragments, EqualTheTablesOfTheAccumulator) {
  for (const char *name : {"mma_m16n8k64_fp4_CD", "mma_m16n8k32_fp8_CD"})
    for (const Row &row : readTable(name)) {
      TilePlace place = placeOfC(row[0], row[1]);
      EXPECT_EQ(place.outer, row[4]);
      EXPECT_EQ(place.inner, row[5]);
    }
}

/// scale_vec, thread_id, byte_id, lane, byte, row or column, kblock.
TEST(Fragments, EqualTheTablesOfScales) {
  for (const Row &row : readTable("mma_scale_A")) {
    EXPECT_EQ(laneOfScaleA(row[5], row[1]), row[3]);
    EXPECT_EQ(byteOfScale(row[6], row[2]), row[4]);
    EXPECT_TRUE(isSelector(row[0], int32_t(row[2]), int32_t(row[1]), 2));
  }
  for (const Row &row : readTable("mma_scale_B")) {
    EXPECT_EQ(laneOfScaleB(row[5], row[1]), row[3]);
    EXPECT_EQ(byteOfScale(row[6], row[2]), row[4]);
    EXPECT_TRUE(isSelector(row[0], int32_t(row[2]), int32_t(row[1]), 4));
  }
}

/// A selector is good if and only if it is in the table.
TEST(Fragments, SelectorsAreThoseOfTheTables) {
  for (bool isA : {true, false}) {
    std::set<Row> listed;
    for (const Row &row : readTable(isA ? "mma_scale_A" : "mma_scale_B"))
      listed.insert({row[0], row[1], row[2]});
    for (unsigned scales : {1u, 2u, 4u})
      for (unsigned thread = 0; thread < 6; ++thread)
        for (unsigned byte = 0; byte < 6; ++byte)
          EXPECT_EQ(
              isSelector(scales, int32_t(byte), int32_t(thread), isA ? 2 : 4),
              listed.count({scales, thread, byte}) == 1);
  }
  EXPECT_FALSE(isSelector(1, -1, 0, 4));
  EXPECT_FALSE(isSelector(1, 0, -1, 4));
}

/// row, chunk16, byte_offset of a tile whose rows have 128 bytes.
TEST(Swizzles, EqualTheTableOf128Bytes) {
  for (const Row &row : readTable("smem_sw128_kmajor"))
    EXPECT_EQ(swizzle(row[0] * 128 + row[1] * 16, 128), row[2]);
}

/// The shorter spans are the same pattern with fewer chunks: within 64 bytes
/// four chunks follow bits 7 and 8 of the offset, within 32 two follow bit 7.
TEST(Swizzles, ShorterSpansPermuteFewerChunks) {
  for (uint32_t offset = 0; offset < 2048; offset += 16) {
    uint32_t chunk = offset / 16, line = offset / 128;
    EXPECT_EQ(swizzle(offset, 64) / 16, (chunk & ~3u) | ((chunk ^ line) & 3));
    EXPECT_EQ(swizzle(offset, 32) / 16, (chunk & ~1u) | ((chunk ^ line) & 1));
    EXPECT_EQ(swizzle(offset, 0), offset);
  }
}

} // namespace
