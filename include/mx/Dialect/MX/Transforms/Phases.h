//===- Phases.h - the stations of the pipeline ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// IR passes these stations in order; `--stop-after` names one, and
// `mx-verify-phase` checks that its sentence is true.
//===----------------------------------------------------------------------===//

#ifndef MX_DIALECT_MX_TRANSFORMS_PHASES_H
#define MX_DIALECT_MX_TRANSFORMS_PHASES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mlir::mx {

enum class Phase {
  /// No TOSA operation is left, block-scaled ones became mx operations, and the
  /// matmuls that the policy chose are sites.
  Import,
  /// Every site, a product of two plain operands, has a plan.
  Format,
  /// No plan asks for a rotation.
  Rotate,
  /// No product of two plain operands is left, and no plan.
  Quantize,
  /// Every mx operation that computes names a kernel.
  Select,
  /// No !mx.tensor and no small float type is left; parts are bytes.
  Pack,
  /// No mx operation and no tensor is left; loops work on buffers.
  Lower,
  /// Only the LLVM dialect is left.
  LLVM,
};

/// All phases in order.
llvm::ArrayRef<Phase> getPhases();

/// The name used on command lines, e.g. "pack".
llvm::StringRef getPhaseName(Phase phase);
std::optional<Phase> lookupPhase(llvm::StringRef name);

} // namespace mlir::mx

#endif // MX_DIALECT_MX_TRANSFORMS_PHASES_H
