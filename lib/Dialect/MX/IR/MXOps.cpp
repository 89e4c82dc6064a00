//===- MXOps.cpp - syntax and interfaces of the mx operations -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What TableGen cannot write: keywords for enumerations, result names, inferred
// types, and the memory effects of packed operations once they are on buffers.
// Verifiers are in MXVerifiers.cpp, folders in MXFolds.cpp.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Builders.h"
#include "mx/Dialect/MX/IR/MXLayoutOps.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Enumerations as keywords, e.g. scale_rule(even)
//===----------------------------------------------------------------------===//

template <typename AttrT>
static ParseResult parseKeyword(OpAsmParser &parser, AttrT &attr) {
  FailureOr<AttrT> parsed = AttrT::parseCase(parser);
  if (failed(parsed))
    return failure();
  attr = *parsed;
  return success();
}

static void printKeyword(OpAsmPrinter &printer, Operation *,
                         ScaleRuleAttr attr) {
  printer << stringifyScaleRule(attr.getValue());
}

static void printKeyword(OpAsmPrinter &printer, Operation *,
                         RoundingAttr attr) {
  printer << stringifyRounding(attr.getValue());
}

static void printKeyword(OpAsmPrinter &printer, Operation *, CollectAttr attr) {
  printer << stringifyCollect(attr.getValue());
}

#define GET_OP_CLASSES
#include "mx/Dialect/MX/IR/MXOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Graph operations
//===----------------------------------------------------------------------===//

void ConstantOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), "cst");
}

LogicalResult
TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                              Adaptor adaptor,
                              SmallVectorImpl<Type> &inferredReturnTypes) {
  auto source = dyn_cast<BlockTensorType>(adaptor.getSource().getType());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  if (!source || static_cast<int64_t>(permutation.size()) != source.getRank() ||
      !isPermutationVector(permutation))
    return emitOptionalError(
        loc, "expected a permutation of the dimensions of the source, got [",
        permutation, "]");
  SmallVector<int64_t> shape;
  int64_t axis = 0;
  for (auto [position, dim] : llvm::enumerate(permutation)) {
    shape.push_back(source.getShape()[dim]);
    if (dim == source.getAxis())
      axis = position;
  }
  inferredReturnTypes.push_back(source.cloneWith(shape, axis));
  return success();
}

/// The runtime is outside of memory as the compiler sees it: a write to
/// anywhere keeps records where they are and in their order.
void RecordOp::getEffects(
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  effects.emplace_back(MemoryEffects::Write::get());
  if (isa<MemRefType>(getSource().getType()))
    effects.emplace_back(MemoryEffects::Read::get(), &getSourceMutable(),
                         SideEffects::DefaultResource::get());
}

//===----------------------------------------------------------------------===//
// Packed operations
//===----------------------------------------------------------------------===//

/// On buffers, a packed operation reads its inputs and reads and writes its
/// destinations; on tensors it has no effect.
static void
getPackedEffects(DestinationStyleOpInterface op,
                 SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand,
                         SideEffects::DefaultResource::get());
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
  }
}

#define MX_PACKED_EFFECTS(Op)                                                  \
  void Op::getEffects(                                                         \
      SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {               \
    getPackedEffects(cast<DestinationStyleOpInterface>(getOperation()),        \
                     effects);                                                 \
  }
MX_PACKED_EFFECTS(PackedTensorScaleOp)
MX_PACKED_EFFECTS(PackedQuantizeOp)
MX_PACKED_EFFECTS(PackedDequantizeOp)
MX_PACKED_EFFECTS(PackedRotateOp)
MX_PACKED_EFFECTS(PackedMatmulOp)
MX_PACKED_EFFECTS(PackedUnpackOp)
MX_PACKED_EFFECTS(PackedPackOp)
MX_PACKED_EFFECTS(PackedInterleaveOp)
MX_PACKED_EFFECTS(PackedTileScalesOp)
MX_PACKED_EFFECTS(PackedUntileScalesOp)
#undef MX_PACKED_EFFECTS

bool mlir::mx::isSite(Operation *op) {
  return isa<MatmulOp, GroupedMatmulOp>(op) &&
         !isa<BlockTensorType>(op->getOperand(0).getType()) &&
         !isa<BlockTensorType>(op->getOperand(1).getType());
}
