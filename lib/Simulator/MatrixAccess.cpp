//===- MatrixAccess.cpp - ldmatrix and stmatrix ---------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Eight lanes give the addresses of the eight rows of a matrix, 16 bytes each.
// Lane 4·g + t gets four neighbouring bytes of row g:
//
//   row g:  | t = 0 | t = 1 | t = 2 | t = 3 |    transposed (16-bit elements):
//             4 bytes each                       elements (2t, g) and (2t+1, g)
//
// Packed formats have 16 codes of 4 or 6 bits at the beginning of the row; they
// are spread into the low bits of 16 bytes.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

static constexpr uint32_t kRowBytes = 16, kMatrixRows = 8, kMaxMatrices = 4;

namespace {
struct MatrixOperands {
  uint8_t *address;
  uint32_t words[kMaxMatrices] = {};
};

struct MatrixShape {
  uint8_t type, count, transposes;
};

/// A matrix, row after row as in memory, or spread to bytes.
struct Matrix {
  uint8_t bytes[kMatrixRows * kRowBytes];

  uint8_t *getRow(unsigned row) { return bytes + row * kRowBytes; }
};
} // namespace

static MatrixShape getShape(const Meeting &meeting) {
  MatrixShape shape;
  std::memcpy(&shape, &meeting.agenda.attributes, sizeof(shape));
  return shape;
}

/// Spreads 16 codes of `bits` bits to the low bits of 16 bytes.
static void spread(uint8_t *row, unsigned bits) {
  uint8_t packed[kRowBytes];
  std::memcpy(packed, row, kRowBytes);
  for (unsigned element = 0; element < kRowBytes; ++element) {
    unsigned bit = element * bits;
    unsigned word = packed[bit / 8] | packed[bit / 8 + 1] << 8;
    row[element] = uint8_t(word >> bit % 8 & ((1u << bits) - 1));
  }
}

static constexpr unsigned bitsOfPacked(uint8_t type) {
  switch (type) {
  case MXSIM_MATRIX_B8X16_B6X16_P32:
    return 6;
  case MXSIM_MATRIX_B8X16_B4X16_P64:
    return 4;
  default:
    return 0;
  }
}

/// The row that a lane addresses, checked as an access of that lane; null after
/// a report.
static uint8_t *findRow(Block &block, Thread &thread, uint8_t *address,
                        bool isStore, int32_t location) {
  auto offset = uint32_t(reinterpret_cast<uintptr_t>(address));
  uint32_t size = block.shared.getBytes();
  if (!block.shared.owns(address) || size < kRowBytes ||
      offset > size - kRowBytes) {
    block.report(thread, ErrorKind::OutOfBounds, location,
                 "expected a row of a matrix within the '%u' bytes of shared "
                 "memory, got %s",
                 size,
                 block.shared.owns(address) ? "one beyond" : "another pointer");
    return nullptr;
  }
  if (offset % kRowBytes != 0) {
    block.report(thread, ErrorKind::Misaligned, location,
                 "expected a row of a matrix at a multiple of '16', got shared "
                 "offset '%u'",
                 offset);
    return nullptr;
  }
  Observer who = block.observe(thread);
  Violation violation = isStore
                            ? block.shared.checkStore(who, offset, kRowBytes)
                            : block.shared.checkLoad(who, offset, kRowBytes);
  if (reportViolation(block, thread, violation, isStore ? "store" : "load",
                      location))
    return nullptr;
  return address;
}

static Thread &getThread(Block &block, const Meeting &meeting, unsigned lane) {
  return block.threads[meeting.warp * kWarpSize + lane];
}

/// The bytes of a matrix that `lane` holds, as offsets row · 16 + column.
static void placeWord(unsigned lane, bool transposes, unsigned (&places)[4]) {
  unsigned g = lane / 4, t = lane % 4;
  for (unsigned byte = 0; byte < 4; ++byte)
    places[byte] = transposes
                       ? (2 * t + byte / 2) * kRowBytes + 2 * g + byte % 2
                       : g * kRowBytes + 4 * t + byte;
}

static void loadMatrices(Block &block, Meeting &meeting) {
  MatrixShape shape = getShape(meeting);
  for (unsigned index = 0; index < shape.count; ++index) {
    Matrix matrix;
    for (unsigned row = 0; row < kMatrixRows; ++row) {
      unsigned lane = index * kMatrixRows + row;
      const uint8_t *source = findRow(block, getThread(block, meeting, lane),
                                      meeting.get<MatrixOperands>(lane).address,
                                      false, meeting.agenda.location);
      if (!source)
        return;
      std::memcpy(matrix.getRow(row), source, kRowBytes);
      if (unsigned bits = bitsOfPacked(shape.type))
        spread(matrix.getRow(row), bits);
    }
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      unsigned places[4];
      placeWord(lane, shape.transposes, places);
      uint32_t &word = meeting.get<MatrixOperands>(lane).words[index];
      for (unsigned byte = 0; byte < 4; ++byte)
        word |= uint32_t(matrix.bytes[places[byte]]) << 8 * byte;
    }
  }
}

static void storeMatrices(Block &block, Meeting &meeting) {
  MatrixShape shape = getShape(meeting);
  for (unsigned index = 0; index < shape.count; ++index) {
    Matrix matrix;
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      unsigned places[4];
      placeWord(lane, shape.transposes, places);
      for (unsigned byte = 0; byte < 4; ++byte)
        matrix.bytes[places[byte]] =
            uint8_t(meeting.get<MatrixOperands>(lane).words[index] >> 8 * byte);
    }
    for (unsigned row = 0; row < kMatrixRows; ++row) {
      unsigned lane = index * kMatrixRows + row;
      uint8_t *target = findRow(block, getThread(block, meeting, lane),
                                meeting.get<MatrixOperands>(lane).address, true,
                                meeting.agenda.location);
      if (!target)
        return;
      std::memcpy(target, matrix.getRow(row), kRowBytes);
    }
  }
}

/// Checks the attributes and packs them.
static uint64_t requireShape(int32_t type, int32_t rows, int32_t count,
                             int32_t transposes, bool isStore,
                             int32_t location) {
  bool isPacked = !isStore && type != MXSIM_MATRIX_B8 &&
                  type <= MXSIM_MATRIX_B8X16_B4X16_P64 && !transposes;
  bool isKnown = type == MXSIM_MATRIX_B16 || (type > 0 && isPacked);
  if (!isKnown || rows != int32_t(kMatrixRows) ||
      (count != 1 && count != 2 && count != 4))
    Block::current().fail(
        ErrorKind::Operand, location,
        "expected '1', '2' or '4' matrices of '8' rows that the simulator "
        "models, got '%d' of '%d' rows of type '%d'%s",
        count, rows, type, transposes ? ", transposed" : "");
  MatrixShape shape = {uint8_t(type), uint8_t(count), uint8_t(transposes != 0)};
  uint64_t attributes = 0;
  std::memcpy(&attributes, &shape, sizeof(shape));
  return attributes;
}

void mxsim_ldmatrix(uint32_t *result, const void *address, int32_t type,
                    int32_t rows, int32_t count, int32_t transpose,
                    int32_t location) {
  uint64_t attributes =
      requireShape(type, rows, count, transpose, false, location);
  MatrixOperands operands = {
      const_cast<uint8_t *>(static_cast<const uint8_t *>(address))};
  meet({loadMatrices, attributes, ~0u, location, true}, &operands);
  std::copy(operands.words, operands.words + count, result);
}

void mxsim_stmatrix(void *address, const uint32_t *values, int32_t type,
                    int32_t rows, int32_t count, int32_t transpose,
                    int32_t location) {
  uint64_t attributes =
      requireShape(type, rows, count, transpose, true, location);
  MatrixOperands operands = {static_cast<uint8_t *>(address)};
  std::copy(values, values + count, operands.words);
  meet({storeMatrices, attributes, ~0u, location, true}, &operands);
}
