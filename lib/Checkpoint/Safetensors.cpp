//===- Safetensors.cpp - the file format of checkpoints -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   byte 0..7                    8 …                    8 + n …
//   n, the length of the header  header, with spaces    data, in the order and
//   (little-endian)              at its end             places the header says
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Safetensors.h"
#include "SafetensorsHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <unistd.h>

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace fs = llvm::sys::fs;

static Error makeError(StringRef path, const Twine &text) {
  return llvm::createStringError(path + ": " + text);
}

//===----------------------------------------------------------------------===//
// Types and sizes
//===----------------------------------------------------------------------===//

std::optional<unsigned> mlir::mx::getStoredBits(StringRef type) {
  return llvm::StringSwitch<std::optional<unsigned>>(type)
      .Case("F4", 4)
      .Cases({"F6_E2M3", "F6_E3M2"}, 6)
      .Cases({"BOOL", "U8", "I8"}, 8)
      .Cases({"F8_E4M3", "F8_E5M2", "F8_E8M0"}, 8)
      .Cases({"I16", "U16", "F16", "BF16"}, 16)
      .Cases({"I32", "U32", "F32"}, 32)
      .Cases({"I64", "U64", "F64", "C64"}, 64)
      .Default(std::nullopt);
}

std::optional<uint64_t> mlir::mx::countStoredBytes(StringRef type,
                                                   ArrayRef<int64_t> shape) {
  std::optional<unsigned> elementBits = getStoredBits(type);
  if (!elementBits)
    return std::nullopt;
  uint64_t bits = *elementBits;
  bool isEmpty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    isEmpty |= size == 0;
    bool overflow = false;
    bits = llvm::SaturatingMultiply<uint64_t>(bits, std::max<int64_t>(size, 1),
                                              &overflow);
    if (overflow)
      return std::nullopt;
  }
  if (isEmpty)
    return 0;
  return bits % 8 == 0 ? std::optional<uint64_t>(bits / 8) : std::nullopt;
}

std::string mlir::mx::formatStored(StringRef type, ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << type << " [";
  llvm::interleaveComma(shape, os);
  os << ']';
  return text;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

Expected<SafetensorsFile> SafetensorsFile::open(StringRef path) {
  Expected<InputFile> input = InputFile::open(path);
  if (!input)
    return input.takeError();
  Expected<SafetensorsTable> table = readSafetensorsHeader(*input);
  if (!table)
    return table.takeError();
  auto buffer = llvm::MemoryBuffer::getOpenFile(
      input->getDescriptor(), path, input->getSize(),
      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(path, buffer.getError().message());
  SafetensorsFile file;
  for (auto &[name, place] : table->tensors)
    file.tensors[name] = {
        place.type,
        place.shape,
        {(*buffer)->getBufferStart() + place.begin, place.bytes}};
  file.path = path.str();
  file.metadata = std::move(table->metadata);
  file.buffer = std::move(*buffer);
  return file;
}

const StoredTensor *SafetensorsFile::lookup(StringRef name) const {
  auto found = tensors.find(name.str());
  return found == tensors.end() ? nullptr : &found->second;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Flushes to the disk: after a crash, the new name must not stand for blocks
/// that were never written.
static std::error_code finishFile(llvm::raw_fd_ostream &os, int descriptor) {
  os.flush();
  std::error_code error = os.error();
  os.clear_error();
  if (!error && ::fsync(descriptor) != 0)
    error = std::error_code(errno, std::generic_category());
  return error;
}

static Error writeFile(int descriptor, StringRef header,
                       ArrayRef<PlannedTensor> placed,
                       const std::map<std::string, TensorSource> &sources,
                       StringRef path) {
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/false);
  os << header;
  std::string mismatch;
  for (const PlannedTensor &tensor : placed) {
    uint64_t begin = os.tell();
    sources.find(tensor.name.str())->second.write(os);
    uint64_t written = os.tell() - begin;
    if (written != tensor.bytes && mismatch.empty())
      mismatch = ("expected " + Twine(tensor.bytes) + " bytes for tensor " +
                  quoteText(tensor.name) + ", got " + Twine(written))
                     .str();
  }
  if (std::error_code error = finishFile(os, descriptor))
    return makeError(path, error.message());
  return mismatch.empty() ? Error::success() : makeError(path, mismatch);
}

Error mlir::mx::writeSafetensors(
    StringRef path, const std::map<std::string, TensorSource> &tensors,
    const std::map<std::string, std::string> &metadata) {
  std::vector<PlannedTensor> placed;
  for (auto &[name, source] : tensors)
    placed.push_back({name, source.type, source.shape});
  if (Error error = placeTensors(path, placed))
    return error;
  Expected<std::string> header = printSafetensorsHeader(path, placed, metadata);
  if (!header)
    return header.takeError();
  // A rename would replace a device by a file.
  if (fs::exists(path) && !fs::is_regular_file(path))
    return makeError(path, "expected a regular file, got something else");
  Expected<fs::TempFile> file =
      fs::TempFile::create(path + ".tmp%%%%%%%%", fs::all_read | fs::all_write);
  if (!file)
    return makeError(path, llvm::toString(file.takeError()));
  if (Error error = writeFile(file->FD, *header, placed, tensors, path))
    return llvm::joinErrors(std::move(error), file->discard());
  if (Error error = file->keep(path))
    return makeError(path, llvm::toString(std::move(error)));
  return Error::success();
}

Error mlir::mx::writeSafetensors(
    StringRef path, const std::map<std::string, StoredTensor> &tensors,
    const std::map<std::string, std::string> &metadata) {
  std::map<std::string, TensorSource> sources;
  for (auto &[name, tensor] : tensors)
    sources[name] = {tensor.type, tensor.shape,
                     [bytes = tensor.bytes](llvm::raw_ostream &os) {
                       os.write(bytes.data(), bytes.size());
                     }};
  return writeSafetensors(path, sources, metadata);
}
