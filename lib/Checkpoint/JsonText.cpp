//===- JsonText.cpp - JSON of a fixed grammar, read with care -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Tokens are found by their first characters; what is between two quotes is
// left to LLVM's parser, which knows escapes and UTF-8.
//===----------------------------------------------------------------------===//

#include "JsonText.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir::mx;
using llvm::StringRef;
using llvm::Twine;

/// Whether the character that begins `text` cannot be seen: a byte order mark,
/// or one that changes the direction of what follows (U+200E, U+200F, U+202A to
/// U+202E, U+2066 to U+2069).
static bool isInvisible(StringRef text) {
  if (text.starts_with("\xEF\xBB\xBF"))
    return true;
  if (!text.consume_front("\xE2") || text.size() < 2)
    return false;
  auto last = static_cast<uint8_t>(text[1]);
  if (text[0] == '\x80')
    return last == 0x8E || last == 0x8F || (last >= 0xAA && last <= 0xAE);
  return text[0] == '\x81' && last >= 0xA6 && last <= 0xA9;
}

std::string mlir::mx::quoteText(StringRef text) {
  constexpr size_t most = 48;
  size_t shown = std::min(text.size(), most);
  // Not in the middle of a character.
  while (shown < text.size() && shown > 0 && (text[shown] & 0xC0) == 0x80)
    --shown;
  bool isReadable = llvm::json::isUTF8(text.take_front(shown));
  std::string result = "'";
  unsigned hidden = 0;
  for (size_t i = 0; i < shown; ++i) {
    auto byte = static_cast<uint8_t>(text[i]);
    if (isReadable && isInvisible(text.substr(i)))
      hidden = 3;
    bool isHidden = hidden != 0 && hidden-- != 0;
    if (!isHidden && byte >= 0x20 && byte != 0x7F &&
        (byte < 0x80 || isReadable))
      result += text[i];
    else
      result += std::string("\\") + llvm::hexdigit(byte >> 4) +
                llvm::hexdigit(byte & 0xF);
  }
  return result + (shown < text.size() ? "…'" : "'");
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void JsonText::skipSpace() {
  bool isBlank = position < text.size() && text[position] <= ' ';
  if (isTooBlank || !isBlank)
    return;
  StringRef next = text.substr(position, kMaxBlank + 1);
  size_t blank = std::min(next.find_first_not_of(" \t\r\n"), next.size());
  isTooBlank = blank > kMaxBlank;
  position += blank;
}

bool JsonText::failAt(size_t where, const Twine &problem) {
  position = where;
  message = problem.str();
  return false;
}

bool JsonText::fail(const Twine &expected) {
  skipSpace();
  if (isTooBlank)
    return failAt(position, "expected at most " + Twine(kMaxBlank) +
                                " spaces in a row, got more");
  constexpr size_t shown = 24;
  std::string found = position < text.size()
                          ? quoteText(text.substr(position, shown))
                          : ("the end of the " + whole).str();
  return failAt(position, "expected " + expected + ", got " + found);
}

bool JsonText::tryConsume(char character) {
  skipSpace();
  if (position == text.size() || text[position] != character)
    return false;
  ++position;
  return true;
}

bool JsonText::consume(char character) {
  return tryConsume(character) || fail("'" + Twine(character) + "'");
}

/// Finds the end of a string by its quotes; what is between them is JSON's
/// business.
bool JsonText::parseString(std::string &value, const Twine &expected) {
  skipSpace();
  size_t start = position;
  if (!tryConsume('"'))
    return fail(expected);
  // No further than a string may reach.
  while (position < text.size() && text[position] != '"' &&
         position - start <= kMaxStoredString + 1)
    position += text[position] == '\\' ? 2 : 1;
  if (position - start > kMaxStoredString + 1)
    return failAt(start, "expected a string of at most " +
                             Twine(kMaxStoredString) +
                             " bytes, got a longer one");
  if (position >= text.size())
    return failAt(start,
                  "expected the end of a string, got the end of the " + whole);
  StringRef token = text.slice(start, ++position);
  value = token.drop_front().drop_back().str();
  // Nearly all strings mean what they say.
  if (llvm::all_of(value, [](char character) {
        return llvm::isPrint(character) && character != '\\';
      }))
    return true;
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(token);
  if (!parsed) {
    llvm::consumeError(parsed.takeError());
    return failAt(start, "expected a JSON string, got " + quoteText(token));
  }
  value = parsed->getAsString()->str();
  return true;
}

bool JsonText::checkName(StringRef name, size_t where) {
  if (name.size() > kMaxStoredName)
    return failAt(where, "expected a name of at most " + Twine(kMaxStoredName) +
                             " bytes, got " + Twine(name.size()));
  if (name.contains('\0'))
    return failAt(where, "expected a name without NUL, got " + quoteText(name));
  return true;
}

bool JsonText::parseInteger(uint64_t &value, const Twine &expected) {
  skipSpace();
  StringRef digits = text.substr(position).take_while(llvm::isDigit);
  StringRef rest = text.substr(position + digits.size());
  bool isOther = rest.starts_with(".") || rest.starts_with_insensitive("e");
  if (isOther || (digits.size() > 1 && digits[0] == '0') ||
      digits.getAsInteger(10, value))
    return fail(expected);
  position += digits.size();
  return true;
}

bool JsonText::parseList(llvm::function_ref<bool()> parseElement) {
  if (!consume('['))
    return false;
  if (tryConsume(']'))
    return true;
  do
    if (!parseElement())
      return false;
  while (tryConsume(','));
  return tryConsume(']') || fail("',' or ']'");
}

/// Calls `parseMember` with each name and its position, to parse the value.
bool JsonText::parseObject(
    llvm::function_ref<bool(std::string, size_t)> parseMember) {
  if (!consume('{'))
    return false;
  if (tryConsume('}'))
    return true;
  do {
    skipSpace();
    size_t where = position;
    std::string name;
    if (!parseString(name, "a name in quotes") || !consume(':') ||
        !parseMember(std::move(name), where))
      return false;
  } while (tryConsume(','));
  return tryConsume('}') || fail("',' or '}'");
}

bool JsonText::parseEnd(const Twine &expected) {
  skipSpace();
  return !isTooBlank && position == text.size() ? true : fail(expected);
}

/// Skips `true`, `null`, a number: letters, digits and what stands in numbers.
static size_t countWord(StringRef text) {
  size_t end = text.find_if_not([](char character) {
    return llvm::isAlnum(character) || character == '-' || character == '+' ||
           character == '.';
  });
  return std::min(end, text.size());
}

bool JsonText::skipValue(unsigned depth) {
  if (depth == kMaxNesting)
    return fail("at most " + Twine(kMaxNesting) + " levels of nesting");
  skipSpace();
  char first = position < text.size() ? text[position] : '\0';
  std::string ignored;
  if (first == '"')
    return parseString(ignored, "a string");
  if (first == '{')
    return parseObject(
        [&](std::string, size_t) { return skipValue(depth + 1); });
  if (first == '[')
    return parseList([&] { return skipValue(depth + 1); });
  size_t length = countWord(text.substr(position));
  if (length == 0)
    return fail("a value");
  position += length;
  return true;
}
