//===- MappedPages.cpp - memory of files that can come back ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Linux can be asked to reclaim pages without being allowed to lose any. Asked
// of the heap, it would write them to swap, so the map of the process is looked
// up first. Elsewhere pages stay until the system wants them.
//===----------------------------------------------------------------------===//

#include "mx/Dialect/MX/IR/MappedPages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#if defined(__linux__)
#include <sys/mman.h>
#endif

using namespace llvm;

//===----------------------------------------------------------------------===//
// Releasing
//===----------------------------------------------------------------------===//

#if defined(__linux__) && defined(MADV_PAGEOUT)

namespace {

/// A file in the memory of this process.
struct MappedFile {
  uint64_t first;
  uint64_t last;
  /// Whether what is written to memory is written to the file.
  bool isShared;
};

} // namespace

/// Reads a line of /proc/self/maps, "first-last permissions offset device inode
/// path", if it is one of a file.
static std::optional<MappedFile> readMapping(StringRef line) {
  SmallVector<StringRef, 6> fields;
  line.split(fields, ' ', /*MaxSplit=*/5, /*KeepEmpty=*/false);
  auto [first, last] = line.split(' ').first.split('-');
  MappedFile file;
  if (fields.size() <= 4 || fields[4] == "0" ||
      first.getAsInteger(16, file.first) || last.getAsInteger(16, file.last))
    return std::nullopt;
  file.isShared = fields[1].ends_with("s");
  return file;
}

/// Releases the whole pages of a piece if they lie in one of the files, which
/// are in ascending order.
static void releasePiece(ArrayRef<char> bytes, ArrayRef<MappedFile> files) {
  uint64_t page = sys::Process::getPageSizeEstimate();
  uint64_t begin = alignTo(reinterpret_cast<uintptr_t>(bytes.begin()), page);
  uint64_t end = alignDown(reinterpret_cast<uintptr_t>(bytes.end()), page);
  const MappedFile *file = llvm::upper_bound(
      files, begin,
      [](uint64_t place, const MappedFile &file) { return place < file.last; });
  if (begin >= end || file == files.end() || file->first > begin ||
      file->last < end)
    return;
  // A shared page is the file's own. A private one may have been written to.
  (void)::madvise(reinterpret_cast<void *>(begin), end - begin,
                  file->isShared ? MADV_DONTNEED : MADV_PAGEOUT);
}

void mlir::mx::releasePages(ArrayRef<ArrayRef<char>> pieces) {
  auto maps = MemoryBuffer::getFileAsStream("/proc/self/maps");
  if (!maps)
    return;
  SmallVector<StringRef> lines;
  (*maps)->getBuffer().split(lines, '\n');
  std::vector<MappedFile> files;
  for (StringRef line : lines)
    if (std::optional<MappedFile> file = readMapping(line))
      files.push_back(*file);
  for (ArrayRef<char> bytes : pieces)
    releasePiece(bytes, files);
}

#else

void mlir::mx::releasePages(ArrayRef<ArrayRef<char>>) {}

#endif

//===----------------------------------------------------------------------===//
// Temporary files
//===----------------------------------------------------------------------===//

/// Writes `bytes` to a new file and maps it.
static Expected<sys::fs::mapped_file_region> mapCopy(ArrayRef<char> bytes) {
  int file;
  SmallString<64> path;
  if (std::error_code error =
          sys::fs::createTemporaryFile("mx-constant", "bytes", file, path))
    return errorCodeToError(error);
  // It lives on until it is unmapped.
  (void)sys::fs::remove(path);
  raw_fd_ostream stream(file, /*shouldClose=*/true, /*unbuffered=*/true);
  stream.write(bytes.data(), bytes.size());
  std::error_code error = stream.error();
  stream.clear_error();
  if (error)
    return errorCodeToError(error);
  sys::fs::mapped_file_region region(sys::fs::convertFDToNativeFile(file),
                                     sys::fs::mapped_file_region::readwrite,
                                     bytes.size(), /*offset=*/0, error);
  if (error)
    return errorCodeToError(error);
  return region;
}

mlir::AsmResourceBlob mlir::mx::createMappedBlob(ArrayRef<char> bytes,
                                                 size_t alignment) {
  // A file costs a few system calls and its last page.
  constexpr size_t leastBytes = size_t(1) << 20;
  if (bytes.size() >= leastBytes) {
    Expected<sys::fs::mapped_file_region> region = mapCopy(bytes);
    if (region) {
      ArrayRef<char> data(region->data(), bytes.size());
      return AsmResourceBlob(
          data, alignment,
          [file = std::move(*region)](void *, size_t, size_t) mutable {
            file.unmap();
          },
          /*dataIsMutable=*/true);
    }
    // Without room for files there may still be memory.
    consumeError(region.takeError());
  }
  return HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, alignment);
}
