//===- Processor.h - processors as LLVM knows them --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_PROCESSOR_H
#define MX_LIB_DRIVER_PROCESSOR_H

#include "mlir/Support/LLVM.h"
#include "llvm/TargetParser/Triple.h"
#include <memory>
#include <optional>
#include <string>

namespace llvm {
class TargetMachine;
}

namespace mlir::mx {

/// A processor as LLVM names it.
struct Processor {
  std::string chip;
  std::string features;
};

/// How much time optimisation may take.
enum class Optimization {
  /// All that makes code fast.
  Full,
  /// Little, for code that runs once and mostly calls.
  Quick
};

/// The processor for `--target`: any (no name, no features) for "cpu", this
/// machine's for "native", otherwise the one of that name: of this kind of
/// machine, or else of x86-64 or AArch64. Nothing if LLVM knows none.
std::optional<Processor> lookupProcessor(StringRef target);

/// The kind of machine that a processor belongs to; this one's without a name.
llvm::Triple getTriple(const Processor &processor);

/// What LLVM generates code of a processor with.
std::unique_ptr<llvm::TargetMachine> createMachine(const Processor &processor,
                                                   Optimization optimization);

/// Makes LLVM know this kind of machine. Any thread may call it at any time.
void initializeNativeTarget();

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_PROCESSOR_H
