//===- DecodedKernel.cpp - the matmul kernel that decodes -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedKernel.h"
#include "DecodedWarp.h"
#include "DeviceMemory.h"
#include "MatmulArguments.h"
#include "ScaleWords.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;

namespace {

/// Emits the body of one kernel.
class DecodedEmitter {
public:
  DecodedEmitter(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                 gpu::GPUFuncOp kernel);

  void emit();

private:
  struct Side {
    const DecodedSide &side;
    /// Rows of the matrix, and of the tile.
    Word rows;
    int tileRows;
    SmallVector<Value> parts;
    /// Where its scales are, if it has any.
    std::optional<PanelSource> scales;
  };
  struct Panel {
    PanelCopy copy;
    /// Its place in a stage.
    int offset;
  };
  struct WordPanel {
    ScaleWords copy;
    int offset;
  };
  /// What passes through registers: the chunks of each panel.
  using Loaded = SmallVector<SmallVector<SmallVector<Value>>>;

  Side takeSide(const DecodedSide &side, bool isLhs,
                ArrayRef<BlockArgument> &arguments);
  TilePlace locateTile(Word tile);
  Value selectMatrix(Value base, const TilePlace &place, Word rows,
                     Word rowLength);
  void addPanels(Side &side, const TilePlace &place, Word firstRow,
                 int payloadOffset, int scalesOffset);
  Value getStage(Word step);
  void startCopies(Word step, Value stage);
  Loaded loadPanels(Word step);
  void storePanels(const Loaded &loaded, Value stage);
  void emitFirstSteps(Word steps);
  Word getScaleStart(const Side &side, const QuarterReader &reader, Word step);
  SmallVector<Value> emitStep(DecodedWarp &warp, Word step, ValueRange sums);
  SmallVector<Value> emitSteps(DecodedWarp &warp);
  Value loadTensorScale();
  Word word(Value value) { return {b, value}; }
  Word divideUp(Word x, int y) { return (x + (y - 1)) / y; }

  ImplicitLocOpBuilder &b;
  const DecodedSpec &spec;
  DecodedStage layout;
  Value shared, result;
  Word thread, rows, columns, depth;
  SmallVector<Side, 2> sides;
  SmallVector<Panel> panels;
  SmallVector<WordPanel> wordPanels;
};

} // namespace

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

DecodedEmitter::DecodedEmitter(ImplicitLocOpBuilder &b, const DecodedSpec &spec,
                               gpu::GPUFuncOp kernel)
    : b(b), spec(spec), layout(spec),
      shared(getSharedMemory(b, kernel->getParentOfType<gpu::GPUModuleOp>())),
      thread(word(NVVM::ThreadIdXOp::create(b, b.getI32Type()))) {
  ArrayRef<BlockArgument> arguments = kernel.getArguments();
  auto sizes = arguments.take_back(3);
  rows = word(sizes[0]);
  columns = word(sizes[1]);
  depth = word(sizes[2]);
  sides.push_back(takeSide(spec.lhs, /*isLhs=*/true, arguments));
  sides.push_back(takeSide(spec.rhs, /*isLhs=*/false, arguments));
  result = castToGlobal(b, arguments.front());
}

DecodedEmitter::Side
DecodedEmitter::takeSide(const DecodedSide &side, bool isLhs,
                         ArrayRef<BlockArgument> &arguments) {
  SmallVector<Value> parts;
  for (Value part : arguments.take_front(side.getPartCount()))
    parts.push_back(castToGlobal(b, part));
  arguments = arguments.drop_front(side.getPartCount());
  return {side, isLhs ? rows : columns,
          isLhs ? spec.tile.rows : spec.tile.columns, parts, std::nullopt};
}

/// Tiles are numbered as those of MatmulArguments.
TilePlace DecodedEmitter::locateTile(Word tile) {
  Word rowTiles = divideUp(rows, spec.tile.rows);
  Word columnTiles = divideUp(columns, spec.tile.columns);
  Word matrix = tile / rowTiles / columnTiles;
  Word column = tile / rowTiles % columnTiles * spec.tile.columns;
  return {matrix, matrix, tile % rowTiles * spec.tile.rows,
          column, rows,   Value()};
}

/// The part of `base` that belongs to the matrix of a tile.
Value DecodedEmitter::selectMatrix(Value base, const TilePlace &place,
                                   Word rows, Word rowLength) {
  Value size = arith::MulIOp::create(b, rows.widen(), rowLength.widen());
  Value offset = arith::MulIOp::create(b, place.matrix.widen(), size);
  return offsetPointer(b, base, offset);
}

/// t_A · t_B in f32, or null if no format has a tensor scale.
Value DecodedEmitter::loadTensorScale() {
  Value product;
  for (const Side &side : sides) {
    if (side.parts.size() < 3)
      continue;
    Value scale = loadFrom(b, b.getF32Type(), side.parts[2], sizeof(float));
    product = product ? arith::MulFOp::create(b, product, scale) : scale;
  }
  return product;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void DecodedEmitter::addPanels(Side &side, const TilePlace &place,
                               Word firstRow, int payloadOffset,
                               int scalesOffset) {
  auto getSource = [&](Value base, Word length) -> PanelSource {
    return {selectMatrix(base, place, side.rows, length), side.rows, length,
            firstRow};
  };
  Word payloadLength =
      (depth * side.side.getBits() + (kByteBits - 1)) / kByteBits;
  panels.push_back({PanelCopy(b, spec.getPayloadShape(side.side, side.tileRows),
                              getSource(side.parts[0], payloadLength), thread),
                    payloadOffset});
  if (!side.side.format)
    return;
  Word scalesLength = divideUp(depth, side.side.getBlock(0));
  side.scales = getSource(side.parts[1], scalesLength);
  int bytes = spec.getScaleBytes(side.side);
  if (spec.tile.isAligned) {
    wordPanels.push_back(
        {ScaleWords(b, side.tileRows, bytes, spec.getScalePitch(side.side),
                    *side.scales, thread, kThreads),
         scalesOffset});
    return;
  }
  PanelShape shape{side.tileRows, bytes, /*chunk=*/1};
  panels.push_back({PanelCopy(b, shape, *side.scales, thread), scalesOffset});
}

Value DecodedEmitter::getStage(Word step) {
  return offsetPointer(b, shared, step % spec.getStages() * layout.bytes);
}

void DecodedEmitter::startCopies(Word step, Value stage) {
  for (Panel &panel : panels)
    if (panel.copy.isAsynchronous())
      panel.copy.copy(step * panel.copy.getShape().getRowSource(),
                      offsetPointer(b, stage, panel.offset));
  for (WordPanel &panel : wordPanels)
    panel.copy.copy(step, offsetPointer(b, stage, panel.offset));
}

DecodedEmitter::Loaded DecodedEmitter::loadPanels(Word step) {
  Loaded loaded;
  for (Panel &panel : panels)
    if (!panel.copy.isAsynchronous())
      loaded.push_back(
          panel.copy.load(step * panel.copy.getShape().getRowSource()));
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
void DecodedEmitter::emitFirstSteps(Word steps) {
  for (int i = 0; i < spec.getStages() - 1; ++i) {
    Word step = thread.constant(i);
    auto ifOp = scf::IfOp::create(b, step.isBelow(steps));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(ifOp.thenBlock());
      startCopies(step, getStage(step));
      storePanels(loadPanels(step), getStage(step));
    }
    NVVM::CpAsyncCommitGroupOp::create(b);
  }
}

Word DecodedEmitter::getScaleStart(const Side &side,
                                   const QuarterReader &reader, Word step) {
  if (!side.scales || !spec.tile.isAligned)
    return thread.constant(0);
  return ScaleWords::getStart(b, *side.scales, reader.getRow(), step,
                              spec.getScaleBytes(side.side));
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
  SmallVector<Value> results =
      warp.multiply(stage, getScaleStart(sides[0], warp.getLhs(), step),
                    getScaleStart(sides[1], warp.getRhs(), step), sums);
  storePanels(loaded, nextStage);
  return results;
}

SmallVector<Value> DecodedEmitter::emitSteps(DecodedWarp &warp) {
  Word steps = divideUp(depth, spec.tile.depth);
  emitFirstSteps(steps);
  Word zero(b, 0), one(b, 1);
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

void DecodedEmitter::emit() {
  Word block = word(NVVM::BlockIdXOp::create(b, b.getI32Type()));
  TilePlace place = locateTile(block);
  addPanels(sides[0], place, place.row, layout.lhs, layout.lhsScales);
  addPanels(sides[1], place, place.column, layout.rhs, layout.rhsScales);
  DecodedWarp warp(b, spec, thread);
  SmallVector<Value> sums = emitSteps(warp);
  int bytes = int(spec.result.getIntOrFloatBitWidth()) / kByteBits;
  emitResults(b, MatmulEpilogue(), spec.result, warp, sums,
              {selectMatrix(result, place, rows, columns * bytes), spec.result,
               rows, columns, place.row, place.column, loadTensorScale(),
               /*startRow=*/Value(), /*tailRows=*/{}, /*tailNumbers=*/{}});
}

gpu::GPUFuncOp mx::getDecodedKernel(gpu::GPUModuleOp module,
                                    const DecodedSpec &spec, Location loc) {
  std::string name = spec.getName();
  if (auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(name))
    return kernel;
  auto b = ImplicitLocOpBuilder::atBlockEnd(loc, module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Type> types(spec.lhs.getPartCount() + spec.rhs.getPartCount() + 1,
                          pointer);
  types.append(3, b.getI32Type());
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
