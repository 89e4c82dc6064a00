//===- TensorMemoryTest.cpp - products of tcgen05 against the model -------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Operands in every swizzle, scales by copies of 128x4 tiles, all kinds; sums
// that are written and added to; and tensor memory by itself.
//===----------------------------------------------------------------------===//

#include "SlowScaledModel.h"
#include "TensorKernels.h"

using namespace mxsim;

namespace {

/// Codes by row, and four bytes of scales of each row.
struct TensorOperands {
  std::vector<uint32_t> a, b;
  std::vector<uint8_t> scalesA, scalesB;

  TensorOperands(const TensorProduct &product, uint32_t seed) {
    std::mt19937 engine(seed);
    auto draw = [&](int32_t type) {
      while (true) {
        uint32_t code = engine() & (type == MXSIM_TYPE_E2M1   ? 0xF
                                    : type >= MXSIM_TYPE_E3M2 ? 0x3F
                                                              : 0xFF);
        if (std::isfinite(slow::decode(type, code)))
          return code;
      }
    };
    for (uint32_t i = 0; i < kTensorRows * product.getK(); ++i)
      a.push_back(draw(product.typeA));
    for (uint32_t i = 0; i < product.columns * product.getK(); ++i)
      b.push_back(draw(product.typeB));
    auto drawScale = [&] {
      return uint8_t(product.scaleFormat == MXSIM_SCALE_UE8M0
                         ? 120 + engine() % 16
                         : engine() % 127);
    };
    for (uint32_t i = 0; i < kTensorRows * 4; ++i)
      scalesA.push_back(drawScale());
    for (uint32_t i = 0; i < product.columns * 4; ++i)
      scalesB.push_back(drawScale());
  }
};

/// The 32 bytes of a row: packed, or 16 codes at the begin of each 16 bytes.
std::array<uint8_t, 32> packRow(const TensorProduct &product, int32_t type,
                                const uint32_t *codes) {
  std::array<uint8_t, 32> bytes = {};
  bool isPacked = product.kind != MXSIM_KIND_MXF8F6F4;
  uint32_t bits = type == MXSIM_TYPE_E2M1 ? 4 : type >= MXSIM_TYPE_E3M2 ? 6 : 8;
  for (uint32_t k = 0; k < product.getK(); ++k)
    for (uint32_t bit = 0; bit < bits; ++bit) {
      uint32_t place =
          isPacked ? k * bits + bit : k / 16 * 128 + k % 16 * bits + bit;
      bytes[place / 8] |= uint8_t((codes[k] >> bit & 1) << place % 8);
    }
  return bytes;
}

void storeRows(const TensorProduct &product, const Place &place, int32_t type,
               const std::vector<uint32_t> &codes, uint32_t rows) {
  for (uint32_t row = threadId(); row < rows; row += kTensorThreads) {
    auto bytes = packRow(product, type, &codes[row * product.getK()]);
    for (uint32_t byte = 0; byte < bytes.size(); ++byte)
      store(sharedAt(place.locate(row, byte)), bytes[byte], 1);
  }
}

/// Tiles of 128 rows by 4 (docs/Simulator.md).
void storeScales(uint32_t place, const std::vector<uint8_t> &scales) {
  for (uint32_t i = threadId(); i < (scales.size() + 511) / 512 * 512;
       i += kTensorThreads) {
    uint32_t row = i / 4 % 128, tile = i / 512;
    store(sharedAt(place + tile * 512 + row % 32 * 16 + row / 32 * 4 + i % 4),
          i < scales.size() ? scales[i] : uint8_t(0), 1);
  }
}

void issue(const TensorProduct &product, uint32_t base, int times) {
  void *scalesA = tensorAt(base + kScaleColumns);
  void *scalesB = tensorAt(base + kScaleColumns + 4);
  mxsim_tmem_copy(scalesA, describeScales(0), MXSIM_TENSOR_COPY_32X128B,
                  MXSIM_TENSOR_MULTICAST_4, 10);
  for (uint32_t tile = 0; tile * 128 < product.columns; ++tile)
    mxsim_tmem_copy(tensorAt(base + kScaleColumns + 4 + 4 * tile),
                    describeScales(1 + tile), MXSIM_TENSOR_COPY_32X128B,
                    MXSIM_TENSOR_MULTICAST_4, 11);
  for (int i = 0; i < times; ++i)
    mxsim_tmem_product(tensorAt(base), describeMatrix(product.getA()),
                       describeMatrix(product.getB()), product.getInstruction(),
                       i != 0, scalesA, scalesB, product.kind, product.block,
                       12);
  mxsim_tmem_commit(sharedAt(kBarrier), 13);
}

/// The results of `times` products, by row and column.
std::vector<uint32_t> run(const TensorProduct &product,
                          const TensorOperands &operands, int times) {
  std::vector<uint32_t> result(kTensorRows * product.columns);
  Setting setting;
  setting.threads = kTensorThreads;
  setting.shared = kTensorShared;
  setting.options.arithmetic = Arithmetic::Blackwell;
  expectGood(runKernel(setting, [&] {
    uint32_t thread = threadId(), warp = thread / 32;
    storeRows(product, product.getA(), product.typeA, operands.a, kTensorRows);
    storeRows(product, product.getB(), product.typeB, operands.b,
              product.columns);
    storeScales(kPlaceOfScales, operands.scalesA);
    storeScales(kPlaceOfScales + 512, operands.scalesB);
    if (warp == 0)
      mxsim_tmem_alloc(sharedAt(kSlot), 512, 4);
    if (thread == 0) {
      mxsim_mbarrier_init(sharedAt(kBarrier), 1, 5);
      mxsim_fence_mbarrier_init(6);
    }
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_BEFORE, 7);
    publish();
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_AFTER, 8);
    uint32_t base = loadSlot();
    if (thread == 0)
      issue(product, base, times);
    mxsim_mbarrier_try_wait_parity(sharedAt(kBarrier), 0, 14);
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_AFTER, 15);
    for (uint32_t column = 0; column < product.columns; column += 16) {
      uint32_t words[16];
      mxsim_tmem_load(words, tensorAt(base + (warp * 32 << 16) + column),
                      MXSIM_TENSOR_32X32B, 16, 16);
      mxsim_tmem_wait(MXSIM_TENSOR_WAIT_LOAD, 17);
      std::copy(words, words + 16, &result[thread * product.columns + column]);
    }
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_BEFORE, 18);
    mxsim_barrier(0, 0, 19);
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_AFTER, 20);
    if (warp == 0) {
      mxsim_tmem_relinquish(21);
      mxsim_tmem_dealloc(tensorAt(base), 512, 22);
    }
  }));
  return result;
}

uint32_t expectSum(const TensorProduct &product, const TensorOperands &operands,
                   uint32_t row, uint32_t column, uint32_t c) {
  uint32_t k = product.getK();
  const uint32_t *a = &operands.a[row * k], *b = &operands.b[column * k];
  const uint8_t *left = &operands.scalesA[row * 4 + product.byteA];
  const uint8_t *right = &operands.scalesB[column * 4 + product.byteB];
  if (product.kind == MXSIM_KIND_MXF8F6F4)
    return slow::dotSmallFloats(product.typeA, a, *left, product.typeB, b,
                                *right, c);
  return slow::dotGroups(product.scaleFormat, product.scales, a, left, b, right,
                         c);
}

void check(const TensorProduct &product, int times = 2) {
  TensorOperands operands(product, product.columns + product.span);
  std::vector<uint32_t> result = run(product, operands, times);
  for (uint32_t row = 0; row < kTensorRows; ++row)
    for (uint32_t column = 0; column < product.columns; ++column) {
      uint32_t sum = 0;
      for (int i = 0; i < times; ++i)
        sum = expectSum(product, operands, row, column, sum);
      ASSERT_EQ(result[row * product.columns + column], sum)
          << "row " << row << ", column " << column;
    }
}

TEST(TensorMemory, MultipliesMXFP4InEverySwizzle) {
  for (uint32_t span : {0, 32, 64, 128})
    for (uint32_t inRow = 0; inRow < std::max(span, 1u); inRow += 32) {
      TensorProduct product = makeMXFP4();
      product.span = span;
      product.inRow = inRow;
      check(product);
    }
}

TEST(TensorMemory, TakesScalesBySelector) {
  TensorProduct product = makeMXFP4();
  product.byteA = 2;
  check(product);
  product.byteB = 2;
  product.columns = 48;
  check(product);
}

TEST(TensorMemory, MultipliesNVFP4) {
  TensorProduct product = {MXSIM_KIND_MXF4NVF4,
                           MXSIM_TYPE_E2M1,
                           MXSIM_TYPE_E2M1,
                           MXSIM_SCALE_UE4M3,
                           16,
                           4};
  check(product);
  product.block = 32;
  product.scales = 2;
  product.scaleFormat = MXSIM_SCALE_UE8M0;
  product.byteB = 2;
  check(product);
}

TEST(TensorMemory, HasScalesOfColumnsInTwoTiles) {
  TensorProduct product = makeMXFP4();
  product.columns = 256;
  check(product, 1);
}

TEST(TensorMemory, MultipliesMixesOfSmallFloats) {
  constexpr int32_t types[] = {MXSIM_TYPE_E4M3, MXSIM_TYPE_E5M2,
                               MXSIM_TYPE_E3M2, MXSIM_TYPE_E2M3,
                               MXSIM_TYPE_E2M1};
  uint32_t byte = 0;
  for (int32_t typeA : types) {
    TensorProduct product = {MXSIM_KIND_MXF8F6F4, typeA, types[byte % 5],
                             MXSIM_SCALE_UE8M0,   0,     1};
    product.byteA = byte % 4;
    product.byteB = 3 - byte % 4;
    ++byte;
    check(product);
  }
}

TEST(TensorMemory, KeepsWhatWarpsStore) {
  std::vector<uint32_t> seen(128);
  Setting setting;
  setting.threads = 128;
  setting.shared = 64;
  expectGood(runKernel(setting, [&] {
    uint32_t thread = threadId(), warp = thread / 32;
    if (warp == 1) {
      mxsim_tmem_alloc(sharedAt(0), 32, 1);
      mxsim_tmem_alloc(sharedAt(4), 64, 2);
    }
    mxsim_barrier(0, 0, 3);
    auto first = load<uint32_t>(sharedAt(0)),
         base = load<uint32_t>(sharedAt(4));
    uint32_t words[2] = {thread, thread + 1000}, back[2];
    void *place = tensorAt(base + (warp * 32 << 16) + 62);
    mxsim_tmem_store(place, words, MXSIM_TENSOR_32X32B, 2, 4);
    mxsim_tmem_wait(MXSIM_TENSOR_WAIT_STORE, 5);
    mxsim_tmem_load(back, place, MXSIM_TENSOR_32X32B, 2, 6);
    mxsim_tmem_wait(MXSIM_TENSOR_WAIT_LOAD, 7);
    seen[thread] = back[1] - back[0] + first;
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_BEFORE, 8);
    mxsim_barrier(0, 0, 9);
    mxsim_tmem_fence(MXSIM_TENSOR_FENCE_AFTER, 10);
    if (warp == 2) {
      mxsim_tmem_dealloc(tensorAt(base), 64, 11);
      mxsim_tmem_dealloc(tensorAt(first), 32, 12);
    }
  }));
  EXPECT_EQ(seen, std::vector<uint32_t>(128, 1000));
}

} // namespace
