//===- ConversionCommand.h - what mx-quantize does --------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The work behind the command line: open, plan, convert with threads, and say
// how far it got, to a person or to a program.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_CONVERSIONCOMMAND_H
#define MX_CHECKPOINT_CONVERSIONCOMMAND_H

#include "mx/Checkpoint/Conversion.h"

namespace mlir::mx {

enum class ProgressStyle {
  None,
  /// One line that is written again and again.
  Bar,
  /// A JSON object for each step, and one at each end.
  JsonLines,
};

struct ConversionCommand {
  std::string input, output;
  ConversionOptions options;
  LinkPolicy links = LinkPolicy::Refuse;
  /// 0 for one for each core.
  unsigned threads = 0;
  ProgressStyle progress = ProgressStyle::None;
};

/// Whether an output of this name is a single file.
bool isSingleFile(llvm::StringRef output);

/// Converts; tells of progress on `os`.
llvm::Error convertCheckpoint(const ConversionCommand &command,
                              llvm::raw_ostream &os);

/// Prints what is in a checkpoint: weights with their formats and conventions,
/// then other tensors.
llvm::Error inspectCheckpoint(llvm::StringRef path, LinkPolicy links,
                              llvm::raw_ostream &os);

/// Prints the table of conventions as docs/Checkpoints.md shows it.
void listConventions(llvm::raw_ostream &os);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_CONVERSIONCOMMAND_H
