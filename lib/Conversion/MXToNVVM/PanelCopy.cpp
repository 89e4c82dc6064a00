//===- PanelCopy.cpp - rows of an operand into shared memory --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "PanelCopy.h"
#include "CodeContainers.h"
#include "DeviceMemory.h"
#include "MatmulSpec.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/bit.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kWordBytes = 4;

int PanelShape::getWorkers() const {
  int perRow = rowBytes / chunk;
  return int(llvm::bit_floor(unsigned(std::min(threads / perRow, rows)))) *
         perRow;
}

/// Where chunk `place` of row `row` lies, in chunks from the row's start.
static Word permuteChunk(const PanelShape &shape, Word row, Word place) {
  int lines = shape.rowBytes / kRowBytes;
  if (lines == 1)
    return getSwizzledChunk(row, place);
  return getSwizzledChunk(row * lines + place / (kRowBytes / kChunkBytes),
                          place);
}

Word mx::getPanelByte(const PanelShape &shape, Word row, Word byte) {
  if (!shape.swizzled)
    return byte;
  return permuteChunk(shape, row, byte / kChunkBytes) * kChunkBytes +
         byte % kChunkBytes;
}

PanelCopy::PanelCopy(ImplicitLocOpBuilder &b, const PanelShape &shape,
                     const PanelSource &source, Word thread)
    : b(b), shape(shape), rowLength(source.rowLength), column(thread) {
  int perRow = shape.rowBytes / shape.chunk;
  int total = shape.rows * perRow, workers = shape.getWorkers();
  Word place = thread % perRow;
  column = place * shape.getChunkSource();
  if (workers < shape.threads)
    active = thread.isBelow(thread.constant(workers));
  for (int first = 0; first < total; first += workers) {
    Word row = thread / perRow + first / perRow;
    Word global = source.firstRow + row;
    // Threads without a row read the last one, and write zeros.
    Word clamped = global.min(source.rows - 1);
    Value offset = arith::MulIOp::create(b, clamped.widen(), rowLength.widen());
    Word target =
        row * shape.rowBytes +
        (shape.swizzled ? permuteChunk(shape, row, place) * shape.chunk
                        : column);
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

/// One unit of a row as an integer, zero outside of it.
Value PanelCopy::loadUnit(const Chunk &chunk, Word start) {
  Value inside = start.isBelow(rowLength);
  Word safe = clampStart(start, inside);
  Type type = b.getIntegerType(8 * shape.unit);
  Value pointer = offsetPointer(b, chunk.row, safe.widen());
  Value loaded = loadFrom(b, type, pointer, shape.unit);
  Value zero = arith::ConstantOp::create(b, b.getIntegerAttr(type, 0));
  Value exists = arith::AndIOp::create(b, inside, chunk.exists);
  return arith::SelectOp::create(b, exists, loaded, zero);
}

/// The words of a chunk, or the one unit that it is.
SmallVector<Value> PanelCopy::loadChunk(const Chunk &chunk, Word start) {
  if (shape.chunk < kChunkBytes)
    return {loadUnit(chunk, start)};
  SmallVector<Value> words;
  for (int byte = 0; byte < shape.getChunkSource(); byte += shape.unit) {
    Value unit = loadUnit(chunk, start + byte);
    if (shape.unit > kWordBytes) {
      Value half = arith::ConstantIntOp::create(b, unit.getType(), 32);
      Value high = arith::ShRUIOp::create(b, unit, half);
      for (Value part : {unit, high})
        words.push_back(arith::TruncIOp::create(b, b.getI32Type(), part));
    } else if (shape.unit == kWordBytes) {
      words.push_back(unit);
    } else {
      Word wide(b, Value(arith::ExtUIOp::create(b, b.getI32Type(), unit)));
      int place = byte % kWordBytes;
      if (place == 0)
        words.push_back(wide);
      else
        words.back() = Word(b, words.back()) | (wide << (8 * place));
    }
  }
  return words;
}

/// What is written for a chunk.
Value PanelCopy::makeChunk(ArrayRef<Value> loaded) {
  if (shape.chunk < kChunkBytes)
    return loaded.front();
  SmallVector<Word> words;
  for (Value word : loaded)
    words.emplace_back(b, word);
  constexpr int count = kChunkBytes / kWordBytes;
  auto type = VectorType::get({count}, b.getI32Type());
  Value chunk = LLVM::PoisonOp::create(b, type);
  for (int i = 0; i < count; ++i) {
    Word word = spreadCodes(words, shape.bits, i);
    chunk =
        LLVM::InsertElementOp::create(b, chunk, word, rowLength.constant(i));
  }
  return chunk;
}

SmallVector<SmallVector<Value>> PanelCopy::load(Word offset) {
  SmallVector<SmallVector<Value>> loaded;
  for (const Chunk &chunk : chunks)
    loaded.push_back(loadChunk(chunk, offset + column));
  return loaded;
}

void PanelCopy::store(ArrayRef<SmallVector<Value>> loaded, Value panel) {
  forActiveThreads([&] {
    for (auto [chunk, words] : llvm::zip_equal(chunks, loaded))
      storeTo(b, makeChunk(words), offsetPointer(b, panel, chunk.target),
              shape.chunk);
  });
}
