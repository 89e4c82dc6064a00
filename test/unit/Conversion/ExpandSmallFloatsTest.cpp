//===- ExpandSmallFloatsTest.cpp - expanded conversions, executed ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// arith's conversions of small floats go through `mx-expand-small-floats` and
// LLVM, and are compared with lib/Numerics: scaled extensions on all pairs of
// code and scale, scaled truncations around every tie.
//===----------------------------------------------------------------------===//

#include "../Numerics/Samples.h"
#include "JitHarness.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mx/Dialect/MX/Transforms/Passes.h"
#include "mx/Numerics/Half.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace mxtest;
using mxnum::ElementType;

namespace {

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// Runs the pass on `text` and compiles the result.
std::unique_ptr<JitModule> expandAndCompile(const std::string &text) {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, func::FuncDialect, memref::MemRefDialect,
                  scf::SCFDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  auto module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return nullptr;
  PassManager passes(&context);
  passes.addPass(mx::createExpandSmallFloatsPass());
  if (failed(passes.run(*module)))
    return nullptr;
  std::string expanded;
  llvm::raw_string_ostream stream(expanded);
  module->print(stream);
  return JitModule::compile(expanded);
}

std::string spellElement(ElementType type) {
  const mxnum::ElementInfo &info = mxnum::getElementInfo(type);
  return "f" + std::to_string(info.bits) + info.name +
         (info.hasInfinity ? "" : "FN");
}

/// Lines that define %`name` : `type` from the i8 code %`name`_code.
std::string spellFromCode(std::string name, std::string type, unsigned bits) {
  std::string integer = "i" + std::to_string(bits);
  std::string code = "%" + name + "_code", text;
  if (bits < 8)
    text = "%" + name + "_low = arith.trunci " + code + " : i8 to " + integer +
           "\n";
  return text + "%" + name + " = arith.bitcast " +
         (bits < 8 ? "%" + name + "_low" : code) + " : " + integer + " to " +
         type + "\n";
}

/// Lines that define the i8 code %r_code from %r : `type`.
std::string spellToCode(std::string type, unsigned bits) {
  std::string integer = "i" + std::to_string(bits);
  if (bits == 8)
    return "%r_code = arith.bitcast %r : " + type + " to i8\n";
  return "%r_low = arith.bitcast %r : " + type + " to " + integer +
         "\n%r_code = arith.extui %r_low : " + integer + " to i8\n";
}

/// @map: a loop over buffers x (`xType`), s (i8) and y (`yType`), with `body`
/// between the loads of %x_code or %x and %s_code and the store of `result`.
std::string spellMap(std::string x, std::string xType, std::string yType,
                     std::string body, std::string result) {
  return "func.func @map(%xs: memref<?x" + xType + ">, %ss: memref<?xi8>, " +
         "%ys: memref<?x" + yType + ">) {\n" +
         "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n" +
         "%n = memref.dim %ys, %c0 : memref<?x" + yType + ">\n" +
         "scf.for %i = %c0 to %n step %c1 {\n" + x +
         " = memref.load %xs[%i] : memref<?x" + xType + ">\n" +
         "%s_code = memref.load %ss[%i] : memref<?xi8>\n" + body +
         "memref.store " + result + ", %ys[%i] : memref<?x" + yType + ">\n" +
         "}\nreturn\n}\n";
}

template <typename In, typename Out>
std::vector<Out> runMap(const JitModule &module, std::vector<In> &x,
                        std::vector<uint8_t> &s) {
  auto size = static_cast<int64_t>(x.size());
  std::vector<Out> y(x.size());
  EXPECT_TRUE(module.call(
      "map", {Argument(x, {size}), Argument(s, {size}), Argument(y, {size})}));
  return y;
}

//===----------------------------------------------------------------------===//
// Scaled extension
//===----------------------------------------------------------------------===//

struct ScaleFormat {
  const char *type;
  float (*decode)(uint8_t);
};

/// As numbers of their type: a scale of f8E4M3FN has a sign here.
const ScaleFormat kScales[] = {
    {"f8E8M0FNU",
     [](uint8_t byte) {
       return mxnum::decodeScale(mxnum::ScaleType::E8M0, byte);
     }},
    {"f8E4M3FN",
     [](uint8_t byte) {
       return mxnum::decodeElement(ElementType::E4M3, byte);
     }},
};

/// All pairs of a code and a scale byte.
void makePairs(unsigned bits, std::vector<uint8_t> &codes,
               std::vector<uint8_t> &scales) {
  for (unsigned code = 0; code < 1u << bits; ++code)
    for (unsigned scale = 0; scale < 256; ++scale) {
      codes.push_back(code);
      scales.push_back(scale);
    }
}

template <typename Out, typename Narrow>
void expectExtensions(std::string resultType, Narrow narrow) {
  for (ElementType element : mxnum::kElementTypes)
    for (const ScaleFormat &scale : kScales) {
      unsigned bits = mxnum::getElementInfo(element).bits;
      std::string type = spellElement(element);
      auto module = expandAndCompile(spellMap(
          "%x_code", "i8", resultType,
          spellFromCode("x", type, bits) + spellFromCode("s", scale.type, 8) +
              "%r = arith.scaling_extf %x, %s : " + type + ", " + scale.type +
              " to " + resultType + "\n",
          "%r"));
      ASSERT_TRUE(module);
      std::vector<uint8_t> codes, scales;
      makePairs(bits, codes, scales);
      std::vector<Out> got = runMap<uint8_t, Out>(*module, codes, scales);
      for (size_t i = 0; i < codes.size(); ++i) {
        double exact = double(mxnum::decodeElement(element, codes[i])) *
                       scale.decode(scales[i]);
        Out expected = narrow(exact);
        if (std::isnan(exact)) // The sign of a NaN product is not defined.
          expected = got[i] | (Out(1) << (sizeof(Out) * 8 - 1)),
          got[i] = expected;
        ASSERT_EQ(got[i], expected) << type << " " << scale.type << " to "
                                    << resultType << ", " << exact;
      }
    }
}

TEST(ExpandSmallFloats, N1_7_ScaledExtensionsRoundOnce) {
  expectExtensions<uint32_t>("f32",
                             [](double x) { return oracle::bitsOf(float(x)); });
  expectExtensions<uint16_t>("bf16",
                             [](double x) { return mxnum::f64ToBF16(x); });
  expectExtensions<uint16_t>("f16",
                             [](double x) { return mxnum::f64ToF16(x); });
}

//===----------------------------------------------------------------------===//
// Scaled truncation
//===----------------------------------------------------------------------===//

/// The code nearest to x / scale for scale > 0, found by comparing x with each
/// tie times the scale, which is exact in double.
uint8_t divideAndEncode(ElementType element, float x, double scale) {
  unsigned signCode = 1u << (mxnum::getElementInfo(element).bits - 1);
  double magnitude = std::fabs(double(x));
  unsigned code = 0;
  while (mxnum::decodeElement(element, code) <
         mxnum::getElementInfo(element).maxFinite) {
    double tie = (double(mxnum::decodeElement(element, code)) +
                  mxnum::decodeElement(element, code + 1)) /
                 2 * scale;
    bool staysBelow = code % 2 == 0 ? magnitude <= tie : magnitude < tie;
    if (staysBelow)
      break;
    ++code;
  }
  return code | (std::signbit(x) ? signCode : 0);
}

/// Numbers around every tie of the format times every kind of scale, and any.
void makeQuotients(ElementType element, const ScaleFormat &format,
                   std::vector<float> &numbers, std::vector<uint8_t> &scales) {
  Random random(17);
  unsigned codes = 1u << (mxnum::getElementInfo(element).bits - 1);
  for (unsigned byte = 0; byte < 256; ++byte) {
    float scale = format.decode(byte);
    if (!(scale > 0.0f))
      continue;
    for (unsigned code = 0; code + 1 < codes; ++code) {
      float tie = (mxnum::decodeElement(element, code) +
                   mxnum::decodeElement(element, code + 1)) /
                  2 * scale;
      for (float value : {tie, std::nextafter(tie, 0.0f),
                          std::nextafter(tie, INFINITY), random.anyFloat()})
        if (std::isfinite(value)) {
          numbers.push_back(random.below(2) ? value : -value);
          scales.push_back(byte);
        }
    }
  }
}

TEST(ExpandSmallFloats, N2_ScaledTruncationsRoundOnce) {
  for (ElementType element : mxnum::kElementTypes)
    for (const ScaleFormat &scale : kScales) {
      std::string type = spellElement(element);
      unsigned bits = mxnum::getElementInfo(element).bits;
      auto module = expandAndCompile(
          spellMap("%x", "f32", "i8",
                   spellFromCode("s", scale.type, 8) +
                       "%r = arith.scaling_truncf %x, %s : f32, " + scale.type +
                       " to " + type + "\n" + spellToCode(type, bits),
                   "%r_code"));
      ASSERT_TRUE(module);
      std::vector<float> numbers;
      std::vector<uint8_t> scales;
      makeQuotients(element, scale, numbers, scales);
      std::vector<uint8_t> got =
          runMap<float, uint8_t>(*module, numbers, scales);
      for (size_t i = 0; i < numbers.size(); ++i)
        ASSERT_EQ(got[i],
                  divideAndEncode(element, numbers[i], scale.decode(scales[i])))
            << type << ": " << numbers[i] << " / " << scale.decode(scales[i]);
    }
}

//===----------------------------------------------------------------------===//
// Plain truncation
//===----------------------------------------------------------------------===//

/// Doubles a little off the ties of the format, which f32 would round onto
/// them.
TEST(ExpandSmallFloats, N2_1_TruncationFromF64RoundsOnce) {
  for (ElementType element : mxnum::kElementTypes) {
    std::string type = spellElement(element);
    unsigned bits = mxnum::getElementInfo(element).bits;
    auto module =
        expandAndCompile(spellMap("%x", "f64", "i8",
                                  "%r = arith.truncf %x : f64 to " + type +
                                      "\n" + spellToCode(type, bits),
                                  "%r_code"));
    ASSERT_TRUE(module);
    std::vector<double> numbers;
    std::vector<uint8_t> expected;
    const mxnum::ElementInfo &info = mxnum::getElementInfo(element);
    for (unsigned code = 0;
         mxnum::decodeElement(element, code) < info.maxFinite; ++code) {
      double tie = (double(mxnum::decodeElement(element, code)) +
                    mxnum::decodeElement(element, code + 1)) /
                   2;
      numbers.insert(numbers.end(), {std::nextafter(tie, 0.0), tie,
                                     std::nextafter(tie, 1e300)});
      expected.push_back(code);
      expected.push_back(code + code % 2);
      expected.push_back(code + 1);
    }
    std::vector<uint8_t> unused(numbers.size());
    EXPECT_EQ((runMap<double, uint8_t>(*module, numbers, unused)), expected)
        << type;
  }
}

} // namespace
