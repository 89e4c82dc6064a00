//===- InputSpec.h - arrays named on a command line -------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_INPUTSPEC_H
#define MX_LIB_DRIVER_INPUTSPEC_H

#include "mx/Driver/Signature.h"

namespace mlir::mx {

/// Makes the array that `spec` names: "@file.npy", "4x32xf32=1.5" or
/// "4x32xf32=random(7)". A whole number must be one that its type holds: a byte
/// of i8 is -128 to 127, one of u8 0 to 255.
llvm::Expected<Array> makeInput(StringRef spec);

/// Fails unless `array` may be passed as `argument`. Integers of either sign
/// are accepted for one another, and u16 for bf16.
llvm::Error checkInput(const Array &array, const ValueSignature &argument);

/// Splits "@file.npy".
llvm::Expected<StringRef> parseOutputSpec(StringRef spec);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_INPUTSPEC_H
