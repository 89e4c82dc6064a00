//===- LoopsToThreads.cpp - parallel loops as work of threads -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `convert-loops-to-threads`: which loops of a nest are worth being
// divided among threads. What it leaves parallel, `convert-scf-to-openmp` makes
// loops of a team of threads, each of which takes one range of iterations.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mx/Conversion/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTLOOPSTOTHREADSPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;

/// Numbers that take as long as it takes to wake threads and to wait for them.
static constexpr int64_t kFewNumbers = 4096;
/// Iterations that keep any number of threads busy.
static constexpr int64_t kManyIterations = 256;

static remark::RemarkOpts getRemark() {
  return remark::RemarkOpts::name("loops").category("loops-to-threads");
}

/// Makes `loops` a nest of ordinary loops; sums are carried from one iteration
/// to the next.
static void serialize(scf::ParallelOp loops, IRRewriter &rewriter) {
  rewriter.setInsertionPoint(loops);
  auto reduce = cast<scf::ReduceOp>(loops.getBody()->getTerminator());
  scf::LoopNest nest = scf::buildLoopNest(
      rewriter, loops.getLoc(), loops.getLowerBound(), loops.getUpperBound(),
      loops.getStep(), loops.getInitVals(),
      [&](OpBuilder &b, Location, ValueRange indices, ValueRange carried) {
        IRMapping mapping;
        mapping.map(loops.getInductionVars(), indices);
        for (Operation &op : loops.getBody()->without_terminator())
          b.clone(op, mapping);
        SmallVector<Value> results;
        for (auto [region, operand, sum] : llvm::zip_equal(
                 reduce.getReductions(), reduce.getOperands(), carried)) {
          Block &block = region.front();
          mapping.map(block.getArgument(0), sum);
          mapping.map(block.getArgument(1), mapping.lookupOrDefault(operand));
          for (Operation &op : block.without_terminator())
            b.clone(op, mapping);
          results.push_back(
              mapping.lookupOrDefault(block.getTerminator()->getOperand(0)));
        }
        return results;
      });
  rewriter.replaceOp(loops, nest.results);
}

/// The iterations of the first `count` loops, if that is known.
static std::optional<int64_t> countIterations(scf::ParallelOp loops,
                                              size_t count) {
  int64_t product = 1;
  for (size_t i = 0; i < count; ++i) {
    std::optional<llvm::APInt> iterations = constantTripCount(
        loops.getLowerBound()[i], loops.getUpperBound()[i], loops.getStep()[i],
        /*isSigned=*/true, scf::computeUbMinusLb);
    if (!iterations ||
        llvm::MulOverflow(product, iterations->getSExtValue(), product))
      return std::nullopt;
  }
  return product;
}

/// The most lanes of a vector that an iteration works on.
static int64_t countLanes(scf::ParallelOp loops) {
  int64_t lanes = 1;
  loops->walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (auto vector = dyn_cast<VectorType>(type))
        lanes = std::max(lanes, vector.getNumElements());
  });
  return lanes;
}

/// Whether an iteration does more than can be seen here.
static bool hasLoop(scf::ParallelOp loops) {
  return loops
      ->walk([&](LoopLikeOpInterface inner) {
        return inner == loops ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

static bool isSmall(scf::ParallelOp loops) {
  std::optional<int64_t> iterations =
      countIterations(loops, loops.getNumLoops());
  int64_t numbers;
  return iterations && !hasLoop(loops) &&
         !llvm::MulOverflow(*iterations, countLanes(loops), numbers) &&
         numbers < kFewNumbers;
}

/// Makes the last loop of a nest an ordinary one inside of the others.
static void splitLast(scf::ParallelOp loops, IRRewriter &rewriter) {
  Location loc = loops.getLoc();
  rewriter.setInsertionPoint(loops);
  auto outer = scf::ParallelOp::create(
      rewriter, loc, loops.getLowerBound().drop_back(),
      loops.getUpperBound().drop_back(), loops.getStep().drop_back());
  rewriter.setInsertionPointToStart(outer.getBody());
  auto inner =
      scf::ForOp::create(rewriter, loc, loops.getLowerBound().back(),
                         loops.getUpperBound().back(), loops.getStep().back());
  SmallVector<Value> indices(outer.getInductionVars());
  indices.push_back(inner.getInductionVar());
  rewriter.eraseOp(loops.getBody()->getTerminator());
  rewriter.inlineBlockBefore(loops.getBody(), inner.getBody()->getTerminator(),
                             indices);
  rewriter.eraseOp(loops);
}

/// Decides on one nest, in which there is no other.
static void divide(scf::ParallelOp loops, IRRewriter &rewriter) {
  if (loops.getNumReductions() != 0 || isSmall(loops)) {
    remark::missed(loops.getLoc(), getRemark())
        << (loops.getNumReductions() != 0
                ? "one thread runs the loops, whose sums have an order"
                : "one thread runs the loops, which are short");
    return serialize(loops, rewriter);
  }
  remark::passed(loops.getLoc(), getRemark()) << "threads divide the loops";
  // Iterations with loops of their own are work enough for a thread.
  if (loops.getNumLoops() == 1 || hasLoop(loops))
    return;
  // Neighbours in memory stay together, if there is enough without them.
  std::optional<int64_t> rows = countIterations(loops, loops.getNumLoops() - 1);
  if (!rows || *rows >= kManyIterations)
    splitLast(loops, rewriter);
}

namespace {

struct ConvertLoopsToThreadsPass
    : mx::impl::ConvertLoopsToThreadsPassBase<ConvertLoopsToThreadsPass> {
  void runOnOperation() override {
    SmallVector<scf::ParallelOp> outermost, inner;
    getOperation().walk([&](scf::ParallelOp loops) {
      (loops->getParentOfType<scf::ParallelOp>() ? inner : outermost)
          .push_back(loops);
    });
    IRRewriter rewriter(&getContext());
    for (scf::ParallelOp loops : inner)
      serialize(loops, rewriter);
    for (scf::ParallelOp loops : outermost)
      divide(loops, rewriter);
  }
};

} // namespace
