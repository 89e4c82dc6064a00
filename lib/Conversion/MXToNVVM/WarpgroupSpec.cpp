//===- WarpgroupSpec.cpp - what a kernel of warpgroups is made for --------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "WarpgroupSpec.h"
#include "MatmulSpec.h"
#include "RingBarriers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int kByteBits = 8;
static constexpr int kWordBytes = 4;
/// The pattern of the swizzle repeats after so many bytes.
static constexpr int kStageAlignment = 1024;
/// Shared memory of a block on sm_90a (Chips.def).
static constexpr int kSharedLimit = 227 * 1024;
static constexpr int kMinStages = 2, kMaxStages = 6;

bool WarpgroupSpec::areSupported(const MatmulSide &lhs, const MatmulSide &rhs) {
  return !lhs.format && lhs.plain && lhs.plain.isBF16() && rhs.format &&
         rhs.isDecodable() && rhs.getBits() < kByteBits;
}

std::string WarpgroupSpec::getName() const {
  std::string spelled;
  llvm::raw_string_ostream(spelled) << result;
  std::string name = "matmul_wgmma_bf16_" + weights.getName() + "_" + spelled +
                     "_" + tile.name.str();
  if (tile.stages > 0)
    name += "_stages" + std::to_string(getStages());
  return name;
}

PanelShape WarpgroupSpec::getPayloadShape() const {
  PanelShape shape{tile.getColumns(),
                   kStepDepth * weights.getBits() / kByteBits, kChunkBytes};
  shape.unit = kChunkBytes;
  shape.threads = kGroupThreads;
  return shape;
}

int WarpgroupSpec::getScaleBytes() const {
  return kStepDepth / weights.getBlock(kStepDepth);
}

/// Scales of unaligned rows come as the words that they lie in (ScaleWords.h).
int WarpgroupSpec::getScalePitch() const {
  int words = (getScaleBytes() + 2 * (kWordBytes - 1)) / kWordBytes;
  return int(llvm::PowerOf2Ceil(words)) * kWordBytes;
}

int WarpgroupSpec::getStages() const {
  int most = kSharedLimit / (WarpgroupStage(*this).bytes + 2 * kBarrierBytes);
  int wanted = tile.stages > 0 ? tile.stages : kMaxStages;
  return std::max(kMinStages, std::min(wanted, most));
}

int WarpgroupSpec::getSharedBytes() const {
  return getStages() * (WarpgroupStage(*this).bytes + 2 * kBarrierBytes);
}

WarpgroupStage::WarpgroupStage(const WarpgroupSpec &spec) {
  int columns = spec.tile.getColumns();
  activations = 0;
  payload = spec.tile.rows * kRowBytes;
  scales = payload + columns * spec.getPayloadShape().rowBytes;
  bytes = int(
      llvm::alignTo(scales + columns * spec.getScalePitch(), kStageAlignment));
}
