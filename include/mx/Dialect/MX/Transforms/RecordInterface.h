//===- RecordInterface.h - calls from programs to a recorder ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// `mx-lower-records` turns each mx.record into a call,
//
//   mxrt_record_f32(buffer, request)       or _bf16, _f16
//
// whose request is constant text: "hessian" or "rows=<count>", then the name of
// each site, every one of them ended by a NUL. Compiled code needs nobody to
// answer: it defines these functions itself and exports the variable
// `mx_record_hook`. They call the hook if it is set, and do nothing otherwise.
// mx-run sets it for `--calibration-output`; so can any other program that
// links or loads the code, before it calls a function.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_TRANSFORMS_RECORDINTERFACE_H
#define MX_DIALECT_MX_TRANSFORMS_RECORDINTERFACE_H

#include <cstdint>

namespace mlir::mx {

/// What the functions are called, up to the element type.
inline constexpr const char *kRecordPrefix = "mxrt_record_";
inline constexpr const char *kRecordHookSymbol = "mx_record_hook";

/// Element types as the hook learns them; the suffixes of the functions.
enum class RecordType : int64_t { F32 = 0, BF16 = 1, F16 = 2 };
inline constexpr const char *kRecordTypeNames[] = {"f32", "bf16", "f16"};

/// A buffer whose rank the type does not tell. Its descriptor is words:
/// allocated and aligned pointer, offset, sizes, strides (in elements).
struct RecordedBuffer {
  int64_t rank;
  const int64_t *descriptor;
};

/// The descriptor of a buffer of bytes.
struct RecordRequest {
  void *allocated;
  const char *text;
  int64_t offset;
  int64_t size;
  int64_t stride;
};

/// The variable `mx_record_hook`.
struct RecordHook {
  /// Null: nobody listens. May be called by several threads at once.
  void (*function)(void *context, RecordType type, const RecordedBuffer *buffer,
                   const RecordRequest *request);
  /// Handed to the function.
  void *context;
};

} // namespace mlir::mx

#endif // MX_DIALECT_MX_TRANSFORMS_RECORDINTERFACE_H
