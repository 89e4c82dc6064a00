// What functions of the C interface say, for tests.
#ifndef MX_TEST_UNIT_CAPI_MESSAGES_H
#define MX_TEST_UNIT_CAPI_MESSAGES_H

#include "mx-c/MX.h"
#include <string>

/// Receives the text of one call after another, as its last argument.
class Messages {
public:
  ~Messages() { mxTextDestroy(text); }
  operator MXText **() {
    mxTextDestroy(text);
    text = nullptr;
    return &text;
  }
  std::string get() const { return {mxTextGet(text), mxTextGetSize(text)}; }

private:
  MXText *text = nullptr;
};

#endif // MX_TEST_UNIT_CAPI_MESSAGES_H
