//===- MatmulRing.cpp - the matmul kernel with a producer warp ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulRing.h"
#include "DeviceMemory.h"
#include "MatmulArguments.h"
#include "MatmulQuantizer.h"
#include "RingBarriers.h"
#include "WarpTile.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kConsumerWarps = kThreads / kWarpLanes;

namespace {

class RingEmitter {
public:
  RingEmitter(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
              gpu::GPUFuncOp kernel);

  void emit();

private:
  /// A stage in one of its rounds.
  struct Slot {
    Value stage, full, empty;
    /// Parity of the round.
    Word parity;
  };

  void initialiseBarriers();
  Slot getSlot(Word count);
  void forTiles(function_ref<Value(Word, Value)> body);
  Value emitProducer(Word tile, Value count);
  Value emitConsumer(Word tile, Value count);
  void emitEnd(const WarpTile &warp, ValueRange sums, const TilePlace &place);
  void fill(const Slot &slot, const TilePlace &place, Word step,
            ArrayRef<PanelCopy> scales);
  void copyPayload(const MatmulArguments::Side &side, const TilePlace &place,
                   Word step, const Slot &slot);
  Word word(Value value) { return {b, value}; }

  ImplicitLocOpBuilder &b;
  const MatmulSpec &spec;
  StageLayout layout;
  MatmulArguments arguments;
  Value shared;
  Word thread, lane, tiles;
};

} // namespace

RingEmitter::RingEmitter(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
                         gpu::GPUFuncOp kernel)
    : b(b), spec(spec), layout(spec), arguments(b, spec.getSignature(), kernel),
      shared(getSharedMemory(b, kernel->getParentOfType<gpu::GPUModuleOp>())),
      thread(word(NVVM::ThreadIdXOp::create(b, b.getI32Type()))),
      lane(thread % kWarpLanes), tiles(word(kernel.getArguments().back())) {}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

/// A stage is full when the payload's bytes have come, expected by one arrival,
/// and the scales of each lane; it is empty when each consumer warp has read
/// it.
void RingEmitter::initialiseBarriers() {
  Value first = thread.isBelow(thread.constant(1));
  when(b, first, [&] {
    for (int stage = 0; stage < kStages; ++stage) {
      Slot slot = getSlot(thread.constant(stage));
      NVVM::MBarrierInitOp::create(b, slot.full, lane.constant(1 + kWarpLanes),
                                   Value());
      NVVM::MBarrierInitOp::create(b, slot.empty, lane.constant(kConsumerWarps),
                                   Value());
    }
    NVVM::FenceMbarrierInitOp::create(b);
  });
  NVVM::BarrierOp::create(b);
}

/// The slot of step number `count` of this block: barriers stand behind the
/// stages, first those that say full.
RingEmitter::Slot RingEmitter::getSlot(Word count) {
  Word index = count % kStages;
  Word place = index * kBarrierBytes + kStages * layout.bytes;
  Value full = offsetPointer(b, shared, place);
  return {offsetPointer(b, shared, index * layout.bytes), full,
          offsetPointer(b, full, kStages * kBarrierBytes), count / kStages & 1};
}

//===----------------------------------------------------------------------===//
// Producer and consumers
//===----------------------------------------------------------------------===//

/// Loops over the tiles of this block. `body` gets and returns the number of
/// steps so far.
void RingEmitter::forTiles(function_ref<Value(Word, Value)> body) {
  Word first = word(NVVM::BlockIdXOp::create(b, b.getI32Type()));
  Word blocks = word(NVVM::GridDimXOp::create(b, b.getI32Type()));
  Value none = lane.constant(0);
  auto loop = scf::ForOp::create(b, first, tiles, blocks, none);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value count = body(word(loop.getInductionVar()), loop.getRegionIterArg(0));
  scf::YieldOp::create(b, count);
}

/// Starts the tensor copy of a side's payload: coordinates past the ends give
/// zeros.
void RingEmitter::copyPayload(const MatmulArguments::Side &side,
                              const TilePlace &place, Word step,
                              const Slot &slot) {
  bool isLhs = &side == &arguments.lhs;
  SmallVector<Value> box = {step * kRowBytes, isLhs ? place.row : place.column,
                            isLhs ? place.matrix : place.rhsMatrix};
  NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
      b, offsetPointer(b, slot.stage, side.payloadOffset), side.parts[0], box,
      slot.full, ValueRange(), Value(), Value(), NVVM::TMALoadMode::TILE,
      /*isCTAOnly=*/true, NVVM::CTAGroupKindAttr(), Value());
}

void RingEmitter::fill(const Slot &slot, const TilePlace &place, Word step,
                       ArrayRef<PanelCopy> scales) {
  when(b, lane.isBelow(lane.constant(1)), [&] {
    int bytes = (spec.tile.rows + spec.tile.columns) * kRowBytes;
    NVVM::MBarrierArriveExpectTxOp::create(
        b, Type(), slot.full, lane.constant(bytes), NVVM::MemScopeKind::CTA,
        false, Value());
    copyPayload(arguments.lhs, place, step, slot);
    copyPayload(arguments.rhs, place, step, slot);
  });
  int offsets[] = {layout.lhsScales, layout.rhsScales};
  for (auto [copy, offset] : llvm::zip_equal(scales, offsets))
    PanelCopy(copy).copy(step * spec.mma.getScaleBytes(),
                         offsetPointer(b, slot.stage, offset));
  NVVM::CpAsyncMBarrierArriveOp::create(b, slot.full, /*noinc=*/true);
}

Value RingEmitter::emitProducer(Word tile, Value count) {
  TilePlace place = arguments.locateTile(tile);
  SmallVector<PanelCopy> scales;
  for (const auto *side : {&arguments.lhs, &arguments.rhs}) {
    PanelShape shape = spec.getScalesShape(side->tileRows);
    shape.threads = kWarpLanes;
    scales.emplace_back(b, shape, arguments.getScales(*side, place), lane);
  }
  Value zero = lane.constant(0), one = lane.constant(1);
  auto loop = scf::ForOp::create(b, zero, arguments.countSteps(), one, count);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Word number = word(loop.getRegionIterArg(0));
  Slot slot = getSlot(number);
  // In the first round nobody has to leave the stage.
  waitForPhase(b, slot.empty, slot.parity ^ 1);
  fill(slot, place, word(loop.getInductionVar()), scales);
  scf::YieldOp::create(b, Value(number + 1));
  return loop.getResult(0);
}

Value RingEmitter::emitConsumer(Word tile, Value count) {
  WarpTile warp(b, spec, thread);
  SmallVector<Value> start = warp.getZeros();
  start.push_back(count);
  Value zero = lane.constant(0), one = lane.constant(1);
  auto loop = scf::ForOp::create(b, zero, arguments.countSteps(), one, start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Word number = word(loop.getRegionIterArgs().back());
    Slot slot = getSlot(number);
    waitForPhase(b, slot.full, slot.parity);
    SmallVector<Value> sums =
        warp.multiply(slot.stage, loop.getRegionIterArgs().drop_back());
    NVVM::SyncWarpOp::create(b, lane.constant(-1));
    when(b, lane.isBelow(lane.constant(1)), [&] {
      NVVM::MBarrierArriveOp::create(b, Type(), slot.empty, Value());
    });
    sums.push_back(number + 1);
    scf::YieldOp::create(b, sums);
  }
  // Not before: registers are scarce in the loop.
  emitEnd(warp, loop.getResults().drop_back(), arguments.locateTile(tile));
  return loop.getResults().back();
}

/// The producer may be at the next tile, so what is quantised lies behind the
/// stages: of each warp one row of MMAs after the other.
void RingEmitter::emitEnd(const WarpTile &warp, ValueRange sums,
                          const TilePlace &place) {
  ResultTile result = arguments.getResult(place);
  if (!spec.epilogue.quantizer)
    return emitResults(b, spec.epilogue, spec.result, warp, sums, result);
  StagedTile staged = spec.getStaging();
  QuantizedTile target = arguments.getQuantized(place);
  Value staging =
      offsetPointer(b, offsetPointer(b, shared, spec.getRingStaging()),
                    thread / kWarpLanes * staged.getBytes());
  WarpPlace part(lane, /*warpRows=*/1, staged.rows, staged.columns);
  Word firstRow = result.firstRow + warp.getFirstRow();
  result.firstColumn = result.firstColumn + warp.getFirstColumn();
  int perRow = warp.getColumnTiles() * kAccumulators;
  for (int i = 0; i < warp.getRowTiles(); ++i) {
    result.firstRow = firstRow + i * staged.rows;
    stageResults(b, spec.epilogue, spec.result, part,
                 sums.slice(i * perRow, perRow), result, staging,
                 staged.getPitch());
    NVVM::SyncWarpOp::create(b, lane.constant(-1));
    emitQuantizer(b, spec.epilogue.quantizer, staged, result, target, staging,
                  lane);
    NVVM::SyncWarpOp::create(b, lane.constant(-1));
  }
}

void RingEmitter::emit() {
  initialiseBarriers();
  if (spec.isGrouped()) {
    arguments.countGroupTiles();
    tiles = arguments.countTiles();
  }
  Value consumes = thread.isBelow(thread.constant(kThreads));
  auto ifOp = scf::IfOp::create(b, consumes, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  forTiles([&](Word tile, Value count) { return emitConsumer(tile, count); });
  b.setInsertionPointToStart(ifOp.elseBlock());
  forTiles([&](Word tile, Value count) { return emitProducer(tile, count); });
  // No copy may outlive its warp.
  NVVM::CpAsyncWaitGroupOp::create(b, 0);
}

void mx::emitMatmulRing(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
                        gpu::GPUFuncOp kernel) {
  RingEmitter(b, spec, kernel).emit();
}
