//===- MappedPages.cpp - memory of files that can come back ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Linux can be asked to reclaim pages without being allowed to lose any. Asked
// of the heap, it would write them to swap, so the map of the process is looked
// up first. Elsewhere pages stay until the system wants them.
//===----------------------------------------------------------------------===//

#include "Weights/MappedPages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#if defined(__linux__)
#include <sys/mman.h>
#endif

using namespace llvm;

#if defined(__linux__) && defined(MADV_PAGEOUT)

/// Whether a line of /proc/self/maps describes a file that holds all of
/// `begin` … `end` - 1: "first-last permissions offset device inode path".
static bool isFileAround(StringRef line, uint64_t begin, uint64_t end) {
  SmallVector<StringRef, 6> fields;
  line.split(fields, ' ', /*MaxSplit=*/5, /*KeepEmpty=*/false);
  auto [firstText, lastText] = line.split(' ').first.split('-');
  uint64_t first, last;
  return fields.size() > 4 && fields[4] != "0" &&
         !firstText.getAsInteger(16, first) &&
         !lastText.getAsInteger(16, last) && first <= begin && end <= last;
}

void mlir::mx::releasePages(ArrayRef<char> bytes) {
  uint64_t page = sys::Process::getPageSizeEstimate();
  uint64_t begin = alignTo(reinterpret_cast<uintptr_t>(bytes.begin()), page);
  uint64_t end = alignDown(reinterpret_cast<uintptr_t>(bytes.end()), page);
  if (begin >= end)
    return;
  auto maps = MemoryBuffer::getFileAsStream("/proc/self/maps");
  if (!maps)
    return;
  SmallVector<StringRef> lines;
  (*maps)->getBuffer().split(lines, '\n');
  for (StringRef line : lines)
    if (isFileAround(line, begin, end))
      (void)::madvise(reinterpret_cast<void *>(begin), end - begin,
                      MADV_PAGEOUT);
}

#else

void mlir::mx::releasePages(ArrayRef<char>) {}

#endif
