//===- TensorMemoryErrorTest.cpp - what users of tcgen05 must not do ------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each test breaks one rule of a kernel that is good otherwise. Operands are
// zeros, since only the rules are of interest.
//===----------------------------------------------------------------------===//

#include "TensorKernels.h"

using namespace mxsim;

namespace {

/// The steps of the kernel, which a test may leave out or change.
struct TensorSteps {
  bool proxyFence = true, fenceAfter = true, fenceBefore = true;
  bool copyScales = true, commit = true, waitForCommit = true;
  bool waitForLoad = true, free = true, overwriteEarly = false;
  bool accumulate = false, storeEarly = false, secondIssuer = false;
  bool allocateLate = false, endEarly = false;
  uint32_t allocated = 512, freed = 512;
  uint32_t sums = 0, scales = kScaleColumns, otherScales = 0, lane = 0;
  uint32_t instruction = makeMXFP4().getInstruction();
  uint64_t version = uint64_t(1) << 46;
  int32_t block = 32, shape = MXSIM_TENSOR_32X32B;
};

void prepare(const TensorSteps &steps) {
  uint32_t thread = threadId();
  for (uint32_t i = thread; i < kSlot / 4; i += kTensorThreads)
    store(sharedAt(i * 4), 0u, 1);
  if (thread / 32 == 0)
    mxsim_tmem_alloc(sharedAt(kSlot), int32_t(steps.allocated), 4);
  if (thread == 0) {
    mxsim_mbarrier_init(sharedAt(kBarrier), 1, 5);
    mxsim_fence_mbarrier_init(6);
  }
  if (steps.proxyFence)
    mxsim_fence_proxy(MXSIM_PROXY_ASYNC_SHARED, 2);
  mxsim_barrier(0, 0, 3);
}

void multiply(const TensorSteps &steps, uint32_t base, int32_t location) {
  TensorProduct product = makeMXFP4();
  mxsim_tmem_product(tensorAt(base + steps.sums),
                     product.getA().getDescriptor() | steps.version,
                     describeMatrix(product.getB()), steps.instruction,
                     steps.accumulate, tensorAt(base + steps.scales),
                     tensorAt(base + steps.scales + steps.otherScales),
                     MXSIM_KIND_MXF4, steps.block, location);
}

void issueAll(const TensorSteps &steps, uint32_t base) {
  if (steps.copyScales)
    mxsim_tmem_copy(tensorAt(base + steps.scales), describeScales(0),
                    MXSIM_TENSOR_COPY_32X128B, MXSIM_TENSOR_MULTICAST_4, 10);
  multiply(steps, base, 12);
  if (steps.overwriteEarly)
    store(sharedAt(0), 1u, 23);
  if (steps.commit)
    mxsim_tmem_commit(sharedAt(kBarrier), 13);
}

void consume(const TensorSteps &steps, uint32_t base) {
  uint32_t warp = threadId() / 32, words[16] = {};
  if (steps.fenceAfter)
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_AFTER, 15);
  void *place = tensorAt(base + steps.sums + ((warp * 32 + steps.lane) << 16));
  mxsim_tmem_load(words, place, steps.shape, 16, 16);
  if (steps.storeEarly)
    mxsim_tmem_store(place, words, steps.shape, 16, 24);
  if (steps.waitForLoad)
    mxsim_tmem_wait(MXSIM_TENSOR_WAIT_LOAD, 17);
}

void runSteps(const TensorSteps &steps) {
  uint32_t thread = threadId();
  prepare(steps);
  uint32_t base = loadSlot();
  if (thread == 0)
    issueAll(steps, base);
  if (steps.secondIssuer || !steps.waitForCommit)
    mxsim_barrier(1, 0, 27);
  if (steps.secondIssuer && thread == 64)
    multiply(steps, base, 25);
  if (steps.endEarly)
    return;
  if (steps.waitForCommit)
    mxsim_mbarrier_try_wait_parity(sharedAt(kBarrier), 0, 14);
  consume(steps, base);
  if (steps.fenceBefore)
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_BEFORE, 18);
  mxsim_barrier(0, 0, 19);
  mxsim_tmem_fence(MXSIM_TENSOR_FENCE_AFTER, 20);
  if (thread / 32 == 0) {
    mxsim_tmem_relinquish(21);
    if (steps.allocateLate)
      mxsim_tmem_alloc(sharedAt(kSlot), 32, 26);
    if (steps.free)
      mxsim_tmem_dealloc(tensorAt(base), int32_t(steps.freed), 22);
  }
}

Report run(const TensorSteps &steps) {
  Setting setting;
  setting.threads = kTensorThreads;
  setting.shared = kTensorShared;
  return runKernel(setting, [&] { runSteps(steps); });
}

void expectBroken(const TensorSteps &steps, ErrorKind kind, int32_t location,
                  const std::string &text) {
  expectError(run(steps), kind, location, text);
}

TEST(TensorMemoryErrors, TheKernelIsGood) { expectGood(run({})); }

TEST(TensorMemoryErrors, NoProxyFence) {
  TensorSteps steps;
  steps.proxyFence = false;
  expectBroken(steps, ErrorKind::MissingFence, 10,
               "expected a proxy fence after the store to shared offset "
               "'49152' by thread '0', got an asynchronous copy that reads it");
}

TEST(TensorMemoryErrors, NoFenceAfterTheWait) {
  TensorSteps steps;
  steps.fenceAfter = false;
  expectBroken(steps, ErrorKind::Race, 16,
               "expected fences of tcgen05 on both sides of a synchronisation "
               "between two accesses of lane '32' of tensor column '0', got a "
               "load after a store by warp '0'");
}

TEST(TensorMemoryErrors, NoFenceBeforeTheBarrier) {
  TensorSteps steps;
  steps.fenceBefore = false;
  expectBroken(steps, ErrorKind::Race, 22,
               "expected fences of tcgen05 on both sides of a synchronisation "
               "between two accesses of lane '32' of tensor column '0', got a "
               "store after a load by warp '1'");
}

TEST(TensorMemoryErrors, NoScales) {
  TensorSteps steps;
  steps.copyScales = false;
  expectBroken(steps, ErrorKind::Unwritten, 12,
               "expected tensor memory that was written for the scales of A, "
               "got lane '0' of column '256', which was not");
}

TEST(TensorMemoryErrors, AddsToNothing) {
  TensorSteps steps;
  steps.accumulate = true;
  expectBroken(steps, ErrorKind::Unwritten, 12,
               "expected tensor memory that was written for the sums of a "
               "product, got lane '0' of column '0', which was not");
}

TEST(TensorMemoryErrors, NoCommit) {
  TensorSteps steps;
  steps.commit = false;
  Report report = run(steps);
  EXPECT_STREQ(getName(report.kind), "deadlock");
  steps.endEarly = true;
  expectBroken(steps, ErrorKind::InFlight, 10,
               "expected the block to wait for a commit of its operations on "
               "tensor memory, got one under way at its end");
}

TEST(TensorMemoryErrors, LoadsWithoutAWait) {
  TensorSteps steps;
  steps.waitForCommit = false;
  expectBroken(steps, ErrorKind::InFlight, 16,
               "expected the operation of lane '32' of tensor column '0' to be "
               "waited for, got a load before it is complete");
}

TEST(TensorMemoryErrors, StoresToWhatIsLoaded) {
  TensorSteps steps;
  steps.storeEarly = true;
  expectBroken(steps, ErrorKind::InFlight, 24,
               "expected the load of lane '32' of tensor column '0' to be "
               "waited for, got a store before it is complete");
}

TEST(TensorMemoryErrors, EndsBeforeTheLoad) {
  TensorSteps steps;
  steps.waitForLoad = false;
  expectBroken(steps, ErrorKind::InFlight, 16,
               "expected a load or store of tensor memory to be waited for "
               "before the thread ends, got one under way");
}

TEST(TensorMemoryErrors, StoresToAnOperand) {
  TensorSteps steps;
  steps.overwriteEarly = true;
  expectBroken(steps, ErrorKind::InFlight, 23,
               "expected the asynchronous read of shared offset '0' to be "
               "waited for, got a store before it is complete");
}

TEST(TensorMemoryErrors, TwoIssuersOfOneSum) {
  TensorSteps steps;
  steps.secondIssuer = true;
  expectBroken(steps, ErrorKind::InFlight, 25,
               "expected the operation of lane '0' of tensor column '0' to be "
               "waited for, got a store before it is complete");
}

TEST(TensorMemoryErrors, ScalesAmongSums) {
  TensorSteps steps;
  steps.scales = 8;
  expectBroken(steps, ErrorKind::Operand, 12,
               "expected the scales of a product apart from its sums in tensor "
               "memory, got them from column '8' on and sums from column '0' "
               "on");
}

TEST(TensorMemoryErrors, BeyondWhatIsAllocated) {
  TensorSteps steps;
  steps.allocated = steps.freed = 32;
  steps.scales = 16;
  steps.sums = 24;
  expectBroken(steps, ErrorKind::OutOfBounds, 12,
               "expected the sums of a product within tensor memory that is "
               "allocated, got lanes '0' to '127' of columns '24' to '39'");
}

TEST(TensorMemoryErrors, AllocationAndFreeing) {
  TensorSteps steps;
  steps.allocated = 48;
  expectBroken(steps, ErrorKind::Operand, 4,
               "expected a power of two from '32' to '512' as number of "
               "columns, got '48'");
  steps = {};
  steps.free = false;
  expectBroken(steps, ErrorKind::Operand, 0,
               "expected tensor memory to be freed before the block ends, got "
               "some that is allocated");
  steps = {};
  steps.freed = 256;
  expectBroken(steps, ErrorKind::Operand, 22,
               "expected to free what was allocated at once, got '256' columns "
               "from column '0' on");
  steps = {};
  steps.allocateLate = true;
  expectBroken(steps, ErrorKind::Operand, 26,
               "expected no allocation of tensor memory after its permit was "
               "relinquished, got one");
}

TEST(TensorMemoryErrors, AllocatesMoreThanThereIs) {
  Setting setting;
  setting.shared = 8;
  expectError(runKernel(setting,
                        [] {
                          mxsim_tmem_alloc(sharedAt(0), 512, 1);
                          mxsim_tmem_alloc(sharedAt(4), 32, 2);
                        }),
              ErrorKind::Deadlock, 2,
              "expected '32' free columns of tensor memory, got fewer, and "
              "nobody who frees some");
}

TEST(TensorMemoryErrors, LanesOfAnotherWarp) {
  TensorSteps steps;
  steps.lane = 32;
  expectBroken(steps, ErrorKind::OutOfBounds, 16,
               "expected the lanes of tensor memory from '32' on, which this "
               "warp reaches, got lane '64'");
}

TEST(TensorMemoryErrors, Descriptors) {
  TensorSteps steps;
  steps.version = 0;
  expectBroken(steps, ErrorKind::Operand, 12,
               "expected bit '46' of the descriptor of a matrix to be set, got "
               "'0x4000004000000000'");
  steps = {};
  steps.instruction ^= 1 << 7;
  expectBroken(steps, ErrorKind::Operand, 12,
               "expected an instruction descriptor of 128 rows, 16 to 256 "
               "columns and types of the kind to simulate, got '0x08840400' "
               "for kind '1' with blocks of '32'");
  steps = {};
  steps.instruction |= 1 << 4;
  expectBroken(steps, ErrorKind::Selector, 12,
               "expected scale selectors that are multiples of '2', got '0' "
               "for A and '1' for B");
  steps = {};
  steps.shape = 0;
  expectBroken(steps, ErrorKind::Operand, 16,
               "expected a shape of 32x32b with a power of two of columns to "
               "simulate, got shape '0' with '16'");
}

} // namespace
