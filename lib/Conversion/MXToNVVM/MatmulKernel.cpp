//===- MatmulKernel.cpp - the block-scaled matmul kernel ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulKernel.h"
#include "DeviceMemory.h"
#include "MatmulResults.h"
#include "PanelCopy.h"
#include "WarpTile.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral kSharedName = "mx_dynamic_shared";
/// Enough for every swizzle.
static constexpr int kSharedAlignment = 1024;

/// Dynamic shared memory, whose size the launch gives.
static Value getSharedMemory(ImplicitLocOpBuilder &b, gpu::GPUModuleOp module) {
  auto global = module.lookupSymbol<LLVM::GlobalOp>(kSharedName);
  if (!global) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(module.getBody());
    global = LLVM::GlobalOp::create(
        b, LLVM::LLVMArrayType::get(b.getI8Type(), 0), /*isConstant=*/false,
        LLVM::Linkage::External, kSharedName, Attribute(), kSharedAlignment,
        kSharedSpace);
  }
  return LLVM::AddressOfOp::create(b, global);
}

namespace {

/// Emits the body of one kernel.
class MatmulEmitter {
public:
  MatmulEmitter(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
                gpu::GPUFuncOp kernel);

  void emit();

private:
  /// Payload, scales and perhaps a tensor scale in global memory.
  using Parts = SmallVector<Value>;
  /// One side of the product, and where its panels lie in a stage.
  struct Side {
    ArrayRef<Value> parts;
    int bits;
    Word rows, firstRow;
    int tileRows, payloadOffset, scalesOffset;
  };
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

  void readArguments(ArrayRef<BlockArgument> arguments);
  void locateTile();
  Value selectMatrix(Value base, Word rows, Word rowLength);
  void addPanels(const Side &side);
  Value getStage(Word step);
  void startCopies(Word step, Value stage);
  Loaded loadPanels(Word step);
  void storePanels(const Loaded &loaded, Value stage);
  void emitFirstStep(Word steps);
  SmallVector<Value> emitSteps(WarpTile &warp);
  SmallVector<Value> emitStep(WarpTile &warp, Word step, ValueRange sums);
  Value loadTensorScale();
  Word word(Value value) { return {b, value}; }

  ImplicitLocOpBuilder &b;
  const MatmulSpec &spec;
  StageLayout layout;
  Parts lhs, rhs;
  Value result, shared;
  /// Thread of the block, sizes, matrix of the batch, and where the tile is.
  Word thread, rows, columns, depth, matrix, firstRow, firstColumn;
  SmallVector<Panel> panels;
};

} // namespace

MatmulEmitter::MatmulEmitter(ImplicitLocOpBuilder &b, const MatmulSpec &spec,
                             gpu::GPUFuncOp kernel)
    : b(b), spec(spec), layout(spec),
      shared(getSharedMemory(b, kernel->getParentOfType<gpu::GPUModuleOp>())),
      thread(word(NVVM::ThreadIdXOp::create(b, b.getI32Type()))) {
  readArguments(kernel.getArguments());
}

void MatmulEmitter::readArguments(ArrayRef<BlockArgument> arguments) {
  for (auto [side, format] :
       {std::pair(&lhs, spec.lhs), std::pair(&rhs, spec.rhs)}) {
    int count = format.getTensorScale() ? 3 : 2;
    for (Value part : arguments.take_front(count))
      side->push_back(castToGlobal(b, part));
    arguments = arguments.drop_front(count);
  }
  result = castToGlobal(b, arguments[0]);
  rows = word(arguments[1]);
  columns = word(arguments[2]);
  depth = word(arguments[3]);
}

/// Tiles are numbered along the rows first: neighbours share columns, which are
/// weights as a rule.
void MatmulEmitter::locateTile() {
  Word block = word(NVVM::BlockIdXOp::create(b, b.getI32Type()));
  const TileShape &tile = spec.tile;
  Word rowTiles = (rows + (tile.rows - 1)) / tile.rows;
  Word columnTiles = (columns + (tile.columns - 1)) / tile.columns;
  firstRow = block % rowTiles * tile.rows;
  firstColumn = block / rowTiles % columnTiles * tile.columns;
  matrix = block / rowTiles / columnTiles;
}

/// The part of `base` that belongs to this matrix of the batch.
Value MatmulEmitter::selectMatrix(Value base, Word rows, Word rowLength) {
  Value size = arith::MulIOp::create(b, rows.widen(), rowLength.widen());
  Value offset = arith::MulIOp::create(b, matrix.widen(), size);
  return offsetPointer(b, base, offset);
}

void MatmulEmitter::addPanels(const Side &side) {
  // N8.1 and N1.6: rows without gaps.
  Word bytes = (depth * side.bits + 7) >> 3;
  int block = spec.mma.depth / spec.mma.scales;
  Word blocks = (depth + (block - 1)) / block;
  int scaleBytes = spec.mma.getScaleBytes();
  // Packed codes that become bytes are read in smaller units.
  int bits = side.bits * kSlices * spec.mma.depth / kRowBytes;
  PanelShape payload{side.tileRows, kRowBytes,        kChunkBytes, bits,
                     /*unit=*/1,    /*swizzled=*/true};
  if (spec.tile.payloadUnit > 1)
    payload.unit = payload.getChunkSource() & -payload.getChunkSource();
  PanelShape scales{side.tileRows, scaleBytes,          spec.tile.scaleUnit,
                    /*bits=*/8,    spec.tile.scaleUnit, /*swizzled=*/false};
  auto add = [&](const PanelShape &shape, Value base, Word length, int offset) {
    Value start = selectMatrix(base, side.rows, length);
    PanelSource source{start, side.rows, length, side.firstRow};
    panels.push_back({PanelCopy(b, shape, source, thread), offset});
  };
  add(payload, side.parts[0], bytes, side.payloadOffset);
  add(scales, side.parts[1], blocks, side.scalesOffset);
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
  int stepDepth = kSlices * spec.mma.depth;
  Word steps = (depth + (stepDepth - 1)) / stepDepth;
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

/// t_A · t_B in f32, or null if no format has a tensor scale.
Value MatmulEmitter::loadTensorScale() {
  Value product;
  for (ArrayRef<Value> parts : {ArrayRef(lhs), ArrayRef(rhs)}) {
    if (parts.size() < 3)
      continue;
    Value scale = loadFrom(b, b.getF32Type(), parts[2], sizeof(float));
    product = product ? arith::MulFOp::create(b, product, scale) : scale;
  }
  return product;
}

void MatmulEmitter::emit() {
  locateTile();
  auto getBits = [](FormatAttr format) {
    return int(mxnum::getElementInfo(format.getElement()).bits);
  };
  addPanels({lhs, getBits(spec.lhs), rows, firstRow, spec.tile.rows, layout.lhs,
             layout.lhsScales});
  addPanels({rhs, getBits(spec.rhs), columns, firstColumn, spec.tile.columns,
             layout.rhs, layout.rhsScales});
  WarpTile warp(b, spec, thread);
  SmallVector<Value> sums = emitSteps(warp);
  Word rowBytes = columns * int32_t(spec.result.getIntOrFloatBitWidth() / 8);
  emitResults(b, warp, sums,
              {selectMatrix(result, rows, rowBytes), spec.result, rows, columns,
               firstRow, firstColumn, loadTensorScale()});
  gpu::ReturnOp::create(b);
}

gpu::GPUFuncOp mx::getMatmulKernel(gpu::GPUModuleOp module,
                                   const MatmulSpec &spec, Location loc) {
  std::string name = spec.getName();
  if (auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(name))
    return kernel;
  auto b = ImplicitLocOpBuilder::atBlockEnd(loc, module.getBody());
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  int pointers = 5 + spec.lhs.getTensorScale() + spec.rhs.getTensorScale();
  SmallVector<Type> types(pointers, pointer);
  types.append(3, b.getI32Type());
  auto kernel =
      gpu::GPUFuncOp::create(b, name, b.getFunctionType(types, TypeRange()));
  kernel->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  kernel.setKnownBlockSize(ArrayRef<int32_t>{kThreads, 1, 1});
  b.setInsertionPointToStart(&kernel.getBody().front());
  MatmulEmitter(b, spec, kernel).emit();
  return kernel;
}
