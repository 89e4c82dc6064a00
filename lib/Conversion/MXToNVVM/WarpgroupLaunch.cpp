//===- WarpgroupLaunch.cpp - from an operation to a launch ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "WarpgroupLaunch.h"
#include "MatmulHost.h"
#include "TensorMaps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBytes = 4;
/// Of an activation.
static constexpr int kNumberBits = 16;
/// Enough blocks for every multiprocessor of the chip.
static constexpr int kBlocks = 132;

static bool isAlignedDepth(int bits, int64_t depth) {
  return depth * bits % (kChunkBytes * kByteBits) == 0;
}

SmallVector<WarpgroupSpec>
mx::getWarpgroupCandidates(PackedMatmulOp op, const TileTuning &tuning) {
  MatmulSide lhs = MatmulSide::get(op.getLhs(), op.getLhsFormatAttr());
  MatmulSide rhs = MatmulSide::get(op.getRhs(), op.getRhsFormatAttr());
  auto type = cast<MemRefType>(op.getInits().getType());
  bool knowsRows = hasMoreRows(op, 0).has_value();
  APInt depth;
  if (matchPattern(op.getK(), m_ConstantInt(&depth)) &&
      !(isAlignedDepth(lhs.getBits(), depth.getSExtValue()) &&
        isAlignedDepth(rhs.getBits(), depth.getSExtValue())))
    return {};
  SmallVector<WarpgroupSpec> candidates;
  for (const WarpgroupTile &tile :
       tuning.tune<WarpgroupTile>(op, kWarpgroupTiles)) {
    // With a known number of rows, an earlier tile is chosen.
    bool isTooHigh = hasMoreRows(op, tile.rowsBelow) == false;
    if (isTooHigh || (knowsRows && !candidates.empty()))
      continue;
    candidates.push_back({rhs, cast<FloatType>(type.getElementType()), tile});
  }
  return candidates;
}

namespace {

/// Emits the host code of one operation.
class WarpgroupLaunchEmitter : MatmulHost {
public:
  explicit WarpgroupLaunchEmitter(PackedMatmulOp op);

  void emit(ArrayRef<WarpgroupSpec> specs, ArrayRef<gpu::GPUFuncOp> kernels);

private:
  Value getRowLength(int bits);
  Value fits(const WarpgroupSpec &spec);
  std::pair<Value, Value> prepareMap(const WarpgroupSpec &spec);
  void emitLaunch(const WarpgroupSpec &spec, gpu::GPUFuncOp kernel, Value map);

  /// Addresses of the activations and of the parts of the weights.
  Value activations;
  SmallVector<Value> weights;
};

} // namespace

/// The first operand points to the activations, which kernels read through a
/// tensor map.
WarpgroupLaunchEmitter::WarpgroupLaunchEmitter(PackedMatmulOp op)
    : MatmulHost(op) {
  activations = addPointer(op.getLhs().front());
  for (Value part : op.getRhs())
    weights.push_back(addPointer(part));
  addRest(MatmulEpilogue());
}

/// Bytes of a row of numbers of `bits` bits.
Value WarpgroupLaunchEmitter::getRowLength(int bits) {
  return divideUp(make<arith::MulIOp>(depth, index(bits)), kByteBits);
}

/// Whether this program run may use `spec`: rows that begin at multiples of 16
/// bytes, scales at a multiple of 4 as a whole, and something to compute.
Value WarpgroupLaunchEmitter::fits(const WarpgroupSpec &spec) {
  Value bits = make<arith::OrIOp>(activations, getRowLength(kNumberBits));
  bits = make<arith::OrIOp>(bits, weights[0]);
  bits = make<arith::OrIOp>(bits, getRowLength(spec.weights.getBits()));
  Value fitting = make<arith::AndIOp>(isMultiple(bits, kChunkBytes),
                                      isMultiple(weights[1], kWordBytes));
  for (Value size : {columns, depth, matrices})
    fitting = make<arith::AndIOp>(
        fitting, compare(arith::CmpIPredicate::ugt, size, index(0)));
  return make<arith::AndIOp>(fitting, hasMoreRows(spec.tile.rowsBelow));
}

void WarpgroupLaunchEmitter::emitLaunch(const WarpgroupSpec &spec,
                                        gpu::GPUFuncOp kernel, Value map) {
  Value tiles = countTiles(spec.tile.rows, spec.tile.getColumns());
  SmallVector<Value> all(operands);
  all.front() = map;
  all.push_back(b.createOrFold<arith::IndexCastOp>(b.getI32Type(), tiles));
  launch(kernel, make<arith::MinUIOp>(tiles, index(kBlocks)), spec.getThreads(),
         spec.getSharedBytes(), all);
}

/// The tensor map of the activations if `spec` fits, and an i1: whether it
/// does, and the map was accepted.
std::pair<Value, Value>
WarpgroupLaunchEmitter::prepareMap(const WarpgroupSpec &spec) {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto ifOp = scf::IfOp::create(b, TypeRange{pointer, b.getI1Type()},
                                fits(spec), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  auto [map, accepted] =
      encodeTensorMap(b, {operands.front(), getRowLength(kNumberBits), rows,
                          matrices, kRowBytes, spec.tile.rows});
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
