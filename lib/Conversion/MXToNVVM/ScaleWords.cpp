//===- ScaleWords.cpp - scales of unaligned rows --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "ScaleWords.h"
#include "DeviceMemory.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kWordBytes = 4;

/// The low bits of an address: its byte in a word.
static Word getByteInWord(ImplicitLocOpBuilder &b, Value pointer) {
  Value address = LLVM::PtrToIntOp::create(b, b.getI64Type(), pointer);
  Word low(b, Value(arith::TruncIOp::create(b, b.getI32Type(), address)));
  return low & (kWordBytes - 1);
}

ScaleWords::ScaleWords(ImplicitLocOpBuilder &b, int rows, int bytes, int pitch,
                       const PanelSource &source, Word thread, int threads)
    : b(b), bytes(bytes) {
  int words = pitch / kWordBytes, total = rows * words;
  if (total < threads)
    active = thread.isBelow(thread.constant(total));
  Word word = thread % words;
  for (int first = 0; first < total; first += threads) {
    Word row = thread / words + first / words;
    Word global = source.firstRow + row;
    Value offset = arith::MulIOp::create(b, global.min(source.rows - 1).widen(),
                                         source.rowLength.widen());
    Value start = offsetPointer(b, source.base, offset);
    Word byte = getByteInWord(b, start);
    Item item;
    item.base = offsetPointer(b, start, thread.constant(0) - byte);
    item.exists = global.isBelow(source.rows);
    item.first = byte;
    item.end = byte + source.rowLength;
    item.offset = word * kWordBytes;
    item.target = row * pitch + item.offset;
    items.push_back(item);
  }
}

void ScaleWords::copy(Word step, Value panel) {
  auto copyItems = [&] {
    for (const Item &item : items) {
      Word place = ((item.first + step * bytes) & -kWordBytes) + item.offset;
      Value inside = place.isBelow(item.end);
      Value wanted = arith::AndIOp::create(b, inside, item.exists);
      Word left = (item.end - place).min(place.constant(kWordBytes));
      NVVM::CpAsyncOp::create(
          b, offsetPointer(b, panel, item.target),
          offsetPointer(b, item.base, place.onlyIf(wanted).widen()), kWordBytes,
          NVVM::LoadCacheModifierKind::CA, left.onlyIf(wanted));
    }
  };
  if (!active)
    return copyItems();
  auto ifOp = scf::IfOp::create(b, active);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  copyItems();
}

Word ScaleWords::getStart(ImplicitLocOpBuilder &b, const PanelSource &source,
                          Word row, Word step, int bytes) {
  Word first = getByteInWord(b, source.base);
  Word global = source.firstRow + row;
  return (first + global * source.rowLength + step * bytes) & (kWordBytes - 1);
}
