//===- MatrixDescriptor.cpp - a matrix in shared memory -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "MatrixDescriptor.h"
#include "Block.h"

using namespace mxsim;

static constexpr uint32_t kRowsPerGroup = 8;
/// Bits that no field has.
static constexpr uint64_t kUnusedBits = 0x3FF1C000C000C000;
static constexpr uint64_t kBaseOffsetBits = uint64_t(7) << 49;

/// A field of 14 bits that counts 16 bytes.
static uint32_t getField(uint64_t bits, unsigned first) {
  return uint32_t(bits >> first & 0x3FFF) * kSwizzleChunk;
}

static uint32_t getSpan(uint64_t bits) {
  constexpr uint32_t spans[] = {0, 128, 64, 32};
  return spans[bits >> 62];
}

MatrixDescriptor::MatrixDescriptor(uint64_t bits)
    : bits(bits), start(getField(bits, 0)), leading(getField(bits, 16)),
      stride(getField(bits, 32)), span(getSpan(bits)) {}

uint32_t MatrixDescriptor::getChunk(uint32_t row, uint32_t chunk) const {
  uint32_t group = start + row / kRowsPerGroup * stride;
  uint32_t inGroup = row % kRowsPerGroup;
  if (span == 0)
    return group + inGroup * kSwizzleChunk + chunk * leading;
  return swizzle(group + inGroup * span + chunk * kSwizzleChunk, span);
}

void MatrixDescriptor::require(Block &block, uint32_t rows,
                               int32_t location) const {
  uint32_t pattern = kRowsPerGroup * span;
  auto word = static_cast<unsigned long long>(bits);
  if (bits & (kUnusedBits | kBaseOffsetBits))
    block.fail(ErrorKind::Operand, location,
               "expected a descriptor of a matrix with zeros between its "
               "fields and as base offset, got '0x%016llx'",
               word);
  if (rows > kRowsPerGroup && stride == 0)
    block.fail(ErrorKind::Operand, location,
               "expected a stride between groups of eight rows in the "
               "descriptor of a matrix, got '0x%016llx'",
               word);
  if (span == 0 && leading == 0)
    block.fail(ErrorKind::Operand, location,
               "expected a leading stride in the descriptor of a matrix "
               "without a swizzle, got '0x%016llx'",
               word);
  if (span != 0 && (start % pattern >= span || stride % pattern != 0))
    block.fail(ErrorKind::Misaligned, location,
               "expected groups of eight rows of a matrix at multiples of "
               "'%u', got shared offset '%u' and a stride of '%u'",
               pattern, start, stride);
  if (span != 0 && start % span + kChunksPerRow * kSwizzleChunk > span)
    block.fail(ErrorKind::Operand, location,
               "expected '32' bytes of a matrix within a row of '%u', got them "
               "at shared offset '%u'",
               span, start);
  uint32_t size = block.shared.getBytes();
  for (uint32_t row = 0; row < rows; ++row)
    for (uint32_t chunk = 0; chunk < kChunksPerRow; ++chunk)
      if (getChunk(row, chunk) + kSwizzleChunk > size)
        block.fail(ErrorKind::OutOfBounds, location,
                   "expected a matrix within the '%u' bytes of shared memory, "
                   "got row '%u' at offset '%u'",
                   size, row, getChunk(row, chunk));
}
