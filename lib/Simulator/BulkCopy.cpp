//===- BulkCopy.cpp - issuing bulk and tensor copies ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The copy engine is a proxy of its own: what it is to read must lie before a
// proxy fence, the mbarrier that it counts at too.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mx/Simulator/DeviceCalls.h"
#include <utility>

using namespace mxsim;

static constexpr uint32_t kBulkAlignment = 16, kTensorAlignment = 128;

static Transfer makeTransfer(Block &block, uint32_t offset, uint32_t bytes,
                             int32_t location) {
  Transfer transfer;
  transfer.issuer = &block.self();
  transfer.location = location;
  transfer.offset = offset;
  transfer.bytes = transfer.sourceBytes = bytes;
  return transfer;
}

static uint32_t requireBulkBytes(Block &block, int32_t bytes,
                                 int32_t location) {
  if (bytes <= 0 || uint32_t(bytes) % kBulkAlignment != 0)
    block.fail(ErrorKind::Operand, location,
               "expected a bulk copy of a multiple of '16' bytes, got '%d'",
               bytes);
  return uint32_t(bytes);
}

/// The copy will be counted at the mbarrier; its bytes are in flight.
static void issueLoad(Block &block, const Transfer &transfer,
                      const void *address) {
  PhaseBarrier &barrier = findBarrier(block, address, transfer.location);
  Thread &self = block.self();
  if (!barrier.isFenced &&
      self.clock.fenced[barrier.maker] < barrier.makerClock)
    block.fail(ErrorKind::MissingFence, transfer.location,
               "expected a fence after the mbarrier at offset '%u' was made, "
               "got an asynchronous copy that counts at it",
               barrier.offset);
  if (reportViolation(block, self,
                      block.shared.beginWrite(block.observe(self),
                                              transfer.offset, transfer.bytes),
                      "copy", transfer.location))
    block.leaveIfFailed();
  barrier.outstanding.push_back(transfer);
}

/// The copy belongs to the thread's bulk group; its source may not change.
static void issueStore(Block &block, Transfer transfer) {
  Thread &self = block.self();
  if (reportViolation(block, self,
                      block.shared.beginRead(block.observe(self),
                                             transfer.offset, transfer.bytes,
                                             block.getAsyncEntry()),
                      "copy", transfer.location))
    block.leaveIfFailed();
  transfer.group = self.copies.storeGroup;
  self.copies.stores.push_back(transfer);
}

/// `access` is what the copy does to global memory.
static Transfer makeBulkTransfer(Block &block, AccessKind access,
                                 const void *shared, const void *global,
                                 int32_t bytes, int32_t location) {
  const char *here = "the destination of a copy";
  const char *there = "the source of a copy";
  if (access == AccessKind::Store)
    std::swap(here, there);
  uint32_t count = requireBulkBytes(block, bytes, location);
  uint32_t offset =
      requireShared(block, shared, count, kBulkAlignment, here, location);
  auto place =
      requireGlobal(block, global, count, kBulkAlignment, there, location);
  noteGlobal(block, access, place, count, false, location);
  Transfer transfer = makeTransfer(block, offset, count, location);
  transfer.global = const_cast<uint8_t *>(static_cast<const uint8_t *>(global));
  return transfer;
}

void mxsim_bulk_load(void *shared, const void *global, void *barrier,
                     int32_t bytes, int32_t location) {
  Block &block = Block::current();
  issueLoad(block,
            makeBulkTransfer(block, AccessKind::Load, shared, global, bytes,
                             location),
            barrier);
}

void mxsim_bulk_store(void *global, const void *shared, int32_t bytes,
                      int32_t byteMask, int32_t location) {
  Block &block = Block::current();
  Transfer transfer = makeBulkTransfer(block, AccessKind::Store, shared, global,
                                       bytes, location);
  transfer.byteMask = uint32_t(byteMask);
  issueStore(block, transfer);
}

static const TensorMap &requireMap(Block &block, const void *tensorMap,
                                   const int32_t *coordinates, int32_t rank,
                                   int32_t location) {
  const auto &map = *static_cast<const TensorMap *>(tensorMap);
  if (!map.isValid())
    block.fail(ErrorKind::Operand, location,
               "expected a tensor map, got other memory");
  if (rank != map.rank)
    block.fail(ErrorKind::Operand, location,
               "expected '%d' coordinates as the tensor map has axes, got '%d'",
               int(map.rank), rank);
  if (map.elementBits == 4 && coordinates[0] % 2 != 0)
    block.fail(ErrorKind::Operand, location,
               "expected a box of whole bytes, got coordinate '%d' of 4-bit "
               "elements",
               coordinates[0]);
  return map;
}

/// Notes the access to each part of the tensor that a box covers.
static void noteBox(Block &block, AccessKind access, const TensorMap &map,
                    const int32_t *coordinates, int32_t location) {
  for (uint32_t index = 0; index < map.countRows(); ++index) {
    TensorMap::Row row = map.getRow(coordinates, index);
    if (!row.start)
      continue;
    uint64_t bytes = row.last - row.first;
    auto place = requireGlobal(block, row.start + row.first, bytes, 1,
                               "the tensor of a map", location);
    noteGlobal(block, access, place, bytes, false, location);
  }
}

static Transfer makeTensorTransfer(Block &block, AccessKind access,
                                   const void *shared, const void *tensorMap,
                                   const int32_t *coordinates, int32_t rank,
                                   int32_t location) {
  const TensorMap &map =
      requireMap(block, tensorMap, coordinates, rank, location);
  uint32_t bytes = map.getBoxBytes();
  uint32_t offset =
      requireShared(block, shared, bytes, kTensorAlignment,
                    access == AccessKind::Load ? "the destination of a box"
                                               : "the source of a box",
                    location);
  noteBox(block, access, map, coordinates, location);
  Transfer transfer = makeTransfer(block, offset, bytes, location);
  transfer.map = &map;
  std::copy(coordinates, coordinates + map.rank, transfer.coordinates);
  return transfer;
}

void mxsim_tensor_load(void *shared, const void *tensorMap,
                       const int32_t *coordinates, int32_t rank, void *barrier,
                       int32_t location) {
  Block &block = Block::current();
  issueLoad(block,
            makeTensorTransfer(block, AccessKind::Load, shared, tensorMap,
                               coordinates, rank, location),
            barrier);
}

void mxsim_tensor_store(const void *tensorMap, const void *shared,
                        const int32_t *coordinates, int32_t rank,
                        int32_t location) {
  Block &block = Block::current();
  issueStore(block, makeTensorTransfer(block, AccessKind::Store, shared,
                                       tensorMap, coordinates, rank, location));
}

// --- fences -----------------------------------------------------------------

void mxsim_fence(int32_t location) {}

void mxsim_fence_proxy(int32_t kind, int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  if (kind != MXSIM_PROXY_ASYNC && kind != MXSIM_PROXY_ASYNC_SHARED)
    return;
  self.clock.fence();
  // What the thread does from now on is not behind the fence.
  ++self.clock.seen[self.index];
  block.phaseBarriers.fence(self.index);
}

void mxsim_fence_mbarrier_init(int32_t location) {
  Block &block = Block::current();
  block.phaseBarriers.fence(block.self().index);
}
