//===- MatmulLaunch.cpp - from an operation to a launch -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulLaunch.h"
#include "MatmulHost.h"
#include "TensorMaps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mx/Numerics/PackedLayout.h"

using namespace mlir;
using namespace mlir::mx;

/// Blocks of a persistent kernel: as many as the largest chip of the family
/// runs at once, one on each multiprocessor.
static constexpr int64_t kRingBlocks = 170;

/// Bytes of a row of payload and of scales of a side.
static std::pair<int64_t, int64_t> getRowLengths(FormatAttr format,
                                                 int64_t depth) {
  unsigned bits = mxnum::getElementInfo(format.getElement()).bits;
  int64_t block = format.getBlock();
  return {mxnum::getPackedBytes(depth, bits), llvm::divideCeil(depth, block)};
}

/// Whether rows of `depth` elements let the copies of `tile` be aligned.
static bool fitsDepth(const TileShape &tile, FormatAttr format, int64_t depth) {
  auto [payload, scales] = getRowLengths(format, depth);
  return payload % tile.payloadUnit == 0 && scales % tile.scaleUnit == 0;
}

/// Whether an earlier candidate is chosen wherever `tile` would be, but for
/// addresses.
static bool isNeedless(const TileShape &tile, ArrayRef<MatmulSpec> candidates,
                       bool knowsRows) {
  return llvm::any_of(candidates, [&](const MatmulSpec &earlier) {
    return !earlier.tile.isRing() &&
           (knowsRows || earlier.tile.rowsBelow == tile.rowsBelow);
  });
}

/// Whether payload goes to shared memory as it is, so that a tensor copy can
/// bring it.
static bool needsNoSpreading(const MatmulSpec &spec) {
  return spec.getPayloadShape(spec.lhs, spec.tile.rows).bits == 8 &&
         spec.getPayloadShape(spec.rhs, spec.tile.columns).bits == 8;
}

std::vector<MatmulSpec> mx::getCandidates(PackedMatmulOp op,
                                          const MatmulEpilogue &epilogue,
                                          bool tensorCopies,
                                          const TileTuning &tuning) {
  FormatAttr lhs = op.getLhsFormatAttr(), rhs = op.getRhsFormatAttr();
  auto type = cast<MemRefType>(op.getInits().getType());
  bool knowsRows = hasMoreRows(op, 0).has_value();
  APInt depth;
  bool knowsDepth = matchPattern(op.getK(), m_ConstantInt(&depth));
  std::vector<MatmulSpec> candidates;
  SmallVector<TileShape> tiles = tuning.tune<TileShape>(op, kTileShapes);
  for (const TileShape &tile : tiles) {
    bool isLast = &tile == &tiles.back();
    if (!isLast) {
      if (hasMoreRows(op, tile.rowsBelow) == false)
        continue;
      if (knowsDepth && (!fitsDepth(tile, lhs, depth.getSExtValue()) ||
                         !fitsDepth(tile, rhs, depth.getSExtValue()) ||
                         isNeedless(tile, candidates, knowsRows)))
        continue;
    }
    MatmulSpec spec{lhs,
                    rhs,
                    cast<FloatType>(type.getElementType()),
                    *lookupMma(lhs, rhs),
                    tile,
                    getEndBits(op),
                    epilogue};
    if (!tile.isRing() || (tensorCopies && needsNoSpreading(spec)))
      candidates.push_back(spec);
  }
  return candidates;
}

namespace {

/// Emits the host code of one operation.
class LaunchEmitter : MatmulHost {
public:
  LaunchEmitter(PackedMatmulOp op, ArrayRef<MatmulSpec> specs,
                ArrayRef<gpu::GPUFuncOp> kernels);

  void emit(const MatmulEpilogue &epilogue);

private:
  void readSide(ValueRange parts, FormatAttr format);
  Value fits(const TileShape &tile);
  void emitChoice(size_t candidate);
  void emitLaunch(const MatmulSpec &spec, gpu::GPUFuncOp kernel);
  SmallVector<Value> encodeMaps(const MatmulSpec &spec);
  Value prepareRing(const MatmulSpec &spec, Value chosen);

  ArrayRef<MatmulSpec> specs;
  ArrayRef<gpu::GPUFuncOp> kernels;
  /// All addresses and row lengths together: a power of two divides each of
  /// them if it divides these.
  Value payloadBits, scaleBits;
  /// Payload of both sides: the position among the operands, and the length of
  /// a row.
  SmallVector<std::pair<size_t, Value>> payloads;
};

} // namespace

LaunchEmitter::LaunchEmitter(PackedMatmulOp op, ArrayRef<MatmulSpec> specs,
                             ArrayRef<gpu::GPUFuncOp> kernels)
    : MatmulHost(op), specs(specs), kernels(kernels) {
  payloadBits = scaleBits = index(0);
}

/// Makes operands of the parts of a side, and notes what their addresses and
/// row lengths are multiples of.
void LaunchEmitter::readSide(ValueRange parts, FormatAttr format) {
  SmallVector<Value> addresses;
  size_t position = operands.size();
  for (Value part : parts)
    addresses.push_back(addPointer(part));
  int64_t bits = mxnum::getElementInfo(format.getElement()).bits;
  Value bytes = divideUp(make<arith::MulIOp>(depth, index(bits)), 8);
  Value blocks = divideUp(depth, format.getBlock());
  payloads.push_back({position, bytes});
  for (Value number : {addresses[0], bytes})
    payloadBits = make<arith::OrIOp>(payloadBits, number);
  for (Value number : {addresses[1], blocks})
    scaleBits = make<arith::OrIOp>(scaleBits, number);
}

/// Whether this program run may use `tile`.
Value LaunchEmitter::fits(const TileShape &tile) {
  Value aligned = make<arith::AndIOp>(isMultiple(payloadBits, tile.payloadUnit),
                                      isMultiple(scaleBits, tile.scaleUnit));
  return make<arith::AndIOp>(aligned, hasMoreRows(tile.rowsBelow));
}

void LaunchEmitter::emitLaunch(const MatmulSpec &spec, gpu::GPUFuncOp kernel) {
  Value tiles = countTiles(spec.tile.rows, spec.tile.columns), blocks = tiles;
  SmallVector<Value> all(operands);
  if (spec.tile.isRing()) {
    blocks = make<arith::MinUIOp>(tiles, index(kRingBlocks));
    all.push_back(arith::IndexCastOp::create(b, b.getI32Type(), tiles));
  }
  launch(kernel, blocks, spec.tile.getThreads(), spec.getSharedBytes(), all);
}

/// The tensor maps of both sides, and an i1: whether they are valid.
SmallVector<Value> LaunchEmitter::encodeMaps(const MatmulSpec &spec) {
  SmallVector<Value> maps;
  Value valid;
  std::tuple<Value, Value, int> sides[] = {
      {rows, matrices, spec.tile.rows},
      {columns, groups ? groups : matrices, spec.tile.columns}};
  for (auto [payload, side] : llvm::zip_equal(payloads, sides)) {
    auto [position, rowLength] = payload;
    auto [height, count, boxRows] = side;
    auto [map, accepted] = encodeTensorMap(
        b, {operands[position], rowLength, height, count, kRowBytes, boxRows});
    maps.push_back(map);
    valid = valid ? make<arith::AndIOp>(valid, accepted) : accepted;
  }
  maps.push_back(valid);
  return maps;
}

/// Puts tensor maps in the place of payload if `chosen`; returns whether the
/// ring can be launched.
Value LaunchEmitter::prepareRing(const MatmulSpec &spec, Value chosen) {
  OpBuilder::InsertionGuard guard(b);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto ifOp = scf::IfOp::create(b, TypeRange{pointer, pointer, b.getI1Type()},
                                chosen, /*withElseRegion=*/true);
  b.setInsertionPointToStart(ifOp.thenBlock());
  scf::YieldOp::create(b, encodeMaps(spec));
  b.setInsertionPointToStart(ifOp.elseBlock());
  Value null = LLVM::ZeroOp::create(b, pointer);
  Value no = arith::ConstantIntOp::create(b, b.getI1Type(), 0);
  scf::YieldOp::create(b, ValueRange{null, null, no});
  for (auto [i, payload] : llvm::enumerate(payloads))
    operands[payload.first] = ifOp.getResult(i);
  return ifOp.getResult(payloads.size());
}

/// Chooses among the candidates from number `candidate` on.
void LaunchEmitter::emitChoice(size_t candidate) {
  const MatmulSpec &spec = specs[candidate];
  if (candidate + 1 == specs.size())
    return emitLaunch(spec, kernels[candidate]);
  Value chosen = fits(spec.tile);
  SmallVector<Value> plain(operands);
  if (spec.tile.isRing())
    chosen = prepareRing(spec, chosen);
  auto ifOp = scf::IfOp::create(b, chosen, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitLaunch(spec, kernels[candidate]);
  operands = plain;
  b.setInsertionPointToStart(ifOp.elseBlock());
  emitChoice(candidate + 1);
}

void LaunchEmitter::emit(const MatmulEpilogue &epilogue) {
  readSide(op.getLhs(), op.getLhsFormatAttr());
  readSide(op.getRhs(), op.getRhsFormatAttr());
  addRest(epilogue);
  enterIfAny();
  emitChoice(0);
}

void mx::launchMatmul(PackedMatmulOp op, const MatmulEpilogue &epilogue,
                      ArrayRef<MatmulSpec> specs,
                      ArrayRef<gpu::GPUFuncOp> kernels) {
  takeEpilogue(op, epilogue);
  LaunchEmitter(op, specs, kernels).emit(epilogue);
  removeLaunched(op, epilogue);
}
