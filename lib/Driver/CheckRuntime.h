//===- CheckRuntime.h - compare operations with the reference ---*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Answers the calls that `mx-insert-checks` wrote (CheckInterface.h): each
// operation's outputs are computed again by lib/Numerics, bit for bit, or for
// products within N7.2. Of large operations a fixed sample is compared.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DRIVER_CHECKRUNTIME_H
#define MX_LIB_DRIVER_CHECKRUNTIME_H

#include "CheckedBuffer.h"
#include "RuntimeSymbols.h"
#include "mx/Dialect/MX/Transforms/CheckInterface.h"
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace mlir::mx {

/// What is known about one operation of the program.
struct CheckSite {
  std::string operation;
  std::string location;
  int64_t runs = 0;
  /// Results compared, and results there were.
  int64_t checked = 0;
  int64_t total = 0;
  int64_t mismatches = 0;
  /// Largest error as a fraction of the bound; 0 where bits are compared.
  double worst = 0;
  /// Describes the first mismatch.
  std::string firstMismatch;
};

/// The checker of one program; used by one thread at a time.
class CheckRuntime {
public:
  /// Reads the sites that `mx-insert-checks` left on `module`.
  explicit CheckRuntime(ModuleOp module);

  /// Whether `name` is a function that programs may call.
  static bool isSymbol(StringRef name);
  /// The functions, and the context that leads their calls to this object.
  SmallVector<RuntimeSymbol> getSymbols();

  ArrayRef<CheckSite> getSites() const { return sites; }
  int64_t countMismatches() const;
  void printReport(raw_ostream &os) const;

  // Called by the program.
  void pushBuffer(CheckedBuffer buffer) { buffers.push_back(buffer); }
  void pushSaved(const CheckedBuffer &buffer);
  void pushNumber(int64_t number) { numbers.push_back(number); }
  void checkTensorScale(CheckSite &site);
  void checkQuantize(CheckSite &site);
  void checkDequantize(CheckSite &site);
  void checkRotate(CheckSite &site);
  void checkMatmul(CheckSite &site);
  void checkPack(CheckSite &site);
  void checkUnpack(CheckSite &site);
  void checkTileScales(CheckSite &site);
  void checkUntileScales(CheckSite &site);
  void checkInterleave(CheckSite &site);
  /// Runs one of the functions above on what was pushed.
  void run(int64_t site, void (CheckRuntime::*check)(CheckSite &));

private:
  std::vector<CheckSite> sites;
  SmallVector<CheckedBuffer> buffers;
  std::optional<SavedBuffer> saved;
  SmallVector<int64_t> numbers;
};

} // namespace mlir::mx

#endif // MX_LIB_DRIVER_CHECKRUNTIME_H
