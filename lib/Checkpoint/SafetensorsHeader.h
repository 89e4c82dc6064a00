//===- SafetensorsHeader.h - what stands before the data --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The grammar of a header is fixed and flat: an object of objects, each with
// three known members. It is parsed as that, and then every number is compared
// with the size of the file.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_SAFETENSORSHEADER_H
#define MX_LIB_CHECKPOINT_SAFETENSORSHEADER_H

#include "JsonText.h"
#include "mx/Checkpoint/InputFile.h"
#include "mx/Checkpoint/Safetensors.h"
#include "llvm/ADT/ArrayRef.h"
#include <map>
#include <optional>
#include <vector>

namespace mlir::mx {

/// The bytes before the header, which say its length.
inline constexpr uint64_t kHeaderLengthBytes = 8;
/// The most tensors of a file.
inline constexpr size_t kMaxStoredTensors = 1 << 16;

/// One tensor as the header describes it.
struct HeaderEntry {
  std::optional<std::string> type;
  std::optional<std::vector<int64_t>> shape;
  /// Begin and end, counted from the end of the header.
  std::optional<std::pair<uint64_t, uint64_t>> place;
  /// Where its name stands in the header.
  size_t position = 0;
};

/// Prints a type and a shape as "F32 [2, 3]".
std::string formatStored(llvm::StringRef type, llvm::ArrayRef<int64_t> shape);

class HeaderParser : public JsonText {
public:
  explicit HeaderParser(llvm::StringRef text) : JsonText(text, "header") {}

  /// On failure, `message` and `position` say what is wrong and where.
  bool parse();

  std::map<std::string, HeaderEntry> entries;
  std::map<std::string, std::string> metadata;

private:
  bool parseTop(std::string name, size_t where);
  bool parseMetadata();
  bool parseEntry(HeaderEntry &entry);
  bool parseShape(HeaderEntry &entry);
  bool parsePlace(HeaderEntry &entry);

  bool hasMetadata = false;
};

/// What a file holds, and where.
struct SafetensorsTable {
  std::map<std::string, TensorPlace> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads the header of a file of `size` bytes, of which `text` follows its
/// length. Names are unique, tensors fill the file without gaps or overlaps,
/// and sizes are those that types and shapes ask for; anything else is an error
/// that says what and where in the file.
llvm::Expected<SafetensorsTable> parseSafetensorsHeader(llvm::StringRef text,
                                                        uint64_t size,
                                                        llvm::StringRef path);

/// The same of an open file, of which only the header is read.
llvm::Expected<SafetensorsTable> readSafetensorsHeader(const InputFile &file);

/// A tensor that a header shall describe.
struct PlannedTensor {
  llvm::StringRef name, type;
  llvm::ArrayRef<int64_t> shape;
  /// Where its data begin, counted from the end of the header.
  uint64_t begin = 0, bytes = 0;
};

/// Puts tensors in the order in which they are stored, wide elements first so
/// that all are aligned, then by name, and says where each begins. Fails if one
/// cannot be stored.
llvm::Error placeTensors(llvm::StringRef path,
                         std::vector<PlannedTensor> &tensors);

/// The length and the header of a file with these tensors, placed before.
llvm::Expected<std::string>
printSafetensorsHeader(llvm::StringRef path,
                       llvm::ArrayRef<PlannedTensor> tensors,
                       const std::map<std::string, std::string> &metadata);

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_SAFETENSORSHEADER_H
