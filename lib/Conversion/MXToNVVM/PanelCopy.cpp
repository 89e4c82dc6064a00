//===- PanelCopy.cpp - rows of an operand into shared memory --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "PanelCopy.h"
#include "DeviceMemory.h"
#include "MatmulSpec.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mx;

PanelCopy::PanelCopy(ImplicitLocOpBuilder &b, const PanelShape &shape,
                     const PanelSource &source, Word thread)
    : b(b), shape(shape), rowLength(source.rowLength), column(thread) {
  int perRow = shape.rowBytes / shape.chunk;
  int total = shape.rows * perRow;
  Word place = thread % perRow;
  column = place * shape.chunk;
  if (total < kThreads)
    active = thread.isBelow(thread.constant(total));
  for (int first = 0; first < total; first += kThreads) {
    Word row = thread / perRow + first / perRow;
    Word global = source.firstRow + row;
    // Threads without a row read the last one, and write zeros.
    Word clamped = global.min(source.rows - 1);
    Value offset = arith::MulIOp::create(b, clamped.widen(), rowLength.widen());
    Word target =
        row * shape.rowBytes +
        (shape.swizzled ? getSwizzledChunk(row, place) * shape.chunk : column);
    chunks.push_back({offsetPointer(b, source.base, offset),
                      global.isBelow(source.rows), target});
  }
}

void PanelCopy::forActiveThreads(function_ref<void()> body) {
  if (!active)
    return body();
  auto ifOp = scf::IfOp::create(b, active);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  body();
}

/// The start of a read that does not leave the row, for a wanted one that may.
static Word clampStart(Word start, Value inside) {
  return start.onlyIf(inside);
}

void PanelCopy::copy(Word offset, Value panel) {
  Word start = offset + column;
  Value inside = start.isBelow(rowLength);
  Word safe = clampStart(start, inside);
  auto modifier = shape.unit == 16 ? NVVM::LoadCacheModifierKind::CG
                                   : NVVM::LoadCacheModifierKind::CA;
  forActiveThreads([&] {
    for (const Chunk &chunk : chunks) {
      Value exists = arith::AndIOp::create(b, inside, chunk.exists);
      Word bytes = start.constant(shape.unit).onlyIf(exists);
      NVVM::CpAsyncOp::create(b, offsetPointer(b, panel, chunk.target),
                              offsetPointer(b, chunk.row, safe.widen()),
                              shape.unit, modifier, bytes);
    }
  });
}

/// `bytes` bytes of a row, zeros outside of it, as an integer.
Value PanelCopy::loadBytes(const Chunk &chunk, Word start, int bytes) {
  Value inside = start.isBelow(rowLength);
  Word safe = clampStart(start, inside);
  Type type = b.getIntegerType(8 * bytes);
  Value loaded =
      loadFrom(b, type, offsetPointer(b, chunk.row, safe.widen()), bytes);
  Value zero = arith::ConstantOp::create(b, b.getIntegerAttr(type, 0));
  Value exists = arith::AndIOp::create(b, inside, chunk.exists);
  return arith::SelectOp::create(b, exists, loaded, zero);
}

Value PanelCopy::loadChunk(const Chunk &chunk, Word start) {
  if (shape.unit == shape.chunk)
    return loadBytes(chunk, start, shape.unit);
  constexpr int wordBytes = 4;
  int words = shape.chunk / wordBytes;
  auto type = VectorType::get({words}, b.getI32Type());
  Value vector = LLVM::PoisonOp::create(b, type);
  for (int word = 0; word < words; ++word) {
    Word bits = start.constant(0);
    for (int byte = 0; byte < wordBytes; byte += shape.unit) {
      Value loaded =
          loadBytes(chunk, start + (word * wordBytes + byte), shape.unit);
      Word wide(b, Value(arith::ExtUIOp::create(b, b.getI32Type(), loaded)));
      bits = bits | (wide << (8 * byte));
    }
    vector =
        LLVM::InsertElementOp::create(b, vector, bits, start.constant(word));
  }
  return vector;
}

SmallVector<Value> PanelCopy::load(Word offset) {
  SmallVector<Value> loaded;
  for (const Chunk &chunk : chunks)
    loaded.push_back(loadChunk(chunk, offset + column));
  return loaded;
}

void PanelCopy::store(ValueRange values, Value panel) {
  forActiveThreads([&] {
    for (auto [chunk, value] : llvm::zip_equal(chunks, values))
      storeTo(b, value, offsetPointer(b, panel, chunk.target), shape.chunk);
  });
}
