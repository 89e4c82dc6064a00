//===- Text.h - texts that cross the C boundary -----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_CAPI_TEXT_H
#define MX_LIB_CAPI_TEXT_H

#include "mx-c/MX.h"
#include "llvm/ADT/Twine.h"
#include <string>

struct MXText {
  std::string bytes;
};

namespace mlir::mx {

/// Hands `text` to the caller of a function, if there is something to say and
/// somebody to hear it.
void setMessages(MXText **messages, std::string text);

/// The same for what is wrong, in the form of other diagnostics; false, so that
/// a function can end with it.
bool fail(MXText **messages, const llvm::Twine &text);

} // namespace mlir::mx

#endif // MX_LIB_CAPI_TEXT_H
