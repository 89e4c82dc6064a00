//===- MXDialect.cpp - registration of the mx dialect ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Ties the dialect's parts together: operations, types, attributes, the
// materialiser of folded constants, and the version that bytecode carries.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"

using namespace mlir;
using namespace mlir::mx;

#include "mx/Dialect/MX/IR/MXDialect.cpp.inc"
#include "mx/Dialect/MX/IR/MXEnums.cpp.inc"

// The IR's enumerations and those of lib/Numerics are cast into each other.
static_assert(static_cast<int>(ScaleRule::Sweep) ==
              static_cast<int>(mxnum::ScaleRule::Sweep));
static_assert(static_cast<int>(Rounding::Stochastic) ==
              static_cast<int>(mxnum::Rounding::Stochastic));

namespace {

/// The version of the dialect's IR. A reader refuses a newer one; an older one
/// would be upgraded here.
struct MXVersion : public DialectVersion {
  static constexpr uint64_t current = 1;
  explicit MXVersion(uint64_t number) : number(number) {}
  uint64_t number;
};

struct MXBytecodeInterface : public BytecodeDialectInterface {
  static constexpr uint64_t blockElementsCode = 0;

  explicit MXBytecodeInterface(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(MXVersion::current);
  }

  /// Only the parts of a constant are encoded, so that they may be resources:
  /// an attribute written as text would lose those. All others are text.
  LogicalResult writeAttribute(Attribute attr,
                               DialectBytecodeWriter &writer) const override {
    auto elements = dyn_cast<BlockElementsAttr>(attr);
    if (!elements)
      return failure();
    writer.writeVarInt(blockElementsCode);
    writer.writeAttribute(elements.getPayload());
    writer.writeAttribute(elements.getScales());
    writer.writeOptionalAttribute(elements.getTensorScale());
    return success();
  }

  Attribute readAttribute(DialectBytecodeReader &reader) const override {
    uint64_t code;
    Attribute payload, scales, tensorScale;
    if (failed(reader.readVarInt(code)))
      return {};
    if (code != blockElementsCode) {
      reader.emitError() << "expected the code " << blockElementsCode
                         << " of an mx attribute, got " << code;
      return {};
    }
    if (failed(reader.readAttribute(payload)) ||
        failed(reader.readAttribute(scales)) ||
        failed(reader.readOptionalAttribute(tensorScale)))
      return {};
    if (!isa<ElementsAttr>(payload) || !isa<ElementsAttr>(scales) ||
        (tensorScale && !isa<FloatAttr>(tensorScale))) {
      reader.emitError() << "expected the parts of a constant, got " << payload
                         << ", " << scales << " and " << tensorScale;
      return {};
    }
    return BlockElementsAttr::getChecked(
        [&] { return reader.emitError(); }, reader.getContext(),
        cast<ElementsAttr>(payload), cast<ElementsAttr>(scales),
        cast_if_present<FloatAttr>(tensorScale));
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    uint64_t number;
    if (failed(reader.readVarInt(number)))
      return nullptr;
    if (number > MXVersion::current) {
      reader.emitError() << "expected an mx dialect version of at most "
                         << MXVersion::current << ", got " << number;
      return nullptr;
    }
    return std::make_unique<MXVersion>(number);
  }
};

} // namespace

void MXDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "mx/Dialect/MX/IR/MXOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "mx/Dialect/MX/IR/MXLayoutOps.cpp.inc"
      >();
  addInterfaces<MXBytecodeInterface>();
}

Operation *MXDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                          Type type, Location loc) {
  if (auto elements = dyn_cast<BlockElementsAttr>(value))
    return ConstantOp::create(builder, loc, type, elements);
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

std::optional<mxnum::ElementType> mlir::mx::getElementType(Type type) {
  if (isa<Float4E2M1FNType>(type))
    return mxnum::ElementType::E2M1;
  if (isa<Float6E2M3FNType>(type))
    return mxnum::ElementType::E2M3;
  if (isa<Float6E3M2FNType>(type))
    return mxnum::ElementType::E3M2;
  if (isa<Float8E4M3FNType>(type))
    return mxnum::ElementType::E4M3;
  if (isa<Float8E5M2Type>(type))
    return mxnum::ElementType::E5M2;
  return std::nullopt;
}

std::optional<unsigned> mlir::mx::getSmallFloatBits(Type type) {
  if (isa<Float8E8M0FNUType>(type))
    return 8;
  if (auto element = getElementType(type))
    return mxnum::getElementInfo(*element).bits;
  return std::nullopt;
}
