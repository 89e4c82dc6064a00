//===- Program.h - compiled code in this process ----------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_PROGRAM_H
#define MX_LIB_DRIVER_PROGRAM_H

#include "RuntimeSymbols.h"
#include "mx/Dialect/MX/Transforms/RecordInterface.h"
#include "mx/Driver/Signature.h"
#include <memory>

namespace llvm {
class MemoryBuffer;
namespace orc {
class LLJIT;
}
} // namespace llvm

namespace mlir::mx {

/// Code that can be called: an object linked into memory, or a library.
class Program {
public:
  /// Links an object. It sees the runtime symbols and `symbols`, nothing else
  /// of this process.
  static llvm::Expected<Program>
  link(std::unique_ptr<llvm::MemoryBuffer> object,
       ArrayRef<RuntimeSymbol> symbols);
  /// Loads a library that mx-compile wrote. Loading runs its code.
  static llvm::Expected<Program> load(StringRef path);
  Program(Program &&);
  ~Program();

  const ProgramSignature &getSignatures() const { return signatures; }

  using Entry = void (*)(void **values);
  llvm::Expected<Entry> lookupEntry(StringRef function);
  /// Whether the program was compiled for a GPU: buffers are device memory.
  bool isForGpu();
  using GpuEntry = int32_t (*)(void **values, void *stream);
  llvm::Expected<GpuEntry> lookupGpuEntry(StringRef function);
  /// Tells what went wrong in a call of such a program (`mx_gpu_error`).
  using GpuError = const char *(*)();
  llvm::Expected<GpuError> lookupGpuError();
  /// Where the program looks for somebody to record what it computes; null if
  /// it has nothing to record.
  RecordHook *lookupRecordHook();

private:
  Program();
  llvm::Expected<void *> lookup(StringRef name);
  llvm::Error readSignatures();

  struct LibraryCloser {
    void operator()(void *handle) const;
  };

  std::unique_ptr<llvm::orc::LLJIT> jit;
  std::unique_ptr<void, LibraryCloser> library;
  ProgramSignature signatures;
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_PROGRAM_H
