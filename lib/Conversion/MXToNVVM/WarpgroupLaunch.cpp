//===- WarpgroupLaunch.cpp - from an operation to a launch ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "WarpgroupLaunch.h"
#include "TensorMaps.h"
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
/// Enough blocks for every multiprocessor of the chip.
static constexpr int kBlocks = 132;

static bool isAlignedDepth(int bits, int64_t depth) {
  return depth * bits % (kChunkBytes * kByteBits) == 0;
}

SmallVector<WarpgroupSpec> mx::getWarpgroupCandidates(PackedMatmulOp op) {
  MatmulSide lhs = MatmulSide::get(op.getLhs(), op.getLhsFormatAttr());
  MatmulSide rhs = MatmulSide::get(op.getRhs(), op.getRhsFormatAttr());
  auto type = cast<MemRefType>(op.getInits().getType());
  int64_t rows = type.getShape()[type.getRank() - 2];
  bool knowsRows = !ShapedType::isDynamic(rows);
  APInt depth;
  if (matchPattern(op.getK(), m_ConstantInt(&depth)) &&
      !(isAlignedDepth(lhs.getBits(), depth.getSExtValue()) &&
        isAlignedDepth(rhs.getBits(), depth.getSExtValue())))
    return {};
  SmallVector<WarpgroupSpec> candidates;
  for (const WarpgroupTile &tile : kWarpgroupTiles) {
    // With a known number of rows, an earlier tile is chosen.
    if (knowsRows && (rows <= tile.rowsBelow || !candidates.empty()))
      continue;
    candidates.push_back({rhs, cast<FloatType>(type.getElementType()), tile});
  }
  return candidates;
}

namespace {

/// Emits the host code of one operation.
class WarpgroupLaunchEmitter {
public:
  explicit WarpgroupLaunchEmitter(PackedMatmulOp op);

  void emit(ArrayRef<WarpgroupSpec> specs, ArrayRef<gpu::GPUFuncOp> kernels);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  template <typename OpTy>
  Value make(Value x, Value y) {
    return b.createOrFold<OpTy>(x, y);
  }
  /// ⌈x / y⌉.
  Value divideUp(Value x, int64_t y) {
    return make<arith::DivUIOp>(make<arith::AddIOp>(x, index(y - 1)), index(y));
  }
  Value getAddress(Value buffer);
  Value getPointer(Value address);
  Value getRowLength(int bits);
  Value isMultiple(Value bits, int64_t unit);
  Value fits(const WarpgroupSpec &spec);
  std::pair<Value, Value> prepareMap(const WarpgroupSpec &spec);
  void emitLaunch(const WarpgroupSpec &spec, gpu::GPUFuncOp kernel, Value map);

  PackedMatmulOp op;
  ImplicitLocOpBuilder b;
  Value rows, columns, depth, matrices;
  /// Addresses of the activations, of the parts of the weights and of C.
  Value activations, result;
  SmallVector<Value> weights;
};

} // namespace

Value WarpgroupLaunchEmitter::getAddress(Value buffer) {
  return memref::ExtractAlignedPointerAsIndexOp::create(b, buffer);
}

Value WarpgroupLaunchEmitter::getPointer(Value address) {
  Value number = arith::IndexCastOp::create(b, b.getI64Type(), address);
  return LLVM::IntToPtrOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                  number);
}

WarpgroupLaunchEmitter::WarpgroupLaunchEmitter(PackedMatmulOp op)
    : op(op), b(op.getLoc(), op), depth(op.getK()) {
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
  activations = getAddress(op.getLhs().front());
  for (Value part : op.getRhs())
    weights.push_back(getAddress(part));
  result = getAddress(init);
}

/// Bytes of a row of numbers of `bits` bits.
Value WarpgroupLaunchEmitter::getRowLength(int bits) {
  return divideUp(make<arith::MulIOp>(depth, index(bits)), kByteBits);
}

Value WarpgroupLaunchEmitter::isMultiple(Value bits, int64_t unit) {
  Value rest = make<arith::AndIOp>(bits, index(unit - 1));
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, rest,
                                       index(0));
}

/// Whether this program run may use `spec`: rows that begin at multiples of 16
/// bytes, scales at a multiple of 4 as a whole, and something to compute.
Value WarpgroupLaunchEmitter::fits(const WarpgroupSpec &spec) {
  constexpr int numberBits = 16;
  Value bits = make<arith::OrIOp>(activations, getRowLength(numberBits));
  bits = make<arith::OrIOp>(bits, weights[0]);
  bits = make<arith::OrIOp>(bits, getRowLength(spec.weights.getBits()));
  Value aligned = make<arith::AndIOp>(isMultiple(bits, kChunkBytes),
                                      isMultiple(weights[1], kWordBytes));
  auto isAbove = [&](Value value, int64_t least) {
    return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ugt, value,
                                         index(least));
  };
  Value some = make<arith::AndIOp>(isAbove(columns, 0), isAbove(depth, 0));
  some = make<arith::AndIOp>(some, isAbove(matrices, 0));
  return make<arith::AndIOp>(make<arith::AndIOp>(aligned, some),
                             isAbove(rows, spec.tile.rowsBelow));
}

void WarpgroupLaunchEmitter::emitLaunch(const WarpgroupSpec &spec,
                                        gpu::GPUFuncOp kernel, Value map) {
  Value tiles = make<arith::MulIOp>(
      make<arith::MulIOp>(divideUp(rows, spec.tile.rows),
                          divideUp(columns, spec.tile.getColumns())),
      matrices);
  SmallVector<Value> operands = {map};
  for (Value part : weights)
    operands.push_back(getPointer(part));
  operands.push_back(getPointer(result));
  for (Value size : {rows, columns, depth, tiles})
    operands.push_back(
        b.createOrFold<arith::IndexCastOp>(b.getI32Type(), size));
  Value one = index(1);
  Value blocks = make<arith::MinUIOp>(tiles, index(kBlocks));
  Value shared =
      arith::ConstantIntOp::create(b, b.getI32Type(), spec.getSharedBytes());
  gpu::LaunchFuncOp::create(b, kernel, gpu::KernelDim3{blocks, one, one},
                            gpu::KernelDim3{index(spec.getThreads()), one, one},
                            shared, operands);
}

/// The tensor map of the activations if `spec` fits, and an i1: whether it
/// does, and the map was accepted.
std::pair<Value, Value>
WarpgroupLaunchEmitter::prepareMap(const WarpgroupSpec &spec) {
  constexpr int numberBits = 16;
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto ifOp = scf::IfOp::create(b, TypeRange{pointer, b.getI1Type()},
                                fits(spec), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  auto [map, accepted] =
      encodeTensorMap(b, {getPointer(activations), getRowLength(numberBits),
                          rows, matrices, kRowBytes, spec.tile.rows});
  scf::YieldOp::create(b, ValueRange{map, accepted});
  b.setInsertionPointToStart(ifOp.elseBlock());
  Value null = LLVM::ZeroOp::create(b, pointer);
  Value no = arith::ConstantIntOp::create(b, b.getI1Type(), 0);
  scf::YieldOp::create(b, ValueRange{null, no});
  return {ifOp.getResult(0), ifOp.getResult(1)};
}

void WarpgroupLaunchEmitter::emit(ArrayRef<WarpgroupSpec> specs,
                                  ArrayRef<gpu::GPUFuncOp> kernels) {
  for (auto [spec, kernel] : llvm::zip_equal(specs, kernels)) {
    auto [map, chosen] = prepareMap(spec);
    auto ifOp = scf::IfOp::create(b, chosen, /*withElseRegion=*/true);
    b.setInsertionPointToStart(ifOp.thenBlock());
    emitLaunch(spec, kernel, map);
    op->moveBefore(ifOp.elseYield());
    b.setInsertionPoint(op);
  }
}

void mx::launchWarpgroups(PackedMatmulOp op, ArrayRef<WarpgroupSpec> specs,
                          ArrayRef<gpu::GPUFuncOp> kernels) {
  WarpgroupLaunchEmitter(op).emit(specs, kernels);
}
