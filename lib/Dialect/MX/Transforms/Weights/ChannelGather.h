//===- ChannelGather.h - channels in another order --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A permutation of channels has no operation of its own: it is read from the
// two ways in which programs write one, and written in the first of them.
// Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_CHANNELGATHER_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_CHANNELGATHER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace mlir::mx {

/// Position i along `axis` of the result is position indices[i] of `source`.
struct ChannelGather {
  Value source;
  int64_t axis;
  SmallVector<int64_t> indices;
};

/// Matches a linalg.generic that reads a tensor of the same shape through a
/// constant permutation of one dimension.
std::optional<ChannelGather> matchGather(Operation *op);

/// Matches the above, and a dimension that is split, transposed and joined
/// again; `op` is the last operation.
std::optional<ChannelGather> matchChannelOrder(Operation *op);

/// Writes such a linalg.generic at the insertion point.
Value createGather(OpBuilder &builder, Value source, int64_t axis,
                   ArrayRef<int64_t> indices);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_CHANNELGATHER_H
