//===- FuzzCheckpoint.cpp - files of strangers, made at random ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   mx-fuzz-checkpoint -runs=10000000 -dict=checkpoint.dict
//
// A libFuzzer target with ASan and UBSan. The first byte says what the rest is:
// a safetensors header, which is given a right length and data; an index; a
// whole file of either format. What is accepted is searched for weights, which
// are read and planned to be converted.
//===----------------------------------------------------------------------===//

#include "SafetensorsHeader.h"
#include "ShardIndex.h"
#include "mx/Checkpoint/Conversion.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir::mx;
using llvm::StringRef;

namespace {

/// A file in memory with names of both formats.
class MemoryFile {
public:
  MemoryFile() : descriptor(::memfd_create("fuzz", 0)) {
    llvm::SmallString<64> folder;
    (void)llvm::sys::fs::createUniqueDirectory("mx-fuzz", folder);
    gguf = (folder + "/x.gguf").str();
    std::string target = "/proc/self/fd/" + std::to_string(descriptor);
    (void)!::symlink(target.c_str(), gguf.c_str());
    safetensors = target;
  }
  void write(StringRef bytes) const {
    (void)!::ftruncate(descriptor, 0);
    (void)!::pwrite(descriptor, bytes.data(), bytes.size(), 0);
  }
  std::string gguf, safetensors;

private:
  int descriptor;
};

} // namespace

/// Goes as far with a file as it lets.
static void useCheckpoint(StringRef path) {
  auto checkpoint = Checkpoint::open(path, LinkPolicy::Follow);
  if (!checkpoint)
    return llvm::consumeError(checkpoint.takeError());
  auto weights = findWeights(*checkpoint);
  if (!weights)
    return llvm::consumeError(weights.takeError());
  for (const StoredWeight &weight : *weights) {
    if (weight.getRows() == 0)
      continue;
    auto rows = readWeightRows(*checkpoint, weight, 0, 1);
    if (!rows)
      llvm::consumeError(rows.takeError());
  }
  for (const char *convention : {"compressed-tensors", "gguf"}) {
    ConversionOptions options;
    options.convention = convention;
    auto plan = planConversion(*checkpoint, options, /*singleFile=*/true);
    if (!plan)
      llvm::consumeError(plan.takeError());
  }
}

/// A file with this header and as many zeros as its first two bytes say.
static std::string completeHeader(StringRef input) {
  if (input.size() < 2)
    return input.str();
  uint16_t data = llvm::support::endian::read16le(input.data());
  StringRef header = input.drop_front(2);
  char length[kHeaderLengthBytes];
  llvm::support::endian::write64le(length, header.size());
  return std::string(length, sizeof(length)) + header.str() +
         std::string(data, '\0');
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const MemoryFile *const file = new MemoryFile;
  StringRef input(reinterpret_cast<const char *>(data), size);
  if (input.empty())
    return 0;
  char kind = input.front();
  input = input.drop_front();
  switch (kind & 3) {
  case 0:
    file->write(completeHeader(input));
    useCheckpoint(file->safetensors);
    break;
  case 1:
    if (auto index = parseShardIndex(input, "index"); !index)
      llvm::consumeError(index.takeError());
    break;
  case 2:
    file->write(("GGUF" + input).str());
    useCheckpoint(file->gguf);
    break;
  case 3:
    file->write(input);
    useCheckpoint(file->safetensors);
    break;
  }
  return 0;
}
