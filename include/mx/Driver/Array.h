//===- Array.h - what goes into and comes out of a program ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A contiguous row-major array, in memory of its own or of somebody else, with
// an element type as .npy files know them. Narrow formats cross the boundary as
// bytes.
//===----------------------------------------------------------------------===//

#ifndef MX_DRIVER_ARRAY_H
#define MX_DRIVER_ARRAY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

namespace mlir::mx {

/// Element types of arrays.
enum class DType : uint8_t {
  Bool,
  I8,
  I16,
  I32,
  I64,
  U8,
  U16,
  U32,
  U64,
  F16,
  BF16,
  F32,
  F64,
};

/// Every element type, for tables.
inline constexpr DType kDTypes[] = {
    DType::Bool, DType::I8,  DType::I16, DType::I32, DType::I64,
    DType::U8,   DType::U16, DType::U32, DType::U64, DType::F16,
    DType::BF16, DType::F32, DType::F64};

/// The spelling used on command lines and in messages, e.g. "bf16"; "i1" for
/// Bool.
llvm::StringRef getDTypeName(DType type);
std::optional<DType> lookupDType(llvm::StringRef name);

/// Bytes of one element in memory.
unsigned getDTypeBytes(DType type);

/// Returns the number of elements of `shape`, or nothing if a dimension is
/// negative or the byte size would not fit in 62 bits.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape,
                                     unsigned elementBytes);

/// Prints a shape and a type as "4x32xf32"; a negative dimension prints as "?".
std::string formatShape(llvm::ArrayRef<int64_t> shape, DType type);

/// What an array does with its memory in the end.
enum class Ownership : bool { Owned, Borrowed };

/// A row-major array. What `create` makes is aligned for any vector load.
class Array {
public:
  /// Makes an array of zeros, or fails if there is no memory for it.
  static llvm::Expected<Array> create(DType type,
                                      llvm::ArrayRef<int64_t> shape);
  /// Makes an array of what lies at `data`: memory that somebody else keeps
  /// (Borrowed), or that of malloc, which the array frees (Owned).
  static llvm::Expected<Array> wrap(DType type, llvm::ArrayRef<int64_t> shape,
                                    void *data, Ownership ownership);
  /// Makes a copy in memory of its own.
  llvm::Expected<Array> clone() const;

  DType getType() const { return type; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t size() const { return elements; }
  size_t getByteSize() const { return elements * getDTypeBytes(type); }
  char *data() { return storage.get(); }
  const char *data() const { return storage.get(); }

  /// Element `index` as a number; integers beyond 2^53 are rounded.
  double getAsDouble(int64_t index) const;
  /// Sets element `index` to `value`, rounded to the element type.
  void setFromDouble(int64_t index, double value);

private:
  struct Deleter {
    /// Owned unless it is set.
    Ownership ownership;
    void operator()(char *memory) const {
      if (ownership == Ownership::Owned)
        std::free(memory);
    }
  };

  DType type = DType::U8;
  llvm::SmallVector<int64_t, 4> shape;
  int64_t elements = 0;
  std::unique_ptr<char, Deleter> storage;
};

} // namespace mlir::mx

#endif // MX_DRIVER_ARRAY_H
