//===- LoopsToKernels.cpp - host code on device memory as kernels ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `convert-loops-to-kernels`. Each block of host code is split into
// what the host does itself (allocations, calls, launches, control flow around
// them), nests of parallel loops (Grid.h) and the rest (Steps.h).
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "KernelBuilder.h"
#include "Steps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mx/Conversion/HostBooks.h"
#include "mx/Conversion/Passes.h"
#include "mx/Dialect/MX/IR/MXDialect.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTLOOPSTOKERNELSPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

/// What only the host can do. What is in the LLVM dialect already is about the
/// host's own memory, as are the lists of what may be freed.
static bool isHostWork(Operation *op) {
  return isa<LLVM::LLVMDialect>(op->getDialect()) || keepsBooks(op) ||
         isa<memref::AllocOp, memref::DeallocOp, memref::CopyOp,
             gpu::LaunchFuncOp, gpu::MemcpyOp, CallOpInterface>(op);
}

static bool hasInside(Operation *op, function_ref<bool(Operation *)> what) {
  return op
      ->walk([&](Operation *inner) {
        return inner != op && what(inner) ? WalkResult::interrupt()
                                          : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether `op` is control flow that the host must follow.
static bool isControl(Operation *op) {
  if (op->getNumRegions() == 0)
    return false;
  auto isBuffer = [](Type type) { return isa<BaseMemRefType>(type); };
  return llvm::any_of(op->getResultTypes(), isBuffer) ||
         hasInside(op, [](Operation *inner) {
           return isHostWork(inner) || isa<scf::ParallelOp>(inner);
         });
}

/// Whether no kernel can run these loops. Code of the LLVM dialect within them
/// is the kernel's own.
static bool needsHost(scf::ParallelOp loops) {
  return hasInside(loops, [](Operation *inner) {
    return isHostWork(inner) && !isa<LLVM::LLVMDialect>(inner->getDialect());
  });
}

static Access classifyAccess(Operation *op) {
  auto effects = getEffects(op);
  if (!effects)
    return Access::None;
  auto has = [&](auto kind) {
    return llvm::any_of(*effects, [&](const MemoryEffects::EffectInstance &e) {
      return isa<decltype(kind)>(e.getEffect()) && e.getValue() &&
             isa<BaseMemRefType>(e.getValue().getType());
    });
  };
  bool reads = has(MemoryEffects::Read()), writes = has(MemoryEffects::Write());
  if (writes || (reads && op->getNumRegions() != 0))
    return Access::Step;
  return reads ? Access::Read : Access::None;
}

static LogicalResult verifyLoops(ModuleOp program) {
  WalkResult result = program.walk([](scf::ParallelOp loops) -> WalkResult {
    if (loops.getNumResults() == 0)
      return WalkResult::advance();
    return loops.emitOpError("expected parallel loops without reductions, got ")
           << loops.getNumResults();
  });
  return failure(result.wasInterrupted());
}

namespace {

class HostCode {
public:
  LogicalResult convert(Region &region);

private:
  LogicalResult convert(Block &block);
  LogicalResult convertHostWork(Operation *op);
  LogicalResult convertLoops(scf::ParallelOp loops);
};

struct ConvertLoopsToKernelsPass
    : mx::impl::ConvertLoopsToKernelsPassBase<ConvertLoopsToKernelsPass> {
  void runOnOperation() override {
    if (failed(verifyLoops(getOperation())))
      return signalPassFailure();
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (!isDeallocator(function.getName(), function.getFunctionType()) &&
          failed(HostCode().convert(function.getBody())))
        return signalPassFailure();
  }
};

} // namespace

LogicalResult HostCode::convert(Region &region) {
  for (Block &block : region)
    if (failed(convert(block)))
      return failure();
  return success();
}

/// What stays with the host, and what is within it.
LogicalResult HostCode::convertHostWork(Operation *op) {
  if (isa<memref::AllocaOp>(op))
    return op->emitOpError("expected memory of the device (memref.alloc) in "
                           "host code of a GPU program, got the stack's");
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    OpBuilder builder(op);
    gpu::MemcpyOp::create(builder, op->getLoc(), TypeRange(), ValueRange(),
                          copy.getTarget(), copy.getSource());
    op->erase();
    return success();
  }
  if (!isControl(op))
    return success();
  for (Region &region : op->getRegions())
    if (failed(convert(region)))
      return failure();
  return success();
}

/// A grid, or loops that the host goes through.
LogicalResult HostCode::convertLoops(scf::ParallelOp loops) {
  if (!needsHost(loops))
    return convertToGrid(loops);
  remark::missed(loops.getLoc(),
                 remark::RemarkOpts::name("grid").category("loops-to-kernels"))
      << "the host goes through these parallel loops one by one, because it "
         "has work in them";
  IRRewriter rewriter(loops);
  FailureOr<scf::LoopNest> nest = scf::parallelForToNestedFors(rewriter, loops);
  assert(succeeded(nest) && "any parallel loop can be sequential");
  return convertHostWork(nest->loops.front());
}

LogicalResult HostCode::convert(Block &block) {
  SmallVector<std::pair<Operation *, Access>> neighbours;
  auto finish = [&] {
    SmallVector<std::pair<Operation *, Access>> done;
    std::swap(done, neighbours);
    return convertSteps(done);
  };
  for (Operation &op : llvm::make_early_inc_range(block)) {
    bool isLoops = isa<scf::ParallelOp>(op);
    bool isHost = isHostWork(&op) || isControl(&op) ||
                  isa<memref::AllocaOp>(op) ||
                  op.hasTrait<OpTrait::IsTerminator>();
    if (!isLoops && !isHost) {
      neighbours.push_back({&op, classifyAccess(&op)});
      continue;
    }
    if (failed(finish()) ||
        failed(isLoops ? convertLoops(cast<scf::ParallelOp>(op))
                       : convertHostWork(&op)))
      return failure();
  }
  return finish();
}
