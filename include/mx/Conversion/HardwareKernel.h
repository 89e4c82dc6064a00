//===- HardwareKernel.h - loops with the machine's conversions --*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_CONVERSION_HARDWAREKERNEL_H
#define MX_CONVERSION_HARDWAREKERNEL_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace mlir::mx {

/// Whether a kernel is a row that is made of loops and converts small floats by
/// instructions.
inline bool isByHardware(StringRef kernel) {
  return kernel == "quantize_convert" || kernel == "dequantize_convert";
}
inline bool isByHardware(Operation *op) {
  auto kernel = op->getAttrOfType<StringAttr>("kernel");
  return kernel && isByHardware(kernel.getValue());
}

} // namespace mlir::mx

#endif // MX_CONVERSION_HARDWAREKERNEL_H
