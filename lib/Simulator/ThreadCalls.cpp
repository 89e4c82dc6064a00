//===- ThreadCalls.cpp - registers, atomics and what ends a thread --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The calls that concern one thread alone.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mx/Numerics/Half.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

static uint32_t getLaneMask(uint32_t which, uint32_t lane) {
  uint32_t equal = uint32_t(1) << lane, less = equal - 1;
  switch (which) {
  case MXSIM_LANE_MASK_EQ:
    return equal;
  case MXSIM_LANE_MASK_LE:
    return less | equal;
  case MXSIM_LANE_MASK_LT:
    return less;
  case MXSIM_LANE_MASK_GE:
    return ~less;
  default:
    return ~(less | equal);
  }
}

int32_t mxsim_special_register(int32_t which) {
  const Block &block = Block::current();
  const Thread &self = Block::current().self();
  if (which >= MXSIM_THREAD_X && which <= MXSIM_THREAD_Z)
    return int32_t(self.coordinates[size_t(which - MXSIM_THREAD_X)]);
  if (which >= MXSIM_BLOCK_DIM_X && which <= MXSIM_BLOCK_DIM_Z)
    return int32_t(block.launch.block[size_t(which - MXSIM_BLOCK_DIM_X)]);
  if (which >= MXSIM_BLOCK_X && which <= MXSIM_BLOCK_Z)
    return int32_t(block.coordinates[size_t(which - MXSIM_BLOCK_X)]);
  if (which >= MXSIM_GRID_DIM_X && which <= MXSIM_GRID_DIM_Z)
    return int32_t(block.launch.grid[size_t(which - MXSIM_GRID_DIM_X)]);
  switch (which) {
  case MXSIM_LANE_ID:
    return int32_t(self.getLane());
  case MXSIM_WARP_ID:
    return int32_t(self.getWarp());
  case MXSIM_WARP_COUNT:
    return int32_t(block.warps.size());
  case MXSIM_WARP_SIZE:
    return int32_t(kWarpSize);
  case MXSIM_DYNAMIC_SHARED_BYTES:
    return int32_t(block.launch.dynamicShared);
  case MXSIM_TOTAL_SHARED_BYTES:
    return int32_t(block.shared.getBytes());
  case MXSIM_CLUSTER_RANK:
    return 0;
  case MXSIM_CLUSTER_SIZE:
    return 1;
  default:
    return int32_t(getLaneMask(uint32_t(which), self.getLane()));
  }
}

void mxsim_exit(void) { Block::current().endThread(); }

void mxsim_trap(int32_t location) {
  Block::current().fail(ErrorKind::Trap, location,
                        "expected the program not to stop itself, got a trap");
}

void mxsim_yield(void) { Block::current().poll(0); }

void mxsim_tick(int32_t location) { Block::current().noteStep(location); }

void *mxsim_shared_pointer(uint32_t offset) {
  return Block::current().shared.getBase() + offset;
}

void *mxsim_dynamic_shared(void) {
  Block &block = Block::current();
  return block.shared.getBase() + block.launch.staticShared;
}

// --- atomics ----------------------------------------------------------------

template <typename To, typename From>
static To castBits(From from) {
  To to = {};
  std::memcpy(&to, &from, std::min(sizeof(to), sizeof(from)));
  return to;
}

template <typename Integer>
static Integer combine(int32_t operation, Integer old, Integer operand,
                       Integer compare) {
  using Signed = std::make_signed_t<Integer>;
  switch (operation) {
  case MXSIM_ATOMIC_ADD:
    return old + operand;
  case MXSIM_ATOMIC_SUB:
    return old - operand;
  case MXSIM_ATOMIC_AND:
    return old & operand;
  case MXSIM_ATOMIC_NAND:
    return ~(old & operand);
  case MXSIM_ATOMIC_OR:
    return old | operand;
  case MXSIM_ATOMIC_XOR:
    return old ^ operand;
  case MXSIM_ATOMIC_MAX:
    return Integer(std::max(Signed(old), Signed(operand)));
  case MXSIM_ATOMIC_MIN:
    return Integer(std::min(Signed(old), Signed(operand)));
  case MXSIM_ATOMIC_UMAX:
    return std::max(old, operand);
  case MXSIM_ATOMIC_UMIN:
    return std::min(old, operand);
  case MXSIM_ATOMIC_COMPARE_SWAP:
    return old == compare ? operand : old;
  default:
    return operand;
  }
}

static uint16_t addHalves(int32_t type, uint16_t left, uint16_t right) {
  if (type == MXSIM_ATOMIC_F16X2)
    return mxnum::f32ToF16(mxnum::f16ToF32(left) + mxnum::f16ToF32(right));
  return mxnum::f32ToBF16(mxnum::bf16ToF32(left) + mxnum::bf16ToF32(right));
}

/// The sum of two numbers or pairs of numbers.
static uint32_t addFloats(int32_t type, uint32_t old, uint32_t operand) {
  if (type == MXSIM_ATOMIC_F32)
    return castBits<uint32_t>(castBits<float>(old) + castBits<float>(operand));
  uint32_t low = addHalves(type, uint16_t(old), uint16_t(operand));
  uint32_t high = addHalves(type, uint16_t(old >> 16), uint16_t(operand >> 16));
  return high << 16 | low;
}

/// Puts the access into the memory's history.
static void noteAtomic(Block &block, void *address, uint32_t bytes,
                       int32_t location) {
  if (!block.shared.owns(address)) {
    auto place =
        requireGlobal(block, address, bytes, bytes, "an atomic", location);
    noteGlobal(block, AccessKind::Load, place, bytes, true, location);
    noteGlobal(block, AccessKind::Store, place, bytes, true, location);
    block.isSynchronised = true;
    return;
  }
  uint32_t offset =
      requireShared(block, address, bytes, bytes, "an atomic", location);
  Thread &self = block.self();
  if (reportViolation(
          block, self,
          block.shared.checkAtomic(block.observe(self), offset, bytes),
          "atomic", location))
    block.leaveIfFailed();
}

static bool isAtomic(int32_t operation, int32_t type) {
  bool isInteger = type == MXSIM_ATOMIC_I32 || type == MXSIM_ATOMIC_I64;
  if (operation == MXSIM_ATOMIC_FADD)
    return type >= MXSIM_ATOMIC_F32 && type <= MXSIM_ATOMIC_BF16X2;
  return isInteger && ((operation >= MXSIM_ATOMIC_EXCHANGE &&
                        operation <= MXSIM_ATOMIC_UMIN) ||
                       operation == MXSIM_ATOMIC_COMPARE_SWAP);
}

uint64_t mxsim_atomic(int32_t operation, int32_t type, void *address,
                      uint64_t operand, uint64_t compare, int32_t location) {
  Block &block = Block::current();
  block.noteStep(location);
  if (!isAtomic(operation, type))
    block.fail(ErrorKind::Operand, location,
               "expected an atomic that the simulator models, got operation "
               "'%d' on type '%d'",
               operation, type);
  uint32_t bytes =
      type == MXSIM_ATOMIC_I64 ? sizeof(uint64_t) : sizeof(uint32_t);
  noteAtomic(block, address, bytes, location);
  uint64_t old = 0;
  std::memcpy(&old, address, bytes);
  uint64_t result;
  if (type == MXSIM_ATOMIC_I64)
    result = combine(operation, old, operand, compare);
  else if (type == MXSIM_ATOMIC_I32)
    result =
        combine(operation, uint32_t(old), uint32_t(operand), uint32_t(compare));
  else
    result = addFloats(type, uint32_t(old), uint32_t(operand));
  std::memcpy(address, &result, bytes);
  return old;
}
