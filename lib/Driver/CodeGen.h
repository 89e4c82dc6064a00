//===- CodeGen.h - from the LLVM dialect to machine code --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_CODEGEN_H
#define MX_LIB_DRIVER_CODEGEN_H

#include "mx/Driver/Signature.h"
#include "mx/Target/Chip.h"
#include <memory>

namespace llvm {
class LLVMContext;
class MemoryBuffer;
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir {
class DialectRegistry;
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

/// The kernels of a program for a GPU, as the runtime gets them.
struct DeviceImage {
  /// Whose code it is.
  const Chip *chip;
  /// A fat binary or PTX; empty without kernels.
  std::string bytes;
  /// What is known about each kernel, as JSON.
  std::string description;
};

/// The processor for `--target`: any (no name, no features) for "cpu", this
/// machine's for "native", otherwise the one of that name. Nothing if LLVM
/// knows none.
std::optional<Processor> lookupProcessor(StringRef target);

/// Optimised LLVM IR with its target.
class NativeCode {
public:
  /// Translates a module of the LLVM dialect, adds the entries and the
  /// signatures (Signature.h), and optimises. Errors are emitted on `module`.
  /// Host code of a GPU comes with the `image` of its kernels.
  static FailureOr<NativeCode> create(ModuleOp module,
                                      const Processor &processor,
                                      const ProgramSignature &signatures,
                                      Optimization optimization,
                                      const DeviceImage *image = nullptr);
  NativeCode(NativeCode &&);
  ~NativeCode();

  void printIR(raw_ostream &os) const;
  /// Generates a position-independent ELF object.
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> emitObject();

private:
  NativeCode();

  // In the order in which each depends on the one before.
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> module;
};

/// Makes LLVM know this kind of machine. Any thread may call it at any time.
void initializeNativeTarget();

/// Registers the translation of the dialects that may be left at the end.
void registerTranslations(DialectRegistry &registry);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_CODEGEN_H
