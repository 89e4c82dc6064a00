//===- SmallFloatArithTest.cpp - arith sequences against Numerics ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Each builder of SmallFloatArith.h is compiled on scalars and on vectors and
// compared with lib/Numerics, bit for bit: all codes, all bf16 and f16 numbers,
// every tie of every format with its neighbours, and a spread over all f32.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/SmallFloatArith.h"
#include "JitHarness.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mx/Conversion/LaneBuilder.h"
#include "mx/Numerics/Half.h"
#include "mx/Numerics/Philox.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace mxtest;

namespace {

using Body = function_ref<Value(OpBuilder &, Location, ValueRange)>;

constexpr int64_t kLanes = 16;

/// Loads one element, or `lanes` of them, of each input.
SmallVector<Value> loadInputs(OpBuilder &builder, Location loc,
                              ValueRange buffers, Value index, int64_t lanes) {
  SmallVector<Value> values;
  for (Value buffer : buffers) {
    Type element = cast<MemRefType>(buffer.getType()).getElementType();
    if (lanes == 1)
      values.push_back(memref::LoadOp::create(builder, loc, buffer, index));
    else
      values.push_back(vector::LoadOp::create(
          builder, loc, VectorType::get({lanes}, element), buffer, index));
  }
  return values;
}

/// Fills @map, a function that applies `body` to all elements of its inputs.
void buildMap(func::FuncOp function, int64_t lanes, Body body) {
  Location loc = function.getLoc();
  OpBuilder builder = OpBuilder::atBlockBegin(function.addEntryBlock());
  Value output = function.getArguments().back();
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value end = memref::DimOp::create(builder, loc, output, 0);
  Value step = arith::ConstantIndexOp::create(builder, loc, lanes);
  scf::ForOp::create(
      builder, loc, zero, end, step, ValueRange(),
      [&](OpBuilder &inner, Location, Value index, ValueRange) {
        Value result =
            body(inner, loc,
                 loadInputs(inner, loc,
                            ValueRange(function.getArguments()).drop_back(),
                            index, lanes));
        if (lanes == 1)
          memref::StoreOp::create(inner, loc, result, output, index);
        else
          vector::StoreOp::create(inner, loc, result, output, index);
        scf::YieldOp::create(inner, loc);
      });
  func::ReturnOp::create(builder, loc);
}

/// Compiles @map with memrefs of the given element types, the result last.
std::unique_ptr<JitModule> compileMap(ArrayRef<StringRef> types, int64_t lanes,
                                      Body body) {
  MLIRContext context;
  context.loadDialect<arith::ArithDialect, func::FuncDialect,
                      memref::MemRefDialect, scf::SCFDialect,
                      vector::VectorDialect>();
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder(module->getBodyRegion());
  SmallVector<Type> arguments;
  for (StringRef type : types)
    arguments.push_back(parseType(("memref<?x" + type + ">").str(), &context));
  auto function = func::FuncOp::create(
      builder, loc, "map", builder.getFunctionType(arguments, TypeRange()));
  buildMap(function, lanes, body);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return JitModule::compile(text);
}

template <typename T>
Argument makeArgument(std::vector<T> &values) {
  return Argument(values, {static_cast<int64_t>(values.size())});
}

/// Runs the compiled `body` on scalars and on vectors, and compares each result
/// with `reference(input)`. Sizes are padded to whole vectors.
template <typename In, typename Out, typename Reference>
void expectSame(std::vector<In> input, StringRef inType, StringRef outType,
                Body body, Reference reference) {
  input.resize((input.size() + kLanes - 1) / kLanes * kLanes);
  for (int64_t lanes : {int64_t(1), kLanes}) {
    auto module = compileMap({inType, outType}, lanes, body);
    ASSERT_TRUE(module);
    std::vector<Out> output(input.size());
    ASSERT_TRUE(
        module->call("map", {makeArgument(input), makeArgument(output)}));
    for (size_t i = 0; i < input.size(); ++i)
      ASSERT_EQ(output[i], reference(input[i]))
          << "input bits " << uint64_t(input[i]) << ", lanes " << lanes;
  }
}

uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }
float numberOf(uint32_t bits) { return llvm::bit_cast<float>(bits); }

/// The bits of every tie of every format below f32 with its neighbours, of all
/// bf16 and f16 numbers, and of every 4099th f32.
std::vector<uint32_t> sampleF32() {
  std::vector<uint32_t> samples;
  auto addAround = [&](float value) {
    for (uint32_t bits : {bitsOf(value) - 1, bitsOf(value), bitsOf(value) + 1})
      for (uint32_t sign : {0u, 0x80000000u})
        samples.push_back(bits ^ sign);
  };
  for (uint32_t half = 0; half < 0x7C00; ++half) {
    float value = mxnum::f16ToF32(half);
    addAround(value);
    addAround((value + mxnum::f16ToF32(half + 1)) / 2);
  }
  for (uint32_t code = 0; code < 0x100; ++code)
    for (mxnum::ElementType type : mxnum::kElementTypes) {
      float value = mxnum::decodeElement(type, code);
      addAround(value);
      addAround((value + mxnum::decodeElement(type, code + 1)) / 2);
    }
  for (uint32_t bits = 0; bits < 0x20000; ++bits) {
    samples.push_back(bits << 15); // bf16 numbers and their ties.
    samples.push_back((bits << 15) + 1);
    samples.push_back((bits << 15) - 1);
  }
  for (uint64_t bits = 0; bits <= 0xFFFFFFFF; bits += 4099)
    samples.push_back(static_cast<uint32_t>(bits));
  return samples;
}

std::vector<uint16_t> allHalves() {
  std::vector<uint16_t> halves(0x10000);
  for (uint32_t i = 0; i < halves.size(); ++i)
    halves[i] = i;
  return halves;
}

std::vector<uint8_t> allBytes() {
  std::vector<uint8_t> bytes(0x100);
  for (uint32_t i = 0; i < bytes.size(); ++i)
    bytes[i] = i;
  return bytes;
}

TEST(SmallFloatArith, N1_1_DecodesEveryCode) {
  for (mxnum::ElementType type : mxnum::kElementTypes)
    expectSame<uint8_t, uint32_t>(
        allBytes(), "i8", "f32",
        [&](OpBuilder &b, Location loc, ValueRange in) {
          return mx::decodeElement(b, loc, type, in[0]);
        },
        [&](uint8_t code) { return bitsOf(mxnum::decodeElement(type, code)); });
}

TEST(SmallFloatArith, N1_2_DecodesEveryScale) {
  for (auto type : {mxnum::ScaleType::E8M0, mxnum::ScaleType::UE4M3})
    expectSame<uint8_t, uint32_t>(
        allBytes(), "i8", "f32",
        [&](OpBuilder &b, Location loc, ValueRange in) {
          return mx::decodeScale(b, loc, type, in[0]);
        },
        [&](uint8_t byte) { return bitsOf(mxnum::decodeScale(type, byte)); });
}

TEST(SmallFloatArith, N2_EncodesSamples) {
  for (mxnum::ElementType type : mxnum::kElementTypes)
    expectSame<uint32_t, uint8_t>(
        sampleF32(), "f32", "i8",
        [&](OpBuilder &b, Location loc, ValueRange in) {
          return mx::encodeElement(b, loc, type, in[0]);
        },
        [&](uint32_t bits) {
          return mxnum::encodeElement(type, numberOf(bits));
        });
}

TEST(SmallFloatArith, N4_2_EncodesScales) {
  expectSame<uint32_t, uint8_t>(
      sampleF32(), "f32", "i8",
      [](OpBuilder &b, Location loc, ValueRange in) {
        return mx::encodeUE4M3(b, loc, in[0]);
      },
      [](uint32_t bits) { return mxnum::encodeUE4M3(numberOf(bits)); });
}

TEST(SmallFloatArith, EncodesE8M0LikeAPFloat) {
  auto convert = [](uint32_t bits) -> uint8_t {
    // APFloat keeps the sign of a negative number, which E8M0 cannot store.
    llvm::APFloat value(numberOf(bits));
    if (value.isNaN() || value.isZero() || value.isNegative())
      return value.isZero() ? 0 : 0xFF;
    bool losesInfo;
    value.convert(llvm::APFloat::Float8E8M0FNU(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return value.isNaN() ? 0xFF : value.bitcastToAPInt().getZExtValue();
  };
  expectSame<uint32_t, uint8_t>(
      sampleF32(), "f32", "i8",
      [](OpBuilder &b, Location loc, ValueRange in) {
        return mx::encodeE8M0(b, loc, in[0]);
      },
      convert);
}

TEST(SmallFloatArith, WidensEveryHalf) {
  auto widen = [](OpBuilder &b, Location loc, ValueRange in) {
    return mx::widenToF32(b, loc, in[0]);
  };
  expectSame<uint16_t, uint32_t>(
      allHalves(), "bf16", "f32", widen,
      [](uint16_t bits) { return bitsOf(mxnum::bf16ToF32(bits)); });
  expectSame<uint16_t, uint32_t>(
      allHalves(), "f16", "f32", widen,
      [](uint16_t bits) { return bitsOf(mxnum::f16ToF32(bits)); });
}

TEST(SmallFloatArith, N1_7_NarrowsF32) {
  auto narrow = [](OpBuilder &b, Location loc, FloatType type, Value value) {
    return mx::narrowFromF32(b, loc, value, type);
  };
  expectSame<uint32_t, uint16_t>(
      sampleF32(), "f32", "bf16",
      [&](OpBuilder &b, Location loc, ValueRange in) {
        return narrow(b, loc, b.getBF16Type(), in[0]);
      },
      [](uint32_t bits) { return mxnum::f32ToBF16(numberOf(bits)); });
  expectSame<uint32_t, uint16_t>(
      sampleF32(), "f32", "f16",
      [&](OpBuilder &b, Location loc, ValueRange in) {
        return narrow(b, loc, b.getF16Type(), in[0]);
      },
      [](uint32_t bits) { return mxnum::f32ToF16(numberOf(bits)); });
}

/// Doubles on, beside, and a little off the values and ties of bf16, f16 and
/// f32: the last kind is where rounding twice goes wrong.
std::vector<uint64_t> sampleF64() {
  std::vector<uint64_t> samples;
  for (uint32_t bits : sampleF32()) {
    auto wide = llvm::bit_cast<uint64_t>(double(numberOf(bits)));
    for (uint64_t offset : {0ull, 1ull, ~0ull, 1ull << 28, (1ull << 28) - 1})
      samples.push_back(wide + offset);
  }
  for (uint64_t bits = 12345; bits < ~0ull - (1ull << 48); bits += 1ull << 47)
    samples.push_back(bits * 0x9E3779B97F4A7C15);
  return samples;
}

TEST(SmallFloatArith, N1_7_NarrowsF64Once) {
  auto numberOf64 = [](uint64_t bits) { return llvm::bit_cast<double>(bits); };
  expectSame<uint64_t, uint16_t>(
      sampleF64(), "f64", "bf16",
      [](OpBuilder &b, Location loc, ValueRange in) {
        return mx::narrowFromF64(b, loc, in[0], b.getBF16Type());
      },
      [&](uint64_t bits) { return mxnum::f64ToBF16(numberOf64(bits)); });
  expectSame<uint64_t, uint16_t>(
      sampleF64(), "f64", "f16",
      [](OpBuilder &b, Location loc, ValueRange in) {
        return mx::narrowFromF64(b, loc, in[0], b.getF16Type());
      },
      [&](uint64_t bits) { return mxnum::f64ToF16(numberOf64(bits)); });
}

TEST(SmallFloatArith, N5_1_DrawsPhiloxBits) {
  std::vector<uint64_t> indices;
  for (uint64_t i = 0; i < 4096; ++i)
    indices.push_back(i < 64 ? i : i * 0x9E3779B97F4A7C15);
  for (uint64_t seed : {1ull, 0xFEDCBA9876543210ull})
    for (unsigned bits : {1u, 32u})
      expectSame<uint64_t, uint32_t>(
          indices, "i64", "i32",
          [&](OpBuilder &b, Location loc, ValueRange in) {
            Value key = arith::ConstantOp::create(
                b, loc, b.getI64IntegerAttr(static_cast<int64_t>(seed)));
            return mx::philoxBits(b, loc, key, in[0], bits);
          },
          [&](uint64_t index) {
            return mxnum::getRandomBits(seed, index, bits);
          });
}

/// Every format with the default, one format with the extremes.
std::vector<unsigned> getRandomBits(mxnum::ElementType type) {
  if (type == mxnum::ElementType::E3M2)
    return {1, 16, 23};
  return {16};
}

TEST(SmallFloatArith, N5_2_RoundsStochastically) {
  // The random number of a sample is a function of its bits.
  auto draw = [](uint32_t bits, unsigned randomBits) {
    return (bits * 0x9E3779B9u ^ bits >> 13) >> (32 - randomBits);
  };
  for (mxnum::ElementType type : mxnum::kElementTypes)
    for (unsigned randomBits : getRandomBits(type))
      expectSame<uint32_t, uint8_t>(
          sampleF32(), "f32", "i8",
          [&](OpBuilder &b, Location loc, ValueRange in) {
            mx::LaneBuilder lanes(b, loc, in[0]);
            Value bits = lanes.asBits(in[0]);
            Value random =
                lanes.bitXor(lanes.multiply(bits, lanes.bits(0x9E3779B9u)),
                             lanes.shiftRight(bits, lanes.bits(13)));
            random = lanes.shiftRight(random, lanes.bits(32 - randomBits));
            return mx::encodeElementStochastic(b, loc, type, in[0], random,
                                               randomBits);
          },
          [&](uint32_t bits) {
            return mxnum::encodeElementStochastic(
                type, numberOf(bits), draw(bits, randomBits), randomBits);
          });
}

} // namespace
