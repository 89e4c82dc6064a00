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
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
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

static constexpr uint64_t kLengthBytes = 8;

static Error makeError(StringRef path, const Twine &text) {
  return llvm::createStringError(path + ": " + text);
}

static Error makeError(StringRef path, uint64_t offset, const Twine &text) {
  return llvm::createStringError(path + ":" + Twine(offset) + ": " + text);
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

/// Returns the header of a file.
static Expected<StringRef> locateHeader(StringRef bytes, StringRef path) {
  if (bytes.size() < kLengthBytes)
    return makeError(path, 0,
                     "expected 8 bytes with the length of the header, got " +
                         Twine(bytes.size()));
  uint64_t length = llvm::support::endian::read64le(bytes.data());
  uint64_t limit =
      std::min<uint64_t>(kMaxSafetensorsHeader, bytes.size() - kLengthBytes);
  if (length > limit)
    return makeError(path, 0,
                     "expected a header of at most " + Twine(limit) +
                         " bytes, got " + Twine(length));
  return bytes.substr(kLengthBytes, length);
}

namespace {

/// The tensors of a header, in the order of their data.
using Layout = std::vector<std::pair<StringRef, const HeaderEntry *>>;

} // namespace

static Layout sortByPlace(const std::map<std::string, HeaderEntry> &entries) {
  Layout layout;
  for (auto &[name, entry] : entries)
    layout.emplace_back(name, &entry);
  llvm::sort(layout, [](const auto &left, const auto &right) {
    return std::make_pair(*left.second->place, left.first) <
           std::make_pair(*right.second->place, right.first);
  });
  return layout;
}

/// Fails unless a tensor begins at `begin` and has the size of its type.
static Error checkEntry(StringRef name, const HeaderEntry &entry,
                        uint64_t begin, StringRef path) {
  auto fail = [&](const Twine &expected, const Twine &got) {
    return makeError(path, kLengthBytes + entry.position,
                     "expected " + expected + " for tensor " + quoteText(name) +
                         ", got " + got);
  };
  if (!getStoredBits(*entry.type))
    return fail("a type of the format ('F32', 'BF16', 'U8', …)",
                quoteText(*entry.type));
  std::optional<uint64_t> size = countStoredBytes(*entry.type, *entry.shape);
  if (!size)
    return fail("a shape of whole bytes, less than 2^61,",
                quoteText(formatStored(*entry.type, *entry.shape)));
  auto [first, last] = *entry.place;
  if (first != begin)
    return fail("data that begin at " + Twine(begin) +
                    ", where those before them end,",
                Twine(first));
  if (last < first || last - first != *size)
    return fail(Twine(*size) + " bytes of " +
                    quoteText(formatStored(*entry.type, *entry.shape)),
                "offsets from " + Twine(first) + " to " + Twine(last));
  return Error::success();
}

Expected<SafetensorsFile> SafetensorsFile::open(StringRef path) {
  // Asked first: to open a pipe may wait forever, to read a device never end.
  fs::file_status status;
  if (std::error_code error = fs::status(path, status))
    return makeError(path, error.message());
  if (!fs::is_regular_file(status))
    return makeError(path, "expected a regular file, got something else");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(path, buffer.getError().message());
  Expected<StringRef> header = locateHeader((*buffer)->getBuffer(), path);
  if (!header)
    return header.takeError();
  HeaderParser parser(*header);
  if (!parser.parse())
    return makeError(path, kLengthBytes + parser.position, parser.message);

  SafetensorsFile file;
  StringRef data =
      (*buffer)->getBuffer().drop_front(kLengthBytes + header->size());
  uint64_t end = 0;
  for (auto [name, entry] : sortByPlace(parser.entries)) {
    if (Error error = checkEntry(name, *entry, end, path))
      return error;
    uint64_t begin = std::exchange(end, entry->place->second);
    // Beyond the end there is nothing; the sum below says so.
    StringRef bytes = data.slice(begin, end);
    file.tensors[name.str()] = {
        *entry->type, *entry->shape, {bytes.data(), bytes.size()}};
  }
  if (end != data.size())
    return makeError(path, kLengthBytes + header->size(),
                     "expected " + Twine(end) + " bytes of data, got " +
                         Twine(data.size()));
  file.path = path.str();
  file.metadata = std::move(parser.metadata);
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

namespace {

struct PlacedSource {
  StringRef name;
  const TensorSource *source;
  uint64_t bytes;
};

} // namespace

/// Wide elements first, then by name, so that all are aligned.
static Expected<std::vector<PlacedSource>>
placeSources(StringRef path,
             const std::map<std::string, TensorSource> &tensors) {
  std::vector<PlacedSource> placed;
  for (auto &[name, source] : tensors) {
    std::optional<uint64_t> bytes = countStoredBytes(source.type, source.shape);
    if (!bytes)
      return makeError(path,
                       "expected a type of the format and a shape of whole "
                       "bytes for tensor " +
                           quoteText(name) + ", got " +
                           quoteText(formatStored(source.type, source.shape)));
    if (name == "__metadata__" || !llvm::json::isUTF8(name))
      return makeError(path, "expected names of tensors in UTF-8, other than "
                             "'__metadata__', got " +
                                 quoteText(name));
    placed.push_back({name, &source, *bytes});
  }
  llvm::sort(placed, [](const PlacedSource &left, const PlacedSource &right) {
    unsigned leftBits = *getStoredBits(left.source->type);
    unsigned rightBits = *getStoredBits(right.source->type);
    return leftBits != rightBits ? leftBits > rightBits
                                 : left.name < right.name;
  });
  return placed;
}

static std::string printHeader(ArrayRef<PlacedSource> placed,
                               const std::map<std::string, std::string> &meta) {
  std::string header;
  llvm::raw_string_ostream os(header);
  llvm::json::OStream json(os);
  uint64_t end = 0;
  json.object([&] {
    if (!meta.empty())
      json.attributeObject("__metadata__", [&] {
        for (auto &[name, value] : meta)
          json.attribute(name, value);
      });
    for (const PlacedSource &tensor : placed)
      json.attributeObject(tensor.name, [&] {
        json.attribute("dtype", tensor.source->type);
        json.attributeArray("shape", [&] {
          for (int64_t size : tensor.source->shape)
            json.value(size);
        });
        uint64_t begin = std::exchange(end, end + tensor.bytes);
        json.attributeArray("data_offsets", [&] {
          json.value(begin);
          json.value(end);
        });
      });
  });
  // Spaces, so that the data begin at a multiple of eight.
  header.resize(llvm::alignTo(header.size(), kLengthBytes), ' ');
  return header;
}

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
                       ArrayRef<PlacedSource> placed, StringRef path) {
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/false);
  char length[kLengthBytes];
  llvm::support::endian::write64le(length, header.size());
  os.write(length, sizeof(length));
  os << header;
  std::string mismatch;
  for (const PlacedSource &tensor : placed) {
    uint64_t begin = os.tell();
    tensor.source->write(os);
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
  auto placed = placeSources(path, tensors);
  if (!placed)
    return placed.takeError();
  for (auto &[name, value] : metadata)
    if (!llvm::json::isUTF8(name) || !llvm::json::isUTF8(value))
      return makeError(path, "expected metadata in UTF-8, got " +
                                 quoteText(name + ": " + value));
  std::string header = printHeader(*placed, metadata);
  if (header.size() > kMaxSafetensorsHeader)
    return makeError(path, "expected a header of at most " +
                               Twine(kMaxSafetensorsHeader) + " bytes, got " +
                               Twine(header.size()));
  // A rename would replace a device by a file.
  if (fs::exists(path) && !fs::is_regular_file(path))
    return makeError(path, "expected a regular file, got something else");
  Expected<fs::TempFile> file =
      fs::TempFile::create(path + ".tmp%%%%%%%%", fs::all_read | fs::all_write);
  if (!file)
    return makeError(path, llvm::toString(file.takeError()));
  if (Error error = writeFile(file->FD, header, *placed, path))
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
