//===- InterleavedProduct.cpp - products with rows in lanes ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What both ways share, the choice between them, and the pattern.
//===----------------------------------------------------------------------===//

#include "InterleavedProduct.h"
#include "InterleavedMatmul.h"
#include "MXToLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "mx/Target/KernelRegistry.h"

using namespace mlir;
using namespace mlir::mx;

static Machine getMachineOf(Operation *op) {
  return getMachine(getTarget(op->getParentOfType<ModuleOp>()));
}

InterleavedProduct::InterleavedProduct(PackedMatmulOp op, OpBuilder &builder)
    : TiledProduct(op, builder), payload(op.getRhs()[0]),
      scales(op.getRhs()[1]), format(op.getRhsFormatAttr()),
      blockLines(format.getBlock() / kShuffleCodes),
      decoder(b, getMachineOf(op)) {
  lhsPadding = format.getBlock();
}

SmallVector<Value> InterleavedProduct::getGroup(const MatrixRows &rhs,
                                                Value first) {
  SmallVector<Value> group(rhs.leading);
  group.push_back(
      arith::DivUIOp::create(b, first, index(mxnum::kInterleavedRows)));
  return group;
}

Value InterleavedProduct::loadLine(ArrayRef<Value> group, Value line,
                                   Value half) {
  Value byte =
      add(multiplyIndex(line, kLineBytes), multiplyIndex(half, kHalfBytes));
  return loadLanes(b, b.getLoc(), payload, group, byte, kHalfBytes);
}

Value InterleavedProduct::splatNumber(float value) {
  auto type = VectorType::get({kShuffleLanes}, b.getF32Type());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, value));
}

Value InterleavedProduct::multiplyAdd(Value x, Value y, Value z) {
  // Not vector.fma, which code generation may take apart.
  return LLVM::FMAOp::create(b, z.getType(), x, y, z);
}

Value InterleavedProduct::multiplyIndex(Value value, int64_t factor) {
  return arith::MulIOp::create(b, value, index(factor));
}

/// The number of rows of A if it is known: that of a group never is.
static std::optional<int64_t> getRowCount(PackedMatmulOp op) {
  auto type = cast<MemRefType>(op.getInits().getType());
  int64_t dim = type.getRank() - 2;
  if (op.getGroupEnds() || type.isDynamicDim(dim))
    return std::nullopt;
  return type.getDimSize(dim);
}

void InterleavedProduct::prepare() {
  rhsPanel = allocate({kSliceDepth, mxnum::kInterleavedRows});
}

void InterleavedProduct::release() { memref::DeallocOp::create(b, rhsPanel); }

void InterleavedProduct::emitProduct(MatrixRows lhs, MatrixRows rhs,
                                     MatrixRows result, Value end) {
  std::optional<int64_t> count = getRowCount(op);
  Value rows = arith::SubIOp::create(b, end, result.first);
  if (count && *count <= kFewRows)
    return emitFewRows(lhs, rhs, result, rows, count);
  if (count)
    return TiledProduct::emitProduct(lhs, rhs, result, end);
  Value isFew = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, rows,
                                      index(kFewRows));
  auto ifOp = scf::IfOp::create(b, isFew, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifOp.thenBlock());
  emitFewRows(lhs, rhs, result, rows, std::nullopt);
  b.setInsertionPointToStart(ifOp.elseBlock());
  TiledProduct::emitProduct(lhs, rhs, result, end);
}

//===----------------------------------------------------------------------===//
// Pattern
//===----------------------------------------------------------------------===//

std::string mx::explainNoShuffles(PackedMatmulOp op) {
  if (!canRun({op.getKernel()->data(), op.getKernel()->size()},
              getMachineOf(op)))
    return "a target that lacks it";
  FormatAttr format = op.getRhsFormatAttr();
  if (format.getElement() != mxnum::ElementType::E2M1 ||
      format.getBlock() % kShuffleCodes != 0 ||
      kSliceDepth % format.getBlock() != 0)
    return "weights of another format";
  return "";
}

namespace {

/// mx.packed.matmul with interleaved rows  ⇒  loops.
struct LowerInterleavedMatmul : OpRewritePattern<PackedMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getRhsInterleaved() || !isa<MemRefType>(op.getInits().getType()))
      return rewriter.notifyMatchFailure(op, "no interleaved rows in buffers");
    if (!explainNoShuffles(op).empty())
      return rewriter.notifyMatchFailure(op, "no such instructions or codes");
    InterleavedProduct(op, rewriter).emit();
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void mx::populateInterleavedMatmulPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerInterleavedMatmul>(patterns.getContext());
}
