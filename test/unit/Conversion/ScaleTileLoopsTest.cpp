//===- ScaleTileLoopsTest.cpp - compiled mx.packed.tile_scales ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// N8.5 against its formula and lib/Numerics: that tiling is one to one, pads
// with zeros and writes nothing else, whole tiles and ragged ones, two matrices
// of any strides.
//===----------------------------------------------------------------------===//

#include "PackedOperand.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"
#include "mx/Numerics/PackedLayout.h"
#include <gtest/gtest.h>
#include <set>

using namespace mxtest;
using namespace mxnum;
using mlir::mx::ScaleTile;

static std::string makeModule(bool isStrided) {
  std::string scales = getMemRefType(3, "i8", isStrided);
  std::string tiles = getMemRefType(5, "i8", isStrided);
  auto makeFunction = [](const std::string &name, const std::string &from,
                         const std::string &to) {
    return "func.func @" + name + "(%x: " + from + ", %y: " + to +
           ") {\n  mx.packed." + name + " ins(%x : " + from +
           ") outs(%y : " + to + ")\n  return\n}\n";
  };
  return makeFunction("tile_scales", scales, tiles) +
         makeFunction("untile_scales", tiles, scales);
}

/// Bytes that are not zero, so that padding is told from scales.
static std::vector<uint8_t> makeScales(int64_t count) {
  std::mt19937 random(static_cast<uint32_t>(count));
  std::vector<uint8_t> bytes(count);
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>(1 + random() % 255);
  return bytes;
}

/// Two matrices there and back.
static void checkMatrices(const JitModule &module, int64_t rows,
                          int64_t columns) {
  SCOPED_TRACE("N8.5: " + std::to_string(rows) + " x " +
               std::to_string(columns));
  constexpr int64_t count = 2;
  int64_t size = rows * columns, tileBytes = getScaleTileBytes(rows, columns);
  std::vector<int64_t> shape{count, rows, columns};
  std::vector<int64_t> tilesShape{
      count, (rows + ScaleTile::rows - 1) / ScaleTile::rows,
      (columns + ScaleTile::columns - 1) / ScaleTile::columns,
      ScaleTile::memoryRows, ScaleTile::rowBytes};
  std::vector<uint8_t> scales = makeScales(count * size);
  std::vector<uint8_t> expected(count * tileBytes + 1, 0x5A);
  std::vector<uint8_t> tiles = expected;
  for (int64_t matrix = 0; matrix < count; ++matrix)
    scalesToTiles(scales.data() + matrix * size, rows, columns,
                  expected.data() + matrix * tileBytes);
  ASSERT_TRUE(module.call(
      "tile_scales", {Argument(scales, shape), Argument(tiles, tilesShape)}));
  EXPECT_EQ(tiles, expected);
  std::vector<uint8_t> back(count * size + 1, 0x5A);
  ASSERT_TRUE(module.call(
      "untile_scales", {Argument(tiles, tilesShape), Argument(back, shape)}));
  EXPECT_EQ(back.back(), 0x5A);
  back.pop_back();
  EXPECT_EQ(back, scales);
}

TEST(ScaleTileLoops, N8_5_all_tails) {
  for (bool isStrided : {false, true}) {
    auto module = JitModule::compile(makeModule(isStrided));
    ASSERT_TRUE(module);
    for (int64_t rows : {0, 1, 31, 32, 33, 96, 127, 128, 129, 255, 256, 257})
      for (int64_t columns = 0; columns <= 9; ++columns)
        checkMatrices(*module, rows, columns);
  }
}

/// Each scale of several tiles, one at a time, is where the formula says.
TEST(ScaleTileLoops, N8_5_is_one_to_one) {
  auto module = JitModule::compile(makeModule(false));
  ASSERT_TRUE(module);
  constexpr int64_t rows = 130, columns = 6, rowTiles = 2, columnTiles = 2;
  std::set<int64_t> places;
  std::vector<uint8_t> scales(rows * columns);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      scales[r * columns + c] = 0x7F;
      std::vector<uint8_t> tiles(rowTiles * columnTiles * 512, 0xFF);
      ASSERT_TRUE(
          module->call("tile_scales",
                       {Argument(scales, {1, rows, columns}),
                        Argument(tiles, {1, rowTiles, columnTiles, 32, 16})}));
      int64_t tile = r / 128 * columnTiles + c / 4;
      int64_t place = tile * 512 + r % 32 * 16 + r % 128 / 32 * 4 + c % 4;
      EXPECT_EQ(tiles[place], 0x7F);
      EXPECT_EQ(std::count(tiles.begin(), tiles.end(), 0),
                static_cast<int64_t>(tiles.size()) - 1);
      places.insert(place);
      scales[r * columns + c] = 0;
    }
  EXPECT_EQ(places.size(), static_cast<size_t>(rows * columns));
}
