//===- DeviceCalls.h - what rewritten device code calls ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The C ABI between device code that was rewritten for the host and the
// simulator: one function for each primitive of the machine. They may be
// called only inside a kernel that `mxsim::run` runs. The last operand of a
// call that can fail is a location, any number that the caller can map back to
// its program; a failing call ends the launch with a report and does not
// return.
//
// Pointers: every space is an ordinary host pointer. A pointer to shared memory
// has the offset in the block's shared memory as its low 32 bits, so that
// conversion to i32 is a truncation. Registers of several words are arrays.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_DEVICECALLS_H
#define MX_SIMULATOR_DEVICECALLS_H

#include "mx/Simulator/DeviceConstants.h"

extern "C" {

// --- threads ----------------------------------------------------------------

/// The value of a special register (`MxsimRegister`).
int32_t mxsim_special_register(int32_t which);
/// Ends the calling thread (`nvvm.exit`).
void mxsim_exit(void);
/// Ends the launch with a report (`llvm.trap`, a failed assertion).
void mxsim_trap(int32_t location);
/// Lets other threads go on (`nvvm.nanosleep`).
void mxsim_yield(void);
/// A loop begins another round; a launch may not have too many.
void mxsim_tick(int32_t location);

// --- memory -----------------------------------------------------------------

/// The shared-memory pointer with this offset: addresses of statically placed
/// variables and `inttoptr` from i32.
void *mxsim_shared_pointer(uint32_t offset);
/// Start of dynamic shared memory, right behind the static part.
void *mxsim_dynamic_shared(void);
/// To be called before a load: checks bounds, alignment (in bytes) and, in
/// shared memory, that the bytes were written and the writes are visible.
void mxsim_check_load(const void *address, int64_t bytes, int32_t alignment,
                      int32_t location);
/// To be called before a store, with the like checks.
void mxsim_check_store(void *address, int64_t bytes, int32_t alignment,
                       int32_t location);
/// One atomic (`MxsimAtomic`) on a number of `MxsimAtomicType`; returns the old
/// bits. `compare` is for compare-and-swap alone.
uint64_t mxsim_atomic(int32_t operation, int32_t type, void *address,
                      uint64_t operand, uint64_t compare, int32_t location);

// --- warps ------------------------------------------------------------------
// All non-exited lanes of `mask` must make the same call.

/// `nvvm.bar.warp.sync`: also orders memory among the lanes.
void mxsim_warp_sync(uint32_t mask, int32_t location);
/// `nvvm.elect.sync`: 1 in the lowest lane of the mask, else 0.
int32_t mxsim_elect(uint32_t mask, int32_t location);
/// `nvvm.shfl.sync` of 32 bits. `valid` may be null, else gets 1 if the source
/// lane was in range and 0 if not.
uint32_t mxsim_shuffle(int32_t kind, uint32_t mask, uint32_t value,
                       int32_t offset, int32_t maskAndClamp, int32_t *valid,
                       int32_t location);
/// `nvvm.vote.sync`: 0 or 1, or the ballot's mask.
uint32_t mxsim_vote(int32_t kind, uint32_t mask, int32_t predicate,
                    int32_t location);
/// `nvvm.match.sync`: the mask of equal lanes. `all` may be null, else gets the
/// predicate of the kind `all`.
uint32_t mxsim_match(int32_t kind, uint32_t mask, uint64_t value, int32_t *all,
                     int32_t location);
/// `nvvm.redux.sync` on 32 bits (`MxsimReduce`), with the attributes `abs` and
/// `nan` of the two floating-point kinds.
uint32_t mxsim_reduce(int32_t kind, uint32_t mask, uint32_t value,
                      int32_t absolute, int32_t propagateNaN, int32_t location);

// --- barriers of the block --------------------------------------------------

/// `nvvm.barrier`: waits until `threads` threads have come to barrier `id`; 0
/// means all threads of the block.
void mxsim_barrier(int32_t id, int32_t threads, int32_t location);
/// A barrier that also reduces a predicate (`MxsimBarrierReduce`).
int32_t mxsim_barrier_reduce(int32_t id, int32_t threads, int32_t kind,
                             int32_t predicate, int32_t location);
/// `nvvm.barrier.arrive`: is counted, and goes on.
void mxsim_barrier_arrive(int32_t id, int32_t threads, int32_t location);
/// `nvvm.cluster.arrive` and `wait`; the cluster is the block.
void mxsim_cluster_arrive(int32_t location);
void mxsim_cluster_wait(int32_t location);

// --- mbarriers --------------------------------------------------------------
// `barrier` points to eight aligned bytes of shared memory. An arrival returns
// the state that `test_wait` and `try_wait` take.

/// Makes a barrier whose phases complete after `count` arrivals.
void mxsim_mbarrier_init(void *barrier, int32_t count, int32_t location);
/// Makes the eight bytes ordinary memory again.
void mxsim_mbarrier_invalidate(void *barrier, int32_t location);
/// `count` arrivals.
uint64_t mxsim_mbarrier_arrive(void *barrier, int32_t count, int32_t location);
/// The same, and an error if the phase would complete.
uint64_t mxsim_mbarrier_arrive_nocomplete(void *barrier, int32_t count,
                                          int32_t location);
/// `count` arrivals that later phases do not expect any more.
uint64_t mxsim_mbarrier_arrive_drop(void *barrier, int32_t count,
                                    int32_t location);
/// Expects `bytes` more, then arrives once.
uint64_t mxsim_mbarrier_arrive_expect_tx(void *barrier, int32_t bytes,
                                         int32_t location);
uint64_t mxsim_mbarrier_arrive_drop_expect_tx(void *barrier, int32_t bytes,
                                              int32_t location);
/// Expects `bytes` more in the current phase.
void mxsim_mbarrier_expect_tx(void *barrier, int32_t bytes, int32_t location);
/// Counts `bytes` as arrived, without a copy.
void mxsim_mbarrier_complete_tx(void *barrier, int32_t bytes, int32_t location);
/// 1 if the phase of `state` is complete, at once.
int32_t mxsim_mbarrier_test_wait(void *barrier, uint64_t state,
                                 int32_t location);
/// 1 if the phase with this parity is complete, at once.
int32_t mxsim_mbarrier_test_wait_parity(void *barrier, int32_t parity,
                                        int32_t location);
/// Waits until the phase of `state` is complete; always 1.
int32_t mxsim_mbarrier_try_wait(void *barrier, uint64_t state,
                                int32_t location);
/// Waits until the phase with this parity is complete; always 1.
int32_t mxsim_mbarrier_try_wait_parity(void *barrier, int32_t parity,
                                       int32_t location);

// --- fences -----------------------------------------------------------------

/// `nvvm.memory.barrier`, `nvvm.fence.sc.cluster`: orders nothing by itself
/// here, for blocks run one after the other.
void mxsim_fence(int32_t location);
/// `nvvm.fence.proxy` (`MxsimProxy`): what this thread can see of the generic
/// proxy's writes becomes visible to asynchronous copies that come after it.
void mxsim_fence_proxy(int32_t kind, int32_t location);
/// `nvvm.fence.mbarrier.init`: the like for barriers that were made.
void mxsim_fence_mbarrier_init(int32_t location);

// --- asynchronous copies ----------------------------------------------------
// They take effect at the last moment that the machine allows: when their
// completion is waited for. Until then the destination is poisoned.

/// `nvvm.cp.async.shared.global`: `bytes` is 4, 8 or 16; of these the first
/// `sourceBytes` are read and the rest become zero.
void mxsim_cp_async(void *shared, const void *global, int32_t bytes,
                    int32_t sourceBytes, int32_t location);
void mxsim_cp_async_commit_group(int32_t location);
/// Waits until at most `pending` groups of this thread are not complete.
void mxsim_cp_async_wait_group(int32_t pending, int32_t location);
/// `cp.async.wait_all`: those without a group too.
void mxsim_cp_async_wait_all(int32_t location);
/// Arrives at an mbarrier once all earlier `cp.async` of this thread are
/// complete; with `noIncrement` the barrier's count includes this arrival.
void mxsim_cp_async_mbarrier_arrive(void *barrier, int32_t noIncrement,
                                    int32_t location);

/// `cp.async.bulk` to shared memory, counted in bytes at `barrier`.
void mxsim_bulk_load(void *shared, const void *global, void *barrier,
                     int32_t bytes, int32_t location);
/// `cp.async.bulk` to global memory, part of the thread's bulk group. Bit i of
/// `byteMask` lets byte i of every 16 through; 0xFFFF means all.
void mxsim_bulk_store(void *global, const void *shared, int32_t bytes,
                      int32_t byteMask, int32_t location);
/// `cp.async.bulk.tensor` in tile mode to shared memory: `rank` coordinates,
/// innermost first. The map is one that `mxsim_encode_tensor_map` wrote.
void mxsim_tensor_load(void *shared, const void *tensorMap,
                       const int32_t *coordinates, int32_t rank, void *barrier,
                       int32_t location);
/// `cp.async.bulk.tensor` in tile mode to global memory, part of the bulk
/// group.
void mxsim_tensor_store(const void *tensorMap, const void *shared,
                        const int32_t *coordinates, int32_t rank,
                        int32_t location);
void mxsim_bulk_commit_group(int32_t location);
/// Waits until at most `pending` bulk groups of this thread are not complete;
/// with `read`, until they have read their source.
void mxsim_bulk_wait_group(int32_t pending, int32_t read, int32_t location);

// --- matrices ---------------------------------------------------------------
// By whole warps; layouts as in docs/Simulator.md.

/// `nvvm.ldmatrix`: `count` matrices of `rows` (8 or 16) rows of elements
/// `type` (`MxsimMatrix`); `address` is the row of this lane.
void mxsim_ldmatrix(uint32_t *result, const void *address, int32_t type,
                    int32_t rows, int32_t count, int32_t transpose,
                    int32_t location);
/// `nvvm.stmatrix`, the reverse.
void mxsim_stmatrix(void *address, const uint32_t *values, int32_t type,
                    int32_t rows, int32_t count, int32_t transpose,
                    int32_t location);
/// `mma.sync` m16n8k`k`, row by column: D = A·B + C. `typeA` and `typeB` are
/// f16, bf16 (k 8, 16), s8, u8 (k 16, 32) or 8-bit containers of small floats
/// (k 32); `c` and `d` are the four words of `typeC` (f32 or s32). Operands of
/// 4 and 6 bits lie in their bytes as for `kind::f8f6f4`.
void mxsim_mma(uint32_t *d, const uint32_t *a, const uint32_t *b,
               const uint32_t *c, int32_t k, int32_t typeA, int32_t typeB,
               int32_t typeC, int32_t location);
/// `nvvm.mma.block_scale` of `kind` (`MxsimBlockScaleKind`), m16n8k64 or for
/// mxf8f6f4 m16n8k32, with the two selectors of either scale register.
void mxsim_mma_block_scale(float *d, const uint32_t *a, const uint32_t *b,
                           const float *c, uint32_t scaleA, int32_t byteA,
                           int32_t threadA, uint32_t scaleB, int32_t byteB,
                           int32_t threadB, int32_t kind, int32_t scaleVector,
                           int32_t scaleFormat, int32_t typeA, int32_t typeB,
                           int32_t location);

// --- warpgroups -------------------------------------------------------------
// By all 128 threads of a warpgroup. Products take effect when they are waited
// for (docs/Simulator.md).

/// `wgmma.fence`: registers may be used by products that come after it.
void mxsim_warpgroup_fence(int32_t location);
/// `wgmma.mma_async` m64n`columns`, 32 bytes of K in each row: adds A · B to
/// the `columns` / 2 words at `sums`, which cannot be read before the wait. A
/// is the four words at `a`, or if that is null what `descriptorA` says; B is
/// what `descriptorB` says.
void mxsim_warpgroup_product(uint32_t *sums, const uint32_t *a,
                             uint64_t descriptorA, uint64_t descriptorB,
                             int32_t columns, int32_t typeA, int32_t typeB,
                             int32_t location);
/// `wgmma.commit_group`: all products since the last one become a group.
void mxsim_warpgroup_commit(int32_t location);
/// `wgmma.wait_group`: waits until at most `pending` groups are under way.
/// `sums` are all sums of what is complete then, and get their values; `a` are
/// its registers of A, in order, which must be what they were.
void mxsim_warpgroup_wait(int32_t pending, uint32_t *sums, int32_t sumCount,
                          const uint32_t *a, int32_t registers,
                          int32_t location);

// --- tensor memory ----------------------------------------------------------
// Addresses are those of tcgen05: 16 bits of lane above 16 of column, as the
// low bits of a pointer. The calls of a warp are made by all its threads
// together, copies and products by one thread (docs/Simulator.md).

/// `nvvm.tcgen05.alloc`: writes the address of `columns` free columns to shared
/// memory.
void mxsim_tmem_alloc(void *shared, int32_t columns, int32_t location);
void mxsim_tmem_relinquish(int32_t location);
void mxsim_tmem_dealloc(const void *address, int32_t columns, int32_t location);
/// `nvvm.tcgen05.ld` and `st` of `shape` (`MxsimTensorShape`): `count` words of
/// each thread, which may be used and changed after the wait.
void mxsim_tmem_load(uint32_t *result, const void *address, int32_t shape,
                     int32_t count, int32_t location);
void mxsim_tmem_store(const void *address, const uint32_t *values,
                      int32_t shape, int32_t count, int32_t location);
/// `nvvm.tcgen05.wait` (`MxsimTensorWait`).
void mxsim_tmem_wait(int32_t kind, int32_t location);
/// `nvvm.tcgen05.fence` (`MxsimTensorFence`) of one thread.
void mxsim_tmem_fence(int32_t kind, int32_t location);
/// `nvvm.tcgen05.cp` from shared memory, of a shape and multicast as NVVM has
/// them.
void mxsim_tmem_copy(const void *address, uint64_t descriptor, int32_t shape,
                     int32_t multicast, int32_t location);
/// `nvvm.tcgen05.mma.block_scale` of `kind` (`MxsimBlockScaleKind`) with blocks
/// of `blockLength` (16, 32, or 0 for what the kind has): adds A · B to the
/// sums, or writes it there unless `accumulate`.
void mxsim_tmem_product(const void *sums, uint64_t descriptorA,
                        uint64_t descriptorB, uint32_t instruction,
                        int32_t accumulate, const void *scalesA,
                        const void *scalesB, int32_t kind, int32_t blockLength,
                        int32_t location);
/// `nvvm.tcgen05.commit`: arrives at an mbarrier when all copies and products
/// of this thread so far are complete.
void mxsim_tmem_commit(void *barrier, int32_t location);

// --- conversions ------------------------------------------------------------
// Pure functions: they may be called outside a launch. A pair is packed with
// `high` in the upper half: nibbles of a byte for e2m1, else bytes of 16 bits
// (6-bit codes in the low bits of their bytes), else halves of 32 bits.

/// f32 pair to a pair of `type` (`MxsimType`: small floats, ue8m0, f16, bf16).
/// Small floats round to nearest even and saturate; ue8m0 rounds to zero or up
/// (`MxsimRounding`), saturating if asked; f16 and bf16 round to nearest or to
/// zero. `relu` turns negative numbers into zero.
uint32_t mxsim_convert_from_f32x2(int32_t type, float high, float low,
                                  int32_t rounding, int32_t saturate,
                                  int32_t relu);
/// The same from a pair of f16 (`source` is f16) or bf16.
uint32_t mxsim_convert_from_halves(int32_t type, int32_t source, uint32_t pair,
                                   int32_t rounding, int32_t saturate,
                                   int32_t relu);
/// A pair of small floats or of ue8m0 to f16x2 or bf16x2 (`target`).
uint32_t mxsim_convert_to_halves(int32_t type, int32_t target, uint32_t pair,
                                 int32_t relu);
/// Four f32 to four codes by stochastic rounding, `values[0]` in the lowest
/// bits; the random bits as the machine shares them out (docs/Simulator.md).
uint32_t mxsim_convert_stochastic(int32_t type, const float *values,
                                  uint32_t random, int32_t relu);
/// `nvvm.prmt` (`MxsimPermute`).
uint32_t mxsim_permute(int32_t mode, uint32_t low, uint32_t high,
                       uint32_t selector);

} // extern "C"

#endif // MX_SIMULATOR_DEVICECALLS_H
