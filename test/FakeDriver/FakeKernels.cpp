//===- FakeKernels.cpp - kernels as host functions ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "FakeKernels.h"
#include "mx/Numerics/BlockScale.h"
#include "mx/Numerics/SmallFloat.h"
#include <algorithm>

template <typename T>
static T read(void **parameters, int index) {
  return *static_cast<T *>(parameters[index]);
}

template <typename T>
static T *readBuffer(void **parameters, int index) {
  return static_cast<T *>(fake_host_address(read<T *>(parameters, index)));
}

/// add_one(buffer, count)
static void addOne(void **parameters, const unsigned *, const unsigned *) {
  auto *numbers = readBuffer<float>(parameters, 0);
  for (int32_t i = 0; i < read<int32_t>(parameters, 1); ++i)
    numbers[i] += 1;
}

/// One row of MXFP4.
struct Row {
  const uint8_t *payload, *scales;

  double get(int32_t k) const {
    uint8_t code = payload[k / 2] >> (k % 2 * 4) & 15;
    return double(mxnum::decodeElement(mxnum::ElementType::E2M1, code)) *
           mxnum::decodeScale(mxnum::ScaleType::E8M0, scales[k / 32]);
  }
};

/// matmul(lhs payload, scales, rhs payload, scales, c, rows, columns, depth) of
/// MXFP4. Payload may come as a tensor map, which begins with the address here.
static void multiplyAdd(void **parameters, const unsigned *, const unsigned *) {
  auto *lhs = readBuffer<uint8_t>(parameters, 0);
  auto *lhsScales = readBuffer<uint8_t>(parameters, 1);
  auto *rhs = readBuffer<uint8_t>(parameters, 2);
  auto *rhsScales = readBuffer<uint8_t>(parameters, 3);
  auto *c = readBuffer<float>(parameters, 4);
  auto rows = read<int32_t>(parameters, 5);
  auto columns = read<int32_t>(parameters, 6);
  auto depth = read<int32_t>(parameters, 7);
  int32_t bytes = (depth + 1) / 2, blocks = (depth + 31) / 32;
  for (int32_t m = 0; m < rows; ++m)
    for (int32_t n = 0; n < columns; ++n) {
      Row left{lhs + m * bytes, lhsScales + m * blocks};
      Row right{rhs + n * bytes, rhsScales + n * blocks};
      double sum = 0;
      for (int32_t k = 0; k < depth; ++k)
        sum += left.get(k) * right.get(k);
      c[m * columns + n] += float(sum);
    }
}

/// The same, of a kernel that does not read what was filled with zeros.
static void multiply(void **parameters, const unsigned *grid,
                     const unsigned *block) {
  auto *c = readBuffer<float>(parameters, 4);
  auto rows = read<int32_t>(parameters, 5);
  auto columns = read<int32_t>(parameters, 6);
  std::fill_n(c, rows * columns, 0.0f);
  multiplyAdd(parameters, grid, block);
}

FakeKernel lookupFakeKernel(const std::string &name) {
  if (name == "add_one")
    return addOne;
  if (name.rfind("matmul_mxfp4_mxfp4_f32_zero_", 0) == 0)
    return multiply;
  return name.rfind("matmul_mxfp4_mxfp4_f32_", 0) == 0 ? multiplyAdd : nullptr;
}
