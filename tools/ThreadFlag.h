//===- ThreadFlag.h - the flags --threads and --openmp ----------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Tools know them alike.
//===----------------------------------------------------------------------===//

#ifndef MX_TOOLS_THREADFLAG_H
#define MX_TOOLS_THREADFLAG_H

#include "llvm/Support/CommandLine.h"

namespace mlir::mx {

/// Made in main: LLVM's link-time optimiser has a flag of this name, which must
/// have been registered before it can be taken back.
class ThreadFlag {
public:
  explicit ThreadFlag(llvm::cl::OptionCategory &category)
      : option(takeBack("threads"), llvm::cl::init("0"),
               llvm::cl::value_desc("count"), llvm::cl::cat(category),
               llvm::cl::desc("Threads that work on weights (default: 0, one "
                              "for each core); results do not depend on it")) {}

  /// Reads the flag into `threads`; returns what is wrong with it, if anything.
  std::string read(unsigned &threads) const {
    constexpr unsigned most = 1024;
    if (!llvm::StringRef(option).getAsInteger(10, threads) && threads <= most)
      return "";
    return "expected --threads to be a number from 0 to " +
           std::to_string(most) + ", got '" + option + "'";
  }

private:
  static llvm::StringRef takeBack(llvm::StringRef name) {
    if (llvm::cl::Option *taken = llvm::cl::getRegisteredOptions().lookup(name))
      taken->removeArgument();
    return name;
  }

  llvm::cl::opt<std::string> option;
};

/// The flag --openmp.
class OpenMPFlag {
public:
  explicit OpenMPFlag(llvm::cl::OptionCategory &category)
      : option("openmp", llvm::cl::cat(category),
               llvm::cl::desc("Let threads of OpenMP (libomp, "
                              "OMP_NUM_THREADS) divide the loops of a CPU "
                              "program; results do not depend on it")) {}

  operator bool() const { return option; }

private:
  llvm::cl::opt<bool> option;
};

} // namespace mlir::mx

#endif // MX_TOOLS_THREADFLAG_H
