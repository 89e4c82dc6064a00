//===- BlockQuantizer.cpp - one block: its scale, then its codes ----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Follows lib/Numerics/QuantizeBlock.cpp step by step, except that nothing
// branches: a poisoned block is computed like any other and its codes are
// dropped at the end, and a search computes the error of each candidate to its
// end. Sums run over the elements in order, because vector.reduction <add>
// without fast-math flags is sequential.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/BlockQuantizer.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/HardwareConversions.h"
#include "mx/Conversion/LaneBuilder.h"
#include "mx/Conversion/SmallFloatArith.h"
#include "llvm/ADT/bit.h"
#include <limits>

using namespace mlir;
using namespace mlir::mx;

static constexpr int kF32MantissaBits = 23;
static constexpr uint32_t kF32SignBit = 0x80000000;
static constexpr uint32_t kF32InfinityBits = 0x7F800000;
static constexpr uint32_t kF32LargestBits = kF32InfinityBits - 1;
static constexpr unsigned kLargestE8M0 = 254;
static constexpr unsigned kLargestUE4M3 = 0x7E;

static Value createIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

Value mlir::mx::getMagnitudeBits(OpBuilder &builder, Location loc, Value values,
                                 bool satfinite) {
  LaneBuilder lanes(builder, loc, values);
  Value bits = lanes.bitAnd(lanes.asBits(values), lanes.bits(~kF32SignBit));
  if (!satfinite)
    return bits;
  Value isInfinite = lanes.isEqual(bits, lanes.bits(kF32InfinityBits));
  return lanes.select(isInfinite, lanes.bits(kF32LargestBits), bits);
}

Value mlir::mx::addHeadRoom(OpBuilder &builder, Location loc,
                            mxnum::ScaleRule rule, mxnum::Rounding rounding,
                            Value amax) {
  float factor = mxnum::getHeadRoom(rule, rounding);
  if (factor == 1.0f)
    return amax;
  LaneBuilder lanes(builder, loc, amax);
  Value raised = lanes.multiplyNumbers(amax, lanes.number(factor));
  // Magnitudes are ordered like their bits.
  return lanes.asNumber(
      lanes.minUnsigned(lanes.asBits(raised), lanes.bits(kF32LargestBits)));
}

namespace {

/// Values of a chunk, or of the whole block, turned into something to encode.
using Scaling = llvm::function_ref<Value(OpBuilder &, Value values)>;
/// The error of each lane of a chunk, as f32.
using LaneError = llvm::function_ref<Value(OpBuilder &, Value values)>;

/// Emits the passes over one block. Scalars of a block (its amax, its scale)
/// are computed by `scalars`, a LaneBuilder without lanes.
class BlockQuantizer {
public:
  BlockQuantizer(OpBuilder &builder, Location loc,
                 const BlockEncoding &encoding, const BlockChunks &chunks)
      : builder(builder), loc(loc), encoding(encoding), chunks(chunks),
        element(encoding.format.element),
        byHardware(encoding.byHardware && chunks.lanes % 2 == 0),
        scalars(builder, loc, builder.getF32Type()) {}

  Value run();

private:
  // The structure of a block.
  Value readChunk(OpBuilder &inner, Value first);
  Value reduceChunks(Value init,
                     llvm::function_ref<Value(OpBuilder &, Value, Value)> body);
  Value findLargestMagnitude();
  Value sumErrors(LaneError getError);
  Value encode(OpBuilder &inner, Value values);
  Value decode(OpBuilder &inner, Value codes);
  Value encodeChunk(OpBuilder &inner, Value first, Value scaled);
  void writeCodes(Value isPoisoned, Scaling scaleValues);

  // N3.
  Value quantizeWithE8M0(Value amax, Value isPoisoned);
  Value chooseE8M0(Value amax);
  Value improveE8M0(Value rceil);
  Value measureE8M0(Value toUnit, int offset);
  Value getInversePower(Value byte);

  // N4.
  Value quantizeWithUE4M3(Value amax, Value isPoisoned);
  Value chooseUE4M3(Value base);
  Value measureUE4M3(Value byte, bool isAbsolute);
  Value searchUE4M3(Value initial);
  Value divideByStep(OpBuilder &inner, Value values, Value step);
  Value encodeScale(Value base);

  OpBuilder &builder;
  Location loc;
  const BlockEncoding &encoding;
  const BlockChunks &chunks;
  mxnum::ElementType element;
  /// Whether conversions, which take two numbers, encode and decode.
  bool byHardware;
  LaneBuilder scalars;
  /// The values of a block with a single chunk, read once.
  Value cached;
  /// The tensor scale, or 1.
  Value tensorScale;
};

} // namespace

/// Repeats a scalar in each lane of `like`'s shape.
static Value broadcastLike(OpBuilder &builder, Location loc, Value scalar,
                           Value like) {
  Type type = LaneBuilder(builder, loc, like).getType(scalar.getType());
  return vector::BroadcastOp::create(builder, loc, type, scalar);
}

//===----------------------------------------------------------------------===//
// Passes over a block
//===----------------------------------------------------------------------===//

Value BlockQuantizer::readChunk(OpBuilder &inner, Value first) {
  if (cached)
    return cached;
  Value values = chunks.read(inner, first);
  if (!encoding.satfinite)
    return values;
  // N3.7: the sign stays. A NaN stays too, and poisons the block.
  LaneBuilder lanes(inner, loc, values);
  Value sign = lanes.bitAnd(lanes.asBits(values), lanes.bits(kF32SignBit));
  Value magnitude = getMagnitudeBits(inner, loc, values, true);
  return lanes.asNumber(lanes.bitOr(magnitude, sign));
}

/// Threads one value through the chunks in order.
Value BlockQuantizer::reduceChunks(
    Value init, llvm::function_ref<Value(OpBuilder &, Value, Value)> body) {
  Value zero = createIndex(builder, loc, 0);
  if (!chunks.end)
    return body(builder, zero, init);
  Value step = createIndex(builder, loc, chunks.lanes);
  auto loop = scf::ForOp::create(
      builder, loc, zero, chunks.end, step, init,
      [&](OpBuilder &inner, Location, Value first, ValueRange carried) {
        scf::YieldOp::create(inner, loc, body(inner, first, carried.front()));
      });
  return loop.getResult(0);
}

/// Returns the bits of the largest magnitude (i32).
Value BlockQuantizer::findLargestMagnitude() {
  auto reduceChunk = [&](OpBuilder &inner, Value first, Value largest) {
    Value bits = getMagnitudeBits(inner, loc, readChunk(inner, first), false);
    return vector::ReductionOp::create(inner, loc, vector::CombiningKind::MAXUI,
                                       bits, largest)
        .getResult();
  };
  return reduceChunks(scalars.bits(0), reduceChunk);
}

/// Returns the sum of the errors in element order, from 0 (N3.3, N4.3).
Value BlockQuantizer::sumErrors(LaneError getError) {
  auto addChunk = [&](OpBuilder &inner, Value first, Value sum) {
    Value errors = getError(inner, readChunk(inner, first));
    return vector::ReductionOp::create(inner, loc, vector::CombiningKind::ADD,
                                       errors, sum)
        .getResult();
  };
  return reduceChunks(scalars.number(0.0f), addChunk);
}

/// Codes to nearest (N2), one to a byte; of hardware two, if they fit.
Value BlockQuantizer::encode(OpBuilder &inner, Value values) {
  return byHardware ? encodeByHardware(inner, loc, element, values)
                    : encodeElement(inner, loc, element, values);
}

/// The numbers of what `encode` made.
Value BlockQuantizer::decode(OpBuilder &inner, Value codes) {
  return byHardware && canDecodeByHardware(element)
             ? decodeByHardware(inner, loc, element, codes)
             : decodeElement(inner, loc, element, codes);
}

Value BlockQuantizer::encodeChunk(OpBuilder &inner, Value first, Value scaled) {
  if (encoding.rounding == mxnum::Rounding::NearestEven)
    return encode(inner, scaled);
  Value random =
      philoxBits(inner, loc, encoding.seed, chunks.getIndices(inner, first),
                 encoding.randomBits);
  return encodeElementStochastic(inner, loc, element, scaled, random,
                                 encoding.randomBits);
}

/// Encodes and stores all chunks; N3.6: the codes of a poisoned block are 0.
void BlockQuantizer::writeCodes(Value isPoisoned, Scaling scaleValues) {
  auto writeChunk = [&](OpBuilder &inner, Value first) {
    Value scaled = scaleValues(inner, readChunk(inner, first));
    Value codes = encodeChunk(inner, first, scaled);
    LaneBuilder lanes(inner, loc, codes);
    codes = lanes.select(isPoisoned, lanes.constant(8, 0), codes);
    bool areBytes =
        cast<VectorType>(codes.getType()).getNumElements() != chunks.lanes;
    (areBytes ? chunks.writeBytes : chunks.write)(inner, first, codes);
  };
  Value zero = createIndex(builder, loc, 0);
  if (!chunks.end)
    return writeChunk(builder, zero);
  scf::ForOp::create(builder, loc, zero, chunks.end,
                     createIndex(builder, loc, chunks.lanes), ValueRange(),
                     [&](OpBuilder &inner, Location, Value first, ValueRange) {
                       writeChunk(inner, first);
                       scf::YieldOp::create(inner, loc);
                     });
}

//===----------------------------------------------------------------------===//
// E8M0 (N3)
//===----------------------------------------------------------------------===//

/// N3.2 on the bits of the largest magnitude; the byte as i32.
Value BlockQuantizer::chooseE8M0(Value amax) {
  uint32_t threshold = mxnum::getScaleThreshold(encoding.rule, element);
  int offset = mxnum::getScaleExponentOffset(encoding.rule, element);
  uint32_t roundUp = (1u << kF32MantissaBits) - threshold;
  Value exponent = scalars.shiftRight(scalars.add(amax, scalars.bits(roundUp)),
                                      scalars.bits(kF32MantissaBits));
  return scalars.maxSigned(scalars.subtract(exponent, scalars.bits(offset)),
                           scalars.bits(0));
}

/// Returns 2^(127 - byte) as f32, the inverse of a scale byte up to 254.
Value BlockQuantizer::getInversePower(Value byte) {
  Value inverse = scalars.subtract(scalars.bits(kLargestE8M0), byte);
  return decodeScale(builder, loc, mxnum::ScaleType::E8M0,
                     scalars.resize(8, inverse));
}

/// The error of N3.3 for the scale 2^offset times the rceil scale.
Value BlockQuantizer::measureE8M0(Value toUnit, int offset) {
  float up = llvm::bit_cast<float>(static_cast<uint32_t>(127 + offset)
                                   << kF32MantissaBits);
  return sumErrors([&](OpBuilder &inner, Value values) {
    LaneBuilder lanes(inner, loc, values);
    Value unit = lanes.multiplyNumbers(
        values, broadcastLike(inner, loc, toUnit, values));
    Value codes =
        encode(inner, lanes.multiplyNumbers(unit, lanes.number(1.0f / up)));
    Value decoded = decode(inner, codes);
    Value difference = lanes.subtractNumbers(
        unit, lanes.multiplyNumbers(decoded, lanes.number(up)));
    return lanes.multiplyNumbers(difference, difference);
  });
}

/// N3.3 from the byte of `rceil` (i32).
Value BlockQuantizer::improveE8M0(Value rceil) {
  Value toUnit = getInversePower(rceil);
  Value best = rceil;
  Value bestError = scalars.number(std::numeric_limits<float>::infinity());
  for (int offset : mxnum::kMseOffsets) {
    Value candidate = scalars.add(rceil, scalars.bits(offset));
    Value isByte = scalars.isBelow(candidate, scalars.bits(kLargestE8M0 + 1));
    Value error = measureE8M0(toUnit, offset);
    Value isSmaller =
        scalars.compare(arith::CmpFPredicate::OLT, error, bestError);
    Value isBetter = scalars.bitAnd(isByte, isSmaller);
    best = scalars.select(isBetter, candidate, best);
    bestError = scalars.select(isBetter, error, bestError);
  }
  return best;
}

Value BlockQuantizer::quantizeWithE8M0(Value amax, Value isPoisoned) {
  Value byte = chooseE8M0(amax);
  if (encoding.rule == mxnum::ScaleRule::Mse)
    byte = improveE8M0(byte);
  Value factor = getInversePower(byte);
  writeCodes(isPoisoned, [&](OpBuilder &inner, Value values) {
    LaneBuilder lanes(inner, loc, values);
    if (encoding.rule == mxnum::ScaleRule::Abs3) // N3.4
      values = lanes.multiplyNumbers(values, lanes.number(3.0f));
    return lanes.multiplyNumbers(values, // N3.8
                                 broadcastLike(inner, loc, factor, values));
  });
  return scalars.resize(8, byte);
}

//===----------------------------------------------------------------------===//
// UE4M3 (N4)
//===----------------------------------------------------------------------===//

/// N4.5: a step of zero leaves only the sign of the value.
Value BlockQuantizer::divideByStep(OpBuilder &inner, Value values, Value step) {
  LaneBuilder lanes(inner, loc, values);
  Value isZero = LaneBuilder(inner, loc, step)
                     .compare(arith::CmpFPredicate::OEQ, step,
                              LaneBuilder(inner, loc, step).number(0.0f));
  Value signedZero = lanes.asNumber(
      lanes.bitAnd(lanes.asBits(values), lanes.bits(kF32SignBit)));
  Value quotient =
      lanes.divideNumbers(values, broadcastLike(inner, loc, step, values));
  return lanes.select(isZero, signedZero, quotient);
}

/// The error of N4.3 for a scale byte (i8), squared or absolute.
Value BlockQuantizer::measureUE4M3(Value byte, bool isAbsolute) {
  Value scale = decodeScale(builder, loc, mxnum::ScaleType::UE4M3, byte);
  Value step = scalars.multiplyNumbers(scale, tensorScale);
  return sumErrors([&](OpBuilder &inner, Value values) {
    LaneBuilder lanes(inner, loc, values);
    Value codes = encode(inner, divideByStep(inner, values, step));
    Value decoded = lanes.multiplyNumbers(
        decode(inner, codes), broadcastLike(inner, loc, scale, values));
    decoded = lanes.multiplyNumbers(
        decoded, broadcastLike(inner, loc, tensorScale, values));
    Value difference = lanes.subtractNumbers(values, decoded);
    if (isAbsolute)
      return lanes.asNumber(getMagnitudeBits(inner, loc, difference, false));
    return lanes.multiplyNumbers(difference, difference);
  });
}

/// N4.4 over all codes in a loop.
Value BlockQuantizer::searchUE4M3(Value initial) {
  Value initialError = measureUE4M3(initial, false);
  auto tryByte = [&](OpBuilder &inner, Location, Value code, ValueRange best) {
    Value byte =
        arith::IndexCastOp::create(inner, loc, inner.getI8Type(), code);
    BlockQuantizer search(inner, loc, encoding, chunks);
    search.cached = cached;
    search.tensorScale = tensorScale;
    Value error = search.measureUE4M3(byte, false);
    Value isBetter =
        search.scalars.compare(arith::CmpFPredicate::OLT, error, best[1]);
    scf::YieldOp::create(
        inner, loc,
        ValueRange{search.scalars.select(isBetter, byte, best[0]),
                   search.scalars.select(isBetter, error, best[1])});
  };
  auto loop = scf::ForOp::create(builder, loc, createIndex(builder, loc, 1),
                                 createIndex(builder, loc, kLargestUE4M3 + 1),
                                 createIndex(builder, loc, 1),
                                 ValueRange{initial, initialError}, tryByte);
  return loop.getResult(0);
}

Value BlockQuantizer::encodeScale(Value base) {
  return byHardware ? encodeUE4M3ByHardware(builder, loc, base)
                    : encodeUE4M3(builder, loc, base);
}

/// N4.2 to N4.4. The minimum with 448 is the saturation of encodeUE4M3.
Value BlockQuantizer::chooseUE4M3(Value base) {
  Value byte = encodeScale(base);
  if (encoding.rule == mxnum::ScaleRule::Amax)
    return byte;
  if (encoding.rule == mxnum::ScaleRule::Sweep)
    return searchUE4M3(byte);
  bool isAbsolute = encoding.rule == mxnum::ScaleRule::FourOverSixMae;
  Value toFour =
      encodeScale(scalars.multiplyNumbers(base, scalars.number(1.5f)));
  Value isBetter = scalars.compare(arith::CmpFPredicate::OLT,
                                   measureUE4M3(toFour, isAbsolute),
                                   measureUE4M3(byte, isAbsolute));
  return scalars.select(isBetter, toFour, byte);
}

Value BlockQuantizer::quantizeWithUE4M3(Value amax, Value isPoisoned) {
  Value largest = addHeadRoom(builder, loc, encoding.rule, encoding.rounding,
                              scalars.asNumber(amax));
  float maxFinite = mxnum::getElementInfo(element).maxFinite;
  Value base = scalars.divideNumbers(
      scalars.divideNumbers(largest, scalars.number(maxFinite)), tensorScale);
  Value byte = chooseUE4M3(base);
  Value scale = decodeScale(builder, loc, mxnum::ScaleType::UE4M3, byte);
  Value step = scalars.multiplyNumbers(scale, tensorScale);
  writeCodes(isPoisoned, [&](OpBuilder &inner, Value values) {
    return divideByStep(inner, values, step);
  });
  return byte;
}

//===----------------------------------------------------------------------===//
// Entry point
//===----------------------------------------------------------------------===//

Value BlockQuantizer::run() {
  if (!chunks.end)
    cached = readChunk(builder, createIndex(builder, loc, 0));
  Value amax = findLargestMagnitude();
  mxnum::ScaleType scaleType = encoding.format.scale;
  Value isPoisoned = scalars.isAbove(amax, scalars.bits(kF32LargestBits));
  Value byte;
  if (scaleType == mxnum::ScaleType::E8M0) {
    byte = quantizeWithE8M0(amax, isPoisoned);
  } else {
    tensorScale =
        encoding.tensorScale ? encoding.tensorScale : scalars.number(1.0f);
    // N4.1: positive finite numbers are the bits 1 to kF32LargestBits.
    Value below =
        scalars.subtract(scalars.asBits(tensorScale), scalars.bits(1));
    Value isBad = scalars.isAbove(below, scalars.bits(kF32LargestBits - 1));
    isPoisoned = scalars.bitOr(isPoisoned, isBad);
    byte = quantizeWithUE4M3(amax, isPoisoned);
  }
  Value poison = scalars.constant(8, mxnum::getPoisonScale(scaleType));
  return scalars.select(isPoisoned, poison, byte); // N3.6
}

Value mlir::mx::quantizeBlock(OpBuilder &builder, Location loc,
                              const BlockEncoding &encoding,
                              const BlockChunks &chunks) {
  return BlockQuantizer(builder, loc, encoding, chunks).run();
}
