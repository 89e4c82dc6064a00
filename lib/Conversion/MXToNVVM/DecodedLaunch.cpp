//===- DecodedLaunch.cpp - from an operation to a launch ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedLaunch.h"
#include "MatmulSpec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBytes = 4;

static bool isAlignedDepth(const DecodedSide &side, int64_t depth) {
  return depth * side.getBits() % (kChunkBytes * kByteBits) == 0;
}

/// Two numbers for each of f16, and what is rounded of elements of 8 bits: the
/// largest tile would not leave enough registers.
static bool needsSmallTile(const DecodedSide &lhs, const DecodedSide &rhs) {
  return (lhs.getPlanes() > 1 && rhs.getBits() == kByteBits) ||
         (rhs.getPlanes() > 1 && lhs.getBits() == kByteBits);
}

SmallVector<DecodedSpec> mx::getDecodedCandidates(PackedMatmulOp op) {
  DecodedSide lhs = DecodedSide::get(op.getLhs(), op.getLhsFormatAttr());
  DecodedSide rhs = DecodedSide::get(op.getRhs(), op.getRhsFormatAttr());
  auto type = cast<MemRefType>(op.getInits().getType());
  int64_t rows = type.getShape()[type.getRank() - 2];
  bool knowsRows = !ShapedType::isDynamic(rows);
  APInt depth;
  bool canAlign = true;
  if (matchPattern(op.getK(), m_ConstantInt(&depth)))
    canAlign = isAlignedDepth(lhs, depth.getSExtValue()) &&
               isAlignedDepth(rhs, depth.getSExtValue());
  SmallVector<DecodedSpec> candidates;
  ArrayRef<DecodedTile> tiles(kDecodedTiles);
  if (needsSmallTile(lhs, rhs))
    tiles = tiles.drop_front();
  for (const DecodedTile &tile : tiles) {
    bool isTooHigh = knowsRows && rows <= tile.rowsBelow;
    // With a known number of rows, an earlier tile is chosen but for addresses.
    bool isNeedless = knowsRows && !candidates.empty();
    if (tile.isAligned && (!canAlign || isTooHigh || isNeedless))
      continue;
    candidates.push_back(
        {lhs, rhs, cast<FloatType>(type.getElementType()), tile});
  }
  return candidates;
}

namespace {

/// Emits the host code of one operation.
class DecodedLaunchEmitter {
public:
  DecodedLaunchEmitter(PackedMatmulOp op, ArrayRef<DecodedSpec> specs,
                       ArrayRef<gpu::GPUFuncOp> kernels);

  void emit();

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  template <typename OpTy>
  Value make(Value x, Value y) {
    return b.createOrFold<OpTy>(x, y);
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<arith::CmpIOp>(predicate, x, y);
  }
  /// ⌈x / y⌉.
  Value divideUp(Value x, int64_t y) {
    return make<arith::DivUIOp>(make<arith::AddIOp>(x, index(y - 1)), index(y));
  }
  Value addPointer(Value buffer);
  void readSide(ValueRange parts, const DecodedSide &side);
  Value isMultiple(Value bits, int64_t unit);
  Value fits(const DecodedTile &tile);
  void emitChoice(size_t candidate);
  void emitLaunch(const DecodedSpec &spec, gpu::GPUFuncOp kernel);

  PackedMatmulOp op;
  ArrayRef<DecodedSpec> specs;
  ArrayRef<gpu::GPUFuncOp> kernels;
  ImplicitLocOpBuilder b;
  Value rows, columns, depth, matrices;
  /// Addresses and row lengths of payload, and addresses of scales, together:
  /// a power of two divides each of them if it divides these.
  Value payloadBits, scaleBits;
  SmallVector<Value> operands;
};

} // namespace

DecodedLaunchEmitter::DecodedLaunchEmitter(PackedMatmulOp op,
                                           ArrayRef<DecodedSpec> specs,
                                           ArrayRef<gpu::GPUFuncOp> kernels)
    : op(op), specs(specs), kernels(kernels), b(op.getLoc(), op),
      depth(op.getK()) {
  Value init = op.getInits();
  int64_t rank = cast<MemRefType>(init.getType()).getRank();
  auto getSize = [&](int64_t dim) {
    return b.createOrFold<memref::DimOp>(init, dim);
  };
  rows = getSize(rank - 2);
  columns = getSize(rank - 1);
  matrices = index(1);
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    matrices = make<arith::MulIOp>(matrices, getSize(dim));
  payloadBits = scaleBits = index(0);
}

/// Adds a pointer to the first element of `buffer` to the operands; returns it
/// as a number.
Value DecodedLaunchEmitter::addPointer(Value buffer) {
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, buffer);
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), address);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  operands.push_back(LLVM::IntToPtrOp::create(b, pointer, number));
  return address;
}

/// Makes operands of the parts of a side, and notes what their addresses and
/// row lengths are multiples of.
void DecodedLaunchEmitter::readSide(ValueRange parts, const DecodedSide &side) {
  SmallVector<Value> addresses;
  for (Value part : parts)
    addresses.push_back(addPointer(part));
  Value bits = make<arith::MulIOp>(depth, index(side.getBits()));
  for (Value number : {addresses[0], divideUp(bits, kByteBits)})
    payloadBits = make<arith::OrIOp>(payloadBits, number);
  if (side.format)
    scaleBits = make<arith::OrIOp>(scaleBits, addresses[1]);
}

Value DecodedLaunchEmitter::isMultiple(Value bits, int64_t unit) {
  Value rest = make<arith::AndIOp>(bits, index(unit - 1));
  return compare(arith::CmpIPredicate::eq, rest, index(0));
}

/// Whether this program run may use `tile`.
Value DecodedLaunchEmitter::fits(const DecodedTile &tile) {
  Value aligned = make<arith::AndIOp>(isMultiple(payloadBits, kChunkBytes),
                                      isMultiple(scaleBits, kWordBytes));
  Value tall = compare(arith::CmpIPredicate::ugt, rows, index(tile.rowsBelow));
  return make<arith::AndIOp>(aligned, tall);
}

void DecodedLaunchEmitter::emitLaunch(const DecodedSpec &spec,
                                      gpu::GPUFuncOp kernel) {
  Value rowTiles = divideUp(rows, spec.tile.rows);
  Value columnTiles = divideUp(columns, spec.tile.columns);
  Value tiles =
      make<arith::MulIOp>(make<arith::MulIOp>(rowTiles, columnTiles), matrices);
  Value one = index(1);
  Value shared =
      arith::ConstantIntOp::create(b, b.getI32Type(), spec.getSharedBytes());
  gpu::LaunchFuncOp::create(b, kernel, gpu::KernelDim3{tiles, one, one},
                            gpu::KernelDim3{index(kThreads), one, one}, shared,
                            operands);
}

/// Chooses among the candidates from number `candidate` on.
void DecodedLaunchEmitter::emitChoice(size_t candidate) {
  const DecodedSpec &spec = specs[candidate];
  if (candidate + 1 == specs.size())
    return emitLaunch(spec, kernels[candidate]);
  auto ifOp = scf::IfOp::create(b, fits(spec.tile), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitLaunch(spec, kernels[candidate]);
  b.setInsertionPointToStart(ifOp.elseBlock());
  emitChoice(candidate + 1);
}

void DecodedLaunchEmitter::emit() {
  readSide(op.getLhs(), specs.front().lhs);
  readSide(op.getRhs(), specs.front().rhs);
  addPointer(op.getInits());
  for (Value size : {rows, columns, depth})
    operands.push_back(
        b.createOrFold<arith::IndexCastOp>(b.getI32Type(), size));
  // A launch without blocks is an error.
  Value results =
      make<arith::MulIOp>(make<arith::MulIOp>(rows, columns), matrices);
  auto ifOp = scf::IfOp::create(
      b, compare(arith::CmpIPredicate::ne, results, index(0)));
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitChoice(0);
}

void mx::launchDecoded(PackedMatmulOp op, ArrayRef<DecodedSpec> specs,
                       ArrayRef<gpu::GPUFuncOp> kernels) {
  DecodedLaunchEmitter(op, specs, kernels).emit();
  op.erase();
}
