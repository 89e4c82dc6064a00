//===- CheckInterface.h - calls from programs to the checker ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// `mx-insert-checks` writes these calls and lib/Driver answers them. A check is
// a sequence of pushes and one call that consumes them:
//
//   mxrt_check_save_f32(context, init)       before the operation: copied
//   mxrt_check_buffer_f32(context, operand)  after it: each operand in order
//   mxrt_check_number(context, value)        each number in order
//   mxrt_check_matmul(context, site)         compare
//
// What each operation pushes, buffers first, then numbers:
//
//   tensor_scale  source, init
//                 format, rule, rounding, satfinite, rotation
//   quantize      source, [tensor scale], payload, scales
//                 format, rule, rounding, satfinite, random bits, index axis,
//                 whether there is a tensor scale, seed, rotation
//   dequantize    payload, scales, [tensor scale], init
//                 format, whether there is a tensor scale
//   rotate        source, init
//                 rotation, inverse
//   matmul        saved init, lhs..., rhs..., [ends], init
//                 k, buffers of lhs, buffers of rhs, lhs format, rhs format,
//                 whether there are ends, how rhs lies (WeightLayout)
//   interleave    source, init
//                 bytes of a unit, padding
//   pack, unpack  source, init
//                 bits
//   tile_scales, untile_scales  source, init
//
// A rotation is five numbers: its size, 0 for none, and 4 words of signs (bit
// set: -1). The context is the address of the external byte
// `mxrt_check_context`, so that programs and checkers need no global state.
// Sites index the module's `mx.check_sites`, pairs of operation and location.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_TRANSFORMS_CHECKINTERFACE_H
#define MX_DIALECT_MX_TRANSFORMS_CHECKINTERFACE_H

#include "mx/Numerics/BlockFormat.h"

namespace mlir::mx {

inline constexpr const char *kCheckPrefix = "mxrt_check_";
inline constexpr const char *kCheckContextSymbol = "mxrt_check_context";
inline constexpr const char *kCheckSitesAttr = "mx.check_sites";

/// What stands for the format of a plain operand.
inline constexpr int64_t kPlainFormat = -1;

/// A format as a number, and back.
inline int64_t encodeFormat(const mxnum::BlockFormat &format) {
  return static_cast<int64_t>(format.element) |
         static_cast<int64_t>(format.scale) << 8 |
         static_cast<int64_t>(format.tensorScale) << 16 | format.block << 24;
}
inline mxnum::BlockFormat decodeFormat(int64_t number) {
  return {static_cast<mxnum::ElementType>(number & 0xFF),
          static_cast<mxnum::ScaleType>(number >> 8 & 0xFF), number >> 24,
          (number >> 16 & 1) != 0};
}

} // namespace mlir::mx

#endif // MX_DIALECT_MX_TRANSFORMS_CHECKINTERFACE_H
