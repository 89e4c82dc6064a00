//===- MatmulSpec.cpp - what a kernel is made for -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulSpec.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

/// Stages begin at multiples of this many bytes.
static constexpr int kStageAlignment = 1024;

static NVVM::MMATypes getMmaType(mxnum::ElementType type) {
  switch (type) {
  case mxnum::ElementType::E2M1:
    return NVVM::MMATypes::e2m1;
  case mxnum::ElementType::E2M3:
    return NVVM::MMATypes::e2m3;
  case mxnum::ElementType::E3M2:
    return NVVM::MMATypes::e3m2;
  case mxnum::ElementType::E4M3:
    return NVVM::MMATypes::e4m3;
  case mxnum::ElementType::E5M2:
    return NVVM::MMATypes::e5m2;
  }
  llvm_unreachable("every element type has a case");
}

std::optional<MmaKind> mx::lookupMma(FormatAttr lhs, FormatAttr rhs) {
  using Kind = NVVM::MMABlockScaleKind;
  using Vector = NVVM::ScaleVecSize;
  using Scale = NVVM::BlockScaleFormat;
  if (!lhs || !rhs || lhs.getScale() != rhs.getScale() ||
      lhs.getBlock() != rhs.getBlock())
    return std::nullopt;
  NVVM::MMATypes a = getMmaType(lhs.getElement()),
                 b = getMmaType(rhs.getElement());
  bool bothFP4 = a == NVVM::MMATypes::e2m1 && b == NVVM::MMATypes::e2m1;
  bool mx = lhs.getScale() == mxnum::ScaleType::E8M0 && lhs.getBlock() == 32;
  bool nv = lhs.getScale() == mxnum::ScaleType::UE4M3 && lhs.getBlock() == 16;
  if (mx && bothFP4)
    return MmaKind{Kind::MXF4, Vector::X2, Scale::UE8M0, a, b, 64, 2};
  if (nv && bothFP4)
    return MmaKind{Kind::MXF4NVF4, Vector::X4, Scale::UE4M3, a, b, 64, 4};
  if (mx)
    return MmaKind{Kind::MXF8F6F4, Vector::X1, Scale::UE8M0, a, b, 32, 1};
  return std::nullopt;
}

std::string MatmulSpec::getName() const {
  std::string type;
  llvm::raw_string_ostream(type) << result;
  std::string name = spellFormat(lhs) + "_" + spellFormat(rhs) + "_" + type +
                     spellEpilogue(epilogue, tailName) + "_" + tile.name.str();
  return spellProduct(endBits) + name;
}

MatmulSignature MatmulSpec::getSignature() const {
  StageLayout layout(*this);
  return {{{lhs, FloatType()}, tile.rows, layout.lhs, layout.lhsScales},
          {{rhs, FloatType()}, tile.columns, layout.rhs, layout.rhsScales},
          kSlices * mma.depth,
          getOutputType(),
          endBits,
          tile.isRing(),
          epilogue};
}

PanelShape MatmulSpec::getPayloadShape(FormatAttr format, int rows) const {
  int width = int(mxnum::getElementInfo(format.getElement()).bits);
  // Packed codes that become bytes are read in smaller units.
  PanelShape shape{rows, kRowBytes, kChunkBytes};
  shape.bits = width * kSlices * mma.depth / kRowBytes;
  shape.swizzled = true;
  if (tile.payloadUnit > 1)
    shape.unit = shape.getChunkSource() & -shape.getChunkSource();
  return shape;
}

PanelShape MatmulSpec::getScalesShape(int rows) const {
  PanelShape shape{rows, mma.getScaleBytes(), tile.scaleUnit};
  shape.unit = tile.scaleUnit;
  return shape;
}

StagedTile MatmulSpec::getStaging() const {
  if (tile.isRing())
    return {kMmaRows, tile.getWarpWidth(), kWarpLanes};
  return {tile.rows, tile.columns, kThreads};
}

int MatmulSpec::getRingStaging() const {
  // Two barriers of eight bytes for each stage.
  return kStages * (StageLayout(*this).bytes + 2 * 8);
}

int MatmulSpec::getSharedBytes() const {
  int staging = epilogue.quantizer ? getStaging().getBytes() : 0;
  if (tile.isRing())
    return getRingStaging() + kThreads / kWarpLanes * staging;
  return std::max(kStages * StageLayout(*this).bytes, staging);
}

StageLayout::StageLayout(const MatmulSpec &spec) {
  int scaleBytes = spec.mma.getScaleBytes();
  lhs = 0;
  rhs = lhs + spec.tile.rows * kRowBytes;
  lhsScales = rhs + spec.tile.columns * kRowBytes;
  rhsScales = lhsScales + spec.tile.rows * scaleBytes;
  bytes = llvm::alignTo(rhsScales + spec.tile.columns * scaleBytes,
                        kStageAlignment);
}
