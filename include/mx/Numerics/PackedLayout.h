//===- PackedLayout.h - where each code lies --------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The one place that knows byte layouts (N8). A row of FP4 codes k0 k1 k2 …:
//
//   canonical, gpt-oss   byte 0        byte 1        …      (N8.1, N8.2)
//                        [k1 |k0 ]     [k3 |k2 ]            high | low nibble
//   ggml block_mxfp4     byte 0  1           2        …     (N8.3)
//                        [scale] [k16|k0 ]   [k17|k1 ]
//   ggml block_nvfp4     4 scales, then for each 16:        (N8.4)
//                        [k8 |k0 ]     [k9 |k1 ]      …
//
// and of FP6 codes, four in three bytes, least significant bit first:
//
//   byte 0               byte 1               byte 2
//   [k1(1..0) | k0 ]     [k2(3..0)|k1(5..2)]  [k3 | k2(5..4)]
//
// Rows n0 n1 … of weights, interleaved for vectors whose lanes are rows (N8.7):
//
//   payload  a line of 64 bytes: 4 bytes of each of 16 rows (8 codes of FP4)
//            [n0 b0..b3][n1 b0..b3] … [n15 b0..b3]   [n0 b4..b7] …
//   scales   16 bytes: a block of each row
//            [n0][n1] … [n15]                        [n0] …
//
// Rows of FP4 weights in the order of fragments, for lanes of a warp (N8.8).
// Lane 4 · (n mod 8) + p reads units of 16 codes, number p of a line, of two
// rows:
//
//   payload  a line of 512 bytes: 64 codes of each of 16 rows
//            lane 0                 lane 1                     lane 4
//            [n0 k0..15][n8 k0..15] [n0 k16..31][n8 k16..31] … [n1 k0..15][n9 …
//   scales   the same order, a byte for each block of a line
//   a word   8 codes, where the decoder wants the bits s h m l of each; the
//            lower half, in which s2 is in the place of s3 in the upper one:
//
//   bit      15 14 13 12 11 10  9  8  7  6  5  4  3  2  1  0
//            s0 h6 s6 h2 m2 l2 s4 h0 m0 l0 m6 l6 s3 h4 m4 l4
//
//            The upper half has s1 h7 s7 h3 … s2 h5 m5 l5.
//===----------------------------------------------------------------------===//

#ifndef MX_NUMERICS_PACKEDLAYOUT_H
#define MX_NUMERICS_PACKEDLAYOUT_H

#include <cstddef>
#include <cstdint>

namespace mxnum {

/// Bytes of a canonical row of `count` codes of `bits` bits.
int64_t getPackedBytes(int64_t count, unsigned bits);

/// Code `k` of a canonical row.
uint8_t readCode(const uint8_t *row, int64_t k, unsigned bits);

/// Overwrites code `k` of a canonical row, leaving its neighbours.
void writeCode(uint8_t *row, int64_t k, unsigned bits, uint8_t code);

/// Packs `count` codes, one per byte, into a canonical row, and back. Unused
/// bits of the last byte are zero.
void packRow(const uint8_t *codes, int64_t count, unsigned bits, uint8_t *row);
void unpackRow(const uint8_t *row, int64_t count, unsigned bits,
               uint8_t *codes);

inline constexpr int64_t kGgmlMXFP4Bytes = 17;
inline constexpr int64_t kGgmlNVFP4Bytes = 36;

/// Converts `blocks` blocks of 32 between canonical bytes with their scales and
/// ggml's block_mxfp4 structs (N8.3).
void mxfp4ToGgml(const uint8_t *payload, const uint8_t *scales, int64_t blocks,
                 uint8_t *structs);
void mxfp4FromGgml(const uint8_t *structs, int64_t blocks, uint8_t *payload,
                   uint8_t *scales);

/// The same for block_nvfp4, `superBlocks` of 64 elements (N8.4).
void nvfp4ToGgml(const uint8_t *payload, const uint8_t *scales,
                 int64_t superBlocks, uint8_t *structs);
void nvfp4FromGgml(const uint8_t *structs, int64_t superBlocks,
                   uint8_t *payload, uint8_t *scales);

/// Bytes of the 128x4 tile layout for rows x columns scales (N8.5); INT64_MAX
/// if they do not fit.
int64_t getScaleTileBytes(int64_t rows, int64_t columns);

/// Where scale (row, column) of a matrix with `columns` columns lies in it.
int64_t getScaleTileOffset(int64_t row, int64_t column, int64_t columns);

/// Copies row-major scales into tiles (padding with 0) and back.
void scalesToTiles(const uint8_t *scales, int64_t rows, int64_t columns,
                   uint8_t *tiles);
void scalesFromTiles(const uint8_t *tiles, int64_t rows, int64_t columns,
                     uint8_t *scales);

/// Rows that are interleaved (N8.7), and how many neighbouring bytes of a row
/// stay together in a payload; of scales it is one.
inline constexpr int64_t kInterleavedRows = 16;
inline constexpr int64_t kInterleavedUnit = 4;

/// Where byte `byte` of row `row` lies, `units` being the units of a row.
int64_t getInterleavedOffset(int64_t row, int64_t byte, int64_t unit,
                             int64_t units);

/// Interleaves `rows` rows of `rowBytes` bytes, neighbours of which stay
/// together in units of `unit`. `target` has `units` units for each row,
/// rounded up to whole groups of rows; what no row fills is `padding`.
void interleaveRows(const uint8_t *source, int64_t rows, int64_t rowBytes,
                    int64_t unit, int64_t units, uint8_t padding,
                    uint8_t *target);

/// Rows of a group in the order of fragments (N8.8), elements of a row in a
/// line, and codes in a unit of payload; of scales a unit is one.
inline constexpr int64_t kFragmentRows = 16;
inline constexpr int64_t kFragmentDepth = 64;
inline constexpr int64_t kFragmentCodes = 16;

/// Where unit `unit` of row `row` lies, in units, `perLine` being the units of
/// a row in a line and `lines` the lines of a group.
int64_t getFragmentOffset(int64_t row, int64_t unit, int64_t perLine,
                          int64_t lines);

/// Eight codes, the first in the lowest bits, as a word of N8.8, and back.
uint32_t arrangeCodes(uint32_t codes);
uint32_t restoreCodes(uint32_t word);

/// Brings `rows` canonical rows of `rowBytes` bytes of FP4 codes to the order
/// of fragments. `target` has `lines` lines for each group; what no row fills
/// is 0.
void arrangePayload(const uint8_t *source, int64_t rows, int64_t rowBytes,
                    int64_t lines, uint8_t *target);

/// The same for `blocks` scales in each row, `perLine` of them in a line; what
/// no row fills is `padding`.
void arrangeScales(const uint8_t *source, int64_t rows, int64_t blocks,
                   int64_t perLine, int64_t lines, uint8_t padding,
                   uint8_t *target);

} // namespace mxnum

#endif // MX_NUMERICS_PACKEDLAYOUT_H
