//===- Safetensors.h - the file format of checkpoints -----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// An eight-byte length, a JSON header that names each tensor's type, shape and
// place, and the bytes. Files come from strangers: every number in the header
// is checked before it is used, and no tensor is copied to be looked at.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_SAFETENSORS_H
#define MX_CHECKPOINT_SAFETENSORS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
}

namespace mlir::mx {

/// The longest header, in bytes: a third of what the format allows, and more
/// than the most tensors of a file need.
inline constexpr uint64_t kMaxSafetensorsHeader = 1 << 25;
/// The most dimensions a tensor may have.
inline constexpr size_t kMaxStoredRank = 64;

/// Bits of an element of a type that the format knows: F32, BF16, F16, F64,
/// I64, U8 …
std::optional<unsigned> getStoredBits(llvm::StringRef type);

/// Bytes of a tensor, or nothing if the type is unknown, if a dimension is
/// negative, if there are 2^61 bytes or more, or if the last one would not be
/// full. A dimension of 0 does not hide an overflow of the others.
std::optional<uint64_t> countStoredBytes(llvm::StringRef type,
                                         llvm::ArrayRef<int64_t> shape);

/// A tensor and where it lies in a file.
struct TensorPlace {
  std::string type;
  std::vector<int64_t> shape;
  /// Counted from the beginning of the file.
  uint64_t begin = 0, bytes = 0;
};

/// A tensor of a file. `type` is the format's name for it; `bytes` may stand at
/// any address, aligned or not, and are little-endian.
struct StoredTensor {
  std::string type;
  std::vector<int64_t> shape;
  llvm::ArrayRef<char> bytes;
};

/// A file, mapped into memory for as long as this object lives. It may be
/// replaced meanwhile, but not shortened in its place.
class SafetensorsFile {
public:
  /// Opens a regular file. Names are unique, tensors fill the file without gaps
  /// or overlaps, and sizes are those that types and shapes ask for; anything
  /// else is an error that says what and where in the file.
  static llvm::Expected<SafetensorsFile> open(llvm::StringRef path);

  const std::string &getPath() const { return path; }
  const std::map<std::string, StoredTensor> &getTensors() const {
    return tensors;
  }
  const std::map<std::string, std::string> &getMetadata() const {
    return metadata;
  }
  /// The tensor called `name`, or null.
  const StoredTensor *lookup(llvm::StringRef name) const;

private:
  SafetensorsFile() = default;

  std::string path;
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// A tensor to be written. `write` gives out exactly the bytes that type and
/// shape ask for.
struct TensorSource {
  std::string type;
  std::vector<int64_t> shape;
  std::function<void(llvm::raw_ostream &)> write;
};

/// Writes a file: under another name first, then in the place of an older one,
/// so that there is a whole file at any time. The same tensors give the same
/// bytes. Data are aligned to their elements.
llvm::Error
writeSafetensors(llvm::StringRef path,
                 const std::map<std::string, TensorSource> &tensors,
                 const std::map<std::string, std::string> &metadata);

/// The same with tensors that are in memory.
llvm::Error
writeSafetensors(llvm::StringRef path,
                 const std::map<std::string, StoredTensor> &tensors,
                 const std::map<std::string, std::string> &metadata);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_SAFETENSORS_H
