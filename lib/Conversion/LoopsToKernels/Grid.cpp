//===- Grid.cpp - parallel loops as the threads of a grid -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   the last loop             along x: neighbours in memory, as a rule, are
//                             neighbours in a warp
//   the product of the rest   along y
//
// A grid has as many threads as there are iterations, up to a limit; each
// thread then takes further ones at the distance of the whole grid. Neither
// small nor huge nor unknown sizes need a case of their own.
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "KernelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int32_t kThreads = 256;
/// Threads along x where nothing says how many iterations there are.
static constexpr int32_t kWarp = 32;
/// The most blocks along an axis: along y, what the machine allows.
static constexpr int64_t kMaxBlocksX = int64_t(1) << 20;
static constexpr int64_t kMaxBlocksY = 65535;

void mx::serializeLoops(Operation *root) {
  SmallVector<scf::ParallelOp> inner;
  root->walk([&](scf::ParallelOp op) {
    if (op != root)
      inner.push_back(op);
  });
  IRRewriter rewriter(root->getContext());
  for (scf::ParallelOp op : inner) {
    rewriter.setInsertionPoint(op);
    LogicalResult converted = scf::parallelForToNestedFors(rewriter, op);
    assert(succeeded(converted) && "any parallel loop can be sequential");
    (void)converted;
  }
}

namespace {

/// The kernel of one nest of loops.
class GridEmitter {
public:
  explicit GridEmitter(scf::ParallelOp loops);

  LogicalResult emit();

private:
  void countIterations();
  BlockSize chooseBlock();
  GridSize getGrid(BlockSize block);
  void emitLoop(gpu::Dimension axis, int32_t threads, Value end,
                function_ref<void(Value)> body);
  SmallVector<Value> splitRow(Value row);
  void emitBody(ValueRange iterations);

  template <typename OpTy>
  Value make(ImplicitLocOpBuilder &b, Value x, Value y) {
    return b.createOrFold<OpTy>(x, y);
  }
  Value index(ImplicitLocOpBuilder &b, int64_t number) {
    return arith::ConstantIndexOp::create(b, number);
  }

  scf::ParallelOp loops;
  ImplicitLocOpBuilder host;
  std::unique_ptr<KernelBuilder> kernel;
  /// Iterations of each loop, and of all but the last together.
  SmallVector<Value> counts;
  Value rows;
};

} // namespace

GridEmitter::GridEmitter(scf::ParallelOp loops)
    : loops(loops), host(loops.getLoc(), loops) {}

void GridEmitter::countIterations() {
  Value zero = index(host, 0);
  for (auto [begin, end, step] : llvm::zip_equal(
           loops.getLowerBound(), loops.getUpperBound(), loops.getStep())) {
    Value length = make<arith::SubIOp>(host, end, begin);
    length = make<arith::MaxSIOp>(host, length, zero);
    counts.push_back(make<arith::CeilDivUIOp>(host, length, step));
  }
  rows = index(host, 1);
  for (Value count : ArrayRef(counts).drop_back())
    rows = make<arith::MulIOp>(host, rows, count);
}

/// As many threads along x as there are iterations, if few are known to be.
BlockSize GridEmitter::chooseBlock() {
  if (counts.size() == 1)
    return {kThreads, 1};
  std::optional<int64_t> count = getConstantIntValue(counts.back());
  if (!count)
    return {kWarp, kThreads / kWarp};
  int64_t x = std::clamp<int64_t>(
      llvm::PowerOf2Ceil(std::max<int64_t>(*count, 1)), 1, kThreads);
  return {int32_t(x), int32_t(kThreads / x)};
}

GridSize GridEmitter::getGrid(BlockSize block) {
  auto cover = [&](Value count, int32_t threads, int64_t most) {
    Value blocks = make<arith::CeilDivUIOp>(host, count, index(host, threads));
    blocks = make<arith::MinUIOp>(host, blocks, index(host, most));
    return make<arith::MaxUIOp>(host, blocks, index(host, 1));
  };
  return {cover(counts.back(), block.x, kMaxBlocksX),
          cover(rows, block.y, kMaxBlocksY)};
}

/// Calls `body` for each number below `end` that is this thread's along `axis`.
void GridEmitter::emitLoop(gpu::Dimension axis, int32_t threads, Value end,
                           function_ref<void(Value)> body) {
  ImplicitLocOpBuilder &b = kernel->device;
  Value blockId = gpu::BlockIdOp::create(b, axis);
  Value gridSize = gpu::GridDimOp::create(b, axis);
  Value thread = gpu::ThreadIdOp::create(b, axis);
  Value width = index(b, threads);
  Value first =
      make<arith::AddIOp>(b, make<arith::MulIOp>(b, blockId, width), thread);
  Value step = make<arith::MulIOp>(b, gridSize, width);
  auto loop = scf::ForOp::create(b, first, end, step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

/// The numbers of the iterations of all loops but the last.
SmallVector<Value> GridEmitter::splitRow(Value row) {
  ImplicitLocOpBuilder &b = kernel->device;
  SmallVector<Value> iterations;
  for (size_t loop = counts.size() - 1; loop-- > 1;) {
    Value count = kernel->mapping.lookup(counts[loop]);
    iterations.push_back(make<arith::RemUIOp>(b, row, count));
    row = make<arith::DivUIOp>(b, row, count);
  }
  iterations.push_back(row);
  std::reverse(iterations.begin(), iterations.end());
  return iterations;
}

void GridEmitter::emitBody(ValueRange iterations) {
  ImplicitLocOpBuilder &b = kernel->device;
  IRMapping &mapping = kernel->mapping;
  for (auto [variable, begin, step, iteration] :
       llvm::zip_equal(loops.getInductionVars(), loops.getLowerBound(),
                       loops.getStep(), iterations)) {
    Value offset = make<arith::MulIOp>(b, iteration, mapping.lookup(step));
    mapping.map(variable,
                make<arith::AddIOp>(b, offset, mapping.lookup(begin)));
  }
  for (Operation &op : loops.getBody()->without_terminator())
    b.clone(op, mapping);
}

LogicalResult GridEmitter::emit() {
  countIterations();
  BlockSize block = chooseBlock();
  GridSize grid = getGrid(block);
  kernel =
      std::make_unique<KernelBuilder>(host, loops.getLoc(), "loops", block);
  if (failed(kernel->captureUses(loops.getOperation())))
    return failure();
  for (Value count : counts)
    if (failed(kernel->capture(count)))
      return failure();
  if (failed(kernel->capture(rows)))
    return failure();
  auto emitColumns = [&](ArrayRef<Value> outer) {
    emitLoop(gpu::Dimension::x, block.x, kernel->mapping.lookup(counts.back()),
             [&](Value column) {
               SmallVector<Value> iterations(outer);
               iterations.push_back(column);
               emitBody(iterations);
             });
  };
  if (counts.size() == 1)
    emitColumns({});
  else
    emitLoop(gpu::Dimension::y, block.y, kernel->mapping.lookup(rows),
             [&](Value row) { emitColumns(splitRow(row)); });
  kernel->launch(grid);
  return success();
}

LogicalResult mx::convertToGrid(scf::ParallelOp loops) {
  serializeLoops(loops);
  GridEmitter emitter(loops);
  if (failed(emitter.emit()))
    return failure();
  remark::passed(loops.getLoc(),
                 remark::RemarkOpts::name("grid").category("loops-to-kernels"))
      << "made a grid of " + std::to_string(loops.getNumLoops()) +
             " parallel loops";
  loops.erase();
  return success();
}
