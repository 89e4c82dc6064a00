//===- MatmulSpec.cpp - what a kernel is made for -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulSpec.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

/// Stages begin at multiples of this many bytes.
static constexpr int kStageAlignment = 1024;

std::optional<MmaKind> mx::lookupMma(FormatAttr lhs, FormatAttr rhs) {
  if (!lhs || !rhs || lhs.getScale() != rhs.getScale() ||
      lhs.getBlock() != rhs.getBlock() ||
      lhs.getElement() != mxnum::ElementType::E2M1 ||
      rhs.getElement() != mxnum::ElementType::E2M1)
    return std::nullopt;
  constexpr NVVM::MMATypes fp4 = NVVM::MMATypes::e2m1;
  if (lhs.getScale() == mxnum::ScaleType::E8M0 && lhs.getBlock() == 32)
    return MmaKind{NVVM::MMABlockScaleKind::MXF4,
                   NVVM::ScaleVecSize::X2,
                   NVVM::BlockScaleFormat::UE8M0,
                   fp4,
                   fp4,
                   64,
                   2};
  if (lhs.getScale() == mxnum::ScaleType::UE4M3 && lhs.getBlock() == 16)
    return MmaKind{NVVM::MMABlockScaleKind::MXF4NVF4,
                   NVVM::ScaleVecSize::X4,
                   NVVM::BlockScaleFormat::UE4M3,
                   fp4,
                   fp4,
                   64,
                   4};
  return std::nullopt;
}

/// A word for the format that a symbol may hold, e.g. mxfp4 or e2m1_ue4m3_32t.
static std::string spellFormat(FormatAttr format) {
  std::string_view name = mxnum::getFormatName(format.getBlockFormat());
  if (!name.empty())
    return std::string(name);
  std::string spelled =
      StringRef(mxnum::getElementInfo(format.getElement()).name).lower();
  spelled += format.getScale() == mxnum::ScaleType::E8M0 ? "_e8m0_" : "_ue4m3_";
  spelled += std::to_string(format.getBlock());
  return format.getTensorScale() ? spelled + "t" : spelled;
}

std::string MatmulSpec::getName() const {
  std::string type;
  llvm::raw_string_ostream(type) << result;
  return "matmul_" + spellFormat(lhs) + "_" + spellFormat(rhs) + "_" + type +
         "_" + tile.name.str();
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
