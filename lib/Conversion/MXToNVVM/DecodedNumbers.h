//===- DecodedNumbers.h - bf16 pairs from codes and scales ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What readers of block-scaled operands have in common: a register of two bf16
// numbers is placed bits (BF16Placement.h) · 2^n · scale, each product exact.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CONVERSION_MXTONVVM_DECODEDNUMBERS_H
#define MX_LIB_CONVERSION_MXTONVVM_DECODEDNUMBERS_H

#include "BF16Placement.h"
#include "Word.h"
#include "mx/Dialect/MX/IR/MXOps.h"

namespace mlir::mx {

/// The instruction for what BF16Placement.h says of integers; lanes may have
/// selectors of their own.
Word permuteBytes(Word low, Word high, Word selector);
Word permuteBytes(Word low, Word high, int selector);

/// A register as two bf16 numbers, and one number in both halves.
Value makePair(Word bits);
Value splatPair(ImplicitLocOpBuilder &b, int bits);

/// A scale byte of `format`, in both halves of a register.
Value decodeScale(FormatAttr format, Word byte);

/// The two numbers of codes that stand at the top of their halves, as an i32.
Value decodeElements(FormatAttr format, Word codes, Value scale);

} // namespace mlir::mx

#endif // MX_LIB_CONVERSION_MXTONVVM_DECODEDNUMBERS_H
