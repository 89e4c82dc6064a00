//===- Layouts.cpp - other orders of the same bytes, from C ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Text.h"
#include "mx/Numerics/PackedLayout.h"

using namespace mxnum;
using llvm::Twine;
using mlir::mx::fail;
using mlir::mx::setMessages;

/// Elements in a struct of ggml for `format`; 0, with a message, if there is
/// none.
static int64_t getStructElements(const MXFormat &format, MXText **messages) {
  constexpr int64_t mxfp4 = 32, nvfp4 = 64;
  if (format.element == MX_E2M1) {
    if (format.scale == MX_E8M0 && format.block == 32)
      return mxfp4;
    if (format.scale == MX_UE4M3 && format.block == 16)
      return nvfp4;
  }
  fail(messages, "expected the format 'mxfp4' or 'nvfp4' for structs of ggml, "
                 "got another");
  return 0;
}

/// The number of structs, with what stands against it in `messages`.
static bool countStructs(const MXFormat &format, int64_t count,
                         int64_t &structs, MXText **messages) {
  setMessages(messages, "");
  int64_t elements = getStructElements(format, messages);
  if (elements == 0)
    return false;
  if (count < 0 || count % elements != 0)
    return fail(messages, "expected a multiple of " + Twine(elements) +
                              " elements for structs of ggml, got " +
                              Twine(count));
  structs = count / elements;
  return true;
}

bool mxToGgml(const MXFormat *format, const uint8_t *payload,
              const uint8_t *scales, int64_t count, uint8_t *structs,
              MXText **messages) {
  int64_t number;
  if (!countStructs(*format, count, number, messages))
    return false;
  if (format->scale == MX_E8M0)
    mxfp4ToGgml(payload, scales, number, structs);
  else
    nvfp4ToGgml(payload, scales, number, structs);
  return true;
}

bool mxFromGgml(const MXFormat *format, const uint8_t *structs, int64_t count,
                uint8_t *payload, uint8_t *scales, MXText **messages) {
  int64_t number;
  if (!countStructs(*format, count, number, messages))
    return false;
  if (format->scale == MX_E8M0)
    mxfp4FromGgml(structs, number, payload, scales);
  else
    nvfp4FromGgml(structs, number, payload, scales);
  return true;
}

bool mxScaleTilesMeasure(int64_t rows, int64_t columns, int64_t *bytes,
                         MXText **messages) {
  setMessages(messages, "");
  if (rows >= 0 && columns >= 0) {
    *bytes = getScaleTileBytes(rows, columns);
    if (*bytes != INT64_MAX)
      return true;
  }
  return fail(messages,
              "expected a matrix of scales that fits in memory, got " +
                  Twine(rows) + " x " + Twine(columns));
}

bool mxToScaleTiles(const uint8_t *scales, int64_t rows, int64_t columns,
                    uint8_t *tiles, MXText **messages) {
  int64_t bytes;
  if (!mxScaleTilesMeasure(rows, columns, &bytes, messages))
    return false;
  scalesToTiles(scales, rows, columns, tiles);
  return true;
}

bool mxFromScaleTiles(const uint8_t *tiles, int64_t rows, int64_t columns,
                      uint8_t *scales, MXText **messages) {
  int64_t bytes;
  if (!mxScaleTilesMeasure(rows, columns, &bytes, messages))
    return false;
  scalesFromTiles(tiles, rows, columns, scales);
  return true;
}
