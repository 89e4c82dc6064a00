//===- TensorCopyTest.cpp - tile mode of tensor copies --------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Boxes of one to three axes, inside, across and outside of the edges, with
// every swizzle; the pattern of 128 bytes also from its table.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Table.h"
#include <numeric>

using namespace mxsim;

namespace {

constexpr uint32_t kBarrier = 32768;

struct alignas(64) Map {
  uint8_t bytes[128];
};

/// A tensor of bytes whose innermost extent is `extents[0]`.
struct Tensor {
  std::vector<int64_t> extents, strides;
  std::vector<uint8_t> bytes;

  explicit Tensor(std::vector<int64_t> sizes) : extents(std::move(sizes)) {
    // Rows are padded to a multiple of 16 bytes.
    int64_t stride = (extents[0] + 15) / 16 * 16;
    for (size_t axis = 1; axis < extents.size(); ++axis) {
      strides.push_back(stride);
      stride *= extents[axis];
    }
    bytes.resize(size_t(stride));
    std::mt19937 engine(11);
    for (uint8_t &byte : bytes)
      byte = uint8_t(1 + engine() % 255);
  }

  /// The byte at an index, zero outside.
  uint8_t at(const std::vector<int64_t> &index) const {
    int64_t offset = 0;
    for (size_t axis = 0; axis < extents.size(); ++axis) {
      if (index[axis] < 0 || index[axis] >= extents[axis])
        return 0;
      offset += index[axis] * (axis ? strides[axis - 1] : 1);
    }
    return bytes[size_t(offset)];
  }

  Map encode(const std::vector<int32_t> &box, int32_t swizzle) {
    Map map;
    EXPECT_EQ(mxsim_encode_tensor_map(
                  &map, bytes.data(), int32_t(extents.size()), 8,
                  extents.data(), strides.data(), box.data(), swizzle),
              0);
    return map;
  }
};

Setting settingOf(Tensor &tensor, const Map &map) {
  Setting setting;
  setting.threads = 1;
  setting.shared = kBarrier + 8;
  setting.buffers = {bufferOf(tensor.bytes), {&map, sizeof(map), true}};
  return setting;
}

void makeBarrier() {
  mxsim_mbarrier_init(sharedAt(kBarrier), 1, 1);
  mxsim_fence_mbarrier_init(1);
}

/// Loads a box and returns what is in shared memory afterwards.
std::vector<uint8_t> loadBox(Tensor &tensor, const Map &map,
                             const std::vector<int32_t> &coordinates,
                             uint32_t bytes) {
  std::vector<uint8_t> result(bytes);
  expectGood(runKernel(settingOf(tensor, map), [&] {
    makeBarrier();
    mxsim_mbarrier_arrive_expect_tx(sharedAt(kBarrier), int32_t(bytes), 2);
    mxsim_tensor_load(sharedAt(0), &map, coordinates.data(),
                      int32_t(coordinates.size()), sharedAt(kBarrier), 3);
    mxsim_mbarrier_try_wait_parity(sharedAt(kBarrier), 0, 4);
    mxsim_check_load(sharedAt(0), bytes, 16, 5);
    std::memcpy(result.data(), sharedAt(0), bytes);
  }));
  return result;
}

/// Where byte `offset` of a dense box lies: chunks of 16 bytes within a span
/// change places with the 128-byte line's number.
uint32_t place(uint32_t offset, uint32_t span) {
  uint32_t chunks = span / 16, line = offset / 128, chunk = offset / 16;
  if (chunks == 0)
    return offset;
  return (chunk / chunks * chunks + (chunk % chunks ^ line % chunks)) * 16 +
         offset % 16;
}

TEST(TensorCopies, LoadBoxesOfOneToThreeAxes) {
  struct Case {
    std::vector<int64_t> extents;
    std::vector<int32_t> box, coordinates;
  };
  const Case cases[] = {
      {{100}, {32}, {0}},
      {{100}, {32}, {80}},
      {{100}, {32}, {-5}},
      {{100}, {32}, {200}},
      {{90, 20}, {32, 8}, {16, 4}},
      {{90, 20}, {32, 8}, {75, 15}},
      {{90, 20}, {32, 8}, {-3, -2}},
      {{70, 9, 5}, {16, 4, 3}, {8, 2, 1}},
      {{70, 9, 5}, {16, 4, 3}, {62, 7, 3}},
      {{70, 9, 5}, {16, 4, 3}, {-15, -3, -1}},
  };
  for (const Case &one : cases)
    for (int32_t swizzle : {0, 32, 64, 128}) {
      Tensor tensor(one.extents);
      Map map = tensor.encode(one.box, swizzle);
      uint32_t bytes = 1;
      for (int32_t extent : one.box)
        bytes *= uint32_t(extent);
      std::vector<uint8_t> loaded =
          loadBox(tensor, map, one.coordinates, bytes);
      for (uint32_t offset = 0; offset < bytes; ++offset) {
        std::vector<int64_t> index;
        uint32_t rest = offset;
        for (size_t axis = 0; axis < one.box.size(); ++axis) {
          index.push_back(one.coordinates[axis] +
                          int64_t(rest % uint32_t(one.box[axis])));
          rest /= uint32_t(one.box[axis]);
        }
        uint32_t where = place(offset, uint32_t(swizzle));
        if (where < bytes)
          ASSERT_EQ(loaded[where], tensor.at(index))
              << "swizzle " << swizzle << " offset " << offset;
      }
    }
}

TEST(TensorCopies, Spread128BytesAsTheTableSays) {
  Tensor tensor({128, 128});
  Map map = tensor.encode({128, 128}, 128);
  std::vector<uint8_t> loaded = loadBox(tensor, map, {0, 0}, 128 * 128);
  for (const Row &row : readTable("smem_sw128_kmajor"))
    for (uint32_t byte = 0; byte < 16; ++byte)
      ASSERT_EQ(loaded[row[2] + byte], tensor.at({row[1] * 16 + byte, row[0]}));
}

/// A load, a store elsewhere: the tensor's part of the box has moved.
TEST(TensorCopies, StoreBoxes) {
  for (int32_t swizzle : {0, 64, 128}) {
    Tensor tensor({96, 24});
    Map map = tensor.encode({32, 16}, swizzle);
    Tensor before = tensor;
    const int32_t from[] = {0, 0}, to[] = {80, 14};
    expectGood(runKernel(settingOf(tensor, map), [&] {
      makeBarrier();
      mxsim_mbarrier_arrive_expect_tx(sharedAt(kBarrier), 512, 2);
      mxsim_tensor_load(sharedAt(0), &map, from, 2, sharedAt(kBarrier), 3);
      mxsim_mbarrier_try_wait_parity(sharedAt(kBarrier), 0, 4);
      mxsim_tensor_store(&map, sharedAt(0), to, 2, 5);
      mxsim_bulk_commit_group(6);
      mxsim_bulk_wait_group(0, 0, 7);
    }));
    for (int64_t y = 0; y < 24; ++y)
      for (int64_t x = 0; x < 96; ++x) {
        bool isMoved = x >= 80 && y >= 14;
        ASSERT_EQ(tensor.at({x, y}),
                  isMoved ? before.at({x - 80, y - 14}) : before.at({x, y}))
            << x << ", " << y;
      }
  }
}

TEST(TensorCopies, HalveTheBytesOf4BitElements) {
  std::vector<uint8_t> bytes(16 * 8);
  std::iota(bytes.begin(), bytes.end(), uint8_t(1));
  const int64_t extents[] = {32, 8}, strides[] = {16};
  const int32_t box[] = {32, 4}, coordinates[] = {16, 6};
  Map map;
  ASSERT_EQ(mxsim_encode_tensor_map(&map, bytes.data(), 2, 4, extents, strides,
                                    box, 0),
            0);
  Setting setting;
  setting.threads = 1;
  setting.shared = kBarrier + 8;
  setting.buffers = {bufferOf(bytes)};
  expectGood(runKernel(setting, [&] {
    makeBarrier();
    mxsim_mbarrier_arrive_expect_tx(sharedAt(kBarrier), 64, 2);
    mxsim_tensor_load(sharedAt(0), &map, coordinates, 2, sharedAt(kBarrier), 3);
    mxsim_mbarrier_try_wait_parity(sharedAt(kBarrier), 0, 4);
    for (uint32_t row = 0; row < 4; ++row)
      for (uint32_t byte = 0; byte < 16; ++byte)
        EXPECT_EQ(load<uint8_t>(sharedAt(16 * row + byte)),
                  row < 2 && byte < 8 ? bytes[16 * (row + 6) + 8 + byte] : 0);
  }));
}

TEST(TensorCopies, RefuseWhatIsNotAMap) {
  Tensor tensor({32, 8});
  Map map = tensor.encode({32, 8}, 0), other = {};
  const int32_t coordinates[] = {0, 0, 0};
  auto copy = [&](const Map &which, uint32_t offset, int32_t rank) {
    return runKernel(settingOf(tensor, map), [&, offset, rank] {
      makeBarrier();
      mxsim_tensor_load(sharedAt(offset), &which, coordinates, rank,
                        sharedAt(kBarrier), 3);
    });
  };
  expectError(copy(other, 0, 2), ErrorKind::Operand, 3,
              "expected a tensor map, got other memory");
  expectError(copy(map, 0, 3), ErrorKind::Operand, 3,
              "expected '2' coordinates as the tensor map has axes, got '3'");
  expectError(copy(map, 16, 2), ErrorKind::Misaligned, 3,
              "expected the destination of a box at a multiple of '128', got "
              "shared offset '16'");
}

TEST(TensorCopies, NeedTheTensorToBeRegistered) {
  Tensor tensor({32, 8});
  Map map = tensor.encode({32, 8}, 0);
  Setting setting = settingOf(tensor, map);
  setting.buffers[0].bytes = 100;
  const int32_t coordinates[] = {0, 0};
  expectError(runKernel(setting,
                        [&] {
                          makeBarrier();
                          mxsim_tensor_load(sharedAt(0), &map, coordinates, 2,
                                            sharedAt(kBarrier), 3);
                        }),
              ErrorKind::OutOfBounds, 3,
              "expected the tensor of a map within a buffer, got '32' bytes at "
              "offset '96' of '100'");
}

TEST(TensorMaps, RefuseWhatTheMachineRefuses) {
  alignas(256) static uint8_t memory[4096];
  auto encode = [&](int64_t inner, int64_t stride, int32_t box, int32_t swizzle,
                    int32_t bits = 8, uint32_t shift = 0) {
    Map map;
    const int64_t extents[] = {inner, 4}, strides[] = {stride};
    const int32_t boxes[] = {box, 4};
    return mxsim_encode_tensor_map(&map, memory + shift, 2, bits, extents,
                                   strides, boxes, swizzle);
  };
  EXPECT_EQ(encode(128, 128, 128, 128), 0);
  EXPECT_EQ(encode(128, 120, 128, 0), 1);
  EXPECT_EQ(encode(128, 128, 24, 0), 1);
  EXPECT_EQ(encode(128, 128, 128, 64), 1);
  EXPECT_EQ(encode(128, 128, 128, 16), 1);
  EXPECT_EQ(encode(128, 128, 128, 0, 12), 1);
  EXPECT_EQ(encode(128, 128, 128, 0, 8, 8), 1);
  EXPECT_EQ(encode(128, 128, 512, 0), 1);
  EXPECT_EQ(encode(127, 128, 32, 0, 4), 1);
  EXPECT_EQ(encode(0, 128, 128, 0), 1);
}

} // namespace
