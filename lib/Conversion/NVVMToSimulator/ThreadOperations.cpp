//===- ThreadOperations.cpp - threads, warps, barriers, fences ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/Simulator/DeviceConstants.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

/// The special register that an operation reads, by its name.
static std::optional<int32_t> lookupRegister(Operation *op) {
  StringRef name = op->getName().stripDialect();
  if (!name.consume_front("read.ptx.sreg."))
    return std::nullopt;
  return llvm::StringSwitch<std::optional<int32_t>>(name)
      .Case("tid.x", MXSIM_THREAD_X)
      .Case("tid.y", MXSIM_THREAD_Y)
      .Case("tid.z", MXSIM_THREAD_Z)
      .Case("ntid.x", MXSIM_BLOCK_DIM_X)
      .Case("ntid.y", MXSIM_BLOCK_DIM_Y)
      .Case("ntid.z", MXSIM_BLOCK_DIM_Z)
      .Case("ctaid.x", MXSIM_BLOCK_X)
      .Case("ctaid.y", MXSIM_BLOCK_Y)
      .Case("ctaid.z", MXSIM_BLOCK_Z)
      .Case("nctaid.x", MXSIM_GRID_DIM_X)
      .Case("nctaid.y", MXSIM_GRID_DIM_Y)
      .Case("nctaid.z", MXSIM_GRID_DIM_Z)
      .Case("laneid", MXSIM_LANE_ID)
      .Case("warpid", MXSIM_WARP_ID)
      .Case("nwarpid", MXSIM_WARP_COUNT)
      .Case("warpsize", MXSIM_WARP_SIZE)
      .Case("lanemask.eq", MXSIM_LANE_MASK_EQ)
      .Case("lanemask.le", MXSIM_LANE_MASK_LE)
      .Case("lanemask.lt", MXSIM_LANE_MASK_LT)
      .Case("lanemask.ge", MXSIM_LANE_MASK_GE)
      .Case("lanemask.gt", MXSIM_LANE_MASK_GT)
      .Case("cluster.ctarank", MXSIM_CLUSTER_RANK)
      .Case("cluster.nctarank", MXSIM_CLUSTER_SIZE)
      .Default(std::nullopt);
}

/// {value, i1} from a value and a word that is 0 or 1.
static Value makePair(DeviceRewriter &rewrite, Type type, Value value,
                      Value flag) {
  ImplicitLocOpBuilder &b = rewrite.b;
  Type first = cast<LLVM::LLVMStructType>(type).getBody()[0];
  Value pair = LLVM::UndefOp::create(b, type);
  pair = LLVM::InsertValueOp::create(b, pair, rewrite.convertBits(value, first),
                                     ArrayRef<int64_t>(0));
  Value word = rewrite.load(flag, b.getI32Type(), 0);
  return LLVM::InsertValueOp::create(
      b, pair, rewrite.convertBits(word, b.getI1Type()), ArrayRef<int64_t>(1));
}

/// The word that says how a pair's second result is, or a null pointer.
static Value allocateFlag(DeviceRewriter &rewrite, bool isWanted) {
  if (isWanted)
    return rewrite.allocate(rewrite.b.getI32Type(), 1);
  return LLVM::ZeroOp::create(
      rewrite.b, LLVM::LLVMPointerType::get(rewrite.b.getContext()));
}

static LogicalResult convertShuffle(NVVM::ShflOp op, DeviceRewriter &rewrite) {
  Type i32 = rewrite.b.getI32Type();
  bool isPair = isa<LLVM::LLVMStructType>(op.getType());
  Value flag = allocateFlag(rewrite, isPair);
  Value value =
      rewrite.callAt("mxsim_shuffle", i32,
                     {rewrite.constantOf(op.getKind()), op.getThreadMask(),
                      rewrite.convertBits(op.getVal(), i32), op.getOffset(),
                      op.getMaskAndClamp(), flag});
  if (isPair)
    return rewrite.replace(makePair(rewrite, op.getType(), value, flag));
  return rewrite.replace(rewrite.convertBits(value, op.getType()));
}

static LogicalResult convertMatch(NVVM::MatchSyncOp op,
                                  DeviceRewriter &rewrite) {
  bool isPair = isa<LLVM::LLVMStructType>(op.getType());
  Value flag = allocateFlag(rewrite, isPair);
  Value wide = rewrite.convertBits(op.getVal(), rewrite.b.getI64Type());
  Value mask = rewrite.callAt(
      "mxsim_match", rewrite.b.getI32Type(),
      {rewrite.constantOf(op.getKind()), op.getThreadMask(), wide, flag});
  return rewrite.replace(isPair ? makePair(rewrite, op.getType(), mask, flag)
                                : mask);
}

static LogicalResult convertVote(NVVM::VoteSyncOp op, DeviceRewriter &rewrite) {
  Type i32 = rewrite.b.getI32Type();
  Value result = rewrite.callAt("mxsim_vote", i32,
                                {rewrite.constantOf(op.getKind()), op.getMask(),
                                 rewrite.convertBits(op.getPred(), i32)});
  return rewrite.replace(rewrite.convertBits(result, op.getType()));
}

static LogicalResult convertReduce(NVVM::ReduxOp op, DeviceRewriter &rewrite) {
  Type i32 = rewrite.b.getI32Type();
  Value result = rewrite.callAt(
      "mxsim_reduce", i32,
      {rewrite.constantOf(op.getKind()), op.getMaskAndClamp(),
       rewrite.convertBits(op.getVal(), i32), rewrite.constant(op.getAbs()),
       rewrite.constant(op.getNan())});
  return rewrite.replace(rewrite.convertBits(result, op.getType()));
}

static LogicalResult convertElect(NVVM::ElectSyncOp op,
                                  DeviceRewriter &rewrite) {
  constexpr int32_t wholeWarp = -1;
  Value elected = rewrite.callAt("mxsim_elect", rewrite.b.getI32Type(),
                                 rewrite.getOr(op.getMembermask(), wholeWarp));
  return rewrite.replace(rewrite.convertBits(elected, op.getType()));
}

static LogicalResult convertBarrier(NVVM::BarrierOp op,
                                    DeviceRewriter &rewrite) {
  Value id = rewrite.getOr(op.getBarrierId(), 0);
  Value threads = rewrite.getOr(op.getNumberOfThreads(), 0);
  if (!op.getReductionOp()) {
    rewrite.callAt("mxsim_barrier", Type(), {id, threads});
    return rewrite.erase();
  }
  Value result =
      rewrite.callAt("mxsim_barrier_reduce", rewrite.b.getI32Type(),
                     {id, threads, rewrite.constantOf(*op.getReductionOp()),
                      op.getReductionPredicate()});
  return rewrite.replaceOptional(result);
}

/// A call without a result, in place of an operation without one.
static LogicalResult callInstead(DeviceRewriter &rewrite, StringRef name,
                                 ValueRange operands = {}) {
  rewrite.callAt(name, Type(), operands);
  return rewrite.erase();
}

std::optional<LogicalResult>
mx::convertThreadOperation(Operation *op, DeviceRewriter &rewrite) {
  using Result = std::optional<LogicalResult>;
  if (std::optional<int32_t> which = lookupRegister(op)) {
    Value value = rewrite.call("mxsim_special_register", rewrite.b.getI32Type(),
                               rewrite.constant(*which));
    return rewrite.replace(value);
  }
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](NVVM::ShflOp op) { return convertShuffle(op, rewrite); })
      .Case([&](NVVM::MatchSyncOp op) { return convertMatch(op, rewrite); })
      .Case([&](NVVM::VoteSyncOp op) { return convertVote(op, rewrite); })
      .Case([&](NVVM::ReduxOp op) { return convertReduce(op, rewrite); })
      .Case([&](NVVM::ElectSyncOp op) { return convertElect(op, rewrite); })
      .Case([&](NVVM::BarrierOp op) { return convertBarrier(op, rewrite); })
      .Case([&](NVVM::Barrier0Op) {
        return callInstead(rewrite, "mxsim_barrier",
                           {rewrite.constant(0), rewrite.constant(0)});
      })
      .Case([&](NVVM::BarrierArriveOp op) {
        return callInstead(
            rewrite, "mxsim_barrier_arrive",
            {rewrite.getOr(op.getBarrierId(), 0), op.getNumberOfThreads()});
      })
      .Case([&](NVVM::SyncWarpOp op) {
        return callInstead(rewrite, "mxsim_warp_sync", op.getMask());
      })
      .Case<NVVM::ClusterArriveOp, NVVM::ClusterArriveRelaxedOp>(
          [&](auto) { return callInstead(rewrite, "mxsim_cluster_arrive"); })
      .Case([&](NVVM::ClusterWaitOp) {
        return callInstead(rewrite, "mxsim_cluster_wait");
      })
      .Case<NVVM::MembarOp, NVVM::FenceScClusterOp>(
          [&](auto) { return callInstead(rewrite, "mxsim_fence"); })
      .Case([&](NVVM::FenceMbarrierInitOp) {
        return callInstead(rewrite, "mxsim_fence_mbarrier_init");
      })
      .Case([&](NVVM::FenceProxyOp op) {
        return callInstead(rewrite, "mxsim_fence_proxy",
                           rewrite.constantOf(op.getKind()));
      })
      .Case([&](NVVM::NanosleepOp) {
        rewrite.call("mxsim_yield", Type(), {});
        return rewrite.erase();
      })
      // Hints to the machine.
      .Case<NVVM::SetMaxRegisterOp, NVVM::GriddepcontrolOp, NVVM::PrefetchOp>(
          [&](auto) { return rewrite.erase(); })
      .Default(std::nullopt);
}
