//===- MatrixAccessTest.cpp - ldmatrix and stmatrix -----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// What lands in which lane: that loads give the operands of products is seen
// from the tables, packed formats and transposition from their definitions.
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "Table.h"

using namespace mxsim;

namespace {

Setting setting() {
  Setting result;
  result.shared = 1024;
  return result;
}

/// Byte i of shared memory is i · 37 mod 251.
uint8_t pattern(uint32_t offset) { return uint8_t(offset * 37 % 251); }

void fillShared() {
  for (uint32_t byte = threadId(); byte < 1024; byte += 32)
    store(sharedAt(byte), pattern(byte));
  mxsim_barrier(0, 0, 0);
}

/// An x4 load of a row-major 16 x 32-byte tile is A's fragment.
TEST(LoadMatrix, FillsTheFragmentOfA) {
  std::vector<uint32_t> words(32 * 4);
  expectGood(runKernel(setting(), [&] {
    fillShared();
    uint32_t lane = threadId();
    // Matrices: rows 0-7, rows 8-15, then the same of the second 16 bytes.
    uint32_t row = lane % 16, half = lane / 16;
    mxsim_ldmatrix(&words[4 * lane], sharedAt(32 * row + 16 * half),
                   MXSIM_MATRIX_B16, 8, 4, 0, 1);
  }));
  for (const Row &row : readTable("mma_m16n8k32_fp8_A"))
    EXPECT_EQ(words[row[0] * 4 + row[1]] >> row[3] & 0xFF,
              pattern(32 * row[4] + row[5]));
}

/// Transposed 16-bit elements of a k-major tile are B's fragment.
TEST(LoadMatrix, TransposesToTheFragmentOfB) {
  std::vector<uint32_t> words(32 * 2);
  expectGood(runKernel(setting(), [&] {
    fillShared();
    uint32_t lane = threadId();
    mxsim_ldmatrix(&words[2 * lane], sharedAt(16 * (lane % 16)),
                   MXSIM_MATRIX_B16, 8, 2, 1, 1);
  }));
  for (const Row &row : readTable("mma_m16n8k16_bf16_B")) {
    uint32_t offset = 16 * row[4] + 2 * row[5];
    EXPECT_EQ(words[row[0] * 2 + row[1]] >> row[3] & 0xFFFF,
              uint32_t(pattern(offset) | pattern(offset + 1) << 8));
  }
}

/// Packed codes come out in the low bits of bytes, four neighbours to a lane.
TEST(LoadMatrix, SpreadsPackedCodes) {
  for (auto [type, bits] : {std::pair(MXSIM_MATRIX_B8X16_B4X16_P64, 4u),
                            std::pair(MXSIM_MATRIX_B8X16_B6X16_P32, 6u)}) {
    std::vector<uint32_t> words(32);
    expectGood(runKernel(setting(), [&, type = type] {
      fillShared();
      mxsim_ldmatrix(&words[threadId()], sharedAt(16 * (threadId() % 8)), type,
                     8, 1, 0, 1);
    }));
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t byte = 0; byte < 4; ++byte) {
        uint32_t row = lane / 4, first = (4 * (lane % 4) + byte) * bits;
        uint32_t code = 0;
        for (uint32_t bit = 0; bit < bits; ++bit) {
          uint32_t position = first + bit;
          code |= uint32_t(pattern(16 * row + position / 8) >> position % 8 & 1)
                  << bit;
        }
        EXPECT_EQ(words[lane] >> 8 * byte & 0xFF, code);
      }
  }
}

TEST(StoreMatrix, IsTheReverse) {
  for (int32_t transposes : {0, 1}) {
    expectGood(runKernel(setting(), [=] {
      fillShared();
      uint32_t lane = threadId(), words[4];
      mxsim_ldmatrix(words, sharedAt(16 * lane), MXSIM_MATRIX_B16, 8, 4,
                     transposes, 1);
      mxsim_stmatrix(sharedAt(512 + 16 * lane), words, MXSIM_MATRIX_B16, 8, 4,
                     transposes, 2);
      mxsim_warp_sync(~0u, 3);
      for (uint32_t byte = 16 * lane; byte < 16 * lane + 16; ++byte)
        EXPECT_EQ(load<uint8_t>(sharedAt(512 + byte)), pattern(byte));
    }));
  }
}

/// The lane that gives a row's address is the one that accesses it.
TEST(LoadMatrix, ReportsTheLaneOfTheRow) {
  auto body = [&](uint32_t offset) {
    return runKernel(setting(), [=] {
      fillShared();
      uint32_t word;
      mxsim_ldmatrix(&word, sharedAt(threadId() == 5 ? offset : 0),
                     MXSIM_MATRIX_B16, 8, 1, 0, 7);
    });
  };
  Report report = body(24);
  expectError(report, ErrorKind::Misaligned, 7,
              "expected a row of a matrix at a multiple of '16', got shared "
              "offset '24'");
  EXPECT_EQ(report.thread[0], 5u);
  expectError(body(1024), ErrorKind::OutOfBounds, 7,
              "expected a row of a matrix within the '1024' bytes of shared "
              "memory, got one beyond");
}

TEST(LoadMatrix, ReadsWhatWasWritten) {
  Report report = runKernel(setting(), [] {
    uint32_t word;
    mxsim_ldmatrix(&word, sharedAt(0), MXSIM_MATRIX_B16, 8, 1, 0, 7);
  });
  expectError(report, ErrorKind::Unwritten, 7,
              "expected shared memory that was written, got a load of offset "
              "'0', which was not");
}

TEST(LoadMatrix, RefusesOtherShapes) {
  auto body = [&](int32_t type, int32_t rows, int32_t count,
                  int32_t transposes) {
    return runKernel(setting(), [=] {
      uint32_t words[4];
      mxsim_ldmatrix(words, sharedAt(0), type, rows, count, transposes, 7);
    });
  };
  expectError(
      body(MXSIM_MATRIX_B16, 8, 3, 0), ErrorKind::Operand, 7,
      "expected '1', '2' or '4' matrices of '8' rows that the simulator "
      "models, got '3' of '8' rows of type '0'");
  expectError(
      body(MXSIM_MATRIX_B8, 16, 1, 1), ErrorKind::Operand, 7,
      "expected '1', '2' or '4' matrices of '8' rows that the simulator "
      "models, got '1' of '16' rows of type '1', transposed");
}

} // namespace
