//===- GuardPagesTest.cpp - kernels keep within their buffers -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Every buffer of a call lies between two pages that may not be touched, once
// at the end of its memory and once at the beginning: a read or write past it
// ends the process. Results are those of ordinary buffers.
//===----------------------------------------------------------------------===//

#include "MatmulVariant.h"
#include "mx/Numerics/PackedLayout.h"
#include <cstring>
#include <gtest/gtest.h>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>

using namespace mxtest;
using namespace mxnum;

namespace {

enum class Place { End, Beginning };

/// A copy of bytes between two pages that may not be touched.
class GuardedBuffer {
public:
  GuardedBuffer(const void *data, size_t size, Place place) : size(size) {
    size_t page = sysconf(_SC_PAGESIZE);
    size_t inner = (size + page - 1) / page * page;
    allSize = inner + 2 * page;
    all = static_cast<uint8_t *>(mmap(nullptr, allSize, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(all, page, PROT_NONE);
    mprotect(all + page + inner, page, PROT_NONE);
    begin = all + page + (place == Place::End ? inner - size : 0);
    if (size != 0)
      std::memcpy(begin, data, size);
  }
  ~GuardedBuffer() { munmap(all, allSize); }
  GuardedBuffer(const GuardedBuffer &) = delete;

  uint8_t *data() const { return begin; }
  bool equals(const std::vector<uint8_t> &bytes) const {
    return bytes.size() == size &&
           (size == 0 || !std::memcmp(bytes.data(), begin, size));
  }

private:
  uint8_t *all, *begin;
  size_t size, allSize;
};

/// A buffer of a call: its bytes, and its shape in elements.
struct Buffer {
  std::vector<uint8_t> bytes;
  std::vector<int64_t> shape;
};

} // namespace

template <typename T>
static Buffer makeBuffer(const std::vector<T> &values,
                         std::vector<int64_t> shape) {
  Buffer buffer;
  buffer.bytes.resize(values.size() * sizeof(T));
  if (!values.empty())
    std::memcpy(buffer.bytes.data(), values.data(), buffer.bytes.size());
  buffer.shape = std::move(shape);
  return buffer;
}

static std::vector<Argument> begin(std::optional<int64_t> first) {
  return first ? std::vector<Argument>{Argument(*first)}
               : std::vector<Argument>();
}

/// Calls `name` with `first`, if there is one, and `buffers`, in ordinary and
/// in guarded memory, and compares all of them afterwards.
static void checkGuarded(const JitModule &module, const std::string &name,
                         std::optional<int64_t> first,
                         const std::vector<Buffer> &buffers) {
  std::vector<Buffer> expected = buffers;
  std::vector<Argument> arguments = begin(first);
  for (Buffer &buffer : expected)
    arguments.push_back(Argument(buffer.bytes, buffer.shape));
  ASSERT_TRUE(module.call(name, arguments));
  for (Place place : {Place::End, Place::Beginning}) {
    std::vector<std::unique_ptr<GuardedBuffer>> guarded;
    arguments = begin(first);
    for (const Buffer &buffer : buffers) {
      guarded.push_back(std::make_unique<GuardedBuffer>(
          buffer.bytes.data(), buffer.bytes.size(), place));
      arguments.push_back(
          Argument(static_cast<void *>(guarded.back()->data()), buffer.shape));
    }
    ASSERT_TRUE(module.call(name, arguments));
    for (size_t i = 0; i < buffers.size(); ++i)
      EXPECT_TRUE(guarded[i]->equals(expected[i].bytes)) << "buffer " << i;
  }
}

/// Numbers that differ, none of them special.
static std::vector<float> makeNumbers(int64_t size) {
  std::vector<float> values(size);
  for (int64_t i = 0; i < size; ++i)
    values[i] = static_cast<float>(i * 37 % 101 - 50) / 8;
  return values;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static void checkInterleaved(const JitModule &module, int64_t rows,
                             int64_t columns, int64_t count, int64_t block) {
  int64_t groups = (columns + kInterleavedRows - 1) / kInterleavedRows;
  int64_t blocks = (count + block - 1) / block;
  std::vector<uint8_t> codes(groups * blocks * block / 2 * kInterleavedRows);
  for (size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<uint8_t>(i * 73 + 5);
  std::vector<uint8_t> scales(groups * blocks * kInterleavedRows, 100);
  std::vector<Buffer> buffers{
      makeBuffer(makeNumbers(rows * count), {rows, count}),
      makeBuffer(codes,
                 {groups, codes.empty() ? 0 : int64_t(codes.size()) / groups}),
      makeBuffer(scales, {groups, blocks * kInterleavedRows}),
      makeBuffer(makeNumbers(rows * columns), {rows, columns})};
  // Then with a scale that is not ordinary.
  for (bool isOrdinary : {true, false}) {
    if (!isOrdinary && !buffers[2].bytes.empty())
      buffers[2].bytes.front() = 0xFF;
    checkGuarded(module, "f", count, buffers);
  }
}

TEST(GuardPages, interleaved_products) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    GTEST_SKIP() << "no AVX2 or no FMA";
#else
  GTEST_SKIP() << "no AVX2";
#endif
  for (std::string format : {"mxfp4", "nvfp4"}) {
    std::string bytes = "memref<?x?xi8>", numbers = "memref<?x?xf32>";
    std::string rhs = bytes + ", " + bytes;
    // NVFP4 without its tensor scale.
    std::string spelled =
        format == "mxfp4" ? format
                          : "element = f4E2M1FN, scale = f8E4M3FN, block = 16";
    auto module = JitModule::compile(
        "module attributes {mx.target = #mx.target<cpu, features = "
        "\"+avx2,+fma\">} {\nfunc.func @f(%k: index, %a: " +
        numbers + ", %w: " + bytes + ", %s: " + bytes + ", %c: " + numbers +
        ") {\n  mx.packed.matmul k(%k) lhs(%a : " + numbers +
        ") rhs(%w, %s : " + rhs + ") outs(%c : " + numbers +
        ")\n    {rhs_format = #mx.format<" + spelled +
        ">, rhs_interleaved, kernel = \"matmul_shuffle_fma\"}\n  "
        "return\n}\n}\n");
    ASSERT_TRUE(module);
    int64_t block = format == "nvfp4" ? 16 : 32;
    for (int64_t rows : {1, 2, 3, 4, 7, 33})
      for (int64_t columns : {16, 21})
        for (int64_t count : {32, 45, 544})
          checkInterleaved(*module, rows, columns, count, block);
  }
}

TEST(GuardPages, interleaving) {
  std::string bytes = "memref<?x?xi8>", text;
  for (std::string unit : {"1", "4"})
    text += "func.func @f" + unit + "(%x: " + bytes + ", %y: " + bytes +
            ") {\n  mx.packed.interleave ins(%x : " + bytes +
            ") outs(%y : " + bytes + ") {unit = " + unit +
            " : i64, padding = 0 : i8}\n  return\n}\n";
  auto module = JitModule::compile(text);
  ASSERT_TRUE(module);
  for (int64_t unit : {1, 4})
    for (int64_t rows : {16, 35})
      for (int64_t count : {5, 16, 39}) {
        int64_t groups = (rows + kInterleavedRows - 1) / kInterleavedRows;
        int64_t line = kInterleavedRows * unit;
        int64_t size = (count + unit - 1) / unit * line;
        checkGuarded(
            *module, "f" + std::to_string(unit), std::nullopt,
            {makeBuffer(std::vector<uint8_t>(rows * count, 7), {rows, count}),
             makeBuffer(std::vector<uint8_t>(groups * size, 0x5A),
                        {groups, size})});
      }
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

TEST(GuardPages, elements) {
  for (std::string name : {"mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp8_e4m3"}) {
    BlockFormat format = *lookupFormat(name);
    std::string numbers = "memref<?x?xf32>", bytes = "memref<?x?xi8>";
    std::string tensorScale =
        format.tensorScale ? " tensor_scale(%t : memref<f32>)" : "";
    std::string rule = format.tensorScale ? "amax" : "even";
    std::string declared = format.tensorScale ? ", %t: memref<f32>" : "";
    auto module = JitModule::compile(
        "func.func @q(%x: " + numbers + ", %p: " + bytes + ", %s: " + bytes +
        declared + ") {\n  mx.packed.quantize ins(%x : " + numbers + ")" +
        tensorScale + " outs(%p, %s : " + bytes + ", " + bytes +
        ") {format = #mx.format<" + name + ">, scale_rule = #mx.scale_rule<" +
        rule + ">, index_axis = 1 : i64}\n  return\n}\n" +
        "func.func @d(%x: " + numbers + ", %p: " + bytes + ", %s: " + bytes +
        declared + ") {\n  mx.packed.dequantize ins(%p, %s : " + bytes + ", " +
        bytes + ")" + tensorScale + " outs(%x : " + numbers +
        ") {format = #mx.format<" + name + ">}\n  return\n}\n");
    ASSERT_TRUE(module);
    for (int64_t rows : {1, 5})
      for (int64_t count : {32, 45, 7}) {
        int64_t rowBytes =
            getPackedBytes(count, getElementInfo(format.element).bits);
        int64_t blocks = (count + format.block - 1) / format.block;
        std::vector<Buffer> buffers{
            makeBuffer(makeNumbers(rows * count), {rows, count}),
            makeBuffer(std::vector<uint8_t>(rows * rowBytes, 0x35),
                       {rows, rowBytes}),
            makeBuffer(std::vector<uint8_t>(rows * blocks, 0x38),
                       {rows, blocks})};
        if (format.tensorScale)
          buffers.push_back(makeBuffer(std::vector<float>{0.25f}, {}));
        checkGuarded(*module, "q", std::nullopt, buffers);
        checkGuarded(*module, "d", std::nullopt, buffers);
      }
  }
}
