//===- Options.cpp - flags by name ----------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Names and meanings are those of mx-compile's command line, so one page
// documents both.
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "Text.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::mx;
using llvm::StringRef;
using llvm::Twine;

/// Each returns what must hold, or an empty text if `value` is read.
static StringRef read(StringRef value, std::string &to) {
  to = value.str();
  return "";
}
static StringRef read(StringRef value, std::vector<std::string> &to) {
  to.clear();
  for (StringRef part : llvm::split(value, ','))
    to.push_back(part.str());
  return "";
}
static StringRef read(StringRef value, double &to) {
  return value.getAsDouble(to) ? "a number" : "";
}
static StringRef read(StringRef value, bool &to) {
  to = value == "true";
  return to || value == "false" ? "" : "'true' or 'false'";
}
template <typename Integer>
static StringRef read(StringRef value, Integer &to) {
  return value.getAsInteger(10, to) ? "a whole number" : "";
}

static StringRef readThreads(StringRef value, unsigned &to) {
  constexpr unsigned most = 1024;
  if (!value.getAsInteger(10, to) && to <= most)
    return "";
  return "a number from 0 to 1024";
}

static StringRef readDecision(MXOptions &options, const DecisionFlag &flag,
                              StringRef value) {
  StringRef expected = std::visit(
      [&](auto member) {
        return read(value, options.compiler.decisions.*member);
      },
      flag.member);
  if (expected.empty() && flag.needsObjective && options.needsObjective.empty())
    options.needsObjective = flag.name.str();
  return expected;
}

/// Returns nothing if there is no such option.
static std::optional<StringRef> readOption(MXOptions &options, StringRef name,
                                           StringRef value) {
  CompilerOptions &compiler = options.compiler;
  if (name == "target")
    return read(value, compiler.target);
  if (name == "threads")
    return readThreads(value, compiler.threads);
  if (name == "fail-on-emulation")
    return read(value, compiler.failOnEmulation);
  if (name == "openmp")
    return read(value, compiler.openmp);
  if (name == "remarks-filter")
    return read(value, compiler.remarksFilter);
  if (name == "cuda-path")
    return read(value, compiler.cudaPath);
  for (const DecisionFlag &flag : getDecisionFlags())
    if (name == flag.name)
      return readDecision(options, flag, value);
  return std::nullopt;
}

MXOptions *mxOptionsCreate(void) { return new MXOptions(); }

void mxOptionsDestroy(MXOptions *options) { delete options; }

bool mxOptionsSet(MXOptions *options, const char *name, const char *value,
                  MXText **messages) {
  setMessages(messages, "");
  std::optional<StringRef> expected = readOption(*options, name, value);
  if (!expected)
    return fail(messages,
                "expected an option of mx-compile, got '" + Twine(name) + "'");
  if (expected->empty())
    return true;
  return fail(messages, "expected '" + Twine(name) + "' to be " + *expected +
                            ", got '" + value + "'");
}
