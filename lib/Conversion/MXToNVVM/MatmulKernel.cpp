//===- MatmulKernel.cpp - the block-scaled matmul kernel ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "DeviceMemory.h"
#include "MatmulArguments.h"
#include "MatmulQuantizer.h"
#include "MatmulRing.h"
#include "WarpTile.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mx/Conversion/Passes.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

/// Emits the body of one kernel.
class MatmulEmitter {
public:
  MatmulEmitter(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
                gpu::GPUFuncOp kernel);

  void emit();

private:
  using Side = MatmulArguments::Side;
  struct Panel {
    PanelCopy copy;
    /// Its place in a stage.
    int offset;

    /// Where the bytes of a row for `step` begin.
    Word getStart(Word step) const {
      return step * copy.getShape().getRowSource();
    }
  };
  /// What passes through registers: the chunks of each panel.
  using Loaded = SmallVector<SmallVector<SmallVector<Value>>>;

  void emitTile(const TilePlace &place);
  void addPanels(const Side &side, const TilePlace &place);
  Value getStage(Word step);
  void startCopies(Word step, Value stage);
  Loaded loadPanels(Word step);
  void storePanels(const Loaded &loaded, Value stage);
  void emitFirstStep(Word steps);
  SmallVector<Value> emitSteps(WarpTile &warp);
  SmallVector<Value> emitStep(WarpTile &warp, Word step, ValueRange sums);
  Word word(Value value) { return {b, value}; }

  ImplicitLocOpBuilder &b;
  const MatmulSpec &spec;
  StageLayout layout;
  MatmulArguments arguments;
  Value shared;
  Word thread;
  SmallVector<Panel> panels;
};

} // namespace

MatmulEmitter::MatmulEmitter(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
                             gpu::GPUFuncOp kernel)
    : b(b), spec(spec), layout(spec), arguments(b, spec.getSignature(), kernel),
      shared(getSharedMemory(b, kernel->getParentOfType<gpu::GPUModuleOp>())),
      thread(word(NVVM::ThreadIdXOp::create(b, b.getI32Type()))) {}

void MatmulEmitter::addPanels(const Side &side, const TilePlace &place) {
  auto add = [&](const PanelShape &shape, const PanelSource &source,
                 int offset) {
    panels.push_back({PanelCopy(b, shape, source, thread), offset});
  };
  add(spec.getPayloadShape(side.operand.format, side.tileRows),
      arguments.getPayload(side, place), side.payloadOffset);
  add(spec.getScalesShape(side.tileRows), arguments.getScales(side, place),
      side.scalesOffset);
}

Value MatmulEmitter::getStage(Word step) {
  return offsetPointer(b, shared, step % kStages * layout.bytes);
}

void MatmulEmitter::startCopies(Word step, Value stage) {
  for (Panel &panel : panels)
    if (panel.copy.isAsynchronous())
      panel.copy.copy(panel.getStart(step),
                      offsetPointer(b, stage, panel.offset));
  NVVM::CpAsyncCommitGroupOp::create(b);
}

MatmulEmitter::Loaded MatmulEmitter::loadPanels(Word step) {
  Loaded loaded;
  for (Panel &panel : panels)
    if (!panel.copy.isAsynchronous())
      loaded.push_back(panel.copy.load(panel.getStart(step)));
  return loaded;
}

void MatmulEmitter::storePanels(const Loaded &loaded, Value stage) {
  const auto *next = loaded.begin();
  for (Panel &panel : panels)
    if (!panel.copy.isAsynchronous())
      panel.copy.store(*next++, offsetPointer(b, stage, panel.offset));
}

/// After the barrier the stage that was multiplied last is free. Past the last
/// step the other stage is filled with zeros, which costs less than a branch.
SmallVector<Value> MatmulEmitter::emitStep(WarpTile &warp, Word step,
                                           ValueRange sums) {
  NVVM::CpAsyncWaitGroupOp::create(b, 0);
  NVVM::BarrierOp::create(b);
  Word next = step + 1;
  Value stage = getStage(step), nextStage = getStage(next);
  startCopies(next, nextStage);
  Loaded loaded = loadPanels(next);
  SmallVector<Value> results = warp.multiply(stage, sums);
  storePanels(loaded, nextStage);
  return results;
}

/// Brings the first step to its stage. Without any, rows have no bytes and may
/// not be touched.
void MatmulEmitter::emitFirstStep(Word steps) {
  Word zero(b, 0);
  Value any = zero.isBelow(steps);
  auto ifOp = scf::IfOp::create(b, any);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  startCopies(zero, getStage(zero));
  storePanels(loadPanels(zero), getStage(zero));
}

SmallVector<Value> MatmulEmitter::emitSteps(WarpTile &warp) {
  Word zero(b, 0);
  Word steps = arguments.countSteps();
  emitFirstStep(steps);
  Word one(b, 1);
  auto loop = scf::ForOp::create(b, zero, steps, one, warp.getZeros());
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

void MatmulEmitter::emit() {
  Word block = word(NVVM::BlockIdXOp::create(b, b.getI32Type()));
  TilePlace place = arguments.locateTile(block);
  if (!place.exists)
    return emitTile(place);
  auto ifOp = scf::IfOp::create(b, place.exists);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitTile(place);
}

void MatmulEmitter::emitTile(const TilePlace &place) {
  addPanels(arguments.lhs, place);
  addPanels(arguments.rhs, place);
  WarpTile warp(b, spec, thread);
  SmallVector<Value> sums = emitSteps(warp);
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

gpu::GPUFuncOp mx::getMatmulKernel(gpu::GPUModuleOp module,
                                   const MatmulSpec &spec, Location loc) {
  std::string name = spec.getName();
  if (auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(name))
    return kernel;
  auto b = ImplicitLocOpBuilder::atBlockEnd(loc, module.getBody());
  MatmulSignature signature = spec.getSignature();
  auto kernel = gpu::GPUFuncOp::create(
      b, name, b.getFunctionType(signature.getTypes(b.getContext()), {}));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  kernel.setKnownBlockSize(ArrayRef<int32_t>{spec.tile.getThreads(), 1, 1});
  b.setInsertionPointToStart(&kernel.getBody().front());
  if (spec.tile.isRing()) {
    int32_t rhsPosition = signature.lhs.operand.getPartCount();
    kernel->setAttr(kTensorMapsAttr, b.getDenseI32ArrayAttr({0, rhsPosition}));
    emitMatmulRing(b, spec, kernel);
  } else {
    MatmulEmitter(b, spec, kernel).emit();
  }
  gpu::ReturnOp::create(b);
  return kernel;
}
