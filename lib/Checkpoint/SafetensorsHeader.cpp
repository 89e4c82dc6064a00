//===- SafetensorsHeader.cpp - what stands before the data ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   {"__metadata__": {"key": "value", …},
//    "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//===----------------------------------------------------------------------===//

#include "SafetensorsHeader.h"
#include "mx/Checkpoint/Safetensors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::mx;
using llvm::StringRef;
using llvm::Twine;

std::string mlir::mx::quoteText(StringRef text) {
  bool isReadable = llvm::json::isUTF8(text);
  size_t shown = std::min<size_t>(text.size(), 48);
  // Not in the middle of a character.
  while (shown < text.size() && (text[shown] & 0xC0) == 0x80)
    --shown;
  std::string result = "'";
  for (char character : text.take_front(shown)) {
    auto byte = static_cast<uint8_t>(character);
    if (byte >= 0x20 && byte != 0x7F && (byte < 0x80 || isReadable))
      result += character;
    else
      result += std::string("\\") + llvm::hexdigit(byte >> 4) +
                llvm::hexdigit(byte & 0xF);
  }
  return result + (shown < text.size() ? "…'" : "'");
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void HeaderParser::skipSpace() {
  position = std::min(text.find_first_not_of(" \t\r\n", position), text.size());
}

bool HeaderParser::failAt(size_t where, const Twine &problem) {
  position = where;
  message = problem.str();
  return false;
}

bool HeaderParser::fail(const Twine &expected) {
  skipSpace();
  constexpr size_t shown = 24;
  std::string found = position < text.size()
                          ? quoteText(text.substr(position, shown))
                          : "the end of the header";
  return failAt(position, "expected " + expected + ", got " + found);
}

bool HeaderParser::tryConsume(char character) {
  skipSpace();
  if (position == text.size() || text[position] != character)
    return false;
  ++position;
  return true;
}

bool HeaderParser::consume(char character) {
  return tryConsume(character) || fail("'" + Twine(character) + "'");
}

/// Finds the end of a string by its quotes; what is between them is JSON's
/// business.
bool HeaderParser::parseString(std::string &value, const Twine &expected) {
  skipSpace();
  size_t start = position;
  if (!tryConsume('"'))
    return fail(expected);
  while (position < text.size() && text[position] != '"')
    position += text[position] == '\\' ? 2 : 1;
  if (position >= text.size())
    return failAt(start, "expected the end of a string, got the end of the "
                         "header");
  StringRef token = text.slice(start, ++position);
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(token);
  if (!parsed) {
    llvm::consumeError(parsed.takeError());
    return failAt(start, "expected a JSON string, got " + quoteText(token));
  }
  value = parsed->getAsString()->str();
  return true;
}

bool HeaderParser::parseInteger(uint64_t &value, const Twine &expected) {
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

bool HeaderParser::parseList(llvm::function_ref<bool()> parseElement) {
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
bool HeaderParser::parseObject(
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

//===----------------------------------------------------------------------===//
// Members
//===----------------------------------------------------------------------===//

bool HeaderParser::parseMetadata() {
  return parseObject([&](std::string name, size_t where) {
    auto [member, isNew] = metadata.emplace(std::move(name), "");
    if (!isNew)
      return failAt(where, "expected each name in the metadata once, got " +
                               quoteText(member->first) + " twice");
    return parseString(member->second, "a string");
  });
}

bool HeaderParser::parseShape(HeaderEntry &entry) {
  entry.shape.emplace();
  return parseList([&] {
    if (entry.shape->size() == kMaxStoredRank)
      return fail("at most " + Twine(kMaxStoredRank) + " dimensions");
    uint64_t size;
    constexpr const char *expected = "a dimension below 2^62";
    size_t start = position;
    if (!parseInteger(size, expected))
      return false;
    if (size >> 62 != 0) {
      position = start;
      return fail(expected);
    }
    entry.shape->push_back(static_cast<int64_t>(size));
    return true;
  });
}

bool HeaderParser::parsePlace(HeaderEntry &entry) {
  constexpr const char *expected = "an offset below 2^64";
  uint64_t begin, end;
  if (!consume('[') || !parseInteger(begin, expected) || !consume(',') ||
      !parseInteger(end, expected) || !consume(']'))
    return false;
  entry.place = std::make_pair(begin, end);
  return true;
}

bool HeaderParser::parseEntry(HeaderEntry &entry) {
  constexpr const char *members =
      "'dtype', 'shape' and 'data_offsets', each once";
  size_t start = position;
  bool parsed = parseObject([&](StringRef name, size_t where) {
    if (name == "dtype" && !entry.type)
      return parseString(entry.type.emplace(), "the name of a type");
    if (name == "shape" && !entry.shape)
      return parseShape(entry);
    if (name == "data_offsets" && !entry.place)
      return parsePlace(entry);
    position = where;
    return fail(members);
  });
  if (!parsed)
    return false;
  if (!entry.type || !entry.shape || !entry.place)
    return failAt(start, "expected " + Twine(members) + ", got " +
                             quoteText(text.slice(start, position).ltrim()));
  return true;
}

bool HeaderParser::parseTop(std::string name, size_t where) {
  if (name == "__metadata__") {
    if (hasMetadata)
      return failAt(where, "expected '__metadata__' once, got it twice");
    hasMetadata = true;
    return parseMetadata();
  }
  auto [member, isNew] = entries.emplace(std::move(name), HeaderEntry());
  if (!isNew)
    return failAt(where, "expected each tensor once, got " +
                             quoteText(member->first) + " twice");
  member->second.position = where;
  return parseEntry(member->second);
}

bool HeaderParser::parse() {
  // Not even a space may stand before it.
  if (!text.starts_with("{"))
    return failAt(0, "expected a header that begins with '{', got " +
                         (text.empty() ? "an empty one"
                                       : quoteText(text.take_front(24))));
  if (!parseObject([&](std::string name, size_t where) {
        return parseTop(std::move(name), where);
      }))
    return false;
  skipSpace();
  return position == text.size() || fail("the end of the header");
}
