//===- MXDialect.h - the mx dialect, its attributes and types ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_IR_MXDIALECT_H
#define MX_DIALECT_MX_IR_MXDIALECT_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mx/Numerics/ScaleRule.h"

#include "mx/Dialect/MX/IR/MXDialect.h.inc"
#include "mx/Dialect/MX/IR/MXEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "mx/Dialect/MX/IR/MXAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "mx/Dialect/MX/IR/MXTypes.h.inc"

namespace mlir::mx {

/// The name of a product in reports, remarks and calibration data; a string.
inline constexpr llvm::StringLiteral kSiteAttr = "mx.site";
/// What was decided for a product; a PlanAttr.
inline constexpr llvm::StringLiteral kPlanAttr = "mx.plan";
/// That both operands of a product hold numbers rotated along their last axis;
/// a HadamardAttr.
inline constexpr llvm::StringLiteral kRotatedAttr = "mx.rotated";
/// On an operation that multiplies a weight by a vector: that the vector was
/// taken from the other side of the products that use it, whose recorded
/// statistics still have it; a unit.
inline constexpr llvm::StringLiteral kMovedGainAttr = "mx.moved_gain";

/// The same rule for lib/Numerics.
inline mxnum::ScaleRule toNumerics(ScaleRule rule) {
  return static_cast<mxnum::ScaleRule>(rule);
}
inline mxnum::Rounding toNumerics(Rounding rounding) {
  return static_cast<mxnum::Rounding>(rounding);
}

/// Whether the static dimensions describe at most 2^58 elements, so that no
/// count of elements, bits or bytes overflows. Zero dimensions do not hide an
/// overflow of the others.
bool isSupportedShape(ArrayRef<int64_t> shape);

/// Returns the element format that a builtin float type holds, if it is one of
/// N1.1.
std::optional<mxnum::ElementType> getElementType(Type type);

/// Bits of a code of one of the small float types (4, 6 or 8: N1.1 and
/// f8E8M0FNU), or nothing for any other type.
std::optional<unsigned> getSmallFloatBits(Type type);

} // namespace mlir::mx

#endif // MX_DIALECT_MX_IR_MXDIALECT_H
