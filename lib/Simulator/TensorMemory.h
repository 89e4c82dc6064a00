//===- TensorMemory.h - the memory of tcgen05, with a history ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// 128 lanes by 512 columns of words, which a block allocates by columns. An
// address has the lane in its upper half and the column in its lower one.
//
// Copies and products are operations of the thread that issues them: carried
// out in their order, at the last moment, which is when somebody waits for an
// mbarrier that a later commit of the thread arrives at. Loads and stores are
// those of a warp, until it waits for them.
//
// Each word remembers its last store and two loads. Clocks count them by warp;
// what a thread did becomes known to others by its fence before they
// synchronise, or by a commit, and they may use it after a fence of their own.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_TENSORMEMORY_H
#define MX_SIMULATOR_TENSORMEMORY_H

#include "Clock.h"
#include "MatrixDescriptor.h"
#include "ScaledRow.h"
#include "SharedMemory.h"
#include <optional>

namespace mxsim {

class Block;
struct Thread;

inline constexpr uint32_t kTensorLanes = 128, kTensorColumns = 512;

/// A rectangle of words.
struct TensorRegion {
  uint32_t lane = 0, lanes = 0, column = 0, columns = 0;
};

/// A copy from shared memory, or a product, that is under way.
struct TensorOperation {
  Thread *issuer = nullptr;
  int32_t location = 0;
  /// From 1, in the order in which its issuer began.
  uint64_t number = 0;
  bool isProduct = false;
  TensorRegion written;
  /// Of a copy the source, of a product both sides.
  MatrixDescriptor a{0}, b{0};

  // Of a product:
  ScaledFormat format;
  bool accumulates = false;
  TensorRegion scalesA, scalesB;
  /// The first byte of the scales in their words.
  unsigned byteA = 0, byteB = 0;
};

class TensorMemory {
public:
  void reset(size_t warps);

  // --- allocation ---

  /// Returns the first column of `columns` free ones, or nothing.
  std::optional<uint32_t> allocate(uint32_t columns);
  /// Whether this is what was allocated; it is free then.
  bool free(uint32_t column, uint32_t columns);
  /// Whether all of it lies within one allocation.
  bool isAllocated(const TensorRegion &region) const;
  bool hasAllocations() const { return !allocations.empty(); }
  bool isRelinquished = false;

  // --- words ---

  uint32_t &at(uint32_t lane, uint32_t column) {
    return words[lane * kTensorColumns + column];
  }

  // --- who may do what ---

  enum class Access : uint8_t { Load, Store };
  /// Who accesses: the entry of the warp in clocks, what was known at the last
  /// fence, and for an operation its issuer's number + 1, else 0.
  struct Actor {
    uint32_t entry;
    const std::vector<uint32_t> &seen;
    uint32_t queue;
  };
  /// What is wrong with an access; `offset` is the lane in its upper half and
  /// the column in its lower one.
  Violation check(const Actor &actor, const TensorRegion &region,
                  Access access) const;
  /// It happens, at `clock` of the actor's entry.
  void note(uint32_t entry, uint32_t clock, const TensorRegion &region,
            Access access);

  /// An operation begins or ends to use a region.
  void hold(const TensorRegion &region, Access access, uint32_t queue);
  void unhold(const TensorRegion &region, Access access);
  /// A load or store of a warp waits to be waited for.
  void holdTransfer(uint32_t warp, const TensorRegion &region, Access access,
                    int32_t location);
  void completeTransfers(uint32_t warp, Access access);
  /// Location of one of the warp that is not complete, or nothing.
  std::optional<int32_t> findTransfer(uint32_t warp) const;

  std::vector<TensorOperation> operations;
  /// Releases of each warp.
  std::vector<uint32_t> releases;

private:
  struct Cell {
    uint32_t writeClock = 0, readClocks[2] = {};
    uint16_t writer = 0, readers[2] = {};
    /// Issuer + 1 of the operations that hold it.
    uint16_t queue = 0;
    uint16_t heldWrites = 0, heldReads = 0;
    uint16_t loads = 0, stores = 0;
    bool isWritten = false;
  };
  struct Transfer {
    uint32_t warp;
    TensorRegion region;
    Access access;
    int32_t location;
  };
  struct Allocation {
    uint32_t column, columns;
  };

  static Violation checkCell(const Cell &cell, const Actor &actor,
                             Access access);
  template <typename Body>
  void forCells(const TensorRegion &region, Body body) {
    for (uint32_t lane = region.lane; lane < region.lane + region.lanes; ++lane)
      for (uint32_t column = region.column;
           column < region.column + region.columns; ++column)
        body(cells[lane * kTensorColumns + column]);
  }

  /// Empty until something is allocated.
  std::vector<uint32_t> words;
  std::vector<Cell> cells;
  std::vector<Allocation> allocations;
  std::vector<Transfer> transfers;
};

/// Carries out the operations of `issuer` up to `number`, which `clock` knows
/// then.
void completeOperations(Block &block, Thread &issuer, uint64_t number,
                        Clock &clock);

/// Fails unless `region` is allocated and `actor` may access it.
void requireTensor(Block &block, const TensorMemory::Actor &actor,
                   const TensorRegion &region, TensorMemory::Access access,
                   const char *what, int32_t location);

/// The running thread as the issuer of an operation, or as one of its warp.
TensorMemory::Actor getIssuer(Block &block);
TensorMemory::Actor getLoader(Block &block);

/// The words that an address and a size name.
TensorRegion getRegion(uint32_t address, uint32_t lanes, uint32_t columns);

} // namespace mxsim

#endif // MX_SIMULATOR_TENSORMEMORY_H
