//===- InputFile.h - a file of a stranger, open for reading -----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Read in pieces and never mapped: a file that somebody shortens meanwhile
// gives an error and not a signal, and what was read does not count as memory.
//===----------------------------------------------------------------------===//

#ifndef MX_CHECKPOINT_INPUTFILE_H
#define MX_CHECKPOINT_INPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::mx {

/// Whether a symbolic link may stand for a file.
enum class LinkPolicy { Refuse, Follow };

class InputFile {
public:
  /// Opens a regular file. Neither waits for a pipe nor touches a device.
  static llvm::Expected<InputFile> open(llvm::StringRef path,
                                        LinkPolicy links = LinkPolicy::Follow);

  InputFile(InputFile &&other) noexcept;
  InputFile &operator=(InputFile &&other) noexcept;
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;
  ~InputFile();

  const std::string &getPath() const { return path; }
  int getDescriptor() const { return descriptor; }
  /// The size when it was opened.
  uint64_t getSize() const { return size; }
  /// Says which file in which state this is: device, number, size and time.
  const std::string &getIdentity() const { return identity; }
  /// Fills `bytes` from `offset` on; an error if the file ends before. May be
  /// called from several threads at once.
  llvm::Error read(uint64_t offset, llvm::MutableArrayRef<char> bytes) const;

private:
  InputFile() = default;

  std::string path, identity;
  int descriptor = -1;
  uint64_t size = 0;
};

} // namespace mlir::mx

#endif // MX_CHECKPOINT_INPUTFILE_H
