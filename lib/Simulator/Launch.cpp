//===- Launch.cpp - running a kernel on the simulator ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Blocks run one after the other, x fastest, so that every result is the same
// in every run, sums by atomics too.
//===----------------------------------------------------------------------===//

#include "mx/Simulator/Launch.h"
#include "Block.h"
#include <cstdio>

using namespace mxsim;

const char *mxsim::getName(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::None:
    return "none";
  case ErrorKind::BadLaunch:
    return "bad-launch";
  case ErrorKind::OutOfBounds:
    return "out-of-bounds";
  case ErrorKind::Misaligned:
    return "misaligned";
  case ErrorKind::Unwritten:
    return "unwritten";
  case ErrorKind::InFlight:
    return "in-flight";
  case ErrorKind::Race:
    return "race";
  case ErrorKind::MissingFence:
    return "missing-fence";
  case ErrorKind::BarrierMisuse:
    return "barrier-misuse";
  case ErrorKind::TransactionBytes:
    return "transaction-bytes";
  case ErrorKind::Divergent:
    return "divergent";
  case ErrorKind::Selector:
    return "selector";
  case ErrorKind::Operand:
    return "operand";
  case ErrorKind::Deadlock:
    return "deadlock";
  case ErrorKind::StepLimit:
    return "step-limit";
  case ErrorKind::Trap:
    return "trap";
  }
  return "unknown";
}

Statistics &Statistics::operator+=(const Statistics &other) {
  blocks += other.blocks;
  switches += other.switches;
  matrixProducts += other.matrixProducts;
  asyncBytes += other.asyncBytes;
  return *this;
}

static Report refuse(const Launch &launch, std::string text) {
  Report report;
  report.kind = ErrorKind::BadLaunch;
  report.location = launch.location;
  report.text = std::move(text);
  return report;
}

/// What must hold of the sizes and does not, or nothing.
static std::string explainBadSizes(const Launch &launch,
                                   const Options &options) {
  constexpr uint32_t maxDepth = 64, maxGridX = 0x7FFFFFFF, maxGridYZ = 65535;
  auto join = [](const std::array<uint32_t, 3> &sizes) {
    return "'" + std::to_string(sizes[0]) + " x " + std::to_string(sizes[1]) +
           " x " + std::to_string(sizes[2]) + "'";
  };
  const std::array<uint32_t, 3> &block = launch.block, &grid = launch.grid;
  uint64_t threads = uint64_t(block[0]) * block[1];
  bool isBlock = block[0] && block[1] && block[2] && block[2] <= maxDepth &&
                 threads <= kMaxThreads && threads * block[2] <= kMaxThreads;
  if (!isBlock)
    return "expected a block of '1' to '1024' threads, got " + join(block);
  const std::array<uint32_t, 3> &required = launch.requiredBlock;
  if (required[0] && required != block)
    return "expected a block of " + join(required) +
           " threads, which the kernel is made for, got " + join(block);
  if (grid[0] > maxGridX || grid[1] > maxGridYZ || grid[2] > maxGridYZ)
    return "expected a grid of at most '2147483647' blocks in x, '65535' in y "
           "and z, got " +
           join(grid);
  uint64_t shared = uint64_t(launch.staticShared) + launch.dynamicShared;
  if (shared > options.sharedLimit)
    return "expected at most '" + std::to_string(options.sharedLimit) +
           "' bytes of shared memory, got '" + std::to_string(shared) + "'";
  return {};
}

Report mxsim::run(const Launch &launch, const std::vector<Buffer> &buffers,
                  const Options &options) {
  if (std::string text = explainBadSizes(launch, options); !text.empty())
    return refuse(launch, std::move(text));
  // As the runtime for real machines: an empty grid does nothing.
  if (!launch.grid[0] || !launch.grid[1] || !launch.grid[2])
    return Report();
  Block block(launch, buffers, options);
  if (!block.isMapped())
    return refuse(launch, "expected memory for the stacks of '" +
                              std::to_string(block.threads.size()) +
                              "' threads, got none");
  bool isGood = true;
  for (uint32_t z = 0; z < launch.grid[2] && isGood; ++z)
    for (uint32_t y = 0; y < launch.grid[1] && isGood; ++y)
      for (uint32_t x = 0; x < launch.grid[0] && isGood; ++x)
        isGood = block.runAt({x, y, z});
  block.result.statistics.blocks = block.number;
  block.result.statistics.switches = block.scheduler.countSwitches();
  return block.result;
}
