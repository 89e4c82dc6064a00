//===- DecodedWarp.cpp - the products of a warp that decodes --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedWarp.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

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

DecodedWarp::Planes DecodedWarp::decode(QuarterReader &side, int run) {
  Planes planes;
  for (int group = 0; group < side.getGroups(); ++group)
    for (auto [i, plane] : llvm::enumerate(side.decode(group, run))) {
      if (i == planes.size())
        planes.emplace_back();
      planes[i].push_back(plane);
    }
  return planes;
}

SmallVector<DecodedWarp::Run> DecodedWarp::makeFinite(QuarterReader &side,
                                                      ArrayRef<Run> runs) {
  if (!side.mayOverflow())
    return SmallVector<Run>(runs);
  return llvm::map_to_vector(
      runs, [&](const Run &run) { return side.makeFinite(run); });
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
  for (int i = 0; i < getRowTiles(); ++i) {
    const Run &upper = lhsRuns[2 * i], &lower = lhsRuns[2 * i + 1];
    for (int j = 0; j < getColumnTiles(); ++j) {
      const Run &column = rhsRuns[j];
      int first = (i * getColumnTiles() + j) * kAccumulators;
      for (int pair = 0; pair < kRunPairs; pair += 2)
        multiplyTiles(
            sums.slice(first, kAccumulators),
            {upper[pair], lower[pair], upper[pair + 1], lower[pair + 1]},
            {column[pair], column[pair + 1]});
    }
  }
}

SmallVector<Value> DecodedWarp::multiply(Value stage, Word lhsScaleStart,
                                         Word rhsScaleStart, ValueRange sums) {
  lhs.open(stage, lhsScaleStart);
  rhs.open(stage, rhsScaleStart);
  SmallVector<Value> results(sums);
  for (int run = 0; run < spec.tile.getQuarter() / kRunCodes; ++run) {
    Planes rows = decode(lhs, run), columns = decode(rhs, run);
    multiplyPlanes(results, rows[0], columns[0]);
    if (rows.size() > 1)
      multiplyPlanes(results, rows[1], makeFinite(rhs, columns[0]));
    if (columns.size() > 1)
      multiplyPlanes(results, makeFinite(lhs, rows[0]), columns[1]);
  }
  return results;
}
