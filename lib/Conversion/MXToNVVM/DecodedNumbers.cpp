//===- DecodedNumbers.cpp - bf16 pairs from codes and scales --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DecodedNumbers.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mlir::mx;

Word mx::permuteBytes(Word low, Word high, Word selector) {
  ImplicitLocOpBuilder &b = low.getBuilder();
  return {b,
          Value(NVVM::PermuteOp::create(b, b.getI32Type(), low, high, selector,
                                        NVVM::PermuteMode::DEFAULT))};
}

Word mx::permuteBytes(Word low, Word high, int selector) {
  return permuteBytes(low, high, low.constant(selector));
}

Value mx::makePair(Word bits) {
  ImplicitLocOpBuilder &b = bits.getBuilder();
  return LLVM::BitcastOp::create(b, VectorType::get({2}, b.getBF16Type()),
                                 Value(bits));
}

Value mx::splatPair(ImplicitLocOpBuilder &b, int bits) {
  return makePair(Word(b, bits * 0x10001));
}

Value mx::decodeScale(FormatAttr format, Word byte) {
  ImplicitLocOpBuilder &b = byte.getBuilder();
  bool isE8M0 = format.getScale() == mxnum::ScaleType::E8M0;
  Word bits = isE8M0 ? placeE8M0(byte) : placeUE4M3(byte);
  Value scale = makePair(bits | (bits << 16));
  if (isE8M0)
    return scale;
  return LLVM::FMulOp::create(
      b, scale, splatPair(b, getPlacementFactor(mxnum::ElementType::E4M3)));
}

Value mx::decodeElements(FormatAttr format, Word codes, Value scale) {
  ImplicitLocOpBuilder &b = codes.getBuilder();
  mxnum::ElementType element = format.getElement();
  Value factor = splatPair(b, getPlacementFactor(element));
  Value placed = makePair(keepSpecials(placePair(codes, element), element));
  Value number = LLVM::FMulOp::create(b, placed, factor);
  return LLVM::BitcastOp::create(b, b.getI32Type(),
                                 LLVM::FMulOp::create(b, number, scale));
}
