//===- SmallFloatBoundaries.cpp - packed arguments and results ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Callers pass 4- and 6-bit elements as canonical bytes (N8.1), which are
// unpacked where a function begins and after a call, and packed before a return
// and a call. A dynamic last dimension is the number of whole codes that fit in
// the bytes. Inside, a builtin cast turns codes into small floats; the rest of
// the pass removes it.
//===----------------------------------------------------------------------===//

#include "Pack/ExpandSmallFloats.h"
#include "Pack/PackedParts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Numerics/PackedLayout.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr int64_t kByteBits = 8;

/// Bits of the codes that `type` holds if a boundary packs it: 4 or 6, for
/// tensors of rank 1 or more.
static std::optional<unsigned> getPackedBits(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() == 0)
    return std::nullopt;
  std::optional<unsigned> bits = getSmallFloatBits(tensor.getElementType());
  return bits && *bits < kByteBits ? bits : std::nullopt;
}

/// The canonical bytes of a type that is packed; any other type itself.
static Type getBoundaryType(Type type) {
  std::optional<unsigned> bits = getPackedBits(type);
  if (!bits)
    return type;
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  if (!ShapedType::isDynamic(shape.back()))
    shape.back() = mxnum::getPackedBytes(shape.back(), *bits);
  return RankedTensorType::get(shape, IntegerType::get(type.getContext(), 8));
}

static Value createCast(OpBuilder &builder, Location loc, Type type,
                        Value value) {
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

/// Turns canonical bytes into a value of `type`.
static Value unpackValue(OpBuilder &builder, Location loc, Value bytes,
                         RankedTensorType type, unsigned bits) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, bytes);
  if (!type.isDynamicDim(type.getRank() - 1)) {
    sizes.back() = builder.getIndexAttr(type.getShape().back());
  } else {
    Value count = cast<Value>(sizes.back());
    Value width = arith::ConstantIndexOp::create(builder, loc, kByteBits);
    Value total = arith::MulIOp::create(builder, loc, count, width);
    Value step = arith::ConstantIndexOp::create(builder, loc, bits);
    sizes.back() =
        arith::DivUIOp::create(builder, loc, total, step).getResult();
  }
  Value codes = unpackCodes(builder, loc, bytes, sizes, bits);
  codes =
      castTo(builder, loc, codes, cast<RankedTensorType>(getCodeType(type)));
  return createCast(builder, loc, type, codes);
}

/// Turns a value into its canonical bytes.
static Value packValue(OpBuilder &builder, Location loc, Value value,
                       unsigned bits) {
  Type type = value.getType();
  Value codes = createCast(builder, loc, getCodeType(type), value);
  return castTo(builder, loc, packCodes(builder, loc, codes, bits),
                cast<RankedTensorType>(getBoundaryType(type)));
}

/// Packs those operands of a call or return that are packed at boundaries.
static void packOperands(Operation *op) {
  OpBuilder builder(op);
  for (OpOperand &operand : op->getOpOperands())
    if (std::optional<unsigned> bits = getPackedBits(operand.get().getType()))
      operand.set(packValue(builder, op->getLoc(), operand.get(), *bits));
}

static void packCall(func::CallOp op) {
  packOperands(op);
  SmallVector<Type> types =
      llvm::map_to_vector(op.getResultTypes(), getBoundaryType);
  if (TypeRange(types) == op.getResultTypes())
    return;
  OpBuilder builder(op);
  auto call = cast<func::CallOp>(builder.clone(*op));
  for (auto [oldResult, result, type] :
       llvm::zip(op.getResults(), call.getResults(), types)) {
    Type oldType = oldResult.getType();
    result.setType(type);
    Value value = result;
    if (std::optional<unsigned> bits = getPackedBits(oldType))
      value = unpackValue(builder, op.getLoc(), result,
                          cast<RankedTensorType>(oldType), *bits);
    oldResult.replaceAllUsesWith(value);
  }
  op.erase();
}

/// Gives argument `number` of a body its boundary type.
static void packArgument(func::FuncOp function, unsigned number) {
  Block &entry = function.getBody().front();
  BlockArgument old = entry.getArgument(number);
  std::optional<unsigned> bits = getPackedBits(old.getType());
  if (!bits)
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(&entry);
  Value bytes = entry.insertArgument(number, getBoundaryType(old.getType()),
                                     old.getLoc());
  old.replaceAllUsesWith(unpackValue(builder, old.getLoc(), bytes,
                                     cast<RankedTensorType>(old.getType()),
                                     *bits));
  entry.eraseArgument(number + 1);
}

/// Fails for types whose packed form has no meaning: a buffer is shared with
/// the caller, and an unranked tensor has no last dimension.
static LogicalResult verifySignature(func::FuncOp function) {
  FunctionType type = function.getFunctionType();
  for (Type part :
       llvm::concat<const Type>(type.getInputs(), type.getResults())) {
    std::optional<unsigned> bits =
        getSmallFloatBits(getElementTypeOrSelf(part));
    if (bits && *bits < kByteBits &&
        isa<BaseMemRefType, UnrankedTensorType>(part))
      return function.emitOpError("expected arguments and results of 4- and "
                                  "6-bit elements to be ranked tensors, got ")
             << part;
  }
  return success();
}

static void packFunction(func::FuncOp function) {
  FunctionType type = function.getFunctionType();
  function.setFunctionType(FunctionType::get(
      type.getContext(), llvm::map_to_vector(type.getInputs(), getBoundaryType),
      llvm::map_to_vector(type.getResults(), getBoundaryType)));
  if (function.isExternal())
    return;
  for (unsigned number = 0; number < type.getNumInputs(); ++number)
    packArgument(function, number);
  function.walk([](func::ReturnOp op) { packOperands(op); });
}

LogicalResult mlir::mx::packFunctionBoundaries(ModuleOp module) {
  WalkResult valid = module.walk([](func::FuncOp function) {
    return WalkResult(verifySignature(function));
  });
  if (valid.wasInterrupted())
    return failure();
  module.walk([](func::FuncOp function) { packFunction(function); });
  module.walk([](func::CallOp op) { packCall(op); });
  return success();
}

/// pack(unpack(bytes)) ⇒ bytes. The unused bits of canonical bytes are zero
/// (N1.6, which a caller's bytes must keep to), so that nothing else can come
/// out.
void mlir::mx::foldPackOfUnpack(ModuleOp module) {
  SmallVector<PackedPackOp> packs;
  module.walk([&](PackedPackOp pack) { packs.push_back(pack); });
  for (PackedPackOp pack : packs) {
    auto unpack = pack.getSource().getDefiningOp<PackedUnpackOp>();
    if (!unpack || pack.getResults().empty() ||
        unpack.getBits() != pack.getBits() ||
        unpack.getSource().getType() != pack.getResult(0).getType())
      continue;
    pack.getResult(0).replaceAllUsesWith(unpack.getSource());
    pack.erase();
    if (isOpTriviallyDead(unpack))
      unpack.erase();
  }
}
