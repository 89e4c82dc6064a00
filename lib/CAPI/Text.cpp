//===- Text.cpp - texts that cross the C boundary -------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Text.h"
#include "mx/Support/Version.h"

void mlir::mx::setMessages(MXText **messages, std::string text) {
  if (messages)
    *messages = text.empty() ? nullptr : new MXText{std::move(text)};
}

bool mlir::mx::fail(MXText **messages, const llvm::Twine &text) {
  setMessages(messages, ("error: " + text + "\n").str());
  return false;
}

const char *mxGetVersion(void) { return MX_VERSION_STRING; }

const char *mxTextGet(const MXText *text) {
  return text ? text->bytes.c_str() : "";
}

size_t mxTextGetSize(const MXText *text) {
  return text ? text->bytes.size() : 0;
}

void mxTextDestroy(MXText *text) { delete text; }
