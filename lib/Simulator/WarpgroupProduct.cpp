//===- WarpgroupProduct.cpp - the arithmetic of wgmma ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each warp has 16 of the 64 rows, in fragments of A and C as those of mma.sync
// (Fragment.h); each eight columns have four sums in a thread.
//===----------------------------------------------------------------------===//

#include "Block.h"
#include "MatrixProduct.h"
#include <cstring>

using namespace mxsim;

/// The published models of Hopper, which alone has these products.
static ProductModel getModel(Arithmetic arithmetic, unsigned bits) {
  constexpr int smallBits = 13;
  ProductModel model;
  model.isExact = arithmetic == Arithmetic::Exact;
  if (bits == 8)
    model.fractionBits = model.keptBits = smallBits;
  return model;
}

/// The codes of a row that shared memory holds.
static void readRow(Block &block, const MatrixDescriptor &matrix, uint32_t row,
                    unsigned bits, uint16_t *codes) {
  uint8_t bytes[kChunksPerRow * kSwizzleChunk];
  for (uint32_t chunk = 0; chunk < kChunksPerRow; ++chunk)
    std::memcpy(bytes + chunk * kSwizzleChunk,
                block.shared.getBase() + matrix.getChunk(row, chunk),
                kSwizzleChunk);
  for (size_t index = 0; index < sizeof(bytes) * 8 / bits; ++index)
    codes[index] = bits == 8
                       ? bytes[index]
                       : uint16_t(bytes[2 * index] | bytes[2 * index + 1] << 8);
}

/// The codes of the rows that registers hold.
static void readRegisters(const GroupProduct &product, unsigned bits,
                          uint16_t (*codes)[kMaxK]) {
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread) {
    uint32_t firstRow = thread / kWarpSize * kTileRows;
    for (unsigned reg = 0; reg < kRegistersOfA; ++reg)
      for (unsigned element = 0; element < 32 / bits; ++element) {
        TilePlace place = placeOfA(bits, thread % kWarpSize, reg, element);
        codes[firstRow + place.outer][place.inner] =
            uint16_t(product.registers[thread][reg] >> (bits * element) &
                     ((1u << bits) - 1));
      }
  }
}

void mxsim::carryOutProduct(Block &block, const GroupProduct &product,
                            GroupSums &sums) {
  bool isHalf =
      product.typeA == MXSIM_TYPE_F16 || product.typeA == MXSIM_TYPE_BF16;
  unsigned bits = isHalf ? 16 : 8;
  unsigned k = kChunksPerRow * kSwizzleChunk * 8 / bits;
  uint16_t codes[kGroupRows][kMaxK];
  if (!product.a)
    readRegisters(product, bits, codes);
  // Too large for the stack of a fiber.
  std::vector<Vector> rows(kGroupRows), columns(product.columns);
  for (uint32_t row = 0; row < kGroupRows; ++row) {
    if (product.a)
      readRow(block, *product.a, row, bits, codes[row]);
    decodeVector(rows[row], product.typeA, codes[row], k);
  }
  for (uint32_t column = 0; column < product.columns; ++column) {
    readRow(block, product.b, column, bits, codes[0]);
    decodeVector(columns[column], product.typeB, codes[0], k);
  }
  int fraction = getFraction(product.typeA) + getFraction(product.typeB);
  ProductModel model = getModel(block.options.arithmetic, bits);
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread)
    for (uint32_t index = 0; index < sums.count; ++index) {
      TilePlace place = placeOfC(thread % kWarpSize, index % 4);
      uint32_t row = thread / kWarpSize * kTileRows + place.outer;
      uint32_t column = index / 4 * kTileColumns + place.inner;
      uint32_t &sum = sums.get(thread, index);
      sum = multiply(rows[row], columns[column], k, fraction, sum, model);
    }
}
