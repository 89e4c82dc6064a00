//===- TensorMemoryCalls.cpp - tensor memory by warps ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Allocation, loads and stores, fences and waits. A warp reaches the 32 lanes
// of its own quarter.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

using Access = TensorMemory::Access;

static uint32_t toWord(const void *address) {
  return uint32_t(reinterpret_cast<uintptr_t>(address));
}

// --- allocation -------------------------------------------------------------

namespace {
struct AllocateOperands {
  void *shared;
  int32_t columns;
};
} // namespace

static void requireColumns(Block &block, int32_t columns, int32_t location) {
  bool isPower = columns > 0 && (columns & (columns - 1)) == 0;
  if (!isPower || columns < 32 || columns > int32_t(kTensorColumns))
    block.fail(ErrorKind::Operand, location,
               "expected a power of two from '32' to '512' as number of "
               "columns, got '%d'",
               columns);
}

/// The first lane writes the address.
static void allocate(Block &block, Meeting &meeting) {
  const auto &operands = meeting.get<AllocateOperands>(0);
  int32_t location = meeting.agenda.location;
  if (block.tensor.isRelinquished)
    block.fail(ErrorKind::Operand, location,
               "expected no allocation of tensor memory after its permit was "
               "relinquished, got one");
  auto column = block.tensor.allocate(uint32_t(operands.columns));
  if (!column)
    block.fail(ErrorKind::Deadlock, location,
               "expected '%d' free columns of tensor memory, got fewer, and "
               "nobody who frees some",
               operands.columns);
  Thread &first = block.threads[meeting.warp * kWarpSize];
  uint32_t offset = toWord(operands.shared);
  Violation violation =
      block.shared.checkStore(block.observe(first), offset, sizeof(uint32_t));
  if (reportViolation(block, first, violation, "store", location))
    block.leaveIfFailed();
  std::memcpy(block.shared.getBase() + offset, &*column, sizeof(uint32_t));
}

void mxsim_tmem_alloc(void *shared, int32_t columns, int32_t location) {
  Block &block = Block::current();
  requireColumns(block, columns, location);
  requireShared(block, shared, sizeof(uint32_t), sizeof(uint32_t),
                "the address of tensor memory", location);
  AllocateOperands operands = {shared, columns};
  meet({allocate, uint64_t(columns), ~0u, location, true}, &operands);
}

void mxsim_tmem_relinquish(int32_t location) {
  auto compute = [](Block &block, Meeting &) {
    block.tensor.isRelinquished = true;
  };
  meet({compute, 0, ~0u, location, true}, nullptr);
}

/// Nobody may use what is freed, nor have used it unknown to this warp.
static void deallocate(Block &block, Meeting &meeting) {
  uint64_t attributes = meeting.agenda.attributes;
  uint32_t address = uint32_t(attributes), columns = attributes >> 32;
  int32_t location = meeting.agenda.location;
  TensorRegion region = getRegion(address, kTensorLanes, columns);
  requireTensor(block, getLoader(block), region, Access::Store, "what is freed",
                location);
  if (!block.tensor.free(region.column, columns))
    block.fail(ErrorKind::Operand, location,
               "expected to free what was allocated at once, got '%u' columns "
               "from column '%u' on",
               columns, region.column);
}

void mxsim_tmem_dealloc(const void *address, int32_t columns,
                        int32_t location) {
  requireColumns(Block::current(), columns, location);
  meet({deallocate, uint64_t(columns) << 32 | toWord(address), ~0u, location,
        true},
       nullptr);
}

// --- loads and stores -------------------------------------------------------

namespace {
struct TransferOperands {
  uint32_t *words;
};
} // namespace

template <Access access>
static void transfer(Block &block, Meeting &meeting) {
  uint64_t attributes = meeting.agenda.attributes;
  uint32_t address = uint32_t(attributes), columns = attributes >> 32;
  int32_t location = meeting.agenda.location;
  TensorRegion region = getRegion(address, kWarpSize, columns);
  uint32_t lane = meeting.warp % 4 * kWarpSize;
  if (region.lane != lane)
    block.fail(ErrorKind::OutOfBounds, location,
               "expected the lanes of tensor memory from '%u' on, which this "
               "warp reaches, got lane '%u'",
               lane, region.lane);
  TensorMemory &tensor = block.tensor;
  TensorMemory::Actor actor = getLoader(block);
  requireTensor(block, actor, region, access,
                access == Access::Load ? "a load" : "a store", location);
  for (uint32_t which = 0; which < kWarpSize; ++which) {
    uint32_t *words = meeting.get<TransferOperands>(which).words;
    uint32_t *place = &tensor.at(lane + which, region.column);
    if (access == Access::Load)
      std::copy(place, place + columns, words);
    else
      std::copy(words, words + columns, place);
  }
  tensor.note(actor.entry, tensor.releases[meeting.warp] + 1, region, access);
  tensor.holdTransfer(meeting.warp, region, access, location);
}

static uint64_t requireShape(const void *address, int32_t shape, int32_t count,
                             int32_t location) {
  if (shape != MXSIM_TENSOR_32X32B || count < 1 || count > 128 ||
      (count & (count - 1)) != 0)
    Block::current().fail(ErrorKind::Operand, location,
                          "expected a shape of 32x32b with a power of two of "
                          "columns to simulate, got shape '%d' with '%d'",
                          shape, count);
  return uint64_t(count) << 32 | toWord(address);
}

void mxsim_tmem_load(uint32_t *result, const void *address, int32_t shape,
                     int32_t count, int32_t location) {
  uint64_t attributes = requireShape(address, shape, count, location);
  TransferOperands operands = {result};
  meet({transfer<Access::Load>, attributes, ~0u, location, true}, &operands);
}

void mxsim_tmem_store(const void *address, const uint32_t *values,
                      int32_t shape, int32_t count, int32_t location) {
  uint64_t attributes = requireShape(address, shape, count, location);
  TransferOperands operands = {const_cast<uint32_t *>(values)};
  meet({transfer<Access::Store>, attributes, ~0u, location, true}, &operands);
}

// --- fences and waits -------------------------------------------------------

void mxsim_tmem_wait(int32_t kind, int32_t location) {
  auto compute = [](Block &block, Meeting &meeting) {
    bool isLoad = meeting.agenda.attributes == MXSIM_TENSOR_WAIT_LOAD;
    block.tensor.completeTransfers(meeting.warp,
                                   isLoad ? Access::Load : Access::Store);
  };
  meet({compute, uint64_t(kind), ~0u, location, true}, nullptr);
}

void mxsim_tmem_fence(int32_t kind, int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  if (kind == MXSIM_TENSOR_FENCE_AFTER) {
    self.tensorSeen = self.clock.seen;
    return;
  }
  uint32_t warp = self.getWarp();
  self.clock.seen[block.getTensorEntry(warp)] = ++block.tensor.releases[warp];
}
