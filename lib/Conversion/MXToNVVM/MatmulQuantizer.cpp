//===- MatmulQuantizer.cpp - from results to packed blocks ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulQuantizer.h"
#include "DeviceMemory.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/BlockQuantizer.h"
#include "mx/Conversion/HardwareKernel.h"
#include "mx/Conversion/PackedCodes.h"

using namespace mlir;
using namespace mlir::mx;

/// Bytes of the longest load and store.
static constexpr int kVectorBytes = 16;

namespace {

class QuantizerEmitter {
public:
  QuantizerEmitter(ImplicitLocOpBuilder &b, PackedQuantizeOp op,
                   const StagedTile &staged, const ResultTile &tile,
                   const QuantizedTile &target, Value staging);

  void emit(Word thread);

private:
  /// A block by its place in the tile.
  struct Block {
    Word row, column;
  };

  void emitBlock(const Block &block);
  Value read(const Block &block);
  void store(const Block &block, Value bytes);
  void storeWhole(Value bytes, Value place);
  Value offsetRow(Value base, const Block &block, Word length);
  Value areStoresAligned();
  void when(Value condition, function_ref<void()> body);

  ImplicitLocOpBuilder &b;
  const StagedTile &staged;
  const ResultTile &tile;
  const QuantizedTile &target;
  Value staging;
  BlockEncoding encoding;
  int block, bits;
  /// Bytes that are stored at once where memory is aligned, and an i1: whether
  /// it is.
  int unit;
  Value aligned;
};

} // namespace

QuantizerEmitter::QuantizerEmitter(ImplicitLocOpBuilder &b, PackedQuantizeOp op,
                                   const StagedTile &staged,
                                   const ResultTile &tile,
                                   const QuantizedTile &target, Value staging)
    : b(b), staged(staged), tile(tile), target(target), staging(staging) {
  encoding = {op.getFormat().getBlockFormat(),
              toNumerics(op.getScaleRule()),
              toNumerics(op.getRounding()),
              static_cast<unsigned>(op.getRandomBits()),
              op.getSatfinite(),
              Value(),
              target.tensorScale,
              isByHardware(op)};
  block = int(encoding.format.block);
  bits = int(mxnum::getElementInfo(encoding.format.element).bits);
  int bytes = block * bits / 8;
  unit = std::min(bytes & -bytes, kVectorBytes);
  aligned = areStoresAligned();
}

void QuantizerEmitter::when(Value condition, function_ref<void()> body) {
  auto ifOp = scf::IfOp::create(b, condition);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  body();
}

/// Whether all rows of payload begin at multiples of the unit.
Value QuantizerEmitter::areStoresAligned() {
  Type i64 = b.getI64Type();
  Value address = LLVM::PtrToIntOp::create(b, i64, target.payload);
  Value both = arith::OrIOp::create(b, address, target.payloadLength.widen());
  Value mask = arith::ConstantIntOp::create(b, i64, unit - 1);
  Value zero = arith::ConstantIntOp::create(b, i64, 0);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                               arith::AndIOp::create(b, both, mask), zero);
}

/// Where the row of a block begins in a matrix with rows of `length` bytes.
Value QuantizerEmitter::offsetRow(Value base, const Block &block, Word length) {
  Value offset = arith::MulIOp::create(b, (tile.firstRow + block.row).widen(),
                                       length.widen());
  return offsetPointer(b, base, offset);
}

/// The values of a block, a vector of f32.
Value QuantizerEmitter::read(const Block &block) {
  constexpr int kLanes = kVectorBytes / sizeof(float);
  Value start = offsetPointer(b, staging,
                              block.row * staged.getPitch() +
                                  block.column * int32_t(sizeof(float)));
  auto part = VectorType::get({kLanes}, b.getF32Type());
  auto whole = VectorType::get({this->block}, b.getF32Type());
  Value values = arith::ConstantOp::create(b, b.getZeroAttr(whole));
  for (int i = 0; i < this->block; i += kLanes) {
    Value place = offsetPointer(b, start, int32_t(i * sizeof(float)));
    values = vector::InsertStridedSliceOp::create(
        b, loadFrom(b, part, place, kVectorBytes), values, ArrayRef<int64_t>{i},
        ArrayRef<int64_t>{1});
  }
  return values;
}

/// Stores bytes as words, `unit` of them at once.
void QuantizerEmitter::storeWhole(Value bytes, Value place) {
  int64_t count = cast<VectorType>(bytes.getType()).getNumElements();
  auto words = VectorType::get({unit / 4}, b.getI32Type());
  for (int64_t i = 0; i < count; i += unit) {
    Value part = vector::ExtractStridedSliceOp::create(
        b, bytes, ArrayRef<int64_t>{i}, ArrayRef<int64_t>{unit},
        ArrayRef<int64_t>{1});
    storeTo(b, vector::BitCastOp::create(b, words, part),
            offsetPointer(b, place, int32_t(i)), unit);
  }
}

/// N1.6: a block that the row ends in is stored as far as the row has bytes.
void QuantizerEmitter::store(const Block &block, Value bytes) {
  int count = int(cast<VectorType>(bytes.getType()).getNumElements());
  Word first = (tile.firstColumn + block.column) / 8 * bits;
  Value row = offsetRow(target.payload, block, target.payloadLength);
  Value place = offsetPointer(b, row, first.widen());
  Value fits = (first + (count - 1)).isBelow(target.payloadLength);
  auto ifOp = scf::IfOp::create(b, arith::AndIOp::create(b, aligned, fits),
                                /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  storeWhole(bytes, place);
  b.setInsertionPointToStart(ifOp.elseBlock());
  for (int i = 0; i < count; ++i)
    when((first + i).isBelow(target.payloadLength), [&] {
      storeTo(b, vector::ExtractOp::create(b, bytes, i),
              offsetPointer(b, place, i), 1);
    });
}

void QuantizerEmitter::emitBlock(const Block &block) {
  BlockChunks chunks;
  chunks.lanes = this->block;
  // A block of one chunk needs no loops: all is built where `b` stands.
  chunks.read = [&](OpBuilder &, Value) { return read(block); };
  chunks.write = [&](OpBuilder &, Value, Value codes) {
    store(block, packLanes(b, b.getLoc(), codes, bits));
  };
  chunks.writeBytes = [&](OpBuilder &, Value, Value bytes) {
    store(block, bytes);
  };
  Value scale = quantizeBlock(b, b.getLoc(), encoding, chunks);
  Value row = offsetRow(target.scales, block, target.scalesLength);
  Word column = (tile.firstColumn + block.column) / this->block;
  storeTo(b, scale, offsetPointer(b, row, column.widen()), 1);
}

/// Neighbouring threads take the same block of neighbouring rows, which lie in
/// different banks.
void QuantizerEmitter::emit(Word thread) {
  int blocks = staged.rows * (staged.columns / block);
  auto loop = scf::ForOp::create(b, thread, thread.constant(blocks),
                                 thread.constant(staged.threads));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Word index(b, loop.getInductionVar());
  Block mine = {index % staged.rows, index / staged.rows * block};
  when((tile.firstRow + mine.row).isBelow(tile.rows), [&] {
    when((tile.firstColumn + mine.column).isBelow(tile.columns),
         [&] { emitBlock(mine); });
  });
}

void mx::emitQuantizer(ImplicitLocOpBuilder &b, PackedQuantizeOp op,
                       const StagedTile &staged, const ResultTile &tile,
                       const QuantizedTile &target, Value staging,
                       Word thread) {
  QuantizerEmitter(b, op, staged, tile, target, staging).emit(thread);
}
