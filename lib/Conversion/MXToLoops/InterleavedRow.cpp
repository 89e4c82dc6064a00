//===- InterleavedRow.cpp - one row of A times interleaved rows of B ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Nothing is shared, so numbers are multiplied where they were decoded, and the
// scale is applied once to the sum of a block:
//
//   for each group of 16 rows of B
//     for each block
//       for each line of 64 bytes        both halves
//         decode 8 codes of each row, add 8 products to sums of pairs
//       totals += scale · (the two lanes of each row)
//     C += t_A · t_B · totals
//
// A pair of codes lies in two lanes of a row, so pairs of numbers of A are
// broadcast: they are put in that order once.
//
// N7.1 rounds an element times its scale to f32, which makes a difference where
// that overflows; and sums without scales may overflow where the scaled ones do
// not. So the loop also notes the largest scale byte. Where one is not
// ordinary, or a total not finite, the group is done again as if A had several
// rows.
//===----------------------------------------------------------------------===//

#include "InterleavedProduct.h"
#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// How scale bytes become f32: (byte << shift) as bits, times `factor`, for
/// bytes from `first` to `last`, all of which give finite numbers with
/// elements.
struct OrdinaryScales {
  int64_t shift;
  float factor;
  uint8_t first, last;
};

} // namespace

/// E8M0: byte 0 is subnormal in f32, 253 and 254 times 6 overflow. UE4M3: the
/// exponent's bias is 7 and not 127; subnormal bytes are subnormal numbers.
static OrdinaryScales getOrdinaryScales(mxnum::ScaleType type) {
  if (type == mxnum::ScaleType::E8M0)
    return {23, 1.0f, 1, 252};
  return {20, 0x1p120f, 0, 0x7E};
}

/// How far ahead lines are asked for: reading one stream of them as fast as
/// memory allows takes more than a processor does by itself.
static constexpr int64_t kLinesAhead = 32;
/// Columns of C that a thread takes at once.
static constexpr int64_t kRowColumns = 128;

static VectorType getNumbersType(ImplicitLocOpBuilder &b) {
  return VectorType::get({kShuffleLanes}, b.getF32Type());
}

//===----------------------------------------------------------------------===//
// The row of A
//===----------------------------------------------------------------------===//

void InterleavedProduct::allocateRow() {
  Value size = roundUp(depth, format.getBlock());
  rowNumbers = allocate({ShapedType::kDynamic}, size);
  auto type = MemRefType::get({ShapedType::kDynamic}, b.getF64Type());
  constexpr int64_t alignment = 64;
  Value half = arith::DivUIOp::create(b, size, index(2));
  rowPairs = memref::AllocOp::create(b, type, ValueRange(half),
                                     b.getI64IntegerAttr(alignment));
}

/// Reads a row, fills it up with zeros to a whole block, and puts pairs
/// together.
void InterleavedProduct::fillRow(const MatrixRows &row) {
  Location loc = b.getLoc();
  SmallVector<Value> source(row.leading);
  source.push_back(row.first);
  buildChunkLoops(b, loc, index(0), depth, lhs.getChunk(),
                  [&](OpBuilder &inner, Value k, int64_t lanes) {
                    storeLanes(inner, loc,
                               lhs.read(inner, loc, source, k, lanes),
                               rowNumbers, {}, k);
                  });
  Value end = roundUp(depth, format.getBlock());
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  loop(depth, end, 1,
       [&](Value k) { storeLanes(b, loc, zero, rowNumbers, {}, k); });
  SmallVector<int64_t> order;
  for (CodePair pair : kCodePairs)
    order.append({pair.first, pair.second});
  auto pairsType = VectorType::get({kShufflePairs}, b.getF64Type());
  loop(index(0), end, kShuffleCodes, [&](Value k) {
    Value numbers = loadLanes(b, loc, rowNumbers, {}, k, kShuffleCodes);
    Value ordered = vector::ShuffleOp::create(b, numbers, numbers, order);
    Value place = arith::DivUIOp::create(b, k, index(2));
    storeLanes(b, loc, vector::BitCastOp::create(b, pairsType, ordered),
               rowPairs, {}, place);
  });
}

//===----------------------------------------------------------------------===//
// Groups of rows of B
//===----------------------------------------------------------------------===//

/// The matrix number `i` of `matrices`.
Value InterleavedProduct::takePart(Value matrices, Value i) {
  auto type = cast<MemRefType>(matrices.getType());
  SmallVector<OpFoldResult> offsets(3, b.getIndexAttr(0)),
      strides(3, b.getIndexAttr(1)), sizes(strides);
  offsets[0] = i;
  ArrayRef<int64_t> shape = type.getShape().drop_front();
  for (int64_t dim = 0; dim < 2; ++dim)
    sizes[1 + dim] = b.getIndexAttr(shape[dim]);
  MemRefType part = memref::SubViewOp::inferRankReducedResultType(
      shape, type, offsets, sizes, strides);
  return memref::SubViewOp::create(b, part, matrices, offsets, sizes, strides);
}

void InterleavedProduct::emitRow(const MatrixRows &lhs, const MatrixRows &rhs,
                                 const MatrixRows &result) {
  allocateRow();
  fillRow(lhs);
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  Value columns = createDim(b, b.getLoc(), init, rank - 1);
  Value ranges = arith::CeilDivUIOp::create(b, columns, index(kRowColumns));
  // Each range of columns has its own part. Calls within the loops would cost
  // registers, in which constants are kept.
  auto allocateParts = [&](int64_t height, int64_t width) {
    return allocate({ShapedType::kDynamic, height, width}, ranges);
  };
  Value lhsPanels = allocateParts(1, kSliceDepth);
  Value rhsPanels = allocateParts(kSliceDepth, mxnum::kInterleavedRows);
  Value allSums = allocateParts(1, kPanelColumns);
  emitParallel(index(0), columns, kRowColumns, [&](ValueRange place) {
    Value begin = place.front();
    Value range = arith::DivUIOp::create(b, begin, index(kRowColumns));
    lhsPanel = takePart(lhsPanels, range);
    rhsPanel = takePart(rhsPanels, range);
    sums = takePart(allSums, range);
    Value end = add(begin, clampTile(begin, columns, kRowColumns));
    loop(begin, end, kPanelColumns, [&](Value column) {
      emitRowTile({lhs,
                   {rhs.leading, column},
                   {result.leading, result.first},
                   index(1),
                   clampTile(column, columns, kPanelColumns)});
    });
  });
  for (Value buffer : {rowNumbers, rowPairs, lhsPanels, rhsPanels, allSums})
    memref::DeallocOp::create(b, buffer);
}

/// Sums of one block without its scale: a vector for each half of the group.
SmallVector<Value> InterleavedProduct::sumBlock(ArrayRef<Value> group,
                                                Value block) {
  Location loc = b.getLoc();
  SmallVector<PairVectors> blockSums(kHalves);
  auto accumulate = [&](Value &sum, Value number, Value factor) {
    sum = sum ? multiplyAdd(number, factor, sum)
              : arith::MulFOp::create(b, number, factor).getResult();
  };
  Value firstLine = multiplyIndex(block, blockLines);
  for (int64_t i = 0; i < blockLines; ++i) {
    Value line = add(firstLine, index(i));
    SmallVector<Value> factors;
    for (int64_t p = 0; p < kShufflePairs; ++p) {
      Value place = add(multiplyIndex(line, kShufflePairs), index(p));
      Value pair = memref::LoadOp::create(b, rowPairs, place);
      factors.push_back(vector::BitCastOp::create(
          b, getNumbersType(b), splat(b, loc, pair, kShuffleLanes / 2)));
    }
    for (int64_t half = 0; half < kHalves; ++half) {
      SmallVector<PairVectors> pairs =
          decoder.decode(b, loadLine(group, line, half));
      for (auto [pair, factor] : llvm::zip_equal(pairs, factors)) {
        accumulate(blockSums[half].near, pair.near, factor);
        accumulate(blockSums[half].far, pair.far, factor);
      }
    }
  }
  SmallVector<Value> results;
  for (PairVectors pair : blockSums) {
    auto [first, second] = ShuffleDecoder::splitPair(b, pair);
    results.push_back(arith::AddFOp::create(b, first, second));
  }
  return results;
}

/// Asks for the lines that come some blocks after `block`, in this group or at
/// the beginning of the next.
void InterleavedProduct::prefetch(ArrayRef<Value> group, Value block,
                                  Value blocks) {
  auto type = cast<MemRefType>(payload.getType());
  Value groups = createDim(b, b.getLoc(), payload, type.getRank() - 2);
  Value ahead = add(block, index(kLinesAhead / blockLines));
  Value isInside =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, ahead, blocks);
  Value next =
      arith::MinUIOp::create(b, add(group.back(), index(1)),
                             arith::SubIOp::create(b, groups, index(1)));
  Value last = arith::SubIOp::create(b, blocks, index(1));
  Value wrapped =
      arith::MinUIOp::create(b, arith::SubIOp::create(b, ahead, blocks), last);
  SmallVector<Value> place(group);
  place.back() = arith::SelectOp::create(b, isInside, group.back(), next);
  Value line = multiplyIndex(
      arith::SelectOp::create(b, isInside, ahead, wrapped), blockLines);
  place.push_back(Value());
  constexpr uint32_t nearest = 3;
  for (int64_t i = 0; i < blockLines; ++i) {
    place.back() = multiplyIndex(add(line, index(i)), kLineBytes);
    memref::PrefetchOp::create(b, payload, place, /*isWrite=*/false, nearest,
                               /*isDataCache=*/true);
  }
}

/// The scales of 8 rows, which are ordinary.
Value InterleavedProduct::loadOrdinaryScales(ArrayRef<Value> group, Value block,
                                             int64_t half) {
  OrdinaryScales ordinary = getOrdinaryScales(format.getScale());
  auto words = VectorType::get({kShuffleLanes}, b.getI32Type());
  Value byte = add(multiplyIndex(block, mxnum::kInterleavedRows),
                   index(half * kShuffleLanes));
  Value bytes = loadLanes(b, b.getLoc(), scales, group, byte, kShuffleLanes);
  Value bits = arith::ShLIOp::create(
      b, arith::ExtUIOp::create(b, words, bytes),
      arith::ConstantOp::create(
          b,
          DenseElementsAttr::get(words, static_cast<int32_t>(ordinary.shift))));
  Value number = arith::BitcastOp::create(b, getNumbersType(b), bits);
  if (ordinary.factor == 1.0f)
    return number;
  return arith::MulFOp::create(b, number, splatNumber(ordinary.factor));
}

/// Whether no total is infinite or NaN, and no scale byte too large.
Value InterleavedProduct::isOrdinary(ValueRange totals, Value largest) {
  OrdinaryScales ordinary = getOrdinaryScales(format.getScale());
  Value zeros = splatNumber(0);
  for (Value total : totals)
    // Not a number if `total` is none, or infinite.
    zeros = multiplyAdd(total, splatNumber(0), zeros);
  Value isFinite =
      arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, zeros, zeros);
  isFinite =
      vector::ReductionOp::create(b, vector::CombiningKind::AND, isFinite);
  Value byte =
      vector::ReductionOp::create(b, vector::CombiningKind::MAXUI, largest);
  Value limit = arith::ConstantOp::create(
      b,
      b.getI8IntegerAttr(static_cast<int8_t>(ordinary.last - ordinary.first)));
  Value isSmall =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ule, byte, limit);
  return arith::AndIOp::create(b, isFinite, isSmall);
}

void InterleavedProduct::emitRowTile(const ProductTile &tile) {
  Location loc = b.getLoc();
  OrdinaryScales ordinary = getOrdinaryScales(format.getScale());
  SmallVector<Value> group = getGroup(tile.rhs, tile.rhs.first);
  auto bytesType = VectorType::get({mxnum::kInterleavedRows}, b.getI8Type());
  auto splatByte = [&](uint8_t byte) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(bytesType, static_cast<int8_t>(byte)));
  };
  SmallVector<Value> start(kHalves, splatNumber(0));
  start.push_back(splatByte(0));
  Value blocks = arith::DivUIOp::create(b, roundUp(depth, format.getBlock()),
                                        index(format.getBlock()));
  auto forOp = scf::ForOp::create(b, index(0), blocks, index(1), start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Value block = forOp.getInductionVar();
    prefetch(group, block, blocks);
    SmallVector<Value> blockSums = sumBlock(group, block), results;
    for (int64_t half = 0; half < kHalves; ++half)
      results.push_back(multiplyAdd(blockSums[half],
                                    loadOrdinaryScales(group, block, half),
                                    forOp.getRegionIterArgs()[half]));
    Value bytes = loadLanes(b, loc, scales, group,
                            multiplyIndex(block, mxnum::kInterleavedRows),
                            mxnum::kInterleavedRows);
    bytes = arith::SubIOp::create(b, bytes, splatByte(ordinary.first));
    results.push_back(
        arith::MaxUIOp::create(b, bytes, forOp.getRegionIterArgs()[kHalves]));
    scf::YieldOp::create(b, results);
  }
  ValueRange totals = forOp.getResults().take_front(kHalves);
  auto ifOp = scf::IfOp::create(b, isOrdinary(totals, forOp.getResult(kHalves)),
                                /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  for (auto [half, total] : llvm::enumerate(totals))
    storeLanes(b, loc, arith::MulFOp::create(b, total, splatNumber(0.5f)), sums,
               index(0), index(half * kShuffleLanes));
  emitResults(tile);
  b.setInsertionPointToStart(ifOp.elseBlock());
  emitTile(tile);
}
