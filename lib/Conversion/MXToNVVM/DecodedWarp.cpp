//===- DecodedWarp.cpp - the products of a warp that decodes --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedWarp.h"
#include "DeviceMemory.h"
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

static WarpPlace placeThread(const DecodedSpec &spec, Word thread) {
  return {thread, spec.tile.warpRows, spec.tile.getWarpHeight(),
          spec.tile.getWarpWidth()};
}

DecodedWarp::DecodedWarp(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                         Word thread)
    : WarpPlace(placeThread(spec, thread)), b(b), spec(spec), thread(thread),
      lhs(b, spec, spec.lhs, getPanel(spec, true), lane, firstRow,
          spec.tile.getWarpHeight()),
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

//===----------------------------------------------------------------------===//
// Exceptions
//===----------------------------------------------------------------------===//

/// The place of this thread, from what its warp says its number is: so nothing
/// that depends on it is computed before it is needed, to lie in registers.
WarpPlace DecodedWarp::placeAgain() {
  Value number = NVVM::ShflOp::create(
      b, b.getI32Type(), lane.constant(-1), thread, lane,
      lane.constant(kWarpLanes - 1), NVVM::ShflKind::idx, UnitAttr());
  return placeThread(spec, {b, number});
}

ElementReader DecodedWarp::getReader(const Step &step, bool isLhs, Word row) {
  const MatmulSide &side = isLhs ? spec.lhs : spec.rhs;
  QuarterReader::Panel panel = getPanel(spec, isLhs);
  Value scales;
  if (side.format)
    scales = offsetPointer(b, step.stage, panel.scales);
  if (side.format && !side.hasFragments()) {
    Word start = isLhs ? step.lhsScaleStart(row) : step.rhsScaleStart(row);
    scales = offsetPointer(b, scales, row * spec.getScalePitch(side) + start);
  }
  return {b,          spec, side,
          panel.rows, row,  offsetPointer(b, step.stage, panel.payload),
          scales};
}

/// Each lane for itself.
DecodedWarp::Sums DecodedWarp::multiplyElements(const Step &step,
                                                ValueRange sums, Part part) {
  WarpPlace place = placeAgain();
  ElementReader rows = getReader(step, /*isLhs=*/true, place.getRow(0, 0));
  SmallVector<ElementReader, 2> columns;
  for (int reg = 0; reg < 2; ++reg)
    columns.push_back(
        getReader(step, /*isLhs=*/false, place.getColumn(0, reg)));
  auto read = [&](ElementReader &reader, const MatmulSide &side, int group,
                  Word k) {
    Value number = reader.read(group, k);
    bool isSplit = part == Part::Rest && side.getPlanes() == kF32Planes;
    return isSplit ? getSplitRest(b, number) : number;
  };
  Word zero(b, 0), end(b, spec.tile.depth), one(b, 1);
  auto loop = scf::ForOp::create(b, zero, end, one, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Word k(b, loop.getInductionVar());
  SmallVector<Value> left, right;
  for (int group = 0; group < lhs.getGroups(); ++group)
    left.push_back(read(rows, spec.lhs, group, k));
  for (int group = 0; group < rhs.getGroups(); ++group)
    for (ElementReader &reader : columns)
      right.push_back(read(reader, spec.rhs, group, k));
  Sums results;
  for (auto [i, sum] : llvm::enumerate(loop.getRegionIterArgs())) {
    int tile = int(i) / kAccumulators, reg = int(i) % kAccumulators;
    int row = tile / getColumnTiles() * 2 + reg / 2;
    int column = tile % getColumnTiles() * 2 + reg % 2;
    Value product = arith::MulFOp::create(b, left[row], right[column]);
    results.push_back(arith::AddFOp::create(b, sum, product));
  }
  scf::YieldOp::create(b, results);
  return loop.getResults();
}

/// Exceptions are rare: what a lane needs, its warp does.
Value DecodedWarp::isAny(Value condition) {
  return NVVM::VoteSyncOp::create(b, b.getI1Type(), lane.constant(-1),
                                  condition, NVVM::VoteSyncKind::any);
}

DecodedWarp::Sums DecodedWarp::chooseIf(Value condition,
                                        function_ref<Sums()> rare,
                                        function_ref<Sums()> usual) {
  int count = getRowTiles() * getColumnTiles() * kAccumulators;
  SmallVector<Type> types(count, b.getF32Type());
  auto ifOp = scf::IfOp::create(b, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, rare());
  b.setInsertionPointToStart(ifOp.elseBlock());
  scf::YieldOp::create(b, usual());
  return ifOp.getResults();
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// Either of two values, each of which may be null.
static Value orIfAny(ImplicitLocOpBuilder &b, Value x, Value y) {
  return x && y ? Value(arith::OrIOp::create(b, x, y)) : x ? x : y;
}

/// Also says whether the warp's f32 numbers have a rest, if there are any. It
/// is asked for in each run: else LLVM keeps all bits to the end.
DecodedWarp::Sums DecodedWarp::multiplyRuns(ValueRange sums, Value &hasRest) {
  Sums results(sums);
  int perRow = getColumnTiles() * kAccumulators;
  for (int run = 0; run < spec.tile.getQuarter() / kRunCodes; ++run) {
    Planes columns = decode(rhs, 0, rhs.getGroups(), run);
    for (int i = 0; i < getRowTiles(); ++i)
      for (const auto &left : decode(lhs, 2 * i, 2, run))
        for (const auto &right : columns)
          multiplyPlanes(MutableArrayRef(results).slice(i * perRow, perRow),
                         left, right);
    if (Value found = orIfAny(b, lhs.takeRest(), rhs.takeRest()))
      hasRest = orIfAny(b, hasRest, isAny(found));
  }
  return results;
}

DecodedWarp::Sums DecodedWarp::multiply(const Step &step, ValueRange sums) {
  lhs.open(step.stage, step.lhsScaleStart(lhs.getRow()));
  rhs.open(step.stage, step.rhsScaleStart(rhs.getRow()));
  Value exceptional =
      orIfAny(b, lhs.isExceptional(/*isFinite=*/spec.rhs.getPlanes() > 1),
              rhs.isExceptional(/*isFinite=*/spec.lhs.getPlanes() > 1));
  auto multiplyAll = [&] {
    Value hasRest;
    Sums results = multiplyRuns(sums, hasRest);
    if (!hasRest)
      return results;
    return chooseIf(
        hasRest, [&] { return multiplyElements(step, results, Part::Rest); },
        [&] { return results; });
  };
  if (!exceptional)
    return multiplyAll();
  return chooseIf(
      isAny(exceptional),
      [&] { return multiplyElements(step, sums, Part::Whole); }, multiplyAll);
}
