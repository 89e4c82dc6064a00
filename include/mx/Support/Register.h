//===- Register.h - what a tool must know -----------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The one list of dialects, passes and pipelines, for mx-opt, the language
// server, the plugin and other projects' tools.
//===----------------------------------------------------------------------===//

#ifndef MX_SUPPORT_REGISTER_H
#define MX_SUPPORT_REGISTER_H

namespace mlir {
class DialectRegistry;
namespace mx {

/// Adds the mx dialect and its interfaces, and nothing of MLIR's own: for a
/// program that has already registered what it needs.
void registerDialects(DialectRegistry &registry);

/// Registers the project's passes and pipelines. Further calls do nothing.
void registerPasses();

/// Adds the mx dialect and every dialect and extension of MLIR.
void registerAllDialects(DialectRegistry &registry);

/// Registers the project's passes and every pass of MLIR. Further calls do
/// nothing.
void registerAllPasses();

} // namespace mx
} // namespace mlir

#endif // MX_SUPPORT_REGISTER_H
