//===- Session.cpp - launches from compiled host code ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Compiled host code has no operand for the session, so each thread of the
// operating system knows the newest one that was made in it.
//===----------------------------------------------------------------------===//

#include "mx/Simulator/DeviceCalls.h"
#include "mx/Simulator/Launch.h"
#include <algorithm>
#include <limits>

using namespace mxsim;

static thread_local Session *currentSession = nullptr;

Session::Session(Options options) : options(options), previous(currentSession) {
  currentSession = this;
}

Session::~Session() { currentSession = previous; }

void Session::registerBuffer(Buffer buffer) {
  if (buffer.bytes == 0)
    return;
  Buffer &known = buffers[buffer.address];
  // Two views may begin at one address: the longer one counts.
  bool isNew = known.bytes == 0;
  known.address = buffer.address;
  known.bytes = std::max(known.bytes, buffer.bytes);
  known.readOnly = buffer.readOnly && (isNew || known.readOnly);
}

void Session::unregisterBuffer(const void *address, uint64_t bytes) {
  // Views of a buffer go with it. One without bytes has an address, too.
  const void *end =
      static_cast<const uint8_t *>(address) + std::max<uint64_t>(bytes, 1);
  buffers.erase(buffers.lower_bound(address), buffers.lower_bound(end));
}

bool Session::run(const Launch &launch) {
  if (!report)
    return false;
  std::vector<Buffer> list;
  for (const auto &[address, buffer] : buffers)
    list.push_back(buffer);
  Statistics before = report.statistics;
  report = mxsim::run(launch, list, options);
  report.statistics += before;
  return bool(report);
}

/// Sizes arrive as 64-bit numbers; what does not fit becomes the largest, which
/// a launch refuses.
static uint32_t toSize(int64_t size) {
  constexpr uint32_t most = std::numeric_limits<uint32_t>::max();
  return size >= 0 && size < most ? uint32_t(size) : most;
}

int32_t mxsim_launch(void (*kernel)(void **), void **arguments, int64_t gridX,
                     int64_t gridY, int64_t gridZ, int64_t blockX,
                     int64_t blockY, int64_t blockZ, int32_t requiredX,
                     int32_t requiredY, int32_t requiredZ, int32_t staticShared,
                     int32_t dynamicShared, int32_t location) {
  if (!currentSession)
    return 1;
  Launch launch;
  launch.kernel = kernel;
  launch.arguments = arguments;
  launch.grid = {toSize(gridX), toSize(gridY), toSize(gridZ)};
  launch.block = {toSize(blockX), toSize(blockY), toSize(blockZ)};
  launch.requiredBlock = {uint32_t(requiredX), uint32_t(requiredY),
                          uint32_t(requiredZ)};
  launch.staticShared = uint32_t(staticShared);
  launch.dynamicShared = uint32_t(dynamicShared);
  launch.location = location;
  return currentSession->run(launch) ? 0 : 1;
}

void mxsim_register_buffer(void *address, int64_t bytes) {
  if (currentSession && bytes > 0)
    currentSession->registerBuffer({address, uint64_t(bytes), false});
}

void mxsim_unregister_buffer(void *address, int64_t bytes) {
  if (currentSession && bytes >= 0)
    currentSession->unregisterBuffer(address, uint64_t(bytes));
}

#define SYMBOL(name) {#name, reinterpret_cast<void *>(&name)}

/// The calls of tcgen05.
static void addTensorMemory(std::vector<Symbol> &symbols) {
  symbols.insert(symbols.end(), {
                                    SYMBOL(mxsim_tmem_alloc),
                                    SYMBOL(mxsim_tmem_relinquish),
                                    SYMBOL(mxsim_tmem_dealloc),
                                    SYMBOL(mxsim_tmem_load),
                                    SYMBOL(mxsim_tmem_store),
                                    SYMBOL(mxsim_tmem_wait),
                                    SYMBOL(mxsim_tmem_fence),
                                    SYMBOL(mxsim_tmem_copy),
                                    SYMBOL(mxsim_tmem_product),
                                    SYMBOL(mxsim_tmem_commit),
                                });
}

std::vector<Symbol> mxsim::getSymbols() {
  std::vector<Symbol> symbols = {
      SYMBOL(mxsim_special_register),
      SYMBOL(mxsim_exit),
      SYMBOL(mxsim_trap),
      SYMBOL(mxsim_yield),
      SYMBOL(mxsim_tick),
      SYMBOL(mxsim_shared_pointer),
      SYMBOL(mxsim_dynamic_shared),
      SYMBOL(mxsim_check_load),
      SYMBOL(mxsim_check_store),
      SYMBOL(mxsim_atomic),
      SYMBOL(mxsim_warp_sync),
      SYMBOL(mxsim_elect),
      SYMBOL(mxsim_shuffle),
      SYMBOL(mxsim_vote),
      SYMBOL(mxsim_match),
      SYMBOL(mxsim_reduce),
      SYMBOL(mxsim_barrier),
      SYMBOL(mxsim_barrier_reduce),
      SYMBOL(mxsim_barrier_arrive),
      SYMBOL(mxsim_cluster_arrive),
      SYMBOL(mxsim_cluster_wait),
      SYMBOL(mxsim_mbarrier_init),
      SYMBOL(mxsim_mbarrier_invalidate),
      SYMBOL(mxsim_mbarrier_arrive),
      SYMBOL(mxsim_mbarrier_arrive_nocomplete),
      SYMBOL(mxsim_mbarrier_arrive_drop),
      SYMBOL(mxsim_mbarrier_arrive_expect_tx),
      SYMBOL(mxsim_mbarrier_arrive_drop_expect_tx),
      SYMBOL(mxsim_mbarrier_expect_tx),
      SYMBOL(mxsim_mbarrier_complete_tx),
      SYMBOL(mxsim_mbarrier_test_wait),
      SYMBOL(mxsim_mbarrier_test_wait_parity),
      SYMBOL(mxsim_mbarrier_try_wait),
      SYMBOL(mxsim_mbarrier_try_wait_parity),
      SYMBOL(mxsim_fence),
      SYMBOL(mxsim_fence_proxy),
      SYMBOL(mxsim_fence_mbarrier_init),
      SYMBOL(mxsim_cp_async),
      SYMBOL(mxsim_cp_async_commit_group),
      SYMBOL(mxsim_cp_async_wait_group),
      SYMBOL(mxsim_cp_async_wait_all),
      SYMBOL(mxsim_cp_async_mbarrier_arrive),
      SYMBOL(mxsim_bulk_load),
      SYMBOL(mxsim_bulk_store),
      SYMBOL(mxsim_tensor_load),
      SYMBOL(mxsim_tensor_store),
      SYMBOL(mxsim_bulk_commit_group),
      SYMBOL(mxsim_bulk_wait_group),
      SYMBOL(mxsim_ldmatrix),
      SYMBOL(mxsim_stmatrix),
      SYMBOL(mxsim_mma),
      SYMBOL(mxsim_mma_block_scale),
      SYMBOL(mxsim_warpgroup_fence),
      SYMBOL(mxsim_warpgroup_product),
      SYMBOL(mxsim_warpgroup_commit),
      SYMBOL(mxsim_warpgroup_wait),
      SYMBOL(mxsim_convert_from_f32x2),
      SYMBOL(mxsim_convert_from_halves),
      SYMBOL(mxsim_convert_to_halves),
      SYMBOL(mxsim_convert_stochastic),
      SYMBOL(mxsim_permute),
      SYMBOL(mxsim_launch),
      SYMBOL(mxsim_register_buffer),
      SYMBOL(mxsim_unregister_buffer),
      SYMBOL(mxsim_encode_tensor_map),
  };
  addTensorMemory(symbols);
  return symbols;
}

#undef SYMBOL
