//===- TensorMemory.cpp - the memory of tcgen05, with a history -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "TensorMemory.h"
#include "Block.h"

using namespace mxsim;

static constexpr uint32_t kPoison = 0xFFFFFFFF;

void TensorMemory::reset(size_t warps) {
  words.clear();
  cells.clear();
  allocations.clear();
  transfers.clear();
  operations.clear();
  releases.assign(warps, 0);
  isRelinquished = false;
}

// --- allocation -------------------------------------------------------------

std::optional<uint32_t> TensorMemory::allocate(uint32_t columns) {
  // Allocations stand in the order of their columns.
  auto place = allocations.begin();
  uint32_t column = 0;
  for (; place != allocations.end() && place->column - column < columns;
       ++place)
    column = place->column + place->columns;
  if (column + columns > kTensorColumns)
    return std::nullopt;
  allocations.insert(place, {column, columns});
  cells.resize(size_t(kTensorLanes) * kTensorColumns);
  words.resize(cells.size());
  TensorRegion region = {0, kTensorLanes, column, columns};
  forCells(region, [](Cell &cell) { cell = Cell(); });
  for (uint32_t lane = 0; lane < kTensorLanes; ++lane)
    std::fill_n(&at(lane, column), columns, kPoison);
  return column;
}

bool TensorMemory::free(uint32_t column, uint32_t columns) {
  auto found = std::find_if(allocations.begin(), allocations.end(),
                            [&](const Allocation &allocation) {
                              return allocation.column == column &&
                                     allocation.columns == columns;
                            });
  if (found == allocations.end())
    return false;
  allocations.erase(found);
  return true;
}

bool TensorMemory::isAllocated(const TensorRegion &region) const {
  return region.lane + region.lanes <= kTensorLanes &&
         std::any_of(allocations.begin(), allocations.end(),
                     [&](const Allocation &allocation) {
                       return region.column >= allocation.column &&
                              region.column + region.columns <=
                                  allocation.column + allocation.columns;
                     });
}

// --- who may do what --------------------------------------------------------

Violation TensorMemory::checkCell(const Cell &cell, const Actor &actor,
                                  Access access) {
  // Operations of one thread follow each other in any case.
  bool isNext = actor.queue != 0 && cell.queue == actor.queue;
  bool isStore = access == Access::Store;
  if (!isNext && (cell.heldWrites != 0 || (isStore && cell.heldReads != 0)))
    return {ErrorKind::InFlight, 0, 0, "operation"};
  if (cell.stores != 0)
    return {ErrorKind::InFlight, 0, 0, "store"};
  if (isStore && cell.loads != 0)
    return {ErrorKind::InFlight, 0, 0, "load"};
  if (isNext && cell.heldWrites != 0)
    return {};
  auto isKnown = [&](uint32_t entry, uint32_t clock) {
    return entry == actor.entry || actor.seen[entry] >= clock;
  };
  if (!cell.isWritten && !isStore)
    return {ErrorKind::Unwritten, 0, 0, ""};
  if (!isKnown(cell.writer, cell.writeClock))
    return {ErrorKind::Race, 0, cell.writer, "store"};
  for (unsigned slot : {0, 1})
    if (isStore && !isKnown(cell.readers[slot], cell.readClocks[slot]))
      return {ErrorKind::Race, 0, cell.readers[slot], "load"};
  return {};
}

Violation TensorMemory::check(const Actor &actor, const TensorRegion &region,
                              Access access) const {
  for (uint32_t lane = region.lane; lane < region.lane + region.lanes; ++lane)
    for (uint32_t column = region.column;
         column < region.column + region.columns; ++column)
      if (Violation violation =
              checkCell(cells[lane * kTensorColumns + column], actor, access)) {
        violation.offset = lane << 16 | column;
        return violation;
      }
  return {};
}

void TensorMemory::note(uint32_t entry, uint32_t clock,
                        const TensorRegion &region, Access access) {
  forCells(region, [&](Cell &cell) {
    if (access == Access::Store) {
      cell.isWritten = true;
      cell.writer = uint16_t(entry);
      cell.writeClock = clock;
      cell.readClocks[0] = cell.readClocks[1] = 0;
      return;
    }
    unsigned slot = cell.readers[0] == entry || cell.readClocks[0] == 0 ? 0 : 1;
    cell.readers[slot] = uint16_t(entry);
    cell.readClocks[slot] = clock;
  });
}

void TensorMemory::hold(const TensorRegion &region, Access access,
                        uint32_t queue) {
  forCells(region, [&](Cell &cell) {
    cell.queue = uint16_t(queue);
    ++(access == Access::Store ? cell.heldWrites : cell.heldReads);
  });
}

void TensorMemory::unhold(const TensorRegion &region, Access access) {
  forCells(region, [&](Cell &cell) {
    --(access == Access::Store ? cell.heldWrites : cell.heldReads);
  });
}

void TensorMemory::holdTransfer(uint32_t warp, const TensorRegion &region,
                                Access access, int32_t location) {
  transfers.push_back({warp, region, access, location});
  forCells(region, [&](Cell &cell) {
    ++(access == Access::Store ? cell.stores : cell.loads);
  });
}

void TensorMemory::completeTransfers(uint32_t warp, Access access) {
  auto isDone = [&](const Transfer &transfer) {
    return transfer.warp == warp && transfer.access == access;
  };
  for (const Transfer &transfer : transfers)
    if (isDone(transfer))
      forCells(transfer.region, [&](Cell &cell) {
        --(access == Access::Store ? cell.stores : cell.loads);
      });
  transfers.erase(std::remove_if(transfers.begin(), transfers.end(), isDone),
                  transfers.end());
}

std::optional<int32_t> TensorMemory::findTransfer(uint32_t warp) const {
  for (const Transfer &transfer : transfers)
    if (transfer.warp == warp)
      return transfer.location;
  return std::nullopt;
}

// --- for calls --------------------------------------------------------------

TensorRegion mxsim::getRegion(uint32_t address, uint32_t lanes,
                              uint32_t columns) {
  return {address >> 16, lanes, address & 0xFFFF, columns};
}

TensorMemory::Actor mxsim::getIssuer(Block &block) {
  Thread &self = block.self();
  return {block.getTensorEntry(self.getWarp()), self.tensorSeen,
          self.index + 1};
}

TensorMemory::Actor mxsim::getLoader(Block &block) {
  Thread &self = block.self();
  return {block.getTensorEntry(self.getWarp()), self.tensorSeen, 0};
}

static const char *nameOf(TensorMemory::Access access) {
  return access == TensorMemory::Access::Load ? "load" : "store";
}

void mxsim::requireTensor(Block &block, const TensorMemory::Actor &actor,
                          const TensorRegion &region,
                          TensorMemory::Access access, const char *what,
                          int32_t location) {
  if (!block.tensor.isAllocated(region))
    block.fail(ErrorKind::OutOfBounds, location,
               "expected %s within tensor memory that is allocated, got lanes "
               "'%u' to '%u' of columns '%u' to '%u'",
               what, region.lane, region.lane + region.lanes - 1, region.column,
               region.column + region.columns - 1);
  Violation violation = block.tensor.check(actor, region, access);
  auto lane = unsigned(violation.offset >> 16);
  auto column = unsigned(violation.offset & 0xFFFF);
  switch (violation.kind) {
  case ErrorKind::None:
    return;
  case ErrorKind::Unwritten:
    block.fail(violation.kind, location,
               "expected tensor memory that was written for %s, got lane '%u' "
               "of column '%u', which was not",
               what, lane, column);
  case ErrorKind::InFlight:
    block.fail(violation.kind, location,
               "expected the %s of lane '%u' of tensor column '%u' to be "
               "waited for, got a %s before it is complete",
               violation.otherAccess, lane, column, nameOf(access));
  default:
    block.fail(violation.kind, location,
               "expected fences of tcgen05 on both sides of a synchronisation "
               "between two accesses of lane '%u' of tensor column '%u', got a "
               "%s after a %s by warp '%u'",
               lane, column, nameOf(access), violation.otherAccess,
               violation.other - block.getTensorEntry(0));
  }
}
