//===- DecodedLaunch.cpp - from an operation to a launch ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedLaunch.h"
#include "MatmulHost.h"
#include "MatmulSpec.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBytes = 4;

/// Elements of K in a step of large runs.
static constexpr int kShallowStep = 64;

/// Blocks that fill the multiprocessors of a large chip.
static constexpr int64_t kFullBlocks = 128;
/// Steps that are worth a range of K, whose first copies nothing overlaps; and
/// ranges at most, because all sums are read again.
static constexpr int64_t kLeastSteps = 4, kMostSplits = 16;

/// Lines of fragments always are multiples of chunks.
static bool isAlignedDepth(const MatmulSide &side, int64_t depth) {
  return side.hasFragments() ||
         depth * side.getBits() % (kChunkBytes * kByteBits) == 0;
}

/// Whether one side is f16, and the other FP4 that passes through registers.
static bool needsShortSteps(const MatmulSide &lhs, const MatmulSide &rhs) {
  constexpr int fp4Bits = 4;
  return !rhs.hasFragments() &&
         std::max(lhs.getPlanes(), rhs.getPlanes()) > 1 &&
         std::min(lhs.getBits(), rhs.getBits()) == fp4Bits;
}

/// Ranges that K should be split into, 1 for the whole: where the columns of
/// a product of the least tile have too few blocks, and K has many steps.
static int64_t countSplits(PackedMatmulOp op, const DecodedSpec &spec) {
  auto type = cast<MemRefType>(op.getInits().getType());
  bool isLeast = spec.tile.isAligned && spec.tile.rowsBelow == 0;
  APInt depth;
  if (!isLeast || op.getGroupEnds() || type.getRank() != 2 ||
      type.isDynamicDim(1) || !matchPattern(op.getK(), m_ConstantInt(&depth)))
    return 1;
  int64_t tiles = llvm::divideCeilSigned(type.getDimSize(1), spec.tile.columns);
  int64_t steps = llvm::divideCeilSigned(depth.getSExtValue(), spec.tile.depth);
  int64_t splits = std::min({kFullBlocks / std::max<int64_t>(tiles, 1),
                             steps / kLeastSteps, kMostSplits});
  return std::max<int64_t>(splits, 1);
}

/// Adds `spec` to `candidates`, as two kernels if K is split.
static void addCandidate(PackedMatmulOp op, DecodedSpec spec,
                         std::vector<DecodedSpec> &candidates) {
  spec.splits = int(countSplits(op, spec));
  if (spec.splits == 1) {
    candidates.push_back(spec);
    return;
  }
  for (DecodedPart part : {DecodedPart::Sums, DecodedPart::Total}) {
    spec.part = part;
    candidates.push_back(spec);
  }
  remark::passed(op.getLoc(),
                 remark::RemarkOpts::name("split").category("mx-to-nvvm"))
      << "splits K into " + std::to_string(spec.splits) + " for at most " +
             std::to_string(spec.tile.rows) +
             " rows, whose tiles are too few blocks";
}

std::vector<DecodedSpec>
mx::getDecodedCandidates(PackedMatmulOp op, const MatmulEpilogue &epilogue) {
  MatmulSide lhs = MatmulSide::getLhs(op), rhs = MatmulSide::getRhs(op);
  auto type = cast<MemRefType>(op.getInits().getType());
  bool knowsRows = hasMoreRows(op, 0).has_value();
  APInt depth;
  bool canAlign = true;
  if (matchPattern(op.getK(), m_ConstantInt(&depth)))
    canAlign = isAlignedDepth(lhs, depth.getSExtValue()) &&
               isAlignedDepth(rhs, depth.getSExtValue());
  std::vector<DecodedSpec> candidates;
  for (const DecodedTile &tile : kDecodedTiles) {
    DecodedSpec spec{lhs,
                     rhs,
                     cast<FloatType>(type.getElementType()),
                     tile,
                     getEndBits(op),
                     epilogue};
    bool isLargest = &tile == std::begin(kDecodedTiles);
    if (isLargest && spec.hasLargeRuns())
      continue;
    bool isTooHigh = hasMoreRows(op, tile.rowsBelow) == false;
    // With a known number of rows, an earlier tile is chosen but for addresses.
    bool isNeedless = knowsRows && !candidates.empty();
    if (tile.isAligned && (!canAlign || isTooHigh || isNeedless))
      continue;
    if (spec.hasLargeRuns())
      spec.tile.depth = kShallowStep;
    // Bytes on their way through registers leave fewer for numbers of f16. (A
    // lane's part of a row of FP6 would be no whole word.)
    else if (!tile.isAligned && needsShortSteps(lhs, rhs))
      spec.tile.depth = kShallowStep / 2;
    addCandidate(op, spec, candidates);
  }
  return candidates;
}

namespace {

/// Emits the host code of one operation.
class DecodedLaunchEmitter : MatmulHost {
public:
  DecodedLaunchEmitter(PackedMatmulOp op, ArrayRef<DecodedSpec> specs,
                       ArrayRef<gpu::GPUFuncOp> kernels);

  void emit(const MatmulEpilogue &epilogue);

private:
  void readSide(ValueRange parts, const MatmulSide &side);
  Value fits(const DecodedTile &tile);
  void emitChoice(size_t candidate);
  void emitLaunch(const DecodedSpec &spec, gpu::GPUFuncOp kernel);
  void emitSplit(size_t candidate);

  ArrayRef<DecodedSpec> specs;
  ArrayRef<gpu::GPUFuncOp> kernels;
  /// Addresses and row lengths of payload, and addresses of scales, together:
  /// a power of two divides each of them if it divides these.
  Value payloadBits, scaleBits;
};

} // namespace

DecodedLaunchEmitter::DecodedLaunchEmitter(PackedMatmulOp op,
                                           ArrayRef<DecodedSpec> specs,
                                           ArrayRef<gpu::GPUFuncOp> kernels)
    : MatmulHost(op), specs(specs), kernels(kernels) {
  payloadBits = scaleBits = index(0);
}

/// Makes operands of the parts of a side, and notes what their addresses and
/// row lengths are multiples of, where that is not known.
void DecodedLaunchEmitter::readSide(ValueRange parts, const MatmulSide &side) {
  SmallVector<Value> addresses;
  for (Value part : parts)
    addresses.push_back(addPointer(part));
  if (side.hasFragments())
    return;
  Value bits = make<arith::MulIOp>(depth, index(side.getBits()));
  for (Value number : {addresses[0], divideUp(bits, kByteBits)})
    payloadBits = make<arith::OrIOp>(payloadBits, number);
  if (side.format)
    scaleBits = make<arith::OrIOp>(scaleBits, addresses[1]);
}

/// Whether this program run may use `tile`.
Value DecodedLaunchEmitter::fits(const DecodedTile &tile) {
  Value aligned = make<arith::AndIOp>(isMultiple(payloadBits, kChunkBytes),
                                      isMultiple(scaleBits, kWordBytes));
  return make<arith::AndIOp>(aligned, hasMoreRows(tile.rowsBelow));
}

void DecodedLaunchEmitter::emitLaunch(const DecodedSpec &spec,
                                      gpu::GPUFuncOp kernel) {
  Value blocks = countTiles(spec.tile.rows, spec.tile.columns);
  if (spec.part == DecodedPart::Sums)
    blocks = make<arith::MulIOp>(blocks, index(spec.splits));
  launch(kernel, blocks, kThreads, spec.getSharedBytes(), operands);
}

/// Launches candidate number `candidate`, which makes sums of ranges of K, and
/// the next one, which adds them up.
void DecodedLaunchEmitter::emitSplit(size_t candidate) {
  const DecodedSpec &spec = specs[candidate];
  Value tiles = countTiles(spec.tile.rows, spec.tile.columns);
  Value size = make<arith::MulIOp>(
      tiles, index(int64_t(spec.splits) * spec.countSums()));
  auto type = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
  Value sums = memref::AllocOp::create(b, type, size);
  addPointer(sums);
  for (size_t i : {candidate, candidate + 1})
    emitLaunch(specs[i], kernels[i]);
  operands.pop_back();
  memref::DeallocOp::create(b, sums);
}

/// Chooses among the candidates from number `candidate` on.
void DecodedLaunchEmitter::emitChoice(size_t candidate) {
  const DecodedSpec &spec = specs[candidate];
  if (candidate + 1 == specs.size())
    return emitLaunch(spec, kernels[candidate]);
  bool isSplit = spec.part == DecodedPart::Sums;
  auto ifOp = scf::IfOp::create(b, fits(spec.tile), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  if (isSplit)
    emitSplit(candidate);
  else
    emitLaunch(spec, kernels[candidate]);
  b.setInsertionPointToStart(ifOp.elseBlock());
  emitChoice(candidate + (isSplit ? 2 : 1));
}

void DecodedLaunchEmitter::emit(const MatmulEpilogue &epilogue) {
  readSide(op.getLhs(), specs.front().lhs);
  readSide(op.getRhs(), specs.front().rhs);
  addRest(epilogue);
  enterIfAny();
  emitChoice(0);
}

void mx::launchDecoded(PackedMatmulOp op, const MatmulEpilogue &epilogue,
                       ArrayRef<DecodedSpec> specs,
                       ArrayRef<gpu::GPUFuncOp> kernels) {
  takeEpilogue(op, epilogue);
  DecodedLaunchEmitter(op, specs, kernels).emit(epilogue);
  removeLaunched(op, epilogue);
}
