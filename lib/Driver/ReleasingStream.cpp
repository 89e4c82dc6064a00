//===- ReleasingStream.cpp - write constants, then let them go ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Which constant is being written cannot be told from the bytes, which may be
// text; to release all of them is cheap, since most are not in memory.
//===----------------------------------------------------------------------===//

#include "ReleasingStream.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mx/Dialect/MX/IR/MappedPages.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mx;

/// Bytes that are written before pages are released.
static constexpr uint64_t stripBytes = uint64_t(1) << 24;

ReleasingStream::ReleasingStream(llvm::raw_ostream &target, ModuleOp module)
    : target(target) {
  llvm::SetVector<Attribute> found;
  module.walk([&](Operation *op) {
    op->getAttrDictionary().walk(
        [&](DenseResourceElementsAttr attr) { found.insert(attr); });
  });
  for (Attribute attr : found)
    if (AsmResourceBlob *blob =
            cast<DenseResourceElementsAttr>(attr).getRawHandle().getBlob())
      resources.push_back(blob->getData());
}

void ReleasingStream::write_impl(const char *data, size_t size) {
  while (size != 0) {
    size_t count =
        std::min<uint64_t>(size, lastRelease + stripBytes - position);
    target.write(data, count);
    data += count;
    size -= count;
    position += count;
    if (position - lastRelease < stripBytes)
      continue;
    releasePages(resources);
    lastRelease = position;
  }
}
