//===- MatchContraction.cpp - which linalg is a product -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Named operations and linalg.generic are told apart by nothing: a body that
// adds a product to the output, and the loops that index each operand, say all
// there is to know.
//===----------------------------------------------------------------------===//

#include "Import/ImportLinalg.h"
#include "Import/RaiseMatmuls.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace mlir::mx;

bool mlir::mx::isContractionCandidate(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp)
    return false;
  // A convolution is no product, although its body is that of one.
  return isa<linalg::ContractionOpInterface>(op) ||
         (isa<linalg::GenericOp>(op) && linalgOp.getNumDpsInputs() == 2 &&
          linalgOp.getNumReductionLoops() != 0);
}

static bool isPlainFloat(Type type) {
  return isa<Float32Type, BFloat16Type, Float16Type>(type);
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

static Value skipExtensions(Value value) {
  while (auto extend = value.getDefiningOp<arith::ExtFOp>())
    value = extend.getIn();
  return value;
}

/// Matches an input, extended or as it is.
static OpOperand *matchFactor(linalg::LinalgOp op, Value value,
                              ImportReport &report) {
  value = skipExtensions(value);
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBlock() ||
      argument.getArgNumber() >= op.getNumDpsInputs()) {
    (void)report.miss("expected a product (arith.mulf) of inputs, extended at "
                      "most");
    return nullptr;
  }
  if (!isPlainFloat(value.getType())) {
    (void)report.miss("expected numbers of f32, bf16 or f16, got " +
                      quote(value.getType()));
    return nullptr;
  }
  return op.getDpsInputOperand(argument.getArgNumber());
}

/// Matches `out + left * right`, in any order.
static FailureOr<std::pair<OpOperand *, OpOperand *>>
matchBody(linalg::LinalgOp op, ImportReport &report) {
  Block *body = op.getBlock();
  BlockArgument out = body->getArguments().back();
  if (!isPlainFloat(out.getType()))
    return report.miss("expected a result of f32, bf16 or f16, got " +
                       quote(out.getType()));
  for (Operation &inner : body->without_terminator())
    if (!isPure(&inner))
      return report.miss("expected a body without side effects");
  auto add =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || (add.getLhs() != out && add.getRhs() != out))
    return report.miss("expected a sum (arith.addf) with the output");
  Value term = add.getLhs() == out ? add.getRhs() : add.getLhs();
  auto multiply = skipExtensions(term).getDefiningOp<arith::MulFOp>();
  if (!multiply)
    return report.miss("expected a product (arith.mulf) of inputs, extended at "
                       "most");
  OpOperand *left = matchFactor(op, multiply.getLhs(), report);
  OpOperand *right =
      left ? matchFactor(op, multiply.getRhs(), report) : nullptr;
  if (!right)
    return failure();
  if (left == right)
    return report.miss("expected a product of two inputs, got one twice");
  return std::make_pair(left, right);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

static FailureOr<ContractionSide> matchOperand(linalg::LinalgOp op,
                                               OpOperand *operand,
                                               StringRef what,
                                               ImportReport &report) {
  FailureOr<SmallVector<unsigned>> loops =
      matchLoops(op.getMatchingIndexingMap(operand), what, report);
  if (failed(loops))
    return failure();
  return ContractionSide{operand->get(), *loops};
}

/// Makes the side whose rows come first in the output the left one. A vector
/// has no rows; it stays where it is.
static void orderSides(Contraction &contraction) {
  auto findRow = [&](const ContractionSide &side,
                     const ContractionSide &other) {
    return llvm::find_if(contraction.out.loops, [&](unsigned loop) {
      return llvm::is_contained(side.loops, loop) &&
             !llvm::is_contained(other.loops, loop);
    });
  };
  auto row = findRow(contraction.lhs, contraction.rhs);
  auto column = findRow(contraction.rhs, contraction.lhs);
  if (column < row && row != contraction.out.loops.end())
    std::swap(contraction.lhs, contraction.rhs);
}

/// Sorts loops by the operands that they index; each kind in the order of the
/// output, the contracted ones in that of the right side.
static LogicalResult sortLoops(unsigned numLoops, Contraction &contraction,
                               ImportReport &report) {
  auto &[lhs, rhs, out, batch, rows, columns, contracted] = contraction;
  auto indexes = [](const ContractionSide &side, unsigned loop) {
    return llvm::is_contained(side.loops, loop);
  };
  for (unsigned loop : out.loops) {
    bool inLhs = indexes(lhs, loop), inRhs = indexes(rhs, loop);
    if (!inLhs && !inRhs)
      return report.miss("expected every loop of the output to index an input");
    (inLhs && inRhs ? batch : inLhs ? rows : columns).push_back(loop);
  }
  for (unsigned loop : rhs.loops)
    if (!indexes(out, loop) && indexes(lhs, loop))
      contracted.push_back(loop);
  if (contracted.empty())
    return report.miss("expected a loop that indexes both inputs and not the "
                       "output");
  if (out.loops.size() + contracted.size() != numLoops)
    return report.miss("expected every loop to index two operands or three, "
                       "got one that sums a single input");
  return success();
}

//===----------------------------------------------------------------------===//
// Sides
//===----------------------------------------------------------------------===//

/// Looks through what a product of any form absorbs: transposes, extensions
/// and, if `allowRepeats`, copies for each batch.
static ContractionSide skipMoves(const ContractionSide &side,
                                 bool allowRepeats) {
  OperandView view = getOperandView(side.value, allowRepeats);
  auto type = cast<RankedTensorType>(view.source.getType());
  ContractionSide skipped{view.source,
                          SmallVector<unsigned>(type.getRank(), kNoLoop)};
  for (auto [loop, dim] : llvm::zip(side.loops, view.dims))
    if (dim != kRepeated)
      skipped.loops[dim] = loop;
  return skipped;
}

/// Whether what `side` repeats are batches of the other side, so that they may
/// as well count as its rows.
static bool repeatsBatches(const ContractionSide &side,
                           const ContractionSide &skipped,
                           const ContractionSide &other,
                           const ContractionSide &out) {
  return llvm::all_of(side.loops, [&](unsigned loop) {
    return llvm::is_contained(skipped.loops, loop) ||
           (llvm::is_contained(other.loops, loop) &&
            llvm::is_contained(out.loops, loop));
  });
}

/// Takes both sides as they were before they were moved and repeated, a weight
/// first: if both repeat the same batches, it is the weight that loses them. An
/// activation that meets a batch of weights, such as experts, stays repeated:
/// each of them is a matrix of its own.
static void skipAllMoves(Contraction &contraction) {
  auto &[lhs, rhs, out, batch, rows, columns, contracted] = contraction;
  bool isLhsWeight = isConstantSide(skipMoves(lhs, true).value);
  bool isRhsWeight = isConstantSide(skipMoves(rhs, true).value);
  bool isLhsFirst = isLhsWeight && !isRhsWeight;
  for (bool isLhs : {isLhsFirst, !isLhsFirst}) {
    ContractionSide *side = isLhs ? &lhs : &rhs;
    ContractionSide *other = isLhs ? &rhs : &lhs;
    bool isActivation = isLhs ? isRhsWeight && !isLhsWeight : isLhsFirst;
    ContractionSide skipped = skipMoves(*side, /*allowRepeats=*/true);
    if (isActivation || !repeatsBatches(*side, skipped, *other, out))
      skipped = skipMoves(*side, /*allowRepeats=*/false);
    *side = skipped;
  }
}

/// The block-scaled value that `side` was decoded from, if it can be brought to
/// the form of an operand of mx.matmul without decoding; else null.
static Value skipDecoding(const Contraction &contraction,
                          ArrayRef<unsigned> rows,
                          const ContractionSide &side) {
  auto decode = side.value.getDefiningOp<DequantizeOp>();
  if (!decode || contraction.contracted.size() != 1 ||
      llvm::is_contained(side.loops, kNoLoop))
    return {};
  BlockTensorType type = decode.getSource().getType();
  if (side.loops[type.getAxis()] != contraction.contracted.front() ||
      (rows.size() != 1 && !type.hasStaticShape()))
    return {};
  return decode.getSource();
}

/// Takes sides as they were before decoding. Two that were rotated differently
/// hold different numbers to mx.matmul, but not to the program.
static void skipDecodings(Contraction &contraction) {
  Value lhs = skipDecoding(contraction, contraction.rows, contraction.lhs);
  Value rhs = skipDecoding(contraction, contraction.columns, contraction.rhs);
  if (lhs && rhs &&
      cast<BlockTensorType>(lhs.getType()).getRotation() !=
          cast<BlockTensorType>(rhs.getType()).getRotation())
    return;
  if (lhs)
    contraction.lhs.value = lhs;
  if (rhs)
    contraction.rhs.value = rhs;
}

/// Fails unless the operands that would be built have types that mx.matmul
/// accepts.
static LogicalResult matchTypes(const Contraction &contraction,
                                ImportReport &report) {
  if (contraction.batch.size() > 6)
    return report.miss("expected at most 6 batch loops, got " +
                       Twine(contraction.batch.size()));
  for (Value value :
       {contraction.lhs.value, contraction.rhs.value, contraction.out.value}) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (type && !isSupportedShape(type.getShape()))
      return report.miss("expected at most 2^58 elements, got " + quote(type));
  }
  return success();
}

FailureOr<Contraction> mlir::mx::matchContraction(linalg::LinalgOp op,
                                                  ImportReport &report) {
  if (!op.hasPureTensorSemantics())
    return report.miss("expected operands of tensor type");
  if (op.getNumDpsInits() != 1)
    return report.miss("expected one output, got " +
                       Twine(op.getNumDpsInits()));
  FailureOr<std::pair<OpOperand *, OpOperand *>> inputs = matchBody(op, report);
  if (failed(inputs))
    return failure();
  Contraction contraction;
  for (auto [side, operand, what] :
       {std::tuple(&contraction.lhs, inputs->first, "the left side"),
        std::tuple(&contraction.rhs, inputs->second, "the right side"),
        std::tuple(&contraction.out, op.getDpsInitOperand(0), "the output")}) {
    FailureOr<ContractionSide> matched =
        matchOperand(op, operand, what, report);
    if (failed(matched))
      return failure();
    *side = *matched;
  }
  skipAllMoves(contraction);
  orderSides(contraction);
  if (failed(sortLoops(op.getNumLoops(), contraction, report)))
    return failure();
  if (failed(matchTypes(contraction, report)))
    return failure();
  skipDecodings(contraction);
  return contraction;
}
