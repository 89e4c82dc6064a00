//===- WarpgroupErrorTest.cpp - what products of a warpgroup must not do --===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each test breaks one rule of a kernel that is good otherwise.
//===----------------------------------------------------------------------===//

#include "WarpgroupKernels.h"

using namespace mxsim;

namespace {

/// The steps of the kernel, which a test may leave out or change.
struct Steps {
  bool proxyFence = true, barrier = true, fence = true, commit = true;
  uint64_t descriptor = Place{0, 128}.getDescriptor();
  /// In one thread: another descriptor, nothing at all.
  bool otherDescriptor = false, absent = false;
  bool changeA = false, forgetA = false, changeSum = false, forgetSum = false;
  bool storeEarly = false, endEarly = false, storeUnordered = false;
  bool continueChanged = false;
  uint32_t threads = 128;
  int32_t type = MXSIM_TYPE_BF16;
};

void runSteps(const Steps &steps) {
  static const std::vector<uint32_t> codes(16 * 16, 0x4000);
  uint32_t thread = threadId();
  storeMatrix({0, 128}, codes, 16, 16);
  if (steps.proxyFence)
    mxsim_fence_proxy(MXSIM_PROXY_ASYNC_SHARED, 2);
  if (steps.barrier)
    mxsim_barrier(0, 0, 3);
  if (steps.absent && thread == 77)
    return;
  auto a = makeRegisters();
  uint32_t sums[8] = {};
  if (steps.fence)
    mxsim_warpgroup_fence(4);
  uint64_t descriptor = steps.descriptor;
  if (steps.otherDescriptor && thread == 77)
    descriptor += 2;
  mxsim_warpgroup_product(sums, a.data(), 0, descriptor, 16, steps.type,
                          steps.type, 5);
  if (steps.continueChanged) {
    sums[3] = thread == 9 ? 0 : sums[3];
    mxsim_warpgroup_product(sums, a.data(), 0, descriptor, 16, steps.type,
                            steps.type, 15);
  }
  if (steps.commit)
    mxsim_warpgroup_commit(6);
  if (steps.storeEarly && thread == 0)
    store(sharedAt(16), uint16_t(0), 11);
  if (steps.endEarly)
    return;
  a[0] ^= steps.changeA && thread == 33;
  sums[2] ^= steps.changeSum && thread == 34 ? 0x80000000 : 0;
  mxsim_warpgroup_wait(0, sums, steps.forgetSum ? 7 : 8, a.data(),
                       steps.forgetA ? 0 : 4, 7);
  if (steps.storeUnordered && thread >= 128)
    store(sharedAt(16), uint16_t(0), 12);
}

void expectBroken(const Steps &steps, ErrorKind kind, int32_t location,
                  const std::string &text) {
  Setting setting;
  setting.threads = steps.threads;
  setting.shared = 2048;
  expectError(runKernel(setting, [&] { runSteps(steps); }), kind, location,
              text);
}

TEST(WarpgroupErrors, TheKernelIsGood) {
  Setting setting;
  setting.threads = 128;
  setting.shared = 2048;
  expectGood(runKernel(setting, [] { runSteps({}); }));
}

TEST(WarpgroupErrors, NoProxyFence) {
  Steps steps;
  steps.proxyFence = false;
  expectBroken(steps, ErrorKind::MissingFence, 5,
               "expected a proxy fence after the store to shared offset '0' by "
               "thread '0', got an asynchronous product that reads it");
}

TEST(WarpgroupErrors, NoBarrier) {
  Steps steps;
  steps.barrier = false;
  expectBroken(steps, ErrorKind::Race, 5,
               "expected a barrier between two accesses of shared offset "
               "'0', got a product after a store by thread '0'");
}

TEST(WarpgroupErrors, NoFence) {
  Steps steps;
  steps.fence = false;
  expectBroken(steps, ErrorKind::MissingFence, 5,
               "expected a fence of the warpgroup between registers and the "
               "product that adds to them, got none since the last wait");
}

TEST(WarpgroupErrors, NoCommit) {
  Steps steps;
  steps.commit = false;
  expectBroken(steps, ErrorKind::InFlight, 5,
               "expected a product to be committed to a group before the "
               "wait, got one that is in none");
}

TEST(WarpgroupErrors, NoWait) {
  Steps steps;
  steps.endEarly = true;
  expectBroken(steps, ErrorKind::InFlight, 5,
               "expected products to be waited for before a thread of the "
               "warpgroup ends, got one under way");
}

TEST(WarpgroupErrors, RegistersOfAChangeBeforeTheWait) {
  Steps steps;
  steps.changeA = true;
  expectBroken(steps, ErrorKind::InFlight, 7,
               "expected register '0' of A of the product at location '5' as "
               "it was until the wait, got another number in thread '33'");
}

TEST(WarpgroupErrors, RegistersOfAAreNotAtTheWait) {
  Steps steps;
  steps.forgetA = true;
  expectBroken(steps, ErrorKind::InFlight, 7,
               "expected the registers of A of the product at location '5' "
               "among the operands of its wait, got '0' for those before it");
}

TEST(WarpgroupErrors, SumsChangeBeforeTheWait) {
  Steps steps;
  steps.changeSum = true;
  expectBroken(steps, ErrorKind::InFlight, 7,
               "expected the '8' sums of the product at location '5' among the "
               "operands of its wait, unchanged, got '7'");
}

TEST(WarpgroupErrors, SumsAreNotAtTheWait) {
  Steps steps;
  steps.forgetSum = true;
  expectBroken(steps, ErrorKind::InFlight, 7,
               "expected the '8' sums of the product at location '5' among the "
               "operands of its wait, unchanged, got '7'");
}

TEST(WarpgroupErrors, SumsChangeBetweenProducts) {
  Steps steps;
  steps.continueChanged = true;
  expectBroken(steps, ErrorKind::InFlight, 15,
               "expected the sums of one product under way, or none of any, "
               "got another number in register '3' of thread '9'");
}

TEST(WarpgroupErrors, SharedMemoryChangesBeforeTheWait) {
  Steps steps;
  steps.storeEarly = true;
  expectBroken(steps, ErrorKind::InFlight, 11,
               "expected the asynchronous read of shared offset '16' to be "
               "waited for, got a store before it is complete");
}

TEST(WarpgroupErrors, SharedMemoryChangesWithoutABarrierBehindTheWait) {
  Steps steps;
  steps.storeUnordered = true;
  steps.threads = 256;
  expectBroken(steps, ErrorKind::Race, 12,
               "expected a barrier after the wait for the products that read "
               "shared offset '16', got a store by a thread that knows of no "
               "wait");
}

TEST(WarpgroupErrors, AThreadHasEnded) {
  Steps steps;
  steps.absent = true;
  expectBroken(steps, ErrorKind::Divergent, 4,
               "expected all '128' threads of the warpgroup, got thread '77' "
               "ended");
}

TEST(WarpgroupErrors, ThreadsBringDifferentDescriptors) {
  Steps steps;
  steps.otherDescriptor = true;
  expectBroken(steps, ErrorKind::Divergent, 5,
               "expected one descriptor in all threads of the warpgroup, got "
               "another in thread '77'");
}

TEST(WarpgroupErrors, TooFewThreads) {
  Steps steps;
  steps.threads = 96;
  expectBroken(steps, ErrorKind::Divergent, 4,
               "expected all '128' threads of the warpgroup, got '96'");
}

TEST(WarpgroupErrors, NoSuchProduct) {
  Steps steps;
  steps.type = MXSIM_TYPE_E2M1;
  expectBroken(steps, ErrorKind::Operand, 5,
               "expected a product that wgmma has, got '16' columns of types "
               "'15' and '15'");
}

TEST(WarpgroupErrors, TooManyGroupsUnderWay) {
  Setting setting;
  setting.threads = 128;
  expectError(
      runKernel(setting,
                [] { mxsim_warpgroup_wait(8, nullptr, 0, nullptr, 0, 7); }),
      ErrorKind::Operand, 7,
      "expected at most '7' groups that may be under way, got '8'");
}

/// A descriptor of 16 rows with one field changed.
void expectBadDescriptor(uint64_t descriptor, ErrorKind kind,
                         const std::string &text) {
  Steps steps;
  steps.descriptor = descriptor;
  expectBroken(steps, kind, 5, text);
}

TEST(WarpgroupErrors, Descriptors) {
  uint64_t good = Place{0, 128}.getDescriptor();
  expectBadDescriptor(good | uint64_t(1) << 46, ErrorKind::Operand,
                      "expected a descriptor of a matrix with zeros between "
                      "its fields and as base offset, got "
                      "'0x4000404000000000'");
  expectBadDescriptor(good & ~(uint64_t(0x3FFF) << 32), ErrorKind::Operand,
                      "expected a stride between groups of eight rows in the "
                      "descriptor of a matrix, got '0x4000000000000000'");
  expectBadDescriptor(Place{0, 0}.getDescriptor() & ~uint64_t(0xFFFF0000),
                      ErrorKind::Operand,
                      "expected a leading stride in the descriptor of a matrix "
                      "without a swizzle, got '0x0000001000000000'");
  expectBadDescriptor(Place{128, 128}.getDescriptor(), ErrorKind::Misaligned,
                      "expected groups of eight rows of a matrix at multiples "
                      "of '1024', got shared offset '128' and a stride of "
                      "'1024'");
  expectBadDescriptor(good + 7, ErrorKind::Operand,
                      "expected '32' bytes of a matrix within a row of '128', "
                      "got them at shared offset '112'");
  expectBadDescriptor(Place{1024, 128}.getDescriptor(), ErrorKind::OutOfBounds,
                      "expected a matrix within the '2048' bytes of shared "
                      "memory, got row '8' at offset '2048'");
}

} // namespace
