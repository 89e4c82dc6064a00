//===- BufferizableOpInterfaceImpl.h - packed ops on buffers ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define MX_DIALECT_MX_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
namespace mx {

/// Lets one-shot bufferisation handle the `mx.packed` operations.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);

} // namespace mx
} // namespace mlir

#endif // MX_DIALECT_MX_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
