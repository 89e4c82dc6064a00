//===- JsonText.h - JSON of a fixed grammar, read with care -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Text from strangers is parsed as what it must be, not as any JSON: callers
// say what may come next. Nothing recurses deeper than a limit, a name that
// comes twice is seen by who reads the members, and each message has a
// position.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CHECKPOINT_JSONTEXT_H
#define MX_LIB_CHECKPOINT_JSONTEXT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include <cstdint>
#include <string>

namespace mlir::mx {

/// The longest name of a tensor, in bytes.
inline constexpr size_t kMaxStoredName = 4096;
/// The longest string, in bytes.
inline constexpr size_t kMaxStoredString = 8 << 20;
/// The most spaces in a row; writers pad headers to sizes of pages at most.
inline constexpr size_t kMaxBlank = 1 << 20;
/// How deep values that are skipped may be nested.
inline constexpr unsigned kMaxNesting = 64;

/// A short, printable, quoted form of untrusted text. Characters that change
/// the direction of text are written as codes.
std::string quoteText(llvm::StringRef text);

class JsonText {
public:
  /// `whole` is what messages call the text.
  JsonText(llvm::StringRef text, llvm::StringRef whole)
      : text(text), whole(whole) {}

  /// After a failure, what is wrong and where.
  std::string message;
  size_t position = 0;

protected:
  void skipSpace();
  bool fail(const llvm::Twine &expected);
  bool failAt(size_t where, const llvm::Twine &problem);
  bool tryConsume(char character);
  bool consume(char character);
  bool parseString(std::string &value, const llvm::Twine &expected);
  /// Fails unless the string that stands at `where` may be the name of a
  /// tensor.
  bool checkName(llvm::StringRef name, size_t where);
  bool parseInteger(uint64_t &value, const llvm::Twine &expected);
  bool parseObject(llvm::function_ref<bool(std::string, size_t)> parseMember);
  bool parseList(llvm::function_ref<bool()> parseElement);
  /// Any value, of which only the syntax is looked at.
  bool skipValue(unsigned depth = 0);
  /// Nothing but space may be left.
  bool parseEnd(const llvm::Twine &expected);

  llvm::StringRef text;

private:
  llvm::StringRef whole;
  bool isTooBlank = false;
};

} // namespace mlir::mx

#endif // MX_LIB_CHECKPOINT_JSONTEXT_H
