//===- ShapeText.h - shapes in diagnostics ----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_IR_SHAPETEXT_H
#define MX_LIB_DIALECT_MX_IR_SHAPETEXT_H

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace mlir::mx {

/// Returns a shape as a reader of IR knows it, e.g. "[4, ?, 64]".
inline std::string formatShape(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '[';
  llvm::interleaveComma(shape, stream, [&](int64_t size) {
    if (ShapedType::isDynamic(size))
      stream << '?';
    else
      stream << size;
  });
  stream << ']';
  return text;
}

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_IR_SHAPETEXT_H
