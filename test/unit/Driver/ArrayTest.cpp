//===- ArrayTest.cpp - arrays and their elements --------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Array.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstdint>

using namespace mlir::mx;

static Array makeScalar(DType type, double value) {
  llvm::Expected<Array> array = Array::create(type, {});
  EXPECT_TRUE(static_cast<bool>(array));
  array->setFromDouble(0, value);
  return std::move(*array);
}

TEST(ArrayTest, namesAreReadBack) {
  for (DType type : kDTypes)
    EXPECT_EQ(lookupDType(getDTypeName(type)), type);
  EXPECT_EQ(lookupDType("f8"), std::nullopt);
}

TEST(ArrayTest, integersSaturateAndNaNIsZero) {
  EXPECT_EQ(makeScalar(DType::U8, 300).getAsDouble(0), 255);
  EXPECT_EQ(makeScalar(DType::U8, -1).getAsDouble(0), 0);
  EXPECT_EQ(makeScalar(DType::I8, -300).getAsDouble(0), -128);
  EXPECT_EQ(makeScalar(DType::I64, 1e30).getAsDouble(0), 0x1p63);
  EXPECT_EQ(makeScalar(DType::I64, -0x1p63).getAsDouble(0), -0x1p63);
  EXPECT_EQ(makeScalar(DType::I32, std::nan("")).getAsDouble(0), 0);
}

TEST(ArrayTest, numbersAreRoundedOnceToTheElementType) {
  EXPECT_EQ(makeScalar(DType::BF16, 1.0 + 0x1p-8).getAsDouble(0), 1.0);
  EXPECT_EQ(makeScalar(DType::F16, 65519).getAsDouble(0), 65504);
  EXPECT_EQ(makeScalar(DType::F32, 0.1).getAsDouble(0), double(0.1f));
}

TEST(ArrayTest, dataAreAlignedForVectorLoads) {
  llvm::Expected<Array> array = Array::create(DType::U8, {3});
  ASSERT_TRUE(static_cast<bool>(array));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(array->data()) % 64, 0u);
}

TEST(ArrayTest, sizesBeyondMemoryAreRefused) {
  llvm::Expected<Array> array =
      Array::create(DType::F32, {int64_t(1) << 40, int64_t(1) << 40});
  ASSERT_FALSE(static_cast<bool>(array));
  EXPECT_EQ(llvm::toString(array.takeError()),
            "expected an array of less than 2^62 bytes, got "
            "'1099511627776x1099511627776xf32'");
}

TEST(ArrayTest, otherMemoryIsBorrowedOrTakenOver) {
  float values[2] = {1, 2};
  {
    llvm::Expected<Array> borrowed =
        Array::wrap(DType::F32, {2}, values, Ownership::Borrowed);
    ASSERT_TRUE(static_cast<bool>(borrowed));
    EXPECT_EQ(borrowed->getAsDouble(1), 2.0);
    borrowed->setFromDouble(1, 3.0);
  }
  EXPECT_EQ(values[1], 3.0f);
  auto owned = Array::wrap(DType::U8, {4}, std::malloc(4), Ownership::Owned);
  EXPECT_TRUE(static_cast<bool>(owned));
  auto negative = Array::wrap(DType::U8, {-4}, values, Ownership::Borrowed);
  ASSERT_FALSE(static_cast<bool>(negative));
  EXPECT_EQ(llvm::toString(negative.takeError()),
            "expected an array of less than 2^62 bytes, got '?xu8'");
}
