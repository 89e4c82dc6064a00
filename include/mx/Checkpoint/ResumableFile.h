//===- ResumableFile.h - a large file written over several runs -*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Beside `x` stand `x.partial`, with the bytes so far, and `x.journal`, which
// says how many steps of which work are in it for sure. A step is recorded only
// after its bytes are on the disk, so a run that is killed at any moment leaves
// a state that the next one can go on from. `x` appears when all is written.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_RESUMABLEFILE_H
#define MX_CHECKPOINT_RESUMABLEFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::mx {

class ResumableFile {
public:
  /// Opens the partial file of `path`, of `size` bytes in the end.
  /// `fingerprint` stands for everything that decides the bytes; it is an error
  /// if there is a journal of another one, if another process is at work, or if
  /// `path` itself exists.
  static llvm::Expected<ResumableFile> open(llvm::StringRef path, uint64_t size,
                                            llvm::StringRef fingerprint);

  ResumableFile(ResumableFile &&other) noexcept;
  ResumableFile &operator=(ResumableFile &&) = delete;
  ~ResumableFile();

  /// Steps that are done; more than 0 after an interrupted run.
  uint64_t getSteps() const { return steps; }
  /// Writes bytes at a place. May be called from several threads.
  llvm::Error write(uint64_t offset, llvm::ArrayRef<char> bytes) const;
  /// Records that so many steps are done, and all bytes of them written.
  llvm::Error record(uint64_t count);
  /// Makes `path` of it. The journal stays, and says that it is complete.
  llvm::Error commit();

  /// Whether `path` was committed with so many steps of this work.
  static bool isComplete(llvm::StringRef path, llvm::StringRef fingerprint,
                         uint64_t size, uint64_t steps);
  /// Removes the journal of a file that is complete.
  static void forget(llvm::StringRef path);
  /// Removes what was written of a file that is not.
  static void discard(llvm::StringRef path);

private:
  ResumableFile() = default;
  llvm::Error readJournal(uint64_t size);

  std::string path, fingerprint;
  int descriptor = -1;
  uint64_t steps = 0;
};

/// Writes a file that nobody looks at yet, in place of an older one, and makes
/// its bytes last.
llvm::Error writeForGood(llvm::StringRef path, llvm::StringRef text);

/// The same at one stroke: who looks sees the older file or the new one. On the
/// way it is called `path`.new.
llvm::Error replaceForGood(llvm::StringRef path, llvm::StringRef text);

/// Makes the entries of a folder last.
llvm::Error syncFolder(llvm::StringRef folder);

/// Renames and makes that last. It is an error if `to` exists.
llvm::Error renameForGood(llvm::StringRef from, llvm::StringRef to);

} // namespace mlir::mx

#endif // MX_CHECKPOINT_RESUMABLEFILE_H
