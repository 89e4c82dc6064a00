//===- PackedLayout.cpp - where each code lies ----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The byte layouts drawn in PackedLayout.h (N8).
//===----------------------------------------------------------------------===//

#include "mx/Numerics/PackedLayout.h"
#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

using namespace mxnum;

//===----------------------------------------------------------------------===//
// Canonical rows (N8.1)
//===----------------------------------------------------------------------===//

static constexpr unsigned kNibbleBits = 4;
static constexpr unsigned kByteBits = 8;

static uint8_t getCodeMask(unsigned bits) {
  assert(bits >= 1 && bits <= kByteBits && "a code fits a byte");
  return static_cast<uint8_t>((1u << bits) - 1);
}

int64_t mxnum::getPackedBytes(int64_t count, unsigned bits) {
  // Eight codes fill `bits` bytes; split so that no count overflows.
  int64_t rest = count % kByteBits * bits;
  return count / kByteBits * bits + (rest + kByteBits - 1) / kByteBits;
}

uint8_t mxnum::readCode(const uint8_t *row, int64_t k, unsigned bits) {
  const uint8_t *byte = row + k * bits / kByteBits;
  unsigned shift = static_cast<unsigned>(k * bits % kByteBits);
  unsigned value = byte[0] >> shift;
  if (shift + bits > kByteBits)
    value |= static_cast<unsigned>(byte[1]) << (kByteBits - shift);
  return static_cast<uint8_t>(value & getCodeMask(bits));
}

/// Replaces the bits of `byte` under `mask` by those of `value`.
static void mergeBits(uint8_t &byte, unsigned value, unsigned mask) {
  byte = static_cast<uint8_t>((byte & ~mask) | (value & mask));
}

void mxnum::writeCode(uint8_t *row, int64_t k, unsigned bits, uint8_t code) {
  uint8_t *byte = row + k * bits / kByteBits;
  unsigned shift = static_cast<unsigned>(k * bits % kByteBits);
  unsigned value = static_cast<unsigned>(code) << shift;
  unsigned mask = static_cast<unsigned>(getCodeMask(bits)) << shift;
  mergeBits(byte[0], value, mask & 0xFF);
  if (shift + bits > kByteBits)
    mergeBits(byte[1], value >> kByteBits, mask >> kByteBits);
}

/// Packs 4-bit codes: the general loop in a form that vectorises.
static void packNibbles(const uint8_t *codes, int64_t count,
                        uint8_t *__restrict row) {
  for (int64_t i = 0; i < count / 2; ++i) {
    unsigned pair = codes[2 * i] | codes[2 * i + 1] << 8;
    uint16_t nibbles = pair & 0x0F0F;
    row[i] = static_cast<uint8_t>(nibbles | nibbles >> 4);
  }
  if (count % 2 != 0)
    row[count / 2] = codes[count - 1] & 0xF;
}

void mxnum::packRow(const uint8_t *codes, int64_t count, unsigned bits,
                    uint8_t *row) {
  if (bits == kNibbleBits)
    return packNibbles(codes, count, row);
  if (bits == kByteBits) {
    std::copy(codes, codes + count, row);
    return;
  }
  uint8_t mask = getCodeMask(bits);
  unsigned pending = 0, pendingBits = 0;
  for (int64_t k = 0; k < count; ++k) {
    pending |= static_cast<unsigned>(codes[k] & mask) << pendingBits;
    pendingBits += bits;
    if (pendingBits < kByteBits)
      continue;
    *row++ = static_cast<uint8_t>(pending);
    pending >>= kByteBits;
    pendingBits -= kByteBits;
  }
  if (pendingBits != 0)
    *row = static_cast<uint8_t>(pending);
}

void mxnum::unpackRow(const uint8_t *row, int64_t count, unsigned bits,
                      uint8_t *codes) {
  for (int64_t k = 0; k < count; ++k)
    codes[k] = readCode(row, k, bits);
}

//===----------------------------------------------------------------------===//
// ggml structs (N8.3, N8.4)
//===----------------------------------------------------------------------===//

static constexpr int64_t kMXFP4Block = 32;
static constexpr int64_t kMXFP4PayloadBytes = 16;
static constexpr int64_t kNVFP4Block = 16;
static constexpr int64_t kNVFP4PayloadBytes = 8;
static constexpr int64_t kNVFP4SubBlocks = 4;

/// Canonical nibbles of one block to split halves: byte j holds element j low
/// and element j + count/2 high.
static void splitHalves(const uint8_t *canonical, int64_t count,
                        uint8_t *halves) {
  for (int64_t j = 0; j < count / 2; ++j) {
    uint8_t low = readCode(canonical, j, kNibbleBits);
    uint8_t high = readCode(canonical, j + count / 2, kNibbleBits);
    halves[j] = static_cast<uint8_t>(low | high << kNibbleBits);
  }
}

static void joinHalves(const uint8_t *halves, int64_t count,
                       uint8_t *canonical) {
  for (int64_t j = 0; j < count / 2; ++j) {
    writeCode(canonical, j, kNibbleBits, halves[j] & 0xF);
    writeCode(canonical, j + count / 2, kNibbleBits,
              static_cast<uint8_t>(halves[j] >> kNibbleBits));
  }
}

void mxnum::mxfp4ToGgml(const uint8_t *payload, const uint8_t *scales,
                        int64_t blocks, uint8_t *structs) {
  for (int64_t b = 0; b < blocks; ++b, structs += kGgmlMXFP4Bytes) {
    structs[0] = scales[b];
    splitHalves(payload + b * kMXFP4PayloadBytes, kMXFP4Block, structs + 1);
  }
}

void mxnum::mxfp4FromGgml(const uint8_t *structs, int64_t blocks,
                          uint8_t *payload, uint8_t *scales) {
  for (int64_t b = 0; b < blocks; ++b, structs += kGgmlMXFP4Bytes) {
    scales[b] = structs[0];
    joinHalves(structs + 1, kMXFP4Block, payload + b * kMXFP4PayloadBytes);
  }
}

void mxnum::nvfp4ToGgml(const uint8_t *payload, const uint8_t *scales,
                        int64_t superBlocks, uint8_t *structs) {
  for (int64_t b = 0; b < superBlocks; ++b, structs += kGgmlNVFP4Bytes) {
    std::memcpy(structs, scales + b * kNVFP4SubBlocks, kNVFP4SubBlocks);
    for (int64_t s = 0; s < kNVFP4SubBlocks; ++s)
      splitHalves(payload + (b * kNVFP4SubBlocks + s) * kNVFP4PayloadBytes,
                  kNVFP4Block,
                  structs + kNVFP4SubBlocks + s * kNVFP4PayloadBytes);
  }
}

void mxnum::nvfp4FromGgml(const uint8_t *structs, int64_t superBlocks,
                          uint8_t *payload, uint8_t *scales) {
  for (int64_t b = 0; b < superBlocks; ++b, structs += kGgmlNVFP4Bytes) {
    std::memcpy(scales + b * kNVFP4SubBlocks, structs, kNVFP4SubBlocks);
    for (int64_t s = 0; s < kNVFP4SubBlocks; ++s)
      joinHalves(structs + kNVFP4SubBlocks + s * kNVFP4PayloadBytes,
                 kNVFP4Block,
                 payload + (b * kNVFP4SubBlocks + s) * kNVFP4PayloadBytes);
  }
}

//===----------------------------------------------------------------------===//
// Scale tiles (N8.5)
//===----------------------------------------------------------------------===//

static constexpr int64_t kTileRows = 128;
static constexpr int64_t kTileColumns = 4;
static constexpr int64_t kTileBytes = kTileRows * kTileColumns;
/// Rows of a tile that follow each other in memory; the tile's four groups of
/// 32 rows interleave.
static constexpr int64_t kTileRowGroup = 32;
static constexpr int64_t kTileRowBytes = kTileBytes / kTileRowGroup;

static int64_t divideUp(int64_t value, int64_t divisor) {
  return value / divisor + (value % divisor != 0);
}

int64_t mxnum::getScaleTileBytes(int64_t rows, int64_t columns) {
  int64_t tiles, bytes;
  if (__builtin_mul_overflow(divideUp(rows, kTileRows),
                             divideUp(columns, kTileColumns), &tiles) ||
      __builtin_mul_overflow(tiles, kTileBytes, &bytes))
    return std::numeric_limits<int64_t>::max();
  return bytes;
}

int64_t mxnum::getScaleTileOffset(int64_t row, int64_t column,
                                  int64_t columns) {
  int64_t tile =
      row / kTileRows * divideUp(columns, kTileColumns) + column / kTileColumns;
  int64_t rowInTile = row % kTileRows;
  return tile * kTileBytes + rowInTile % kTileRowGroup * kTileRowBytes +
         rowInTile / kTileRowGroup * kTileColumns + column % kTileColumns;
}

void mxnum::scalesToTiles(const uint8_t *scales, int64_t rows, int64_t columns,
                          uint8_t *tiles) {
  int64_t bytes = getScaleTileBytes(rows, columns);
  if (bytes == 0)
    return;
  std::memset(tiles, 0, static_cast<size_t>(bytes));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      tiles[getScaleTileOffset(r, c, columns)] = scales[r * columns + c];
}

void mxnum::scalesFromTiles(const uint8_t *tiles, int64_t rows, int64_t columns,
                            uint8_t *scales) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      scales[r * columns + c] = tiles[getScaleTileOffset(r, c, columns)];
}

//===----------------------------------------------------------------------===//
// Interleaved rows (N8.7)
//===----------------------------------------------------------------------===//

int64_t mxnum::getInterleavedOffset(int64_t row, int64_t byte, int64_t unit,
                                    int64_t units) {
  int64_t line = row / kInterleavedRows * units + byte / unit;
  return (line * kInterleavedRows + row % kInterleavedRows) * unit +
         byte % unit;
}

void mxnum::interleaveRows(const uint8_t *source, int64_t rows,
                           int64_t rowBytes, int64_t unit, int64_t units,
                           uint8_t padding, uint8_t *target) {
  int64_t allRows = divideUp(rows, kInterleavedRows) * kInterleavedRows;
  std::memset(target, padding, static_cast<size_t>(allRows * units * unit));
  for (int64_t row = 0; row < rows; ++row) {
    const uint8_t *from = source + row * rowBytes;
    for (int64_t byte = 0; byte < rowBytes; byte += unit)
      std::memcpy(target + getInterleavedOffset(row, byte, unit, units),
                  from + byte,
                  static_cast<size_t>(std::min(unit, rowBytes - byte)));
  }
}

//===----------------------------------------------------------------------===//
// Order of fragments (N8.8)
//===----------------------------------------------------------------------===//

static constexpr int64_t kUnitBytes = kFragmentCodes / 2;
static constexpr int64_t kUnitsPerLine = kFragmentDepth / kFragmentCodes;
static constexpr int64_t kWordBytes = 4;

int64_t mxnum::getFragmentOffset(int64_t row, int64_t unit, int64_t perLine,
                                 int64_t lines) {
  constexpr int64_t half = kFragmentRows / 2;
  int64_t line = row / kFragmentRows * lines + unit / perLine;
  int64_t lane = row % half * perLine + unit % perLine;
  return line * kFragmentRows * perLine + lane * 2 + row / half % 2;
}

/// Code 2 · `pair` goes to the lower half of a word, the next to the upper one:
/// the sign to its top, the rest to bits 8 to 6.
static uint32_t placePair(uint32_t codes, int pair) {
  uint32_t both = codes >> (8 * pair);
  both = (both & 0xF) | (both & 0xF0) << 12;
  return (both & 0x00080008) << 12 | (both & 0x00070007) << 6;
}

/// Bits of the last pair that are moved by themselves.
static constexpr uint32_t kLastHigh = 0x01000100;

uint32_t mxnum::arrangeCodes(uint32_t codes) {
  uint32_t second = placePair(codes, 1), last = placePair(codes, 3);
  return placePair(codes, 0) | second << 4 | second >> 28 |
         placePair(codes, 2) >> 6 | (last & ~kLastHigh) >> 2 |
         (last & kLastHigh) << 6;
}

uint32_t mxnum::restoreCodes(uint32_t word) {
  uint32_t pairs[] = {word, word >> 4 | word << 28, word << 6,
                      (word << 2 & ~kLastHigh) | (word >> 6 & kLastHigh)};
  uint32_t codes = 0;
  for (int pair = 0; pair < 4; ++pair) {
    uint32_t both =
        (pairs[pair] >> 12 & 0x00080008) | (pairs[pair] >> 6 & 0x00070007);
    codes |= ((both & 0xF) | (both >> 12 & 0xF0)) << (8 * pair);
  }
  return codes;
}

void mxnum::arrangePayload(const uint8_t *source, int64_t rows,
                           int64_t rowBytes, int64_t lines, uint8_t *target) {
  int64_t groups = divideUp(rows, kFragmentRows);
  std::memset(target, 0,
              static_cast<size_t>(groups * lines * kFragmentRows *
                                  kUnitsPerLine * kUnitBytes));
  for (int64_t row = 0; row < rows; ++row) {
    const uint8_t *from = source + row * rowBytes;
    for (int64_t byte = 0; byte < rowBytes; byte += kWordBytes) {
      uint32_t word = 0;
      for (int64_t i = 0; i < std::min(kWordBytes, rowBytes - byte); ++i)
        word |= uint32_t(from[byte + i]) << (8 * i);
      word = arrangeCodes(word);
      uint8_t *to =
          target +
          getFragmentOffset(row, byte / kUnitBytes, kUnitsPerLine, lines) *
              kUnitBytes +
          byte % kUnitBytes;
      for (int64_t i = 0; i < kWordBytes; ++i)
        to[i] = uint8_t(word >> (8 * i));
    }
  }
}

void mxnum::arrangeScales(const uint8_t *source, int64_t rows, int64_t blocks,
                          int64_t perLine, int64_t lines, uint8_t padding,
                          uint8_t *target) {
  int64_t groups = divideUp(rows, kFragmentRows);
  std::memset(target, padding,
              static_cast<size_t>(groups * lines * kFragmentRows * perLine));
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t block = 0; block < blocks; ++block)
      target[getFragmentOffset(row, block, perLine, lines)] =
          source[row * blocks + block];
}
