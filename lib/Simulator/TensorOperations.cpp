//===- TensorOperations.cpp - copies and products of tcgen05 --------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One thread issues them. Everything that an operation reads or writes is
// checked and held then; its numbers are read when it is carried out.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mx/Simulator/DeviceCalls.h"
#include <cstring>

using namespace mxsim;

using Access = TensorMemory::Access;

/// Lanes that a scale is copied to: a quarter, and the same in the others.
static constexpr uint32_t kQuarterLanes = 32, kQuarters = 4;
/// A copied row has 16 bytes.
static constexpr uint32_t kCopiedColumns = 4;
/// What a descriptor has besides that of wgmma.
static constexpr uint64_t kDescriptorVersion = uint64_t(1) << 46;

static uint32_t toWord(const void *address) {
  return uint32_t(reinterpret_cast<uintptr_t>(address));
}

/// A descriptor of tcgen05 is that of wgmma with a version in it.
static MatrixDescriptor readDescriptor(Block &block, uint64_t bits,
                                       int32_t location) {
  if (!(bits & kDescriptorVersion))
    block.fail(ErrorKind::Operand, location,
               "expected bit '46' of the descriptor of a matrix to be set, got "
               "'0x%016llx'",
               static_cast<unsigned long long>(bits));
  return MatrixDescriptor(bits & ~kDescriptorVersion);
}

// --- shared memory ----------------------------------------------------------

/// What a copy takes: 32 rows of one chunk.
static uint32_t getCopiedRow(const MatrixDescriptor &source, uint32_t row) {
  constexpr uint32_t together = 8;
  return source.start + row / together * source.stride +
         row % together * kSwizzleChunk;
}

/// The operation's part of shared memory, chunk by chunk.
template <typename Body>
static void forChunks(const TensorOperation &operation, Body body) {
  if (!operation.isProduct) {
    for (uint32_t row = 0; row < kQuarterLanes; ++row)
      body(getCopiedRow(operation.a, row));
    return;
  }
  auto forSide = [&](const MatrixDescriptor &side, uint32_t rows) {
    for (uint32_t row = 0; row < rows; ++row)
      for (uint32_t chunk = 0; chunk < kChunksPerRow; ++chunk)
        body(side.getChunk(row, chunk));
  };
  forSide(operation.a, kTensorLanes);
  forSide(operation.b, operation.written.columns);
}

static void beginReads(Block &block, const TensorOperation &operation) {
  Thread &self = block.self();
  forChunks(operation, [&](uint32_t offset) {
    Violation violation = block.shared.beginRead(
        block.observe(self), offset, kSwizzleChunk, block.getAsyncEntry());
    if (reportViolation(block, self, violation,
                        operation.isProduct ? "product" : "copy",
                        operation.location))
      block.leaveIfFailed();
  });
}

// --- issuing ----------------------------------------------------------------

static void issue(Block &block, TensorOperation &operation) {
  Thread &self = block.self();
  TensorMemory &tensor = block.tensor;
  uint32_t queue = self.index + 1;
  operation.issuer = &self;
  operation.number = ++self.tensorIssued;
  beginReads(block, operation);
  tensor.hold(operation.written, Access::Store, queue);
  if (operation.isProduct)
    for (const TensorRegion *scales : {&operation.scalesA, &operation.scalesB})
      tensor.hold(*scales, Access::Load, queue);
  tensor.operations.push_back(operation);
}

void mxsim_tmem_copy(const void *address, uint64_t descriptor, int32_t shape,
                     int32_t multicast, int32_t location) {
  Block &block = Block::current();
  if (shape != MXSIM_TENSOR_COPY_32X128B ||
      multicast != MXSIM_TENSOR_MULTICAST_4)
    block.fail(ErrorKind::Operand, location,
               "expected a copy of 32x128b to four quarters to simulate, got "
               "shape '%d' and multicast '%d'",
               shape, multicast);
  TensorOperation operation;
  operation.location = location;
  operation.a = readDescriptor(block, descriptor, location);
  uint32_t last = getCopiedRow(operation.a, kQuarterLanes - 1);
  if (operation.a.span != 0 || last + kSwizzleChunk > block.shared.getBytes())
    block.fail(ErrorKind::OutOfBounds, location,
               "expected rows without a swizzle within the '%u' bytes of "
               "shared memory, got the last at offset '%u'",
               block.shared.getBytes(), last);
  operation.written = getRegion(toWord(address), kTensorLanes, kCopiedColumns);
  requireTensor(block, getIssuer(block), operation.written, Access::Store,
                "the destination of a copy", location);
  issue(block, operation);
}

namespace {
/// The instruction descriptor of a block-scaled product.
struct Instruction {
  explicit Instruction(uint32_t bits)
      : byteB(bits >> 4 & 3), typeA(bits >> 7 & 7), typeB(bits >> 10 & 7),
        columns((bits >> 17 & 63) * 8), scaleFormat(bits >> 23 & 1),
        rows((bits >> 24 & 31) * 16), byteA(bits >> 29 & 3),
        others(bits & 0x8001E04F) {}

  unsigned byteB, typeA, typeB, columns, scaleFormat, rows, byteA;
  /// Sparsity, negation, transposition, and what has no meaning.
  uint32_t others;
};
} // namespace

/// The type that a field names for a kind, or -1.
static int32_t getElementType(int32_t kind, unsigned field) {
  if (kind != MXSIM_KIND_MXF8F6F4)
    return field == 1 ? MXSIM_TYPE_E2M1 : -1;
  constexpr int32_t types[] = {
      MXSIM_TYPE_E4M3, MXSIM_TYPE_E5M2, -1, MXSIM_TYPE_E2M3,
      MXSIM_TYPE_E3M2, MXSIM_TYPE_E2M1, -1, -1};
  return types[field];
}

/// Scales of a row for a kind and a length of blocks (16, 32, or 0 for what the
/// kind has).
static int32_t getScaleVector(int32_t kind, int32_t block) {
  constexpr int32_t shortBlock = 16;
  if (kind == MXSIM_KIND_MXF8F6F4)
    return block == shortBlock ? -1 : MXSIM_SCALE_X1;
  if (kind == MXSIM_KIND_MXF4)
    return block == shortBlock ? -1 : MXSIM_SCALE_X2;
  return block == 0            ? -1
         : block == shortBlock ? MXSIM_SCALE_X4
                               : MXSIM_SCALE_X2;
}

static void readInstruction(Block &block, uint32_t bits, int32_t kind,
                            int32_t blockLength, TensorOperation &operation) {
  Instruction instruction(bits);
  int32_t vector = getScaleVector(kind, blockLength);
  int32_t typeA = getElementType(kind, instruction.typeA);
  int32_t typeB = getElementType(kind, instruction.typeB);
  // In the descriptor 0 is UE4M3.
  int32_t format =
      instruction.scaleFormat ? MXSIM_SCALE_UE8M0 : MXSIM_SCALE_UE4M3;
  bool isThere = vector >= 0 &&
                 isScaledProduct(kind, vector, format, typeA, typeB) &&
                 instruction.others == 0 && instruction.rows == kTensorLanes &&
                 instruction.columns % 16 == 0 && instruction.columns >= 16 &&
                 instruction.columns <= 256;
  if (!isThere)
    block.fail(ErrorKind::Operand, operation.location,
               "expected an instruction descriptor of 128 rows, 16 to 256 "
               "columns and types of the kind to simulate, got '0x%08x' for "
               "kind '%d' with blocks of '%d'",
               bits, kind, blockLength);
  unsigned scales = 1u << vector;
  operation.byteA = instruction.byteA;
  operation.byteB = instruction.byteB;
  if (operation.byteA % scales != 0 || operation.byteB % scales != 0)
    block.fail(ErrorKind::Selector, operation.location,
               "expected scale selectors that are multiples of '%u', got '%u' "
               "for A and '%u' for B",
               scales, operation.byteA, operation.byteB);
  operation.format = {kind,   scales,
                      format, typeA,
                      typeB,  block.options.arithmetic == Arithmetic::Exact};
  operation.written.columns = instruction.columns;
}

/// A row's scales are bytes of one word, 32 rows below each other.
static uint32_t countScaleColumns(uint32_t rows) {
  return (rows + kQuarterLanes - 1) / kQuarterLanes;
}

/// Both have all lanes.
static bool overlap(const TensorRegion &left, const TensorRegion &right) {
  return left.column < right.column + right.columns &&
         right.column < left.column + left.columns;
}

void mxsim_tmem_product(const void *sums, uint64_t descriptorA,
                        uint64_t descriptorB, uint32_t instruction,
                        int32_t accumulate, const void *scalesA,
                        const void *scalesB, int32_t kind, int32_t blockLength,
                        int32_t location) {
  Block &block = Block::current();
  TensorOperation operation;
  operation.location = location;
  operation.isProduct = true;
  operation.accumulates = accumulate != 0;
  readInstruction(block, instruction, kind, blockLength, operation);
  uint32_t columns = operation.written.columns;
  operation.written = getRegion(toWord(sums), kTensorLanes, columns);
  operation.scalesA =
      getRegion(toWord(scalesA), kTensorLanes, countScaleColumns(kTensorLanes));
  operation.scalesB =
      getRegion(toWord(scalesB), kTensorLanes, countScaleColumns(columns));
  for (const TensorRegion *scales : {&operation.scalesA, &operation.scalesB})
    if (overlap(*scales, operation.written))
      block.fail(ErrorKind::Operand, location,
                 "expected the scales of a product apart from its sums in "
                 "tensor memory, got them from column '%u' on and sums from "
                 "column '%u' on",
                 scales->column, operation.written.column);
  operation.a = readDescriptor(block, descriptorA, location);
  operation.b = readDescriptor(block, descriptorB, location);
  operation.a.require(block, kTensorLanes, location);
  operation.b.require(block, columns, location);
  TensorMemory::Actor issuer = getIssuer(block);
  requireTensor(block, issuer, operation.written, Access::Store,
                "the sums of a product", location);
  if (operation.accumulates)
    requireTensor(block, issuer, operation.written, Access::Load,
                  "the sums of a product", location);
  requireTensor(block, issuer, operation.scalesA, Access::Load,
                "the scales of A", location);
  requireTensor(block, issuer, operation.scalesB, Access::Load,
                "the scales of B", location);
  issue(block, operation);
}

void mxsim_tmem_commit(void *address, int32_t location) {
  Block &block = Block::current();
  Thread &self = block.self();
  PhaseBarrier &barrier = findBarrier(block, address, location);
  Transfer arrival;
  arrival.issuer = &self;
  arrival.location = location;
  arrival.isArrival = arrival.isCommit = true;
  arrival.issuedLoads = self.tensorIssued;
  barrier.outstanding.push_back(arrival);
}

// --- carrying out -----------------------------------------------------------

static void carryOutCopy(Block &block, const TensorOperation &operation) {
  const TensorRegion &target = operation.written;
  for (uint32_t row = 0; row < kQuarterLanes; ++row)
    for (uint32_t quarter = 0; quarter < kQuarters; ++quarter)
      std::memcpy(
          &block.tensor.at(row + quarter * kQuarterLanes, target.column),
          block.shared.getBase() + getCopiedRow(operation.a, row),
          kSwizzleChunk);
}

/// The codes of a row: packed, or for mxf8f6f4 16 of them in each chunk,
/// packed at its begin.
static void readCodes(Block &block, const MatrixDescriptor &side, uint32_t row,
                      const ScaledFormat &format, int32_t type,
                      uint16_t *codes) {
  bool isPacked = format.kind != MXSIM_KIND_MXF8F6F4;
  bool isFour = type == MXSIM_TYPE_E2M1;
  unsigned bits = isFour                                               ? 4
                  : type == MXSIM_TYPE_E4M3 || type == MXSIM_TYPE_E5M2 ? 8
                                                                       : 6;
  unsigned perChunk = isPacked ? 32 : 16;
  for (uint32_t chunk = 0; chunk < kChunksPerRow; ++chunk) {
    const uint8_t *bytes = block.shared.getBase() + side.getChunk(row, chunk);
    for (unsigned index = 0; index < perChunk; ++index) {
      unsigned bit = index * bits, word = bytes[bit / 8];
      if (bit % 8 + bits > 8)
        word |= unsigned(bytes[bit / 8 + 1]) << 8;
      unsigned code = word >> bit % 8 & ((1u << bits) - 1);
      // Products of 8-bit containers have 4-bit codes in their middle.
      codes[chunk * perChunk + index] =
          uint16_t(isFour && !isPacked ? code << 2 : code);
    }
  }
}

/// The word with the scales of a row, which lies in each quarter.
static uint32_t readScales(Block &block, const TensorOperation &operation,
                           const TensorRegion &region, uint32_t row) {
  uint32_t column = region.column + row / kQuarterLanes;
  uint32_t word = block.tensor.at(row % kQuarterLanes, column);
  for (uint32_t quarter = 1; quarter < kQuarters; ++quarter)
    if (block.tensor.at(row % kQuarterLanes + quarter * kQuarterLanes,
                        column) != word)
      block.report(*operation.issuer, ErrorKind::Operand, operation.location,
                   "expected the scales of row '%u' alike in all quarters of "
                   "tensor memory, got others in quarter '%u'",
                   row, quarter);
  return word;
}

static void carryOutProduct(Block &block, const TensorOperation &operation) {
  const ScaledFormat &format = operation.format;
  const TensorRegion &sums = operation.written;
  uint16_t codes[kMaxK];
  // Too large for the stack of a fiber.
  std::vector<ScaledRow> rows(kTensorLanes), columns(sums.columns);
  auto read = [&](ScaledRow &target, const MatrixDescriptor &side, uint32_t row,
                  const TensorRegion &scales, unsigned byte, int32_t type) {
    target.decodeScales(format, readScales(block, operation, scales, row),
                        byte);
    readCodes(block, side, row, format, type, codes);
    target.decodeElements(format, type, codes);
  };
  for (uint32_t row = 0; row < kTensorLanes; ++row)
    read(rows[row], operation.a, row, operation.scalesA, operation.byteA,
         format.typeA);
  for (uint32_t column = 0; column < sums.columns; ++column)
    read(columns[column], operation.b, column, operation.scalesB,
         operation.byteB, format.typeB);
  for (uint32_t row = 0; row < kTensorLanes; ++row)
    for (uint32_t column = 0; column < sums.columns; ++column) {
      uint32_t &sum = block.tensor.at(row, sums.column + column);
      sum = multiplyScaled(format, rows[row], columns[column],
                           operation.accumulates ? sum : 0);
    }
  ++block.result.statistics.matrixProducts;
}

/// Whoever knows `clock` of `entry` has the operation behind itself.
static void carryOut(Block &block, const TensorOperation &operation,
                     uint32_t entry, const Clock &clock) {
  TensorMemory &tensor = block.tensor;
  uint32_t time = clock.seen[entry];
  if (operation.isProduct) {
    carryOutProduct(block, operation);
    for (const TensorRegion *scales :
         {&operation.scalesA, &operation.scalesB}) {
      tensor.unhold(*scales, Access::Load);
      tensor.note(entry, time, *scales, Access::Load);
    }
  } else {
    carryOutCopy(block, operation);
  }
  tensor.unhold(operation.written, Access::Store);
  tensor.note(entry, time, operation.written, Access::Store);
  forChunks(operation, [&](uint32_t offset) {
    block.shared.endRead({entry, clock}, offset, kSwizzleChunk);
  });
}

void mxsim::completeOperations(Block &block, Thread &issuer, uint64_t number,
                               Clock &clock) {
  uint32_t warp = issuer.getWarp(), entry = block.getTensorEntry(warp);
  Clock behind = issuer.clock;
  behind.seen[entry] = ++block.tensor.releases[warp];
  auto &operations = block.tensor.operations;
  auto isDone = [&](const TensorOperation &operation) {
    return operation.issuer == &issuer && operation.number <= number;
  };
  for (const TensorOperation &operation : operations)
    if (isDone(operation))
      carryOut(block, operation, entry, behind);
  operations.erase(std::remove_if(operations.begin(), operations.end(), isDone),
                   operations.end());
  // What the issuer knew is behind its operations, what it did itself is not.
  behind.seen[issuer.index] = clock.seen[issuer.index];
  behind.fenced[issuer.index] = clock.fenced[issuer.index];
  behind.fenced[entry] = behind.seen[entry];
  clock.join(behind);
}
