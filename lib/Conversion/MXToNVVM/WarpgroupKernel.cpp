//===- WarpgroupKernel.cpp - the matmul kernel of warpgroups --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "WarpgroupKernel.h"
#include "DeviceMemory.h"
#include "MatmulArguments.h"
#include "RingBarriers.h"
#include "WarpgroupWeights.h"
#include "mx/Conversion/Passes.h"
#include "mx/DeviceCode/WarpgroupInstructions.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
/// Registers of a thread of the producer and of the consumers: as many as the
/// machine has for 384 threads, shared out unequally.
static constexpr int kProducerRegisters = 56, kConsumerRegisters = 224;

namespace {

class WarpgroupEmitter {
public:
  WarpgroupEmitter(ImplicitLocOpBuilder &b, const WarpgroupSpec &spec,
                   gpu::GPUFuncOp kernel);

  void emit();

private:
  /// A stage in one of its rounds.
  struct Slot {
    Value stage, full, empty;
    /// Parity of the round.
    Word parity;
  };
  /// Where a tile of C is.
  struct Tile {
    Word matrix, row, column;
  };

  void initialiseBarriers();
  Slot getSlot(Word count);
  void forTiles(function_ref<Value(const Tile &, Value)> body);
  Word countSteps() { return divideUp(depth, kStepDepth); }
  PanelSource getSource(int part, Word length, const Tile &tile);
  PanelSource getScales(const Tile &tile);
  Value selectMatrix(Value base, const Tile &tile, Word rows, Word rowLength);

  Value emitProducer(const Tile &tile, Value count);
  void fill(const Slot &slot, const Tile &tile, Word step, PanelCopy &payload,
            ScaleWords &scales);
  Value emitConsumer(const Tile &tile, Value count);
  SmallVector<Value> startSums();
  SmallVector<Value> multiply(WarpgroupWeights &weights, const Slot &slot,
                              Word step, ValueRange sums);
  Value describe(Value stage, int slice);
  void writeResults(const Tile &tile, ValueRange sums);
  Value loadTensorScale();
  void limitRegisters(int count, NVVM::SetMaxRegisterAction action);

  Word word(Value value) { return {b, value}; }
  Word divideUp(Word x, int y) { return (x + (y - 1)) / y; }

  ImplicitLocOpBuilder &b;
  const WarpgroupSpec &spec;
  WarpgroupStage layout;
  int stages;
  Value shared, map, result;
  /// Codes, scales and perhaps a tensor scale.
  SmallVector<Value> weights;
  Word thread, lane, rows, columns, depth, tiles;
};

} // namespace

WarpgroupEmitter::WarpgroupEmitter(ImplicitLocOpBuilder &b,
                                   const WarpgroupSpec &spec,
                                   gpu::GPUFuncOp kernel)
    : b(b), spec(spec), layout(spec), stages(spec.getStages()),
      shared(getSharedMemory(b, kernel->getParentOfType<gpu::GPUModuleOp>())),
      thread(word(NVVM::ThreadIdXOp::create(b, b.getI32Type()))),
      lane(thread % kWarpLanes) {
  ArrayRef<BlockArgument> arguments = kernel.getArguments();
  map = arguments.front();
  int parts = spec.weights.getPartCount();
  for (Value part : arguments.slice(1, parts))
    weights.push_back(castToGlobal(b, part));
  result = castToGlobal(b, arguments[1 + parts]);
  auto sizes = arguments.take_back(4);
  rows = word(sizes[0]);
  columns = word(sizes[1]);
  depth = word(sizes[2]);
  tiles = word(sizes[3]);
}

//===----------------------------------------------------------------------===//
// Stages and tiles
//===----------------------------------------------------------------------===//

/// A stage is full when the activations' bytes have come, expected by one
/// arrival, and the weights of each thread; it is empty when each consumer warp
/// has done with it.
void WarpgroupEmitter::initialiseBarriers() {
  when(b, thread.isBelow(thread.constant(1)), [&] {
    for (int stage = 0; stage < stages; ++stage) {
      Slot slot = getSlot(thread.constant(stage));
      NVVM::MBarrierInitOp::create(b, slot.full,
                                   lane.constant(1 + kGroupThreads), Value());
      NVVM::MBarrierInitOp::create(
          b, slot.empty, lane.constant(kConsumers * kGroupThreads / kWarpLanes),
          Value());
    }
    NVVM::FenceMbarrierInitOp::create(b);
  });
  NVVM::BarrierOp::create(b);
}

/// The slot of step number `count` of this block.
WarpgroupEmitter::Slot WarpgroupEmitter::getSlot(Word count) {
  Word index = count % stages;
  Value full =
      offsetPointer(b, shared, index * kBarrierBytes + stages * layout.bytes);
  return {offsetPointer(b, shared, index * layout.bytes), full,
          offsetPointer(b, full, stages * kBarrierBytes), count / stages & 1};
}

/// Loops over the tiles of this block, which are numbered along the rows first.
/// `body` gets and returns the number of steps so far.
void WarpgroupEmitter::forTiles(function_ref<Value(const Tile &, Value)> body) {
  Word first = word(NVVM::BlockIdXOp::create(b, b.getI32Type()));
  Word blocks = word(NVVM::GridDimXOp::create(b, b.getI32Type()));
  Value none = lane.constant(0);
  auto loop = scf::ForOp::create(b, first, tiles, blocks, none);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Word number = word(loop.getInductionVar());
  Word rowTiles = divideUp(rows, spec.tile.rows);
  Word columnTiles = divideUp(columns, spec.tile.getColumns());
  Tile tile = {number / rowTiles / columnTiles,
               number % rowTiles * spec.tile.rows,
               number / rowTiles % columnTiles * spec.tile.getColumns()};
  scf::YieldOp::create(b, body(tile, loop.getRegionIterArg(0)));
}

/// The part of `base` that belongs to the matrix of a tile.
Value WarpgroupEmitter::selectMatrix(Value base, const Tile &tile, Word height,
                                     Word rowLength) {
  Value size = arith::MulIOp::create(b, height.widen(), rowLength.widen());
  Value offset = arith::MulIOp::create(b, tile.matrix.widen(), size);
  return offsetPointer(b, base, offset);
}

PanelSource WarpgroupEmitter::getSource(int part, Word length,
                                        const Tile &tile) {
  return {selectMatrix(weights[part], tile, columns, length), columns, length,
          tile.column};
}

PanelSource WarpgroupEmitter::getScales(const Tile &tile) {
  return getSource(1, divideUp(depth, spec.weights.getBlock(0)), tile);
}

void WarpgroupEmitter::limitRegisters(int count,
                                      NVVM::SetMaxRegisterAction action) {
  NVVM::SetMaxRegisterOp::create(b, count, action);
}

//===----------------------------------------------------------------------===//
// Producer
//===----------------------------------------------------------------------===//

void WarpgroupEmitter::fill(const Slot &slot, const Tile &tile, Word step,
                            PanelCopy &payload, ScaleWords &scales) {
  Word first = lane.constant(kConsumers * kGroupThreads);
  when(b, thread.compare(arith::CmpIPredicate::eq, first), [&] {
    NVVM::MBarrierArriveExpectTxOp::create(
        b, Type(), slot.full, lane.constant(spec.tile.rows * kRowBytes),
        NVVM::MemScopeKind::CTA, false, Value());
    // Coordinates past the ends give zeros.
    SmallVector<Value> box = {step * kRowBytes, tile.row, tile.matrix};
    NVVM::CpAsyncBulkTensorGlobalToSharedClusterOp::create(
        b, offsetPointer(b, slot.stage, layout.activations), map, box,
        slot.full, ValueRange(), Value(), Value(), NVVM::TMALoadMode::TILE,
        /*isCTAOnly=*/true, NVVM::CTAGroupKindAttr(), Value());
  });
  payload.copy(step * payload.getShape().getRowSource(),
               offsetPointer(b, slot.stage, layout.payload));
  scales.copy(step, offsetPointer(b, slot.stage, layout.scales));
  NVVM::CpAsyncMBarrierArriveOp::create(b, slot.full, /*noinc=*/true);
}

Value WarpgroupEmitter::emitProducer(const Tile &tile, Value count) {
  Word worker = thread % kGroupThreads;
  Word length = depth * spec.weights.getBits() / kByteBits;
  PanelCopy payload(b, spec.getPayloadShape(), getSource(0, length, tile),
                    worker);
  ScaleWords scales(b, spec.tile.getColumns(), spec.getScaleBytes(),
                    spec.getScalePitch(), getScales(tile), worker,
                    kGroupThreads);
  Value zero = lane.constant(0), one = lane.constant(1);
  auto loop = scf::ForOp::create(b, zero, countSteps(), one, count);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Word number = word(loop.getRegionIterArg(0));
  Slot slot = getSlot(number);
  // In the first round nobody has to leave the stage.
  waitForPhase(b, slot.empty, slot.parity ^ 1);
  fill(slot, tile, word(loop.getInductionVar()), payload, scales);
  scf::YieldOp::create(b, Value(number + 1));
  return loop.getResult(0);
}

//===----------------------------------------------------------------------===//
// Consumers
//===----------------------------------------------------------------------===//

SmallVector<Value> WarpgroupEmitter::startSums() {
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0.0f));
  SmallVector<Value> zeros(spec.tile.rows / 2, zero);
  return createWarpgroupFence(b, zeros);
}

/// The activations of a slice as B: rows of 128 bytes under a swizzle as long,
/// eight rows after the other.
Value WarpgroupEmitter::describe(Value stage, int slice) {
  constexpr int unitBits = 4, strideShift = 32, groupRows = 8;
  constexpr int64_t swizzle128 = int64_t(1) << 62;
  constexpr int64_t stride = int64_t(groupRows * kRowBytes) >> unitBits;
  constexpr int sliceBytes = kWarpgroupDepth * 2, fieldMask = 0x3FFFF;
  Value pointer = offsetPointer(b, stage, layout.activations);
  Word address = word(LLVM::PtrToIntOp::create(b, b.getI32Type(), pointer));
  Word start =
      ((address & fieldMask) >> unitBits) + slice * (sliceBytes >> unitBits);
  Value fields = arith::ConstantIntOp::create(
      b, b.getI64Type(), swizzle128 | stride << strideShift);
  return arith::OrIOp::create(b, start.widen(), fields);
}

/// Adds the products of a step to `sums`.
SmallVector<Value> WarpgroupEmitter::multiply(WarpgroupWeights &reader,
                                              const Slot &slot, Word step,
                                              ValueRange sums) {
  reader.open(slot.stage, step);
  SmallVector<Value> underWay(sums), used;
  for (int slice = 0; slice < kStepDepth / kWarpgroupDepth; ++slice) {
    SmallVector<Value> a = createWarpgroupFence(b, reader.decode(slice));
    underWay = createWarpgroupProduct(b, NVVM::WGMMATypes::bf16, underWay, a,
                                      describe(slot.stage, slice));
    llvm::append_range(used, a);
  }
  NVVM::WgmmaGroupSyncAlignedOp::create(b);
  return createWarpgroupWait(b, /*pending=*/0, underWay, used);
}

Value WarpgroupEmitter::emitConsumer(const Tile &tile, Value count) {
  // The 16 rows of A of this warp, of which a lane has two neighbours.
  Word firstRow = thread / kWarpLanes * kMmaRows;
  WarpgroupWeights reader(b, spec, getScales(tile), lane,
                          firstRow + ((lane >> 2) << 1));
  SmallVector<Value> start = startSums();
  start.push_back(count);
  Value zero = lane.constant(0), one = lane.constant(1);
  auto loop = scf::ForOp::create(b, zero, countSteps(), one, start);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Word number = word(loop.getRegionIterArgs().back());
    Slot slot = getSlot(number);
    waitForPhase(b, slot.full, slot.parity);
    SmallVector<Value> sums =
        multiply(reader, slot, word(loop.getInductionVar()),
                 loop.getRegionIterArgs().drop_back());
    NVVM::SyncWarpOp::create(b, lane.constant(-1));
    when(b, lane.isBelow(lane.constant(1)), [&] {
      NVVM::MBarrierArriveOp::create(b, Type(), slot.empty, Value());
    });
    sums.push_back(number + 1);
    scf::YieldOp::create(b, sums);
  }
  writeResults(tile, loop.getResults().drop_back());
  return loop.getResults().back();
}

/// The tensor scale in f32, or null if the format has none.
Value WarpgroupEmitter::loadTensorScale() {
  if (weights.size() < 3)
    return Value();
  return loadFrom(b, b.getF32Type(), weights[2], sizeof(float));
}

/// Of each eight rows of C a thread has two, of each two neighbours, as column
/// and row of the products.
void WarpgroupEmitter::writeResults(const Tile &tile, ValueRange sums) {
  SmallVector<Value> inRows;
  for (int first = 0; first < int(sums.size()); first += kAccumulators)
    for (int half : {0, 1})
      for (int neighbour : {0, 2})
        inRows.push_back(sums[first + half + neighbour]);
  WarpPlace warp(lane, thread / kWarpLanes * kMmaRows, spec.tile.rows);
  int bytes = int(spec.result.getIntOrFloatBitWidth()) / kByteBits;
  emitResults(b, MatmulEpilogue(), spec.result, warp, inRows,
              {selectMatrix(result, tile, rows, columns * bytes), spec.result,
               rows, columns, tile.row, tile.column, loadTensorScale(),
               /*startRow=*/Value(), /*tailRows=*/{}, /*tailNumbers=*/{}});
}

void WarpgroupEmitter::emit() {
  initialiseBarriers();
  Value consumes = thread.isBelow(thread.constant(kConsumers * kGroupThreads));
  auto ifOp = scf::IfOp::create(b, consumes, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  limitRegisters(kConsumerRegisters, NVVM::SetMaxRegisterAction::increase);
  forTiles(
      [&](const Tile &tile, Value count) { return emitConsumer(tile, count); });
  b.setInsertionPointToStart(ifOp.elseBlock());
  limitRegisters(kProducerRegisters, NVVM::SetMaxRegisterAction::decrease);
  forTiles(
      [&](const Tile &tile, Value count) { return emitProducer(tile, count); });
  // No copy may outlive its thread.
  NVVM::CpAsyncWaitGroupOp::create(b, 0);
}

gpu::GPUFuncOp mx::getWarpgroupKernel(gpu::GPUModuleOp module,
                                      const WarpgroupSpec &spec, Location loc) {
  std::string name = spec.getName();
  if (auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(name))
    return kernel;
  auto b = ImplicitLocOpBuilder::atBlockEnd(loc, module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Type> types(2 + spec.weights.getPartCount(), pointer);
  types.append(4, b.getI32Type());
  auto kernel =
      gpu::GPUFuncOp::create(b, name, b.getFunctionType(types, TypeRange()));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  kernel.setKnownBlockSize(ArrayRef<int32_t>{spec.getThreads(), 1, 1});
  // One block has all registers of a multiprocessor.
  kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(),
                  b.getI32IntegerAttr(1));
  kernel->setAttr(kTensorMapsAttr, b.getDenseI32ArrayAttr({0}));
  b.setInsertionPointToStart(&kernel.getBody().front());
  WarpgroupEmitter(b, spec, kernel).emit();
  gpu::ReturnOp::create(b);
  return kernel;
}
