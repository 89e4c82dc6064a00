//===- PackedLayoutTest.cpp - bytes of every layout
//--------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N8: exact positions, then round trips.
//===----------------------------------------------------------------------===//

#include "mx/Numerics/PackedLayout.h"
#include "Samples.h"
#include <gtest/gtest.h>

using namespace mxnum;

namespace {

std::vector<uint8_t> drawBytes(int64_t count, unsigned bits = 8) {
  Random random(31);
  std::vector<uint8_t> bytes(count);
  for (uint8_t &byte : bytes)
    byte = uint8_t(random.below(uint64_t(1) << bits));
  return bytes;
}

/// N8.1 bit by bit.
unsigned readBits(const std::vector<uint8_t> &row, int64_t k, unsigned bits) {
  unsigned code = 0;
  for (unsigned i = 0; i < bits; ++i) {
    int64_t bit = k * bits + i;
    code |= unsigned(row[bit / 8] >> (bit % 8) & 1) << i;
  }
  return code;
}

TEST(PackedLayout, N8_1_RowBytes) {
  EXPECT_EQ(0, getPackedBytes(0, 4));
  EXPECT_EQ(1, getPackedBytes(1, 4));
  EXPECT_EQ(16, getPackedBytes(32, 4));
  EXPECT_EQ(3, getPackedBytes(4, 6));
  EXPECT_EQ(4, getPackedBytes(5, 6));
  EXPECT_EQ(24, getPackedBytes(32, 6));
  for (int64_t count = 0; count < 100; ++count)
    for (unsigned bits = 1; bits <= 8; ++bits)
      EXPECT_EQ((count * bits + 7) / 8, getPackedBytes(count, bits));
  EXPECT_EQ(INT64_MAX, getPackedBytes(INT64_MAX, 8));
  EXPECT_EQ(INT64_MAX / 2 + 1, getPackedBytes(INT64_MAX, 4));
}

TEST(PackedLayout, N8_1_FP4Bytes) {
  const uint8_t codes[] = {0x2, 0x7, 0x2, 0x6, 0xF};
  uint8_t row[3];
  packRow(codes, 5, 4, row);
  EXPECT_EQ(0x72, row[0]);
  EXPECT_EQ(0x62, row[1]);
  EXPECT_EQ(0x0F, row[2]); // N1.6: the unused nibble is zero.
}

TEST(PackedLayout, N8_1_FP6Bytes) {
  const uint8_t codes[] = {0x3F, 0x00, 0x15, 0x2A, 0x21};
  uint8_t row[4];
  packRow(codes, 5, 6, row);
  EXPECT_EQ(0x3F, row[0]);
  EXPECT_EQ(0x50, row[1]);
  EXPECT_EQ(0xA9, row[2]);
  EXPECT_EQ(0x21, row[3]);
}

TEST(PackedLayout, N8_1_EveryWidth) {
  for (unsigned bits = 1; bits <= 8; ++bits)
    for (int64_t count : {1, 2, 3, 4, 5, 31, 32, 77}) {
      std::vector<uint8_t> codes = drawBytes(count, bits), back(count);
      std::vector<uint8_t> row(getPackedBytes(count, bits), 0xA5);
      packRow(codes.data(), count, bits, row.data());
      unpackRow(row.data(), count, bits, back.data());
      ASSERT_EQ(codes, back);
      for (int64_t k = 0; k < count; ++k) {
        ASSERT_EQ(codes[k], readBits(row, k, bits));
        ASSERT_EQ(codes[k], readCode(row.data(), k, bits));
      }
    }
}

TEST(PackedLayout, N8_1_WriteLeavesNeighbours) {
  constexpr int64_t count = 24;
  for (unsigned bits : {4u, 6u, 8u})
    for (int64_t k = 0; k < count; ++k) {
      std::vector<uint8_t> codes = drawBytes(count, bits);
      std::vector<uint8_t> row(getPackedBytes(count, bits)), expected = row;
      packRow(codes.data(), count, bits, row.data());
      codes[k] ^= uint8_t((1u << bits) - 1);
      // Bits above the width are ignored.
      writeCode(row.data(), k, bits, uint8_t(codes[k] | ~0u << bits));
      packRow(codes.data(), count, bits, expected.data());
      ASSERT_EQ(expected, row) << bits << " bits, code " << k;
    }
}

TEST(PackedLayout, N8_2_GptOssIsCanonical) {
  // [rows, K/32, 16] bytes are the canonical bytes of [rows, K].
  constexpr int64_t length = 96;
  std::vector<uint8_t> codes = drawBytes(length, 4), row(length / 2);
  packRow(codes.data(), length, 4, row.data());
  for (int64_t block = 0; block < length / 32; ++block)
    for (int64_t j = 0; j < 16; ++j) {
      int64_t k = block * 32 + 2 * j;
      ASSERT_EQ(codes[k] | codes[k + 1] << 4, row[block * 16 + j]);
    }
}

TEST(PackedLayout, N8_3_GgmlMXFP4Bytes) {
  constexpr int64_t blocks = 3;
  std::vector<uint8_t> codes = drawBytes(32 * blocks, 4);
  std::vector<uint8_t> scales = drawBytes(blocks);
  std::vector<uint8_t> payload(16 * blocks), structs(17 * blocks);
  packRow(codes.data(), 32 * blocks, 4, payload.data());
  mxfp4ToGgml(payload.data(), scales.data(), blocks, structs.data());
  for (int64_t b = 0; b < blocks; ++b) {
    ASSERT_EQ(scales[b], structs[17 * b]);
    for (int64_t j = 0; j < 16; ++j)
      ASSERT_EQ(codes[32 * b + j] | codes[32 * b + j + 16] << 4,
                structs[17 * b + 1 + j]);
  }
  std::vector<uint8_t> payloadBack(16 * blocks), scalesBack(blocks);
  mxfp4FromGgml(structs.data(), blocks, payloadBack.data(), scalesBack.data());
  EXPECT_EQ(payload, payloadBack);
  EXPECT_EQ(scales, scalesBack);
}

TEST(PackedLayout, N8_3_WorkedBlock) {
  // 0.0625, 0.375, 0.078125, 0.25 by floor: byte 7B, codes 2 7 2 6.
  const uint8_t canonical[16] = {0x72, 0x62};
  const uint8_t scale = 0x7B;
  uint8_t bytes[17];
  mxfp4ToGgml(canonical, &scale, 1, bytes);
  const uint8_t expected[17] = {0x7B, 0x02, 0x07, 0x02, 0x06};
  EXPECT_EQ(0, std::memcmp(expected, bytes, 17));
}

TEST(PackedLayout, N8_4_GgmlNVFP4Bytes) {
  constexpr int64_t superBlocks = 2;
  std::vector<uint8_t> codes = drawBytes(64 * superBlocks, 4);
  std::vector<uint8_t> scales = drawBytes(4 * superBlocks, 7);
  std::vector<uint8_t> payload(32 * superBlocks), structs(36 * superBlocks);
  packRow(codes.data(), 64 * superBlocks, 4, payload.data());
  nvfp4ToGgml(payload.data(), scales.data(), superBlocks, structs.data());
  for (int64_t b = 0; b < superBlocks; ++b)
    for (int64_t s = 0; s < 4; ++s) {
      const uint8_t *sub = codes.data() + 64 * b + 16 * s;
      ASSERT_EQ(scales[4 * b + s], structs[36 * b + s]);
      for (int64_t j = 0; j < 8; ++j)
        ASSERT_EQ(sub[j] | sub[j + 8] << 4, structs[36 * b + 4 + 8 * s + j]);
    }
  std::vector<uint8_t> payloadBack(payload.size()), scalesBack(scales.size());
  nvfp4FromGgml(structs.data(), superBlocks, payloadBack.data(),
                scalesBack.data());
  EXPECT_EQ(payload, payloadBack);
  EXPECT_EQ(scales, scalesBack);
}

TEST(PackedLayout, N8_5_TileBytes) {
  EXPECT_EQ(0, getScaleTileBytes(0, 7));
  EXPECT_EQ(0, getScaleTileBytes(7, 0));
  EXPECT_EQ(512, getScaleTileBytes(1, 1));
  EXPECT_EQ(512, getScaleTileBytes(128, 4));
  EXPECT_EQ(4 * 512, getScaleTileBytes(129, 5));
  EXPECT_EQ(INT64_MAX, getScaleTileBytes(INT64_MAX, INT64_MAX));
  EXPECT_EQ(INT64_MAX, getScaleTileBytes(INT64_MAX, 4));
}

TEST(PackedLayout, N8_5_TileOffsets) {
  EXPECT_EQ(0, getScaleTileOffset(0, 0, 8));
  EXPECT_EQ(3, getScaleTileOffset(0, 3, 8));
  EXPECT_EQ(16, getScaleTileOffset(1, 0, 8));
  EXPECT_EQ(4, getScaleTileOffset(32, 0, 8));
  EXPECT_EQ(31 * 16 + 12 + 3, getScaleTileOffset(127, 3, 8));
  EXPECT_EQ(512, getScaleTileOffset(0, 4, 8));
  EXPECT_EQ(1024, getScaleTileOffset(128, 0, 8));
}

TEST(PackedLayout, N8_5_TilesRoundTrip) {
  for (auto [rows, columns] :
       {std::pair<int64_t, int64_t>{1, 1}, {128, 4}, {130, 9}, {257, 3}}) {
    std::vector<uint8_t> scales = drawBytes(rows * columns);
    for (uint8_t &scale : scales)
      scale |= 1; // Tells scales from padding.
    std::vector<uint8_t> tiles(getScaleTileBytes(rows, columns), 0xEE);
    std::vector<uint8_t> back(scales.size());
    scalesToTiles(scales.data(), rows, columns, tiles.data());
    scalesFromTiles(tiles.data(), rows, columns, back.data());
    EXPECT_EQ(scales, back);
    int64_t zeros = std::count(tiles.begin(), tiles.end(), 0);
    EXPECT_EQ(int64_t(tiles.size()) - rows * columns, zeros);
  }
}

TEST(PackedLayout, N8_7_Offsets) {
  // Lines of 64 bytes hold four of each row.
  EXPECT_EQ(0, getInterleavedOffset(0, 0, 4, 8));
  EXPECT_EQ(3, getInterleavedOffset(0, 3, 4, 8));
  EXPECT_EQ(4, getInterleavedOffset(1, 0, 4, 8));
  EXPECT_EQ(64, getInterleavedOffset(0, 4, 4, 8));
  EXPECT_EQ(60 + 64 * 7 + 3, getInterleavedOffset(15, 31, 4, 8));
  EXPECT_EQ(64 * 8, getInterleavedOffset(16, 0, 4, 8));
  EXPECT_EQ(16 * 5 + 2, getInterleavedOffset(2, 5, 1, 6));
}

/// Every byte of every row has a place of its own, and the rest is padding.
TEST(PackedLayout, N8_7_is_one_to_one) {
  for (auto [rows, rowBytes, unit, units] : {std::array<int64_t, 4>{1, 1, 4, 4},
                                             {16, 16, 4, 4},
                                             {17, 23, 4, 8},
                                             {33, 5, 1, 5},
                                             {50, 32, 4, 8},
                                             {0, 16, 4, 4}}) {
    std::vector<uint8_t> source = drawBytes(rows * rowBytes);
    for (uint8_t &byte : source)
      byte |= 1; // Tells bytes from padding.
    int64_t size = (rows + 15) / 16 * 16 * units * unit;
    std::vector<uint8_t> target(size + 1, 0xEE);
    interleaveRows(source.data(), rows, rowBytes, unit, units, 0x38,
                   target.data());
    EXPECT_EQ(target.back(), 0xEE);
    std::vector<bool> isTaken(size);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t byte = 0; byte < rowBytes; ++byte) {
        int64_t place = getInterleavedOffset(row, byte, unit, units);
        ASSERT_TRUE(place >= 0 && place < size && !isTaken[place]);
        isTaken[place] = true;
        ASSERT_EQ(target[place], source[row * rowBytes + byte]);
      }
    for (int64_t place = 0; place < size; ++place)
      if (!isTaken[place])
        ASSERT_EQ(target[place], 0x38);
  }
}

TEST(PackedLayout, N8_8_Offsets) {
  // Units of payload: lane 4 · row + place has those of rows 0 and 8.
  EXPECT_EQ(0, getFragmentOffset(0, 0, 4, 3));
  EXPECT_EQ(1, getFragmentOffset(8, 0, 4, 3));
  EXPECT_EQ(2, getFragmentOffset(0, 1, 4, 3));
  EXPECT_EQ(8, getFragmentOffset(1, 0, 4, 3));
  EXPECT_EQ(63, getFragmentOffset(15, 3, 4, 3));
  EXPECT_EQ(64, getFragmentOffset(0, 4, 4, 3));
  EXPECT_EQ(64 * 3 + 2, getFragmentOffset(16, 1, 4, 3));
  // Two scales in a line.
  EXPECT_EQ(4 * 5 + 2 + 1, getFragmentOffset(13, 1, 2, 2));
  EXPECT_EQ(32 * 3, getFragmentOffset(16, 2, 2, 2));
}

TEST(PackedLayout, N8_8_every_bit_of_a_word) {
  constexpr int first[4][4] = {
      {15, 8, 7, 6}, {19, 12, 11, 10}, {9, 2, 1, 0}, {13, 14, 5, 4}};
  for (int code = 0; code < 8; ++code)
    for (int bit = 0; bit < 4; ++bit) {
      uint32_t source = uint32_t(8 >> bit) << (4 * code);
      int place = (first[code / 2][bit] + code % 2 * 16) % 32;
      EXPECT_EQ(uint32_t(1) << place, arrangeCodes(source));
      EXPECT_EQ(source, restoreCodes(uint32_t(1) << place));
    }
  EXPECT_EQ(0xFFFFFFFFu, arrangeCodes(0xFFFFFFFFu));
}

/// Every code and scale has a place of its own, and the rest is padding.
TEST(PackedLayout, N8_8_is_one_to_one) {
  for (auto [rows, k, block] : {std::array<int64_t, 3>{1, 1, 32},
                                {16, 64, 32},
                                {17, 90, 16},
                                {33, 2880, 32},
                                {50, 130, 16},
                                {0, 32, 32}}) {
    int64_t rowBytes = (k + 1) / 2, blocks = (k + block - 1) / block;
    int64_t perLine = 64 / block, lines = (k + 63) / 64;
    int64_t groups = (rows + 15) / 16;
    std::vector<uint8_t> source = drawBytes(rows * rowBytes),
                         scales = drawBytes(rows * blocks);
    for (uint8_t &byte : scales)
      byte |= 1; // Tells scales from padding.
    std::vector<uint8_t> payload(groups * lines * 512 + 1, 0xEE);
    arrangePayload(source.data(), rows, rowBytes, lines, payload.data());
    EXPECT_EQ(payload.back(), 0xEE);
    for (int64_t word = 0; word < groups * lines * 128; ++word) {
      uint32_t codes = 0;
      for (int64_t i = 0; i < 4; ++i)
        codes |= uint32_t(payload[4 * word + i]) << (8 * i);
      codes = restoreCodes(codes);
      // Undo the formula of the clause.
      int64_t unit = word / 2, line = unit / 64, lane = unit % 64 / 2;
      int64_t row = line / lines * 16 + unit % 2 * 8 + lane / 4;
      for (int64_t i = 0; i < 4; ++i) {
        int64_t byte = line % lines * 32 + lane % 4 * 8 + word % 2 * 4 + i;
        bool isThere = row < rows && byte < rowBytes;
        ASSERT_EQ(codes >> (8 * i) & 0xFF,
                  isThere ? source[row * rowBytes + byte] : 0);
      }
    }
    std::vector<uint8_t> target(groups * lines * 16 * perLine + 1, 0xEE);
    arrangeScales(scales.data(), rows, blocks, perLine, lines, 0x38,
                  target.data());
    EXPECT_EQ(target.back(), 0xEE);
    target.pop_back();
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = 0; i < blocks; ++i) {
        uint8_t &byte = target[getFragmentOffset(row, i, perLine, lines)];
        ASSERT_EQ(byte, scales[row * blocks + i]);
        byte = 0x38;
      }
    EXPECT_EQ(std::count(target.begin(), target.end(), 0x38),
              int64_t(target.size()));
  }
}

} // namespace
