//===- MatmulSignature.cpp - what arguments depend on ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatmulSignature.h"
#include "BF16Placement.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mx/Conversion/HardwareKernel.h"

using namespace mlir;
using namespace mlir::mx;

MatmulSide MatmulSide::get(ValueRange parts, FormatAttr format) {
  Type type = cast<MemRefType>(parts.front().getType()).getElementType();
  return {format, dyn_cast<FloatType>(type)};
}

MatmulSide MatmulSide::getLhs(PackedMatmulOp op) {
  return get(op.getLhs(), op.getLhsFormatAttr());
}

MatmulSide MatmulSide::getRhs(PackedMatmulOp op) {
  MatmulSide side = get(op.getRhs(), op.getRhsFormatAttr());
  if (std::optional<uint64_t> largest = op.getRhsFragments())
    side.order = *largest <= uint64_t(getLargestScale(side.format.getScale()))
                     ? RowOrder::Fragments
                     : RowOrder::LargeFragments;
  return side;
}

int MatmulSide::getScaleLine() const {
  return int(mxnum::kFragmentRows * mxnum::kFragmentDepth / format.getBlock());
}

bool MatmulSide::isDecodable() const {
  if (!format)
    return plain && (plain.isBF16() || plain.isF16() || plain.isF32());
  return !mxnum::getFormatName(format.getBlockFormat()).empty();
}

int MatmulSide::getBits() const {
  if (!format)
    return int(plain.getIntOrFloatBitWidth());
  return int(mxnum::getElementInfo(format.getElement()).bits);
}

int MatmulSide::getBlock(int elements) const {
  return format ? int(format.getBlock()) : elements;
}

int MatmulSide::getPartCount() const {
  return !format ? 1 : format.getTensorScale() ? 3 : 2;
}

int MatmulSide::getPlanes() const {
  if (format || plain.isBF16())
    return 1;
  return plain.isF16() ? 2 : kF32Planes;
}

std::string MatmulSide::getName() const {
  if (format)
    return spellFormat(format) + (order == RowOrder::Canonical ? ""
                                  : order == RowOrder::Fragments
                                      ? "_fragments"
                                      : "_large_fragments");
  std::string spelled;
  llvm::raw_string_ostream(spelled) << plain;
  return spelled;
}

SmallVector<Type> MatmulSignature::getTypes(MLIRContext *context) const {
  size_t vectors = bool(epilogue.row) + epilogue.tail.rows.size();
  size_t results = 1;
  if (PackedQuantizeOp quantizer = epilogue.quantizer)
    results = quantizer.getTensorScale() ? 3 : 2;
  size_t pointers = lhs.operand.getPartCount() + rhs.operand.getPartCount() +
                    isGrouped() + results + vectors;
  SmallVector<Type> types(pointers, LLVM::LLVMPointerType::get(context));
  llvm::append_range(types, ValueRange(epilogue.tail.numbers).getTypes());
  types.append(3 + isGrouped() + isRing, IntegerType::get(context, 32));
  if (hasSums)
    types.push_back(LLVM::LLVMPointerType::get(context));
  return types;
}

std::string mx::spellFormat(FormatAttr format) {
  std::string_view name = mxnum::getFormatName(format.getBlockFormat());
  if (!name.empty())
    return std::string(name);
  std::string spelled =
      StringRef(mxnum::getElementInfo(format.getElement()).name).lower();
  spelled += format.getScale() == mxnum::ScaleType::E8M0 ? "_e8m0_" : "_ue4m3_";
  spelled += std::to_string(format.getBlock());
  return format.getTensorScale() ? spelled + "t" : spelled;
}

/// A word for all that decides the bits of a block.
static std::string spellQuantizer(PackedQuantizeOp op) {
  if (!op)
    return "";
  std::string name = "_to_" + spellFormat(op.getFormat()) + "_" +
                     mxnum::getScaleRuleName(toNumerics(op.getScaleRule()));
  name += op.getSatfinite() ? "_satfinite" : "";
  return name + (isByHardware(op) ? "_converted" : "");
}

std::string mx::spellEpilogue(const MatmulEpilogue &epilogue,
                              StringRef tailName) {
  static constexpr llvm::StringLiteral starts[] = {"", "_zero", "_row"};
  return starts[static_cast<int>(epilogue.start)].str() + tailName.str() +
         spellQuantizer(epilogue.quantizer);
}

std::string mx::spellProduct(unsigned endBits) {
  if (endBits == 0)
    return "matmul_";
  return "grouped" + std::to_string(endBits) + "_matmul_";
}
