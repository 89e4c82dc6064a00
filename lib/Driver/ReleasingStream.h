//===- ReleasingStream.h - write constants, then let them go ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What is written of a module is mostly its constants, which lie in files and
// come into memory as they are read. This stream makes them leave it again.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_RELEASINGSTREAM_H
#define MX_LIB_DRIVER_RELEASINGSTREAM_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

namespace mlir::mx {

/// Passes everything on to another stream, and releases the pages of the
/// module's resources whenever a certain number of bytes has been written.
class ReleasingStream : public llvm::raw_ostream {
public:
  ReleasingStream(llvm::raw_ostream &target, ModuleOp module);
  ~ReleasingStream() override { flush(); }

private:
  void write_impl(const char *data, size_t size) override;
  uint64_t current_pos() const override { return position; }

  llvm::raw_ostream &target;
  /// The data of all resources.
  std::vector<ArrayRef<char>> resources;
  uint64_t position = 0;
  uint64_t lastRelease = 0;
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_RELEASINGSTREAM_H
