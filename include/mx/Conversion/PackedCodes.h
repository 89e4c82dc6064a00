//===- PackedCodes.h - canonical bytes in vectors ---------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The byte layout of N8.1 (drawn in mx/Numerics/PackedLayout.h) on a chunk of
// codes that starts at a byte boundary. Works on any target: shuffles and
// shifts of bytes, no reinterpretation of memory.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_PACKEDCODES_H
#define MX_CONVERSION_PACKEDCODES_H

#include "mlir/IR/Builders.h"

namespace mlir::mx {

/// Packs a vector of i8 codes of 4, 6 or 8 bits, whose upper bits are zero. The
/// number of codes must fill whole bytes.
Value packLanes(OpBuilder &builder, Location loc, Value codes, unsigned bits);

} // namespace mlir::mx

#endif // MX_CONVERSION_PACKEDCODES_H
