//===- SafetensorsHeader.h - what stands before the data --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The grammar of a header is fixed and flat: an object of objects, each with
// three known members. It is parsed as that, not as any JSON: there is nothing
// to nest, a name that comes twice is seen, and messages have a position.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_SAFETENSORSHEADER_H
#define MX_LIB_CHECKPOINT_SAFETENSORSHEADER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mlir::mx {

/// One tensor as the header describes it.
struct HeaderEntry {
  std::optional<std::string> type;
  std::optional<std::vector<int64_t>> shape;
  /// Begin and end, counted from the end of the header.
  std::optional<std::pair<uint64_t, uint64_t>> place;
  /// Where its name stands in the header.
  size_t position = 0;
};

/// A short, printable, quoted form of untrusted text.
std::string quoteText(llvm::StringRef text);

/// Prints a type and a shape as "F32 [2, 3]".
std::string formatStored(llvm::StringRef type, llvm::ArrayRef<int64_t> shape);

class HeaderParser {
public:
  explicit HeaderParser(llvm::StringRef text) : text(text) {}

  /// On failure, `message` and `position` say what is wrong and where.
  bool parse();

  std::map<std::string, HeaderEntry> entries;
  std::map<std::string, std::string> metadata;
  std::string message;
  size_t position = 0;

private:
  void skipSpace();
  bool fail(const llvm::Twine &expected);
  bool failAt(size_t where, const llvm::Twine &problem);
  bool tryConsume(char character);
  bool consume(char character);
  bool parseString(std::string &value, const llvm::Twine &expected);
  bool parseInteger(uint64_t &value, const llvm::Twine &expected);
  bool parseObject(llvm::function_ref<bool(std::string, size_t)> parseMember);
  bool parseList(llvm::function_ref<bool()> parseElement);
  bool parseTop(std::string name, size_t where);
  bool parseMetadata();
  bool parseEntry(HeaderEntry &entry);
  bool parseShape(HeaderEntry &entry);
  bool parsePlace(HeaderEntry &entry);

  llvm::StringRef text;
  bool hasMetadata = false;
};

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_SAFETENSORSHEADER_H
