//===- DeviceConstants.h - small numbers in device calls --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What the `int32_t` operands of DeviceCalls.h mean. Where the NVVM dialect has
// an enumeration for the same thing, the numbers are the dialect's, so that a
// rewriting pass hands an attribute's value through.
//===----------------------------------------------------------------------===//

#ifndef MX_SIMULATOR_DEVICECONSTANTS_H
#define MX_SIMULATOR_DEVICECONSTANTS_H

#include <cstdint>

/// Special registers, for `mxsim_special_register`.
enum MxsimRegister : int32_t {
  MXSIM_THREAD_X = 0,
  MXSIM_THREAD_Y = 1,
  MXSIM_THREAD_Z = 2,
  MXSIM_BLOCK_DIM_X = 3,
  MXSIM_BLOCK_DIM_Y = 4,
  MXSIM_BLOCK_DIM_Z = 5,
  MXSIM_BLOCK_X = 6,
  MXSIM_BLOCK_Y = 7,
  MXSIM_BLOCK_Z = 8,
  MXSIM_GRID_DIM_X = 9,
  MXSIM_GRID_DIM_Y = 10,
  MXSIM_GRID_DIM_Z = 11,
  MXSIM_LANE_ID = 12,
  MXSIM_WARP_ID = 13,
  /// Number of warps of the block.
  MXSIM_WARP_COUNT = 14,
  /// Always 32.
  MXSIM_WARP_SIZE = 15,
  MXSIM_LANE_MASK_EQ = 16,
  MXSIM_LANE_MASK_LE = 17,
  MXSIM_LANE_MASK_LT = 18,
  MXSIM_LANE_MASK_GE = 19,
  MXSIM_LANE_MASK_GT = 20,
  MXSIM_DYNAMIC_SHARED_BYTES = 21,
  MXSIM_TOTAL_SHARED_BYTES = 22,
  /// A cluster is one block: rank 0 of 1.
  MXSIM_CLUSTER_RANK = 23,
  MXSIM_CLUSTER_SIZE = 24,
};

/// As NVVM's `ShflKind`.
enum MxsimShuffle : int32_t {
  MXSIM_SHUFFLE_BUTTERFLY = 0,
  MXSIM_SHUFFLE_UP = 1,
  MXSIM_SHUFFLE_DOWN = 2,
  MXSIM_SHUFFLE_INDEX = 3,
};

/// As NVVM's `VoteSyncKind`.
enum MxsimVote : int32_t {
  MXSIM_VOTE_ANY = 0,
  MXSIM_VOTE_ALL = 1,
  MXSIM_VOTE_BALLOT = 2,
  MXSIM_VOTE_UNIFORM = 3,
};

/// As NVVM's `MatchSyncKind`.
enum MxsimMatch : int32_t { MXSIM_MATCH_ANY = 0, MXSIM_MATCH_ALL = 1 };

/// As NVVM's `ReduxKind`.
enum MxsimReduce : int32_t {
  MXSIM_REDUCE_ADD = 1,
  MXSIM_REDUCE_AND = 2,
  MXSIM_REDUCE_MAX = 3,
  MXSIM_REDUCE_MIN = 4,
  MXSIM_REDUCE_OR = 5,
  MXSIM_REDUCE_UMAX = 6,
  MXSIM_REDUCE_UMIN = 7,
  MXSIM_REDUCE_XOR = 8,
  MXSIM_REDUCE_FMIN = 9,
  MXSIM_REDUCE_FMAX = 10,
};

/// As NVVM's `BarrierReduction`.
enum MxsimBarrierReduce : int32_t {
  MXSIM_BARRIER_POPC = 0,
  MXSIM_BARRIER_AND = 1,
  MXSIM_BARRIER_OR = 2,
};

/// As NVVM's `ProxyKind`.
enum MxsimProxy : int32_t {
  MXSIM_PROXY_ALIAS = 0,
  MXSIM_PROXY_ASYNC = 1,
  MXSIM_PROXY_ASYNC_GLOBAL = 2,
  MXSIM_PROXY_ASYNC_SHARED = 3,
};

/// As LLVM's `AtomicBinOp`, and compare-and-swap.
enum MxsimAtomic : int32_t {
  MXSIM_ATOMIC_EXCHANGE = 0,
  MXSIM_ATOMIC_ADD = 1,
  MXSIM_ATOMIC_SUB = 2,
  MXSIM_ATOMIC_AND = 3,
  MXSIM_ATOMIC_NAND = 4,
  MXSIM_ATOMIC_OR = 5,
  MXSIM_ATOMIC_XOR = 6,
  MXSIM_ATOMIC_MAX = 7,
  MXSIM_ATOMIC_MIN = 8,
  MXSIM_ATOMIC_UMAX = 9,
  MXSIM_ATOMIC_UMIN = 10,
  MXSIM_ATOMIC_FADD = 11,
  MXSIM_ATOMIC_COMPARE_SWAP = 100,
};

/// What an atomic works on.
enum MxsimAtomicType : int32_t {
  MXSIM_ATOMIC_I32 = 0,
  MXSIM_ATOMIC_I64 = 1,
  MXSIM_ATOMIC_F32 = 2,
  MXSIM_ATOMIC_F16X2 = 3,
  MXSIM_ATOMIC_BF16X2 = 4,
};

/// As NVVM's `LdStMatrixEltType`.
enum MxsimMatrix : int32_t {
  MXSIM_MATRIX_B16 = 0,
  MXSIM_MATRIX_B8 = 1,
  MXSIM_MATRIX_B8X16_B6X16_P32 = 2,
  MXSIM_MATRIX_B8X16_B4X16_P64 = 3,
};

/// As NVVM's `MMATypes`; the last two are formats of scales, for conversions.
enum MxsimType : int32_t {
  MXSIM_TYPE_F16 = 0,
  MXSIM_TYPE_F32 = 1,
  MXSIM_TYPE_U8 = 3,
  MXSIM_TYPE_S8 = 4,
  MXSIM_TYPE_S32 = 5,
  MXSIM_TYPE_BF16 = 9,
  MXSIM_TYPE_E4M3 = 11,
  MXSIM_TYPE_E5M2 = 12,
  MXSIM_TYPE_E3M2 = 13,
  MXSIM_TYPE_E2M3 = 14,
  MXSIM_TYPE_E2M1 = 15,
  MXSIM_TYPE_UE8M0 = 32,
};

/// As NVVM's `MMABlockScaleKind`.
enum MxsimBlockScaleKind : int32_t {
  MXSIM_KIND_MXF8F6F4 = 0,
  MXSIM_KIND_MXF4 = 1,
  MXSIM_KIND_MXF4NVF4 = 2,
};

/// As NVVM's `ScaleVecSize`.
enum MxsimScaleVector : int32_t {
  MXSIM_SCALE_X1 = 0,
  MXSIM_SCALE_X2 = 1,
  MXSIM_SCALE_X4 = 2,
};

/// As NVVM's `BlockScaleFormat`.
enum MxsimScaleFormat : int32_t {
  MXSIM_SCALE_UE8M0 = 0,
  MXSIM_SCALE_UE4M3 = 1,
};

/// Of NVVM's `Tcgen05LdStShape`, what there is a model of.
enum MxsimTensorShape : int32_t { MXSIM_TENSOR_32X32B = 3 };

/// Of NVVM's `Tcgen05CpShape` and `Tcgen05CpMulticast`, likewise.
enum MxsimTensorCopy : int32_t {
  MXSIM_TENSOR_COPY_32X128B = 4,
  MXSIM_TENSOR_MULTICAST_4 = 3,
};

/// As NVVM's `Tcgen05WaitKind`.
enum MxsimTensorWait : int32_t {
  MXSIM_TENSOR_WAIT_LOAD = 0,
  MXSIM_TENSOR_WAIT_STORE = 1,
};

/// As NVVM's `Tcgen05FenceKind`.
enum MxsimTensorFence : int32_t {
  MXSIM_TENSOR_FENCE_BEFORE = 0,
  MXSIM_TENSOR_FENCE_AFTER = 1,
};

/// As NVVM's `FPRoundingMode`; 0 means to nearest even.
enum MxsimRounding : int32_t {
  MXSIM_ROUND_DEFAULT = 0,
  MXSIM_ROUND_NEAREST = 1,
  MXSIM_ROUND_DOWN = 2,
  MXSIM_ROUND_UP = 3,
  MXSIM_ROUND_ZERO = 4,
};

/// As NVVM's `PermuteMode`.
enum MxsimPermute : int32_t {
  MXSIM_PERMUTE_DEFAULT = 0,
  MXSIM_PERMUTE_F4E = 1,
  MXSIM_PERMUTE_B4E = 2,
  MXSIM_PERMUTE_RC8 = 3,
  MXSIM_PERMUTE_ECL = 4,
  MXSIM_PERMUTE_ECR = 5,
  MXSIM_PERMUTE_RC16 = 6,
};

#endif // MX_SIMULATOR_DEVICECONSTANTS_H
