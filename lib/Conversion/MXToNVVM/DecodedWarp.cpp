//===- DecodedWarp.cpp - the products of a warp that decodes --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedWarp.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mx;

static QuarterReader::Panel getPanel(const DecodedSpec &spec, bool isLhs) {
  DecodedStage stage(spec);
  if (isLhs)
    return {spec.tile.rows, stage.lhs, stage.lhsScales};
  return {spec.tile.columns, stage.rhs, stage.rhsScales};
}

DecodedWarp::DecodedWarp(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                         Word thread)
    : WarpPlace(thread, spec.tile.warpRows, spec.tile.getWarpHeight(),
                spec.tile.getWarpWidth()),
      b(b), spec(spec), lhs(b, spec, spec.lhs, getPanel(spec, true), lane,
                            firstRow, spec.tile.getWarpHeight()),
      rhs(b, spec, spec.rhs, getPanel(spec, false), lane, firstColumn,
          spec.tile.getWarpWidth()) {}

SmallVector<Value> DecodedWarp::getZeros() {
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  return SmallVector<Value>(getRowTiles() * getColumnTiles() * kAccumulators,
                            zero);
}

DecodedWarp::Planes DecodedWarp::decode(QuarterReader &side, int firstGroup,
                                        int groups, int run) {
  Planes planes;
  for (int group = firstGroup; group < firstGroup + groups; ++group)
    for (auto [i, plane] : llvm::enumerate(side.decode(group, run))) {
      if (i == planes.size())
        planes.emplace_back();
      planes[i].push_back(plane);
    }
  return planes;
}

DecodedWarp::Planes DecodedWarp::decodeRest(QuarterReader &side, int firstGroup,
                                            int groups, int run) {
  Planes planes(1);
  for (int group = firstGroup; group < firstGroup + groups; ++group)
    planes[0].push_back(side.decodeRest(group, run));
  return planes;
}

SmallVector<DecodedWarp::Run> DecodedWarp::makeFinite(QuarterReader &side,
                                                      ArrayRef<Run> runs) {
  return llvm::map_to_vector(
      runs, [&](const Run &run) { return side.makeFinite(run); });
}

DecodedWarp::Planes DecodedWarp::decodeFinite(QuarterReader &side,
                                              int firstGroup, int groups,
                                              int run) {
  Planes planes = decode(side, firstGroup, groups, run);
  planes[0] = makeFinite(side, planes[0]);
  return planes;
}

void DecodedWarp::multiplyTiles(MutableArrayRef<Value> sums,
                                ValueRange lhsRegisters,
                                ValueRange rhsRegisters) {
  auto type = LLVM::LLVMStructType::getLiteral(
      b.getContext(), SmallVector<Type>(kAccumulators, b.getF32Type()));
  Value product = NVVM::MmaOp::create(
      b, type, lhsRegisters, rhsRegisters, sums,
      ArrayRef<int64_t>{kMmaRows, kMmaColumns, kDecodedMmaDepth}, std::nullopt,
      std::nullopt,
      std::array<NVVM::MMATypes, 2>{NVVM::MMATypes::bf16, NVVM::MMATypes::bf16},
      std::array<NVVM::MMALayout, 2>{NVVM::MMALayout::row,
                                     NVVM::MMALayout::col});
  for (auto [i, sum] : llvm::enumerate(sums))
    sum = LLVM::ExtractValueOp::create(b, product, int64_t(i));
}

/// A fragment of A has rows 0 to 7, rows 8 to 15, then the same for the second
/// half of K; one of B has the two halves. Halves are pairs of a run.
void DecodedWarp::multiplyPlanes(MutableArrayRef<Value> sums,
                                 ArrayRef<Run> lhsRuns, ArrayRef<Run> rhsRuns) {
  int columnTiles = int(rhsRuns.size());
  for (int i = 0; i < int(lhsRuns.size()) / 2; ++i) {
    const Run &upper = lhsRuns[2 * i], &lower = lhsRuns[2 * i + 1];
    for (int j = 0; j < columnTiles; ++j) {
      const Run &column = rhsRuns[j];
      int first = (i * columnTiles + j) * kAccumulators;
      for (int pair = 0; pair < kRunPairs; pair += 2)
        multiplyTiles(
            sums.slice(first, kAccumulators),
            {upper[pair], lower[pair], upper[pair + 1], lower[pair + 1]},
            {column[pair], column[pair + 1]});
    }
  }
}

void DecodedWarp::multiplyRun(MutableArrayRef<Value> sums, const Planes &rows,
                              const Planes &columns) {
  multiplyPlanes(sums, rows[0], columns[0]);
  auto limit = [&](QuarterReader &side, ArrayRef<Run> runs) {
    return side.mayOverflow() ? makeFinite(side, runs) : SmallVector<Run>(runs);
  };
  if (rows.size() > 1)
    multiplyPlanes(sums, rows[1], limit(rhs, columns[0]));
  if (columns.size() > 1)
    multiplyPlanes(sums, limit(lhs, rows[0]), columns[1]);
}

/// Adds the products of what rounding took from one side with the other side.
/// They are summed up times 2^kTinyShift, one row of tiles after the other for
/// the sake of registers.
SmallVector<Value> DecodedWarp::multiplyRest(ValueRange sums, bool ofLhs) {
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  Value factor = arith::ConstantOp::create(
      b, b.getF32FloatAttr(1.0f / float(int64_t(1) << kTinyShift)));
  int perRow = getColumnTiles() * kAccumulators;
  SmallVector<Value> results(sums);
  QuarterReader left = lhs, right = rhs;
  left.reopen();
  right.reopen();
  for (int i = 0; i < getRowTiles(); ++i) {
    SmallVector<Value> products(perRow, zero);
    for (int run = 0; run < spec.tile.getQuarter() / kRunCodes; ++run) {
      Planes rows = ofLhs ? decodeRest(left, 2 * i, 2, run)
                          : decodeFinite(left, 2 * i, 2, run);
      Planes columns = ofLhs ? decodeFinite(right, 0, rhs.getGroups(), run)
                             : decodeRest(right, 0, rhs.getGroups(), run);
      multiplyRun(products, rows, columns);
    }
    for (auto [sum, product] : llvm::zip_equal(
             MutableArrayRef(results).slice(i * perRow, perRow), products))
      sum = arith::AddFOp::create(b, sum,
                                  arith::MulFOp::create(b, product, factor));
  }
  return results;
}

/// Tiny scales are rare: rests are multiplied where a lane of the warp has any.
void DecodedWarp::addRest(SmallVector<Value> &sums, Value hasTiny, bool ofLhs) {
  Value any = NVVM::VoteSyncOp::create(b, b.getI1Type(), lane.constant(-1),
                                       hasTiny, NVVM::VoteSyncKind::any);
  auto ifOp = scf::IfOp::create(b, TypeRange(ValueRange(sums)), any,
                                /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, multiplyRest(sums, ofLhs));
  b.setInsertionPointToStart(ifOp.elseBlock());
  scf::YieldOp::create(b, sums);
  llvm::copy(ifOp.getResults(), sums.begin());
}

SmallVector<Value> DecodedWarp::multiply(Value stage, Word lhsScaleStart,
                                         Word rhsScaleStart, ValueRange sums) {
  lhs.open(stage, lhsScaleStart);
  rhs.open(stage, rhsScaleStart);
  SmallVector<Value> results(sums);
  for (int run = 0; run < spec.tile.getQuarter() / kRunCodes; ++run)
    multiplyRun(results, decode(lhs, 0, lhs.getGroups(), run),
                decode(rhs, 0, rhs.getGroups(), run));
  // The product of two rests is less than half of the smallest f32.
  Value tinyLhs = lhs.mayBeRounded() ? lhs.hasTinyScales() : Value();
  Value tinyRhs = rhs.mayBeRounded() ? rhs.hasTinyScales() : Value();
  if (tinyLhs)
    addRest(results, tinyLhs, /*ofLhs=*/true);
  if (tinyRhs)
    addRest(results, tinyRhs, /*ofLhs=*/false);
  return results;
}
