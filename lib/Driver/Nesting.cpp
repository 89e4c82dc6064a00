//===- Nesting.cpp - how deep IR may be nested ----------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Nesting.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

/// Returns the index behind the string that begins before `index`.
static size_t skipString(StringRef text, size_t index) {
  while (index < text.size()) {
    index = text.find_first_of("\"\\\n", index);
    if (index >= text.size() || text[index] != '\\')
      return std::min(index, text.size() - 1) + 1;
    index += 2;
  }
  return text.size();
}

/// Forgets brackets up to the one that `closing` closes, if there is one: what
/// stands between them were no brackets but signs such as "<".
static void close(std::string &open, char closing) {
  char opening = closing == ')' ? '(' : closing == ']' ? '[' : '{';
  size_t place = open.rfind(opening);
  if (place != std::string::npos)
    open.resize(place);
}

const char *mlir::mx::findTooDeep(StringRef text) {
  std::string open;
  size_t signs = 0;
  for (size_t i = 0; i < text.size();) {
    char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
    size_t start = i++;
    if (llvm::isSpace(c))
      continue;
    bool isArrow = c == '-' && next == '>';
    signs = c == '-' && !isArrow ? signs + 1 : 0;
    if (isArrow || ((c == '<' || c == '>') && next == '='))
      ++i;
    else if (c == '"')
      i = skipString(text, i);
    else if (c == '/' && next == '/')
      i = text.find('\n', i);
    else if (c == '(' || c == '[' || c == '{' || c == '<')
      open += c;
    else if (c == ')' || c == ']' || c == '}')
      close(open, c);
    else if (c == '>' && !open.empty() && open.back() == '<')
      open.pop_back();
    if (open.size() > kMostNested || signs > kMostNested)
      return text.data() + start;
  }
  return nullptr;
}
