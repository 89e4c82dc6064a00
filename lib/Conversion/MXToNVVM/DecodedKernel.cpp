//===- DecodedKernel.cpp - the matmul kernel that decodes -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedKernel.h"
#include "DecodedWarp.h"
#include "DeviceMemory.h"
#include "MatmulArguments.h"
#include "MatmulSpec.h"
#include "ScaleWords.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Emits the body of one kernel.
class DecodedEmitter {
public:
  DecodedEmitter(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                 gpu::GPUFuncOp kernel);

  void emit();

private:
  using Side = MatmulArguments::Side;
  struct Panel {
    PanelCopy copy;
    /// Its place in a stage.
    int offset;
    /// Which of the pieces of a step it has, of how many.
    int piece = 0, pieces = 1;

    /// The bytes of a row before those of `step`.
    Word getStart(Word step) const {
      return (step * pieces + piece) * copy.getShape().getRowSource();
    }
  };
  struct WordPanel {
    ScaleWords copy;
    int offset;
  };
  /// What passes through registers: the chunks of each panel.
  using Loaded = SmallVector<SmallVector<SmallVector<Value>>>;

  void emitTile(const TilePlace &place);
  void addPanel(Panel panel, Word steps);
  std::optional<PanelSource> addPanels(const Side &side, const TilePlace &place,
                                       Word steps);
  Value getStage(Word step);
  void startCopies(Word step, Value stage);
  Loaded loadPanels(Word step);
  void storePanels(const Loaded &loaded, Value stage);
  /// Steps along K, from one to before another.
  struct Range {
    Word begin, end;
  };
  Range getRange();
  void emitFirstSteps(const Range &range);
  Word getScaleStart(const std::optional<PanelSource> &scales,
                     const MatmulSide &side, Word row, Word step);
  SmallVector<Value> emitStep(DecodedWarp &warp, Word step, ValueRange sums);
  SmallVector<Value> emitSteps(DecodedWarp &warp, const TilePlace &place);
  Value getSum(Word range, int sum);
  void storeSums(ValueRange sums);
  SmallVector<Value> addSums(int count);
  void emitEnd(DecodedWarp &warp, ValueRange sums, const TilePlace &place);
  Word word(Value value) { return {b, value}; }

  ImplicitLocOpBuilder &b;
  const DecodedSpec &spec;
  DecodedStage layout;
  MatmulArguments arguments;
  Value shared;
  Word thread;
  /// The tile, and which range of K this block has, if it is split.
  Word tile, range;
  /// Where scales are, if there are any.
  std::optional<PanelSource> lhsScales, rhsScales;
  SmallVector<Panel> panels;
  SmallVector<WordPanel> wordPanels;
};

} // namespace

DecodedEmitter::DecodedEmitter(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                               gpu::GPUFuncOp kernel)
    : b(b), spec(spec), layout(spec), arguments(b, spec.getSignature(), kernel),
      shared(getSharedMemory(b, kernel->getParentOfType<gpu::GPUModuleOp>())),
      thread(word(NVVM::ThreadIdXOp::create(b, b.getI32Type()))) {}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void DecodedEmitter::addPanel(Panel panel, Word steps) {
  // What comes after the range is for another block.
  if (spec.part == DecodedPart::Sums)
    panel.copy.stopAt(steps * panel.pieces *
                      panel.copy.getShape().getRowSource());
  panels.push_back(std::move(panel));
}

/// Brings what there is before step number `steps`. Returns where the scales of
/// rows are.
std::optional<PanelSource> DecodedEmitter::addPanels(const Side &side,
                                                     const TilePlace &place,
                                                     Word steps) {
  const MatmulSide &operand = side.operand;
  PanelShape payload = spec.getPayloadShape(operand, side.tileRows);
  int pieces = operand.hasFragments() ? 1 : spec.getPieces();
  for (int piece = 0; piece < pieces; ++piece)
    addPanel({PanelCopy(b, payload, arguments.getPayload(side, place), thread),
              side.payloadOffset + piece * payload.rows * payload.rowBytes,
              piece, pieces},
             steps);
  if (operand.hasFragments()) {
    addPanel({PanelCopy(b, spec.getGroupScalesShape(operand, side.tileRows),
                        arguments.getScales(side, place), thread),
              side.scalesOffset},
             steps);
    return std::nullopt;
  }
  if (!operand.format)
    return std::nullopt;
  PanelSource scales = arguments.getScales(side, place);
  int bytes = spec.getScaleBytes(operand);
  if (spec.tile.isAligned) {
    wordPanels.push_back(
        {ScaleWords(b, side.tileRows, bytes, spec.getScalePitch(operand),
                    scales, thread, kThreads),
         side.scalesOffset});
    return scales;
  }
  PanelShape shape{side.tileRows, bytes, /*chunk=*/1};
  addPanel({PanelCopy(b, shape, scales, thread), side.scalesOffset}, steps);
  return scales;
}

Value DecodedEmitter::getStage(Word step) {
  return offsetPointer(b, shared, step % spec.getStages() * layout.bytes);
}

void DecodedEmitter::startCopies(Word step, Value stage) {
  for (Panel &panel : panels)
    if (panel.copy.isAsynchronous())
      panel.copy.copy(panel.getStart(step),
                      offsetPointer(b, stage, panel.offset));
  for (WordPanel &panel : wordPanels)
    panel.copy.copy(step, offsetPointer(b, stage, panel.offset));
}

DecodedEmitter::Loaded DecodedEmitter::loadPanels(Word step) {
  Loaded loaded;
  for (Panel &panel : panels)
    if (!panel.copy.isAsynchronous())
      loaded.push_back(panel.copy.load(panel.getStart(step)));
  return loaded;
}

void DecodedEmitter::storePanels(const Loaded &loaded, Value stage) {
  const auto *next = loaded.begin();
  for (Panel &panel : panels)
    if (!panel.copy.isAsynchronous())
      panel.copy.store(*next++, offsetPointer(b, stage, panel.offset));
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// Brings the first steps to their stages, each a group of copies. Steps that
/// there are not may touch no row.
void DecodedEmitter::emitFirstSteps(const Range &range) {
  for (int i = 0; i < spec.getStages() - 1; ++i) {
    Word step = range.begin + i;
    auto ifOp = scf::IfOp::create(b, step.isBelow(range.end));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(ifOp.thenBlock());
      startCopies(step, getStage(step));
      storePanels(loadPanels(step), getStage(step));
    }
    NVVM::CpAsyncCommitGroupOp::create(b);
  }
}

Word DecodedEmitter::getScaleStart(const std::optional<PanelSource> &scales,
                                   const MatmulSide &side, Word row,
                                   Word step) {
  if (!scales || !spec.tile.isAligned)
    return thread.constant(0);
  return ScaleWords::getStart(b, *scales, row, step, spec.getScaleBytes(side));
}

/// After the barrier the stage that was multiplied last is free. Past the last
/// step it is filled with zeros, which costs less than a branch.
SmallVector<Value> DecodedEmitter::emitStep(DecodedWarp &warp, Word step,
                                            ValueRange sums) {
  int ahead = spec.getStages() - 1;
  NVVM::CpAsyncWaitGroupOp::create(b, ahead - 1);
  NVVM::BarrierOp::create(b);
  Word next = step + ahead;
  Value stage = getStage(step), nextStage = getStage(next);
  startCopies(next, nextStage);
  NVVM::CpAsyncCommitGroupOp::create(b);
  Loaded loaded = loadPanels(next);
  auto lhsStart = [&](Word row) {
    return getScaleStart(lhsScales, spec.lhs, row, step);
  };
  auto rhsStart = [&](Word row) {
    return getScaleStart(rhsScales, spec.rhs, row, step);
  };
  SmallVector<Value> results = warp.multiply({stage, lhsStart, rhsStart}, sums);
  storePanels(loaded, nextStage);
  return results;
}

DecodedEmitter::Range DecodedEmitter::getRange() {
  Word steps = arguments.countSteps();
  if (spec.part == DecodedPart::Whole)
    return {Word(b, 0), steps};
  Word length = (steps + (spec.splits - 1)) / spec.splits;
  Word begin = (range * length).min(steps);
  return {begin, (begin + length).min(steps)};
}

SmallVector<Value> DecodedEmitter::emitSteps(DecodedWarp &warp,
                                             const TilePlace &place) {
  Range steps = getRange();
  lhsScales = addPanels(arguments.lhs, place, steps.end);
  rhsScales = addPanels(arguments.rhs, place, steps.end);
  emitFirstSteps(steps);
  Word one(b, 1);
  auto loop =
      scf::ForOp::create(b, steps.begin, steps.end, one, warp.getZeros());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Word step = word(loop.getInductionVar());
    scf::YieldOp::create(b, emitStep(warp, step, loop.getRegionIterArgs()));
  }
  // No copy may outlive its block.
  NVVM::CpAsyncWaitGroupOp::create(b, 0);
  return loop.getResults();
}

//===----------------------------------------------------------------------===//
// Sums of ranges
//===----------------------------------------------------------------------===//

/// Where this thread's sum number `sum` of a range is: threads are neighbours.
Value DecodedEmitter::getSum(Word range, int sum) {
  Word block = range * arguments.countTiles() + tile;
  Value first = arith::MulIOp::create(b, block.widen(),
                                      Word(b, spec.countSums()).widen());
  Value place =
      arith::AddIOp::create(b, first, (thread + sum * kThreads).widen());
  Value bytes = arith::ConstantIntOp::create(b, b.getI64Type(), sizeof(float));
  return offsetPointer(b, arguments.sums,
                       arith::MulIOp::create(b, place, bytes));
}

void DecodedEmitter::storeSums(ValueRange sums) {
  for (auto [i, sum] : llvm::enumerate(sums))
    storeTo(b, sum, getSum(range, int(i)), sizeof(float));
}

/// The same bits in every run: ranges in order.
SmallVector<Value> DecodedEmitter::addSums(int count) {
  SmallVector<Value> totals;
  for (int range = 0; range < spec.splits; ++range)
    for (int i = 0; i < count; ++i) {
      Value sum =
          loadFrom(b, b.getF32Type(), getSum(Word(b, range), i), sizeof(float));
      if (range == 0)
        totals.push_back(sum);
      else
        totals[i] = arith::AddFOp::create(b, totals[i], sum);
    }
  return totals;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

void DecodedEmitter::emit() {
  tile = word(NVVM::BlockIdXOp::create(b, b.getI32Type()));
  if (spec.part == DecodedPart::Sums) {
    Word tiles = arguments.countTiles();
    range = tile / tiles;
    tile = tile % tiles;
  }
  TilePlace place = arguments.locateTile(tile);
  if (!place.exists)
    return emitTile(place);
  auto ifOp = scf::IfOp::create(b, place.exists);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitTile(place);
}

void DecodedEmitter::emitTile(const TilePlace &place) {
  DecodedWarp warp(b, spec, thread);
  if (spec.part == DecodedPart::Total)
    return emitEnd(warp, addSums(spec.countSums() / kThreads), place);
  SmallVector<Value> sums = emitSteps(warp, place);
  if (spec.part == DecodedPart::Sums)
    return storeSums(sums);
  emitEnd(warp, sums, place);
}

/// From sums to results.
void DecodedEmitter::emitEnd(DecodedWarp &warp, ValueRange sums,
                             const TilePlace &place) {
  ResultTile result = arguments.getResult(place);
  if (!spec.epilogue.quantizer)
    return emitResults(b, spec.epilogue, spec.result, warp, sums, result);
  // Nobody reads a stage any more, and no copy is on its way.
  NVVM::BarrierOp::create(b);
  stageResults(b, spec.epilogue, spec.result, warp, sums, result, shared,
               spec.getStaging().getPitch());
  NVVM::BarrierOp::create(b);
  emitQuantizer(b, spec.epilogue.quantizer, spec.getStaging(), result,
                arguments.getQuantized(place), shared, thread);
}

gpu::GPUFuncOp mx::getDecodedKernel(gpu::GPUModuleOp module,
                                    const DecodedSpec &spec, Location loc) {
  std::string name = spec.getName();
  if (auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(name))
    return kernel;
  auto b = ImplicitLocOpBuilder::atBlockEnd(loc, module.getBody());
  SmallVector<Type> types = spec.getSignature().getTypes(b.getContext());
  auto kernel =
      gpu::GPUFuncOp::create(b, name, b.getFunctionType(types, TypeRange()));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  kernel.setKnownBlockSize(ArrayRef<int32_t>{kThreads, 1, 1});
  // Else ptxas spills registers so that more blocks fit in a multiprocessor,
  // for which there is no shared memory.
  kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                  b.getI32IntegerAttr(1));
  b.setInsertionPointToStart(&kernel.getBody().front());
  DecodedEmitter(b, spec, kernel).emit();
  gpu::ReturnOp::create(b);
  return kernel;
}
