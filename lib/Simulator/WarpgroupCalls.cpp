//===- WarpgroupCalls.cpp - starting products and waiting for them --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A product is checked when it starts and carried out when its group is waited
// for. In between nobody may store to what it reads in shared memory, and its
// registers come unchanged to the wait.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "Fragment.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

namespace {
struct GroupOperands {
  uint32_t *sums;
  const uint32_t *a;
  uint64_t descriptorA, descriptorB;
};

/// The attributes of a product.
struct ProductShape {
  uint16_t columns;
  uint8_t typeA, typeB;
  uint8_t fromRegisters;
};

struct WaitOperands {
  uint32_t *sums;
  const uint32_t *a;
};

/// The attributes of a wait.
struct WaitShape {
  uint8_t pending;
  uint16_t registers, sums;
};
} // namespace

template <typename Shape>
static uint64_t pack(const Shape &shape) {
  static_assert(sizeof(Shape) <= sizeof(uint64_t));
  uint64_t attributes = 0;
  std::memcpy(&attributes, &shape, sizeof(shape));
  return attributes;
}

template <typename Shape>
static Shape unpack(const Warpgroup &group) {
  Shape shape;
  std::memcpy(&shape, &group.call.attributes, sizeof(shape));
  return shape;
}

void mxsim_warpgroup_fence(int32_t location) {
  auto compute = [](Block &, Warpgroup &group) { group.isFenced = true; };
  meetWarpgroup({compute, location, 0}, nullptr);
}

void mxsim_warpgroup_commit(int32_t location) {
  auto compute = [](Block &, Warpgroup &group) { ++group.openGroup; };
  meetWarpgroup({compute, location, 0}, nullptr);
}

// --- products ---------------------------------------------------------------

/// The sums that all threads bring: those of a product under way, or new ones.
static GroupSums &takeSums(Block &block, Warpgroup &group, uint32_t count) {
  int32_t location = group.call.location;
  GroupSums *found = group.findSums(group.get<GroupOperands>(0).sums[0]);
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread) {
    const uint32_t *words = group.get<GroupOperands>(thread).sums;
    for (uint32_t index = 0; index < count; ++index) {
      bool isRight = found ? words[index] == found->getMark(index)
                           : !group.findSums(words[index]);
      if (!isRight || (found && found->count != count))
        block.fail(ErrorKind::InFlight, location,
                   "expected the sums of one product under way, or none of "
                   "any, got another number in register '%u' of thread '%u'",
                   index, thread);
    }
  }
  if (found)
    return *found;
  if (!group.isFenced)
    block.fail(ErrorKind::MissingFence, location,
               "expected a fence of the warpgroup between registers and the "
               "product that adds to them, got none since the last wait");
  group.sums.emplace_back();
  GroupSums &sums = group.sums.back();
  sums.number = ++group.madeSums;
  sums.count = count;
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread) {
    const uint32_t *words = group.get<GroupOperands>(thread).sums;
    sums.values.insert(sums.values.end(), words, words + count);
  }
  return sums;
}

/// From now on the copy engine's rules hold for what the product reads: each
/// warp must know of the stores, and a proxy fence must follow them.
static void beginReads(Block &block, const Warpgroup &group,
                       const MatrixDescriptor &matrix, uint32_t rows) {
  for (uint32_t row = 0; row < rows; ++row)
    for (uint32_t chunk = 0; chunk < kChunksPerRow; ++chunk) {
      uint32_t offset = matrix.getChunk(row, chunk);
      for (uint32_t thread = 0; thread < kGroupThreads; thread += kWarpSize) {
        const Thread &reader = group.getThread(block, thread);
        Violation violation =
            block.shared.checkAsyncRead(block.observe(reader), offset,
                                        kSwizzleChunk, block.getAsyncEntry());
        if (reportViolation(block, reader, violation, "product",
                            group.call.location))
          block.leaveIfFailed();
      }
      block.shared.holdForRead(offset, kSwizzleChunk);
    }
}

static void startProduct(Block &block, Warpgroup &group) {
  auto shape = unpack<ProductShape>(group);
  const auto &first = group.get<GroupOperands>(0);
  GroupProduct product;
  product.location = group.call.location;
  product.typeA = shape.typeA;
  product.typeB = shape.typeB;
  product.columns = shape.columns;
  product.group = group.openGroup;
  product.b = MatrixDescriptor(first.descriptorB);
  if (!shape.fromRegisters)
    product.a = MatrixDescriptor(first.descriptorA);
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread) {
    const auto &operands = group.get<GroupOperands>(thread);
    if (operands.descriptorA != first.descriptorA ||
        operands.descriptorB != first.descriptorB)
      block.fail(ErrorKind::Divergent, product.location,
                 "expected one descriptor in all threads of the warpgroup, "
                 "got another in thread '%u'",
                 thread);
    if (shape.fromRegisters) {
      product.registers.emplace_back();
      std::copy(operands.a, operands.a + kRegistersOfA,
                product.registers.back().begin());
    }
  }
  GroupSums &sums = takeSums(block, group, shape.columns / 2);
  product.sums = sums.number;
  product.b.require(block, shape.columns, product.location);
  beginReads(block, group, product.b, shape.columns);
  if (product.a) {
    product.a->require(block, kGroupRows, product.location);
    beginReads(block, group, *product.a, kGroupRows);
  }
  ++sums.products;
  sums.location = product.location;
  group.products.push_back(std::move(product));
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread)
    for (uint32_t index = 0; index < sums.count; ++index)
      group.get<GroupOperands>(thread).sums[index] = sums.getMark(index);
}

/// Whether there is such a product, with sums of f32.
static bool isProduct(int32_t columns, int32_t typeA, int32_t typeB) {
  auto isHalf = [](int32_t type) {
    return type == MXSIM_TYPE_F16 || type == MXSIM_TYPE_BF16;
  };
  auto isByte = [](int32_t type) {
    return type == MXSIM_TYPE_E4M3 || type == MXSIM_TYPE_E5M2;
  };
  return columns > 0 && columns <= 256 && columns % 8 == 0 &&
         ((isHalf(typeA) && typeA == typeB) ||
          (isByte(typeA) && isByte(typeB)));
}

void mxsim_warpgroup_product(uint32_t *sums, const uint32_t *a,
                             uint64_t descriptorA, uint64_t descriptorB,
                             int32_t columns, int32_t typeA, int32_t typeB,
                             int32_t location) {
  if (!isProduct(columns, typeA, typeB))
    Block::current().fail(ErrorKind::Operand, location,
                          "expected a product that wgmma has, got '%d' columns "
                          "of types '%d' and '%d'",
                          columns, typeA, typeB);
  ProductShape shape = {uint16_t(columns), uint8_t(typeA), uint8_t(typeB),
                        a != nullptr};
  GroupOperands operands = {sums, a, descriptorA, descriptorB};
  meetWarpgroup({startProduct, location, pack(shape)}, &operands);
}

// --- waits ------------------------------------------------------------------

/// The registers of A of what is complete come to the wait as they were.
static void checkRegisters(Block &block, Warpgroup &group, size_t complete) {
  auto shape = unpack<WaitShape>(group);
  uint32_t place = 0;
  for (size_t which = 0; which < complete; ++which) {
    const GroupProduct &product = group.products[which];
    if (product.a)
      continue;
    if (place + kRegistersOfA > shape.registers)
      block.fail(ErrorKind::InFlight, group.call.location,
                 "expected the registers of A of the product at location '%d' "
                 "among the operands of its wait, got '%u' for those before it",
                 product.location, place);
    for (uint32_t thread = 0; thread < kGroupThreads; ++thread)
      for (uint32_t reg = 0; reg < kRegistersOfA; ++reg)
        if (group.get<WaitOperands>(thread).a[place + reg] !=
            product.registers[thread][reg])
          block.fail(ErrorKind::InFlight, group.call.location,
                     "expected register '%u' of A of the product at location "
                     "'%d' as it was until the wait, got another number in "
                     "thread '%u'",
                     reg, product.location, thread);
    place += kRegistersOfA;
  }
}

/// What was read may change again, for whoever knows of this wait.
static void endReads(Block &block, Warpgroup &group,
                     const MatrixDescriptor &matrix, uint32_t rows) {
  Observer reader = {block.getWarpgroupEntry(group.index),
                     group.getThread(block, 0).clock};
  for (uint32_t row = 0; row < rows; ++row)
    for (uint32_t chunk = 0; chunk < kChunksPerRow; ++chunk)
      block.shared.endRead(reader, matrix.getChunk(row, chunk), kSwizzleChunk);
}

static void complete(Block &block, Warpgroup &group, size_t count) {
  uint32_t entry = block.getWarpgroupEntry(group.index);
  group.completed += uint32_t(count);
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread)
    group.getThread(block, thread).clock.seen[entry] = group.completed;
  for (size_t which = 0; which < count; ++which) {
    const GroupProduct &product = group.products[which];
    auto sums = std::find_if(
        group.sums.begin(), group.sums.end(),
        [&](const GroupSums &some) { return some.number == product.sums; });
    carryOutProduct(block, product, *sums);
    --sums->products;
    endReads(block, group, product.b, product.columns);
    if (product.a)
      endReads(block, group, *product.a, kGroupRows);
    ++block.result.statistics.matrixProducts;
  }
  group.products.erase(group.products.begin(),
                       group.products.begin() + std::ptrdiff_t(count));
}

/// Sums come to the wait with their marks, and leave it with their values.
static uint32_t giveBack(Block &block, Warpgroup &group, GroupSums &sums) {
  auto shape = unpack<WaitShape>(group);
  uint32_t least = sums.count;
  for (uint32_t thread = 0; thread < kGroupThreads; ++thread) {
    uint32_t given = 0;
    uint32_t *words = group.get<WaitOperands>(thread).sums;
    for (uint32_t place = 0; place < shape.sums; ++place)
      if (group.findSums(words[place]) == &sums) {
        uint32_t index = words[place] - sums.getMark(0);
        if (index >= sums.count)
          continue;
        words[place] = sums.get(thread, index);
        ++given;
      }
    least = std::min(least, given);
  }
  return least;
}

static void waitForProducts(Block &block, Warpgroup &group) {
  auto shape = unpack<WaitShape>(group);
  int32_t location = group.call.location;
  uint32_t open =
      group.openGroup - std::min<uint32_t>(group.openGroup, shape.pending);
  size_t count = 0;
  while (count < group.products.size() && group.products[count].group < open)
    ++count;
  checkRegisters(block, group, count);
  complete(block, group, count);
  group.isFenced = false;
  for (size_t which = 0; which < group.sums.size();) {
    GroupSums &sums = group.sums[which];
    if (sums.products != 0) {
      if (shape.pending == 0)
        block.fail(ErrorKind::InFlight, sums.location,
                   "expected a product to be committed to a group before the "
                   "wait, got one that is in none");
      ++which;
      continue;
    }
    uint32_t given = giveBack(block, group, sums);
    if (given != sums.count)
      block.fail(ErrorKind::InFlight, location,
                 "expected the '%u' sums of the product at location '%d' among "
                 "the operands of its wait, unchanged, got '%u'",
                 sums.count, sums.location, given);
    group.sums.erase(group.sums.begin() + std::ptrdiff_t(which));
  }
}

void mxsim_warpgroup_wait(int32_t pending, uint32_t *sums, int32_t sumCount,
                          const uint32_t *a, int32_t registers,
                          int32_t location) {
  constexpr int32_t mostPending = 7;
  if (pending < 0 || pending > mostPending)
    Block::current().fail(ErrorKind::Operand, location,
                          "expected at most '7' groups that may be under way, "
                          "got '%d'",
                          pending);
  WaitShape shape = {uint8_t(pending), uint16_t(registers), uint16_t(sumCount)};
  WaitOperands operands = {sums, a};
  meetWarpgroup({waitForProducts, location, pack(shape)}, &operands);
}
