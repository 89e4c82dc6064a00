//===- Warpgroup.h - products that four warps have under way ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The 128 threads of a warpgroup make each call of wgmma together. A product
// reads shared memory and registers until it is waited for; its sums are kept
// here, and meanwhile the program's registers hold marks: NaNs with the number
// of the sums and of the register, so that one that was touched is noticed.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_WARPGROUP_H
#define MX_SIMULATOR_WARPGROUP_H

#include "MatrixDescriptor.h"
#include <array>
#include <optional>
#include <vector>

namespace mxsim {

class Block;
struct Thread;

inline constexpr uint32_t kGroupThreads = 128;
/// Rows of a product.
inline constexpr uint32_t kGroupRows = 64;
/// Registers of A of a thread.
inline constexpr uint32_t kRegistersOfA = 4;

/// Sums that products are added to, `count` of each thread.
struct GroupSums {
  uint32_t number = 0, count = 0;
  /// Products that are under way.
  uint32_t products = 0;
  /// Location of the last of them.
  int32_t location = 0;
  std::vector<uint32_t> values;

  /// What register `index` of every thread holds meanwhile.
  uint32_t getMark(uint32_t index) const;
  uint32_t &get(uint32_t thread, uint32_t index) {
    return values[thread * count + index];
  }
};

struct GroupProduct {
  int32_t location = 0;
  int32_t typeA = 0, typeB = 0;
  uint32_t columns = 0;
  /// The number of its sums, and of its group.
  uint32_t sums = 0, group = 0;
  /// A in shared memory, or in registers.
  std::optional<MatrixDescriptor> a;
  MatrixDescriptor b{0};
  std::vector<std::array<uint32_t, kRegistersOfA>> registers;
};

/// What the threads of a warpgroup do together; they agree if all is equal.
struct GroupCall {
  void (*compute)(Block &block, struct Warpgroup &group) = nullptr;
  int32_t location = 0;
  uint64_t attributes = 0;

  bool operator==(const GroupCall &other) const {
    return compute == other.compute && location == other.location &&
           attributes == other.attributes;
  }
};

struct Warpgroup {
  uint32_t index = 0;
  /// The call under way, who came and what they brought.
  GroupCall call;
  uint32_t arrived = 0, ended = 0;
  std::array<void *, kGroupThreads> operands = {};

  std::vector<GroupProduct> products;
  std::vector<GroupSums> sums;
  /// The group that is not committed yet.
  uint32_t openGroup = 0;
  /// Whether a fence stands between the last wait and now.
  bool isFenced = false;
  /// How many sums there were, and how many products are complete.
  uint32_t madeSums = 0, completed = 0;

  /// For a new block; `index` stays.
  void reset();
  /// The sums with a mark, or null.
  GroupSums *findSums(uint32_t word);
  Thread &getThread(Block &block, uint32_t thread) const;

  template <typename Operands>
  Operands &get(uint32_t thread) {
    return *static_cast<Operands *>(operands[thread]);
  }
};

/// Takes part in a call; returns when it is over.
void meetWarpgroup(const GroupCall &call, void *operands);

/// A thread ends, which its warpgroup may not be waiting for.
void leaveWarpgroup(Block &block, Thread &thread);

/// Adds `product` to `sums`, by the machine's arithmetic.
void carryOutProduct(Block &block, const GroupProduct &product,
                     GroupSums &sums);

} // namespace mxsim

#endif // MX_SIMULATOR_WARPGROUP_H
