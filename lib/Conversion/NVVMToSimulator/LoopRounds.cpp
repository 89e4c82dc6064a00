//===- LoopRounds.cpp - loops of device code count their rounds -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A thread that never ends goes round a loop, and a round may touch nothing
// that the simulator sees. So each round tells it. Every loop has a branch to a
// block that does not come later in the function, whatever the order of blocks.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"

using namespace mlir;
using namespace mlir::mx;

void mx::countLoopRounds(LLVM::LLVMFuncOp function, SimulatorCalls &calls) {
  llvm::SmallPtrSet<Block *, 16> seen;
  for (Block &block : function.getBody()) {
    seen.insert(&block);
    auto isSeen = [&](Block *next) { return seen.contains(next); };
    if (llvm::none_of(block.getSuccessors(), isSeen))
      continue;
    Operation *branch = block.getTerminator();
    ImplicitLocOpBuilder b(branch->getLoc(), branch);
    calls.callAt(b, "mxsim_tick", Type(), {});
  }
}
