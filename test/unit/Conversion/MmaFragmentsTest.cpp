//===- MmaFragmentsTest.cpp - lanes against the tables --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Inputs holds what the instructions define, one element in a line. The
// formulas say which row and chunk a lane points `ldmatrix` to; `ldmatrix` then
// gives lane l the four bytes at 4·(l mod 4) of the row that lane l div 4 of
// its matrix pointed to.
//===----------------------------------------------------------------------===//

#include "MXToNVVM/MmaFragments.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

using namespace mlir::mx;

namespace {

using Line = std::vector<int>;

std::vector<Line> readTable(const std::string &name) {
  std::ifstream file(std::string(MX_CONVERSION_INPUTS) + "/" + name + ".csv");
  std::string line;
  std::getline(file, line);
  std::vector<Line> lines;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    Line &numbers = lines.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');)
      numbers.push_back(std::stoi(cell));
  }
  EXPECT_FALSE(lines.empty()) << name;
  return lines;
}

struct Place {
  int row, bit;
  bool operator==(const Place &other) const {
    return row == other.row && bit == other.bit;
  }
};

/// Where bit `bit` of the register that `lane` gets of matrix `matrix` lies:
/// the row of the tile, and the bit in the slice of 32 bytes.
Place followLdmatrix(int lane, int matrix, int bit, int (*getRow)(int),
                     int (*getChunk)(int)) {
  int source = 8 * matrix + lane / 4;
  int byte = getChunk(source) * kChunkBytes + 4 * (lane % 4);
  return {getRow(source), 8 * byte + bit};
}

/// Columns of the tables: lane, register, element, lowest bit, then two
/// coordinates.
void checkLhs(const std::string &name, int bits) {
  for (const Line &line : readTable(name)) {
    Place place = followLdmatrix(line[0], line[1], line[3], getLhsSourceRow,
                                 getLhsSourceChunk);
    EXPECT_EQ(place, (Place{line[4], line[5] * bits})) << name;
  }
}

/// One `ldmatrix` x4 gives the fragments of two tiles, two registers each.
void checkRhs(const std::string &name, int bits) {
  for (int tile : {0, 1})
    for (const Line &line : readTable(name)) {
      Place place = followLdmatrix(line[0], 2 * tile + line[1], line[3],
                                   getRhsSourceRow, getRhsSourceChunk);
      EXPECT_EQ(place, (Place{kMmaColumns * tile + line[5], line[4] * bits}))
          << name;
    }
}

TEST(MmaFragments, LhsIsWhatLdmatrixBrings) {
  checkLhs("mma_m16n8k64_fp4_A", 4);
  checkLhs("mma_m16n8k32_fp8_A", 8);
}

TEST(MmaFragments, RhsIsWhatLdmatrixBrings) {
  checkRhs("mma_m16n8k64_fp4_B", 4);
  checkRhs("mma_m16n8k32_fp8_B", 8);
}

TEST(MmaFragments, Results) {
  for (const char *name : {"mma_m16n8k64_fp4_CD", "mma_m16n8k32_fp8_CD"})
    for (const Line &line : readTable(name)) {
      EXPECT_EQ(getResultRow(line[0], line[1]), line[4]);
      EXPECT_EQ(getResultColumn(line[0], line[1]), line[5]);
    }
}

/// The lane that the selectors of a tile pick for a row holds that row's scale.
TEST(MmaFragments, ScalesOfLhs) {
  std::vector<Line> lines = readTable("mma_scale_A");
  int found = 0;
  for (int tile = 0; tile < 2 * kLhsTilesPerScale; ++tile)
    for (const Line &line : lines) {
      if (line[1] != getLhsScaleThread(tile))
        continue;
      int row = tile % kLhsTilesPerScale * kMmaRows + line[5];
      EXPECT_EQ(getScaleRow(line[3], kScaleRows), row);
      ++found;
    }
  EXPECT_GT(found, 0);
}

TEST(MmaFragments, ScalesOfRhs) {
  std::vector<Line> lines = readTable("mma_scale_B");
  for (int rows : {16, 32})
    for (int tile = 0; tile < rows / kMmaColumns; ++tile)
      for (const Line &line : lines)
        if (line[1] == getRhsScaleThread(tile))
          EXPECT_EQ(getScaleRow(line[3], rows), tile * kMmaColumns + line[5]);
}

TEST(MmaFragments, SwizzleOf128Bytes) {
  for (const Line &line : readTable("smem_sw128_kmajor"))
    EXPECT_EQ(line[0] * kRowBytes +
                  getSwizzledChunk(line[0], line[1]) * kChunkBytes,
              line[2]);
}

} // namespace
