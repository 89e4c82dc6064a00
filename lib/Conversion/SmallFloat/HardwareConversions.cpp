//===- HardwareConversions.cpp - small floats by instructions -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// All of them round to nearest, ties to even, and saturate; NaN becomes what
// N2.4 says. An instruction takes the second number of a pair first.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/HardwareConversions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Dialect/MX/IR/ElementTypes.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr unsigned kNibble = 4;

static Value extract(OpBuilder &builder, Location loc, Value values,
                     int64_t lane) {
  return vector::ExtractOp::create(builder, loc, values, lane);
}

static Value collect(OpBuilder &builder, Location loc,
                     const SmallVector<Value> &lanes) {
  auto type = VectorType::get({static_cast<int64_t>(lanes.size())},
                              lanes.front().getType());
  return vector::FromElementsOp::create(builder, loc, type, lanes);
}

static int64_t getLanes(Value vector) {
  return cast<VectorType>(vector.getType()).getNumElements();
}

/// One instruction: a byte of two nibbles, or two bytes.
static Value encodePair(OpBuilder &builder, Location loc,
                        mxnum::ElementType type, Value low, Value high) {
  Type i8 = builder.getI8Type(),
       format = getElementFloatType(loc.getContext(), type);
  Type pair = VectorType::get({2}, i8);
  constexpr bool relu = false;
  switch (mxnum::getElementInfo(type).bits) {
  case kNibble:
    return NVVM::ConvertF32x2ToF4x2Op::create(builder, loc, i8, high, low, relu,
                                              format);
  case 6:
    return NVVM::ConvertF32x2ToF6x2Op::create(builder, loc, pair, high, low,
                                              relu, format);
  default:
    return NVVM::ConvertF32x2ToF8x2Op::create(
        builder, loc, pair, high, low, NVVM::FPRoundingMode::RN,
        NVVM::SaturationMode::SATFINITE, relu, format);
  }
}

Value mlir::mx::encodeByHardware(OpBuilder &builder, Location loc,
                                 mxnum::ElementType type, Value values) {
  SmallVector<Value> bytes;
  for (int64_t lane = 0; lane < getLanes(values); lane += 2) {
    Value pair =
        encodePair(builder, loc, type, extract(builder, loc, values, lane),
                   extract(builder, loc, values, lane + 1));
    if (!isa<VectorType>(pair.getType())) {
      bytes.push_back(pair);
      continue;
    }
    bytes.push_back(extract(builder, loc, pair, 0));
    bytes.push_back(extract(builder, loc, pair, 1));
  }
  return collect(builder, loc, bytes);
}

bool mlir::mx::canDecodeByHardware(mxnum::ElementType type) {
  return !mxnum::getElementInfo(type).hasNaN;
}

Value mlir::mx::decodeByHardware(OpBuilder &builder, Location loc,
                                 mxnum::ElementType type, Value bytes) {
  assert(canDecodeByHardware(type) && "formats with NaN are decoded otherwise");
  Type format = getElementFloatType(loc.getContext(), type);
  Type halves = VectorType::get({2}, builder.getF16Type());
  Type numbers = VectorType::get({2}, builder.getF32Type());
  bool isNibble = mxnum::getElementInfo(type).bits == kNibble;
  SmallVector<Value> lanes;
  for (int64_t first = 0; first < getLanes(bytes); first += isNibble ? 1 : 2) {
    Value pair = extract(builder, loc, bytes, first);
    if (isNibble)
      pair = NVVM::ConvertF4x2ToF16x2Op::create(builder, loc, halves, pair,
                                                false, format);
    else
      pair = NVVM::ConvertF6x2ToF16x2Op::create(
          builder, loc, halves,
          collect(builder, loc,
                  {pair, extract(builder, loc, bytes, first + 1)}),
          false, format);
    // Every number of these formats is one of f16.
    pair = arith::ExtFOp::create(builder, loc, numbers, pair);
    lanes.push_back(extract(builder, loc, pair, 0));
    lanes.push_back(extract(builder, loc, pair, 1));
  }
  return collect(builder, loc, lanes);
}

Value mlir::mx::encodeUE4M3ByHardware(OpBuilder &builder, Location loc,
                                      Value number) {
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0.0f));
  Value pair = encodePair(builder, loc, mxnum::ElementType::E4M3, number, zero);
  return extract(builder, loc, pair, 0);
}
