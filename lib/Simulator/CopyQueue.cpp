//===- CopyQueue.cpp - copies that are under way --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Carrying copies out, and cp.async, whose groups belong to a thread.
//===----------------------------------------------------------------------===//

#include "CopyQueue.h"
#include "Access.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

/// Longest row of a box: 256 elements of 8 bytes.
static constexpr uint32_t kMaxRowBytes = 2048;

/// Fills the box in shared memory, chunk by chunk where the swizzle puts them;
/// what lies outside of the tensor is zero.
static void carryOutTensorLoad(Block &block, const Transfer &transfer) {
  const TensorMap &map = *transfer.map;
  uint32_t rowBytes = map.getRowBytes();
  for (uint32_t index = 0; index < map.countRows(); ++index) {
    uint8_t buffer[kMaxRowBytes] = {};
    TensorMap::Row row = map.getRow(transfer.coordinates, index);
    if (row.start)
      std::memcpy(buffer + row.first, row.start + row.first,
                  row.last - row.first);
    for (uint32_t chunk = 0; chunk < rowBytes; chunk += kSwizzleChunk) {
      uint32_t place = transfer.offset + index * rowBytes + chunk;
      std::memcpy(block.shared.getBase() + swizzle(place, map.swizzle),
                  buffer + chunk, kSwizzleChunk);
    }
  }
}

void mxsim::carryOutLoad(Block &block, const Transfer &transfer) {
  block.result.statistics.asyncBytes += transfer.bytes;
  if (transfer.map)
    return carryOutTensorLoad(block, transfer);
  uint8_t *target = block.shared.getBase() + transfer.offset;
  std::memcpy(target, transfer.global, transfer.sourceBytes);
  std::memset(target + transfer.sourceBytes, 0,
              transfer.bytes - transfer.sourceBytes);
}

void mxsim::completeLoads(Block &block, Thread &thread, size_t count) {
  std::vector<Transfer> &loads = thread.copies.loads;
  for (size_t index = 0; index < count; ++index) {
    const Transfer &transfer = loads[index];
    carryOutLoad(block, transfer);
    block.shared.endWrite(transfer.offset, transfer.bytes, thread.index,
                          thread.clock.seen[thread.index]);
  }
  loads.erase(loads.begin(), loads.begin() + std::ptrdiff_t(count));
}

void mxsim::completeLoadsUpTo(Block &block, Thread &thread,
                              uint64_t issuedLoads) {
  const CopyQueue &copies = thread.copies;
  uint64_t complete = copies.issuedLoads - copies.loads.size();
  if (issuedLoads > complete)
    completeLoads(block, thread, size_t(issuedLoads - complete));
}

void mxsim_cp_async(void *shared, const void *global, int32_t bytes,
                    int32_t sourceBytes, int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  if ((bytes != 4 && bytes != 8 && bytes != 16) || sourceBytes < 0 ||
      sourceBytes > bytes)
    block.fail(ErrorKind::Operand, location,
               "expected a copy of '4', '8' or '16' bytes, no more of them "
               "read, got '%d' of which '%d' are read",
               bytes, sourceBytes);
  uint32_t align = uint32_t(bytes);
  Transfer transfer;
  transfer.issuer = &self;
  transfer.location = location;
  transfer.offset = requireShared(block, shared, align, align,
                                  "the destination of a copy", location);
  transfer.bytes = align;
  transfer.sourceBytes = uint32_t(sourceBytes);
  transfer.group = self.copies.loadGroup;
  if (sourceBytes != 0) {
    auto place = requireGlobal(block, global, uint64_t(sourceBytes), align,
                               "the source of a copy", location);
    noteGlobal(block, AccessKind::Load, place, uint64_t(sourceBytes), false,
               location);
    transfer.global =
        const_cast<uint8_t *>(static_cast<const uint8_t *>(global));
  }
  Violation violation =
      block.shared.beginWrite(block.observe(self), transfer.offset, align);
  if (reportViolation(block, self, violation, "copy", location))
    block.leaveIfFailed();
  self.copies.loads.push_back(transfer);
  ++self.copies.issuedLoads;
}

void mxsim_cp_async_commit_group(int32_t location) {
  ++Block::current().self().copies.loadGroup;
}

/// The first group that need not be complete when `pending` may be open.
static uint32_t firstOpen(Block &block, uint32_t groups, int32_t pending,
                          int32_t location) {
  if (pending < 0)
    block.fail(ErrorKind::Operand, location,
               "expected a number of groups, got '%d'", pending);
  return groups - std::min(groups, uint32_t(pending));
}

void mxsim_cp_async_wait_group(int32_t pending, int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  uint32_t open = firstOpen(block, self.copies.loadGroup, pending, location);
  const std::vector<Transfer> &loads = self.copies.loads;
  auto firstKept =
      std::find_if(loads.begin(), loads.end(),
                   [&](const Transfer &load) { return load.group >= open; });
  completeLoads(block, self, size_t(firstKept - loads.begin()));
}

void mxsim_cp_async_wait_all(int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  completeLoads(block, self, self.copies.loads.size());
}

void mxsim_cp_async_mbarrier_arrive(void *address, int32_t noIncrement,
                                    int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  if (!noIncrement)
    ++barrier.pending;
  Transfer arrival;
  arrival.issuer = &self;
  arrival.location = location;
  arrival.isArrival = true;
  arrival.issuedLoads = self.copies.issuedLoads;
  barrier.outstanding.push_back(arrival);
}

// --- stores -----------------------------------------------------------------

/// Writes the tensor's part of the box that lies in shared memory.
static void carryOutTensorStore(Block &block, const Transfer &transfer) {
  const TensorMap &map = *transfer.map;
  uint32_t rowBytes = map.getRowBytes();
  for (uint32_t index = 0; index < map.countRows(); ++index) {
    TensorMap::Row row = map.getRow(transfer.coordinates, index);
    for (uint32_t byte = row.first; row.start && byte < row.last; ++byte) {
      uint32_t place = transfer.offset + index * rowBytes + byte;
      row.start[byte] = block.shared.getBase()[swizzle(place, map.swizzle)];
    }
  }
}

static void carryOutStore(Block &block, const Transfer &transfer) {
  block.result.statistics.asyncBytes += transfer.bytes;
  if (transfer.map)
    return carryOutTensorStore(block, transfer);
  const uint8_t *source = block.shared.getBase() + transfer.offset;
  for (uint32_t byte = 0; byte < transfer.bytes; ++byte)
    if (transfer.byteMask >> byte % kSwizzleChunk & 1)
      transfer.global[byte] = source[byte];
}

void mxsim_bulk_commit_group(int32_t location) {
  ++Block::current().self().copies.storeGroup;
}

void mxsim_bulk_wait_group(int32_t pending, int32_t read, int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  CopyQueue &copies = self.copies;
  uint32_t open = firstOpen(block, copies.storeGroup, pending, location);
  for (Transfer &store : copies.stores) {
    if (store.group >= open || store.hasRead)
      continue;
    // What is read has to be kept somewhere: the destination. Nobody may look
    // at it before the store is complete, which noteGlobal cannot see.
    carryOutStore(block, store);
    block.shared.endRead(block.observe(self), store.offset, store.bytes);
    store.hasRead = true;
  }
  if (read)
    return;
  auto isDone = [&](const Transfer &store) { return store.group < open; };
  copies.stores.erase(
      std::remove_if(copies.stores.begin(), copies.stores.end(), isDone),
      copies.stores.end());
}
