//===- CodeGen.h - from the LLVM dialect to machine code --------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_CODEGEN_H
#define MX_LIB_DRIVER_CODEGEN_H

#include "Processor.h"
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

/// The kernels of a program for a GPU, as the runtime gets them.
struct DeviceImage {
  /// Whose code it is.
  const Chip *chip;
  /// A fat binary or PTX; empty without kernels.
  std::string bytes;
  /// What is known about each kernel, as JSON.
  std::string description;
};

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
  /// Puts `suffix` behind the names of all functions that are exported, which
  /// then are seen only within a library.
  void renameEntries(const ProgramSignature &signatures, StringRef suffix);
  /// Generates a position-independent ELF object.
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> emitObject();

private:
  NativeCode();

  // In the order in which each depends on the one before.
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> module;
};

/// The functions that a program exports for one of its source.
std::vector<std::string> listEntries(const FunctionSignature &function);

/// Generates a position-independent ELF object.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
emitObject(llvm::Module &module, llvm::TargetMachine &machine);

/// Registers the translation of the dialects that may be left at the end.
void registerTranslations(DialectRegistry &registry);

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_CODEGEN_H
