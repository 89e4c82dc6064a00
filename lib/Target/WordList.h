//===- WordList.h - lists of words in tables and messages -------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The columns of our tables hold short lists; messages enumerate.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_TARGET_WORDLIST_H
#define MX_LIB_TARGET_WORDLIST_H

#include <string>
#include <string_view>
#include <vector>

namespace mlir::mx {

/// Splits off the part of `list` before its first `separator`.
inline std::string_view takeFirst(std::string_view &list, char separator) {
  size_t end = list.find(separator);
  std::string_view first = list.substr(0, end);
  list = end == std::string_view::npos ? "" : list.substr(end + 1);
  return first;
}

/// "a", "a or b", "a, b or c" with the conjunction "or".
inline std::string joinWords(const std::vector<std::string> &words,
                             std::string_view conjunction) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i != 0)
      text += i + 1 == words.size() ? " " + std::string(conjunction) + " "
                                    : std::string(", ");
    text += words[i];
  }
  return text;
}

} // namespace mlir::mx

#endif // MX_LIB_TARGET_WORDLIST_H
