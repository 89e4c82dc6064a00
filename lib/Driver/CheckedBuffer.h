//===- CheckedBuffer.h - a program's buffer as rows -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_CHECKEDBUFFER_H
#define MX_LIB_DRIVER_CHECKEDBUFFER_H

#include "mlir/Support/LLVM.h"
#include "mx/Driver/Array.h"
#include <vector>

namespace mlir::mx {

/// A strided buffer of a running program, seen as rows along its last
/// dimension, numbered in row-major order.
class CheckedBuffer {
public:
  /// `descriptor` is a memref descriptor of `rank` dimensions.
  CheckedBuffer(DType type, int64_t rank, const void *descriptor);

  DType getType() const { return type; }
  ArrayRef<int64_t> getShape() const { return shape; }
  /// Number of rows, and of elements in each. A rank of 0 is one row of one.
  int64_t countRows() const;
  int64_t getRowLength() const { return shape.empty() ? 1 : shape.back(); }

  /// Copies a row as numbers (f32, bf16, f16).
  void readRow(int64_t row, std::vector<float> &values) const;
  /// Copies a row of bytes.
  void readRow(int64_t row, std::vector<uint8_t> &bytes) const;
  /// Element `column` of a row as a number, or as an integer.
  float getFloat(int64_t row, int64_t column) const;
  int64_t getInteger(int64_t row, int64_t column) const;

private:
  const char *getRow(int64_t row) const;
  int64_t getStep() const;

  DType type;
  const char *base;
  SmallVector<int64_t, 4> shape;
  /// In elements.
  SmallVector<int64_t, 4> strides;
};

/// The numbers of a buffer at an earlier time.
struct SavedBuffer {
  std::vector<float> values;
  int64_t rowLength;

  explicit SavedBuffer(const CheckedBuffer &buffer);
  float get(int64_t row, int64_t column) const {
    return values[row * rowLength + column];
  }
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_CHECKEDBUFFER_H
