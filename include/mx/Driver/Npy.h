//===- Npy.h - NumPy's file format ------------------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads versions 1 to 3 and writes version 1 of .npy. Files are untrusted:
// every length is bounded, every product checked, and a file must have exactly
// the size its header promises. Messages name the file and the byte offset.
//===----------------------------------------------------------------------===//

#ifndef MX_DRIVER_NPY_H
#define MX_DRIVER_NPY_H

#include "mx/Driver/Array.h"

namespace llvm {
class raw_ostream;
}

namespace mlir::mx {

/// What stands before the data of a .npy file.
struct NpyHeader {
  DType type;
  llvm::SmallVector<int64_t, 4> shape;
  /// Where the data begin.
  uint64_t dataOffset;
};

/// The longest header that is read, beyond the fixed fields.
inline constexpr uint32_t kMaxNpyHeader = 65536;
/// The most dimensions an array may have.
inline constexpr unsigned kMaxNpyRank = 64;

/// Parses the header of a file of `fileSize` bytes called `name`, of which
/// `bytes` are the first (all of them, or at least kMaxNpyHeader + 12).
/// Structured types, big-endian data and Fortran order are refused.
llvm::Expected<NpyHeader>
parseNpyHeader(llvm::StringRef bytes, uint64_t fileSize, llvm::StringRef name);

/// Reads a regular file.
llvm::Expected<Array> readNpy(llvm::StringRef path);

/// Writes `array`; bf16 as the 16-bit patterns, the form in which it is read.
void writeNpy(const Array &array, llvm::raw_ostream &os);

/// Writes a file, replacing an older one only when all is written. Errors name
/// it.
llvm::Error writeNpyFile(const Array &array, llvm::StringRef path);

} // namespace mlir::mx

#endif // MX_DRIVER_NPY_H
