//===- InterleavedStrips.cpp - a few rows of A times interleaved rows -----===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A scale is applied once to the sum of a block, and up to 4 rows of A, a
// strip, are multiplied together:
//
//   for each group of 16 rows of B
//     for each 256 of K                     stays in the nearest cache
//       if there are several strips: decode the codes to a panel, pair by pair
//       for each strip
//         for each block
//           for each line of 64 bytes
//             decode or load 8 numbers of each row, add products to sums of
//             pairs
//           totals += scale · (the two lanes of each row)
//     C += t_A · t_B · totals
//
// One strip multiplies numbers where it decodes them. 4 rows keep 8 vectors of
// sums, near and far ones of half a group, so that 32 fused operations share
// the decoding of 64 codes; 1 or 2 rows take both halves at once. The terms of
// a row are added in the same order in every strip, wherever numbers come from.
//
// A pair of codes lies in two lanes of a row, so pairs of numbers of A are
// broadcast: they are put in that order once.
//
// N7.1 rounds an element times its scale to f32, which makes a difference where
// that overflows; and sums without scales may overflow where the scaled ones do
// not. So the largest scale byte is looked up in the end. Where one is not
// ordinary, or a total not finite, the group is done again as if A had many
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

/// Rows of a strip.
static constexpr int64_t kStripRows = 4;
/// Rows for which both halves of a group fit the registers.
static constexpr int64_t kRowsOfBothHalves = 2;
/// Columns of K after which the other half of a group takes its turn, which
/// finds the lines in the nearest cache.
static constexpr int64_t kTurnDepth = 512;
/// How far ahead lines are asked for: reading one stream of them as fast as
/// memory allows takes more than a processor does by itself.
static constexpr int64_t kLinesAhead = kTurnDepth / kShuffleCodes;
/// Columns of C that a thread takes at once.
static constexpr int64_t kRangeColumns = 128;

static VectorType getNumbersType(ImplicitLocOpBuilder &b) {
  return VectorType::get({kShuffleLanes}, b.getF32Type());
}

//===----------------------------------------------------------------------===//
// Strips of A
//===----------------------------------------------------------------------===//

Value InterleavedProduct::countBlocks(Value depth) {
  return arith::CeilDivUIOp::create(b, depth, index(format.getBlock()));
}

Value InterleavedProduct::getStripHeight(Value row, Value rows) {
  return clampTile(row, rows, kStripRows);
}

/// Pairs of a strip lie line by line, each line row by row.
Value InterleavedProduct::getStripStart(Value row) {
  Value pairs = multiplyIndex(countBlocks(depth), format.getBlock() / 2);
  return arith::MulIOp::create(b, row, pairs);
}

/// Reads row `row` of A and fills it up with zeros to a whole block.
void InterleavedProduct::fillRow(const MatrixRows &lhs, Value row) {
  Location loc = b.getLoc();
  SmallVector<Value> source(lhs.leading);
  source.push_back(add(lhs.first, row));
  buildChunkLoops(b, loc, index(0), depth, this->lhs.getChunk(),
                  [&](OpBuilder &inner, Value k, int64_t lanes) {
                    storeLanes(inner, loc,
                               this->lhs.read(inner, loc, source, k, lanes),
                               rowNumbers, {}, k);
                  });
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  loop(depth, roundUp(depth, format.getBlock()), 1,
       [&](Value k) { storeLanes(b, loc, zero, rowNumbers, {}, k); });
}

/// Puts the numbers of `row`, pair by pair, to its strip.
void InterleavedProduct::pairUp(Value row, Value rows) {
  Location loc = b.getLoc();
  SmallVector<int64_t> order;
  for (CodePair pair : kCodePairs)
    order.append({pair.first, pair.second});
  auto pairsType = VectorType::get({kShufflePairs}, b.getF64Type());
  Value place = arith::RemUIOp::create(b, row, index(kStripRows));
  Value first = arith::SubIOp::create(b, row, place);
  Value height = getStripHeight(first, rows), start = getStripStart(first);
  loop(index(0), roundUp(depth, format.getBlock()), kShuffleCodes,
       [&](Value k) {
         Value numbers = loadLanes(b, loc, rowNumbers, {}, k, kShuffleCodes);
         Value ordered = vector::ShuffleOp::create(b, numbers, numbers, order);
         Value line = arith::DivUIOp::create(b, k, index(kShuffleCodes));
         Value unit = add(arith::MulIOp::create(b, line, height), place);
         storeLanes(b, loc, vector::BitCastOp::create(b, pairsType, ordered),
                    strips, {}, add(start, multiplyIndex(unit, kShufflePairs)));
       });
}

void InterleavedProduct::fillStrips(const MatrixRows &lhs, Value rows) {
  Value size = roundUp(depth, format.getBlock());
  rowNumbers = allocate({ShapedType::kDynamic}, size);
  auto type = MemRefType::get({ShapedType::kDynamic}, b.getF64Type());
  constexpr int64_t alignment = 64;
  strips = memref::AllocOp::create(b, type, ValueRange(getStripStart(rows)),
                                   b.getI64IntegerAttr(alignment));
  loop(index(0), rows, 1, [&](Value row) {
    fillRow(lhs, row);
    pairUp(row, rows);
  });
  memref::DeallocOp::create(b, rowNumbers);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Pairs of numbers of the strip that belong to a line, of each row.
SmallVector<Value> InterleavedProduct::loadPairs(Value start, Value line,
                                                 int64_t rows) {
  SmallVector<Value> pairs;
  Value first = add(start, multiplyIndex(line, rows * kShufflePairs));
  for (int64_t i = 0; i < rows * kShufflePairs; ++i) {
    Value pair = memref::LoadOp::create(b, strips, add(first, index(i)));
    pairs.push_back(vector::BitCastOp::create(
        b, getNumbersType(b), splat(b, b.getLoc(), pair, kShuffleLanes / 2)));
  }
  return pairs;
}

/// The numbers of a line, decoded or from the panel. A row of the panel is the
/// near and the far vector of a pair.
SmallVector<PairVectors> InterleavedProduct::readLine(const Slice &slice,
                                                      Value line, Value half) {
  if (!slice.isDecoded)
    return decoder.decode(b, loadLine(slice.group, line, half));
  Value first = multiplyIndex(slice.begin, blockLines);
  Value row =
      multiplyIndex(arith::SubIOp::create(b, line, first), kShuffleCodes);
  auto load = [&](Value place, int64_t column) {
    return loadLanes(b, b.getLoc(), rhsPanel, place, index(column),
                     kShuffleLanes);
  };
  SmallVector<PairVectors> pairs;
  for (int64_t p = 0; p < kShufflePairs; ++p) {
    Value place = add(add(row, multiplyIndex(half, kShufflePairs)), index(p));
    pairs.push_back({load(place, 0), load(place, kShuffleLanes)});
  }
  return pairs;
}

/// Decodes a slice to the panel.
void InterleavedProduct::decodeSlice(const Slice &slice) {
  loop(slice.begin, slice.end, 1, [&](Value block) {
    prefetch(slice.group, block, index(0), blockLines);
    Value first = multiplyIndex(block, blockLines);
    Value start = multiplyIndex(slice.begin, blockLines);
    for (int64_t i = 0; i < blockLines; ++i) {
      Value line = add(first, index(i));
      Value row =
          multiplyIndex(arith::SubIOp::create(b, line, start), kShuffleCodes);
      for (int64_t half = 0; half < kHalves; ++half)
        for (auto [p, pair] :
             llvm::enumerate(readLine(slice, line, index(half)))) {
          Value place = add(row, index(half * kShufflePairs + p));
          storeLanes(b, b.getLoc(), pair.near, rhsPanel, place, index(0));
          storeLanes(b, b.getLoc(), pair.far, rhsPanel, place,
                     index(kShuffleLanes));
        }
    }
  });
}

/// Sums of one block without its scale: for each row of the strip, a vector for
/// each of `halves`.
SmallVector<Value> InterleavedProduct::sumBlock(const Strip &strip,
                                                const Slice &slice, Value block,
                                                ArrayRef<Value> halves) {
  SmallVector<PairVectors> blockSums(strip.rows * halves.size());
  auto accumulate = [&](Value &sum, Value number, Value factor) {
    sum = sum ? multiplyAdd(number, factor, sum)
              : arith::MulFOp::create(b, number, factor).getResult();
  };
  Value firstLine = multiplyIndex(block, blockLines);
  for (int64_t i = 0; i < blockLines; ++i) {
    Value line = add(firstLine, index(i));
    SmallVector<Value> factors = loadPairs(strip.start, line, strip.rows);
    for (auto [place, half] : llvm::enumerate(halves))
      for (auto [p, pair] : llvm::enumerate(readLine(slice, line, half)))
        for (int64_t row = 0; row < strip.rows; ++row) {
          Value factor = factors[row * kShufflePairs + p];
          PairVectors &sum = blockSums[row * halves.size() + place];
          accumulate(sum.near, pair.near, factor);
          accumulate(sum.far, pair.far, factor);
        }
  }
  SmallVector<Value> results;
  for (PairVectors pair : blockSums) {
    auto [first, second] = ShuffleDecoder::splitPair(b, pair);
    results.push_back(arith::AddFOp::create(b, first, second));
  }
  return results;
}

/// Asks for `count` lines, from `first` on, of the block that comes some blocks
/// after `block`, in this group or at the beginning of the next.
void InterleavedProduct::prefetch(ArrayRef<Value> group, Value block,
                                  Value first, int64_t count) {
  auto type = cast<MemRefType>(payload.getType());
  Value blocks = countBlocks(depth);
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
  line = add(line, first);
  for (int64_t i = 0; i < count; ++i) {
    place.back() = multiplyIndex(add(line, index(i)), kLineBytes);
    memref::PrefetchOp::create(b, payload, place, /*isWrite=*/false, nearest,
                               /*isDataCache=*/true);
  }
}

/// What two loops, of a half each, ask for: half by each.
void InterleavedProduct::prefetchShare(ArrayRef<Value> group, Value block,
                                       ArrayRef<Value> halves) {
  if (halves.size() == kHalves)
    return prefetch(group, block, index(0), blockLines);
  prefetch(group, block, multiplyIndex(halves.front(), blockLines / kHalves),
           llvm::divideCeilSigned(blockLines, kHalves));
}

/// The scales of 8 rows, which are ordinary.
Value InterleavedProduct::loadOrdinaryScales(ArrayRef<Value> group, Value block,
                                             Value half) {
  OrdinaryScales ordinary = getOrdinaryScales(format.getScale());
  auto words = VectorType::get({kShuffleLanes}, b.getI32Type());
  Value byte = add(multiplyIndex(block, mxnum::kInterleavedRows),
                   multiplyIndex(half, kShuffleLanes));
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

/// Adds the blocks of a slice, from `begin` on, to the totals of a strip and
/// some halves.
void InterleavedProduct::addBlocks(const Strip &strip, const Slice &slice,
                                   ArrayRef<Value> halves, Value begin) {
  Location loc = b.getLoc();
  auto getPlace = [&](int64_t i) {
    return std::pair(add(strip.first, index(i / halves.size())),
                     multiplyIndex(halves[i % halves.size()], kShuffleLanes));
  };
  SmallVector<Value> totals;
  for (size_t i = 0; i < strip.rows * halves.size(); ++i) {
    auto [row, column] = getPlace(i);
    totals.push_back(loadLanes(b, loc, sums, row, column, kShuffleLanes));
  }
  auto forOp = scf::ForOp::create(b, begin, slice.end, index(1), totals);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Value block = forOp.getInductionVar();
    if (!slice.isDecoded)
      prefetchShare(slice.group, block, halves);
    SmallVector<Value> factors, results;
    for (Value half : halves)
      factors.push_back(loadOrdinaryScales(slice.group, block, half));
    for (auto [i, sum] : llvm::enumerate(sumBlock(strip, slice, block, halves)))
      results.push_back(multiplyAdd(sum, factors[i % halves.size()],
                                    forOp.getRegionIterArgs()[i]));
    scf::YieldOp::create(b, results);
  }
  for (auto [i, total] : llvm::enumerate(forOp.getResults())) {
    auto [row, column] = getPlace(i);
    storeLanes(b, loc, total, sums, row, column);
  }
}

//===----------------------------------------------------------------------===//
// Groups of rows of B
//===----------------------------------------------------------------------===//

/// The heights that strips of `count` rows have.
static SmallVector<int64_t> getHeights(std::optional<int64_t> count) {
  SmallVector<int64_t> heights;
  for (int64_t height = 1; height <= kStripRows; ++height)
    if (!count || (height == kStripRows ? *count >= height
                                        : *count % kStripRows == height))
      heights.push_back(height);
  return heights;
}

/// Adds a slice to the totals of the strip that begins with `row` and has one
/// of `heights`.
void InterleavedProduct::addStrip(Value row, Value rows,
                                  ArrayRef<int64_t> heights,
                                  const Slice &slice) {
  Value start = getStripStart(row);
  auto emitHeight = [&](int64_t height) {
    Strip strip{row, start, height};
    if (height <= kRowsOfBothHalves)
      return addBlocks(strip, slice, {index(0), index(1)}, slice.begin);
    int64_t step = kTurnDepth / format.getBlock();
    loop(slice.begin, slice.end, step, [&](Value block) {
      Slice turn = slice;
      turn.end = add(block, clampTile(block, slice.end, step));
      loop(index(0), index(kHalves), 1,
           [&](Value half) { addBlocks(strip, turn, half, block); });
    });
  };
  if (heights.size() == 1)
    return emitHeight(heights.front());
  auto switchOp =
      scf::IndexSwitchOp::create(b, TypeRange(), getStripHeight(row, rows),
                                 heights.drop_back(), heights.size() - 1);
  OpBuilder::InsertionGuard guard(b);
  auto fill = [&](Region &region, int64_t height) {
    b.setInsertionPointToStart(&region.emplaceBlock());
    emitHeight(height);
    scf::YieldOp::create(b);
  };
  for (auto [height, region] : llvm::zip(heights, switchOp.getCaseRegions()))
    fill(region, height);
  fill(switchOp.getDefaultRegion(), heights.back());
}

/// Adds the products of a group and of all strips to the totals.
void InterleavedProduct::addGroup(ArrayRef<Value> group, Value rows,
                                  ArrayRef<int64_t> heights, bool isDecoded) {
  Value blocks = countBlocks(depth);
  Slice all{SmallVector<Value>(group), index(0), blocks, /*isDecoded=*/false};
  if (!isDecoded)
    return addStrip(index(0), rows, heights, all);
  int64_t step = kSliceDepth / format.getBlock();
  loop(index(0), blocks, step, [&](Value block) {
    Slice slice = all;
    slice.begin = block;
    slice.end = add(block, clampTile(block, blocks, step));
    decodeSlice(slice);
    slice.isDecoded = true;
    loop(index(0), rows, kStripRows,
         [&](Value row) { addStrip(row, rows, heights, slice); });
  });
}

/// The same, by the way that so many rows take.
void InterleavedProduct::chooseStrips(ArrayRef<Value> group, Value rows,
                                      std::optional<int64_t> count) {
  SmallVector<int64_t> heights = getHeights(count);
  if (count)
    return addGroup(group, rows, heights, *count > kStripRows);
  Value isOne = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, rows,
                                      index(kStripRows));
  auto ifOp = scf::IfOp::create(b, isOne, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  addGroup(group, rows, heights, /*isDecoded=*/false);
  b.setInsertionPointToStart(ifOp.elseBlock());
  addGroup(group, rows, heights, /*isDecoded=*/true);
}

/// Whether no scale byte of a group is too large.
Value InterleavedProduct::hasOrdinaryScales(ArrayRef<Value> group) {
  OrdinaryScales ordinary = getOrdinaryScales(format.getScale());
  auto bytesType = VectorType::get({mxnum::kInterleavedRows}, b.getI8Type());
  auto splatByte = [&](uint8_t byte) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(bytesType, static_cast<int8_t>(byte)));
  };
  auto forOp = scf::ForOp::create(b, index(0), countBlocks(depth), index(1),
                                  splatByte(0));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Value place =
        multiplyIndex(forOp.getInductionVar(), mxnum::kInterleavedRows);
    Value bytes =
        loadLanes(b, b.getLoc(), scales, group, place, mxnum::kInterleavedRows);
    bytes = arith::SubIOp::create(b, bytes, splatByte(ordinary.first));
    Value largest = arith::MaxUIOp::create(b, bytes, forOp.getRegionIterArg(0));
    scf::YieldOp::create(b, largest);
  }
  Value byte = vector::ReductionOp::create(b, vector::CombiningKind::MAXUI,
                                           forOp.getResult(0));
  Value limit = arith::ConstantOp::create(
      b,
      b.getI8IntegerAttr(static_cast<int8_t>(ordinary.last - ordinary.first)));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ule, byte, limit);
}

/// Halves the totals, since numbers are decoded to twice their value; returns
/// whether all are finite.
Value InterleavedProduct::finishTotals(Value rows) {
  Location loc = b.getLoc();
  auto forOp = scf::ForOp::create(b, index(0), rows, index(1), splatNumber(0));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(forOp.getBody());
    Value row = forOp.getInductionVar(), zeros = forOp.getRegionIterArg(0);
    for (int64_t half = 0; half < kHalves; ++half) {
      Value column = index(half * kShuffleLanes);
      Value total = loadLanes(b, loc, sums, row, column, kShuffleLanes);
      // Not a number if `total` is none, or infinite.
      zeros = multiplyAdd(total, splatNumber(0), zeros);
      storeLanes(b, loc, arith::MulFOp::create(b, total, splatNumber(0.5f)),
                 sums, row, column);
    }
    scf::YieldOp::create(b, zeros);
  }
  Value zeros = forOp.getResult(0);
  Value isFinite =
      arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, zeros, zeros);
  return vector::ReductionOp::create(b, vector::CombiningKind::AND, isFinite);
}

/// One group: a tile with all rows of A.
void InterleavedProduct::emitGroup(const ProductTile &tile,
                                   std::optional<int64_t> count) {
  SmallVector<Value> group = getGroup(tile.rhs, tile.rhs.first);
  clear(sums, tile.rows, index(mxnum::kInterleavedRows));
  chooseStrips(group, tile.rows, count);
  Value isFinite = finishTotals(tile.rows);
  Value isOrdinary =
      arith::AndIOp::create(b, isFinite, hasOrdinaryScales(group));
  auto ifOp = scf::IfOp::create(b, isOrdinary, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitResults(tile);
  b.setInsertionPointToStart(ifOp.elseBlock());
  isException = true;
  emitTile(tile);
  isException = false;
}

//===----------------------------------------------------------------------===//
// The product
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

void InterleavedProduct::emitFewRows(const MatrixRows &lhs,
                                     const MatrixRows &rhs,
                                     const MatrixRows &result, Value rows,
                                     std::optional<int64_t> count) {
  fillStrips(lhs, rows);
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  Value columns = createDim(b, b.getLoc(), init, rank - 1);
  Value ranges = arith::CeilDivUIOp::create(b, columns, index(kRangeColumns));
  // Each range of columns has its own part. Calls within the loops would cost
  // registers, in which constants are kept.
  auto allocateParts = [&](int64_t height, int64_t width) {
    return allocate({ShapedType::kDynamic, height, width}, ranges);
  };
  int64_t height = count.value_or(kFewRows);
  Value lhsPanels = allocateParts(height, kSliceDepth);
  Value rhsPanels = allocateParts(kSliceDepth, mxnum::kInterleavedRows);
  Value allSums = allocateParts(height, kPanelColumns);
  emitParallel(index(0), columns, kRangeColumns, [&](ValueRange place) {
    Value begin = place.front();
    Value range = arith::DivUIOp::create(b, begin, index(kRangeColumns));
    lhsPanel = takePart(lhsPanels, range);
    rhsPanel = takePart(rhsPanels, range);
    sums = takePart(allSums, range);
    Value end = add(begin, clampTile(begin, columns, kRangeColumns));
    loop(begin, end, kPanelColumns, [&](Value column) {
      emitGroup({lhs,
                 {rhs.leading, column},
                 {result.leading, result.first},
                 rows,
                 clampTile(column, columns, kPanelColumns)},
                count);
    });
  });
  for (Value buffer : {strips, lhsPanels, rhsPanels, allSums})
    memref::DeallocOp::create(b, buffer);
}
