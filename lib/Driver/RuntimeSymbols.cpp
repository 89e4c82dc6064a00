//===- RuntimeSymbols.cpp - what compiled code may call -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "RuntimeSymbols.h"
#include "CheckRuntime.h"
#include "mx/Dialect/MX/Transforms/RecordInterface.h"
#include "mx/Driver/Exit.h"
#include "mx/Numerics/Half.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Conversions of 16-bit floats, which LLVM calls where the processor has none.
// Such a number travels in the low bits of a vector register, as an f32 does.
//===----------------------------------------------------------------------===//

static float carry(uint16_t bits) {
  uint32_t wide = bits;
  float result;
  std::memcpy(&result, &wide, sizeof(result));
  return result;
}

static uint16_t uncarry(float value) {
  uint16_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

static float extendF16(float value) { return mxnum::f16ToF32(uncarry(value)); }
static float truncToF16(float value) { return carry(mxnum::f32ToF16(value)); }
static float truncToBF16(float value) { return carry(mxnum::f32ToBF16(value)); }
static float truncF64ToF16(double value) {
  return carry(mxnum::f64ToF16(value));
}
static float truncF64ToBF16(double value) {
  return carry(mxnum::f64ToBF16(value));
}

/// The end of a program whose cf.assert failed: its message is printed, and it
/// is no defect of ours.
[[noreturn]] static void abortProgram() {
  std::fputs("error: the program stopped itself\n", stderr);
  std::fflush(nullptr);
  std::_Exit(static_cast<int>(ExitCode::UserError));
}

//===----------------------------------------------------------------------===//
// The list
//===----------------------------------------------------------------------===//

template <typename Function>
static void *getAddress(Function *function) {
  return reinterpret_cast<void *>(function);
}

/// A function of libm for f64 and f32.
#define MX_MATH(NAME)                                                          \
  {#NAME, getAddress<double(double)>(::NAME)},                                 \
      {#NAME "f", getAddress<float(float)>(::NAME##f)},
#define MX_MATH2(NAME)                                                         \
  {#NAME, getAddress<double(double, double)>(::NAME)},                         \
      {#NAME "f", getAddress<float(float, float)>(::NAME##f)},

llvm::ArrayRef<RuntimeSymbol> mlir::mx::getRuntimeSymbols() {
  static const RuntimeSymbol symbols[] = {
      {"malloc", getAddress(::malloc)},
      // LLVM makes it of malloc and memset.
      {"calloc", getAddress(::calloc)},
      {"free", getAddress(::free)},
      {"aligned_alloc", getAddress(::aligned_alloc)},
      {"memcpy", getAddress(::memcpy)},
      {"memmove", getAddress(::memmove)},
      {"memset", getAddress(::memset)},
      {"memcmp", getAddress(::memcmp)},
      {"abort", getAddress(abortProgram)},
      {"puts", getAddress(::puts)},
      // clang-format off
      MX_MATH(acos) MX_MATH(acosh) MX_MATH(asin) MX_MATH(asinh)
      MX_MATH(atan) MX_MATH(atanh) MX_MATH(cbrt) MX_MATH(ceil)
      MX_MATH(cos) MX_MATH(cosh) MX_MATH(erf) MX_MATH(erfc)
      MX_MATH(exp) MX_MATH(exp2) MX_MATH(expm1) MX_MATH(floor)
      MX_MATH(log) MX_MATH(log10) MX_MATH(log1p) MX_MATH(log2)
      MX_MATH(nearbyint) MX_MATH(rint) MX_MATH(round) MX_MATH(roundeven)
      MX_MATH(sin) MX_MATH(sinh) MX_MATH(sqrt) MX_MATH(tan)
      MX_MATH(tanh) MX_MATH(trunc)
      MX_MATH2(atan2) MX_MATH2(copysign) MX_MATH2(fmax) MX_MATH2(fmin)
      MX_MATH2(fmod) MX_MATH2(pow)
      // clang-format on
      {"fma", getAddress<double(double, double, double)>(::fma)},
      {"fmaf", getAddress<float(float, float, float)>(::fmaf)},
      {"ldexp", getAddress<double(double, int)>(::ldexp)},
      {"ldexpf", getAddress<float(float, int)>(::ldexpf)},
      {"__extendhfsf2", getAddress(extendF16)},
      {"__truncsfhf2", getAddress(truncToF16)},
      {"__truncdfhf2", getAddress(truncF64ToF16)},
      {"__truncsfbf2", getAddress(truncToBF16)},
      {"__truncdfbf2", getAddress(truncF64ToBF16)},
  };
  return symbols;
}

/// Whether `name` is a function that compiled code defines itself.
static bool isRecordSymbol(llvm::StringRef name) {
  name.consume_front("_mlir_ciface_");
  return name.consume_front(kRecordPrefix) &&
         llvm::is_contained(kRecordTypeNames, name);
}

bool mlir::mx::isAllowedSymbol(StringRef name) {
  if (name == kCheckContextSymbol || CheckRuntime::isSymbol(name) ||
      isRecordSymbol(name))
    return true;
  return llvm::any_of(getRuntimeSymbols(), [&](const RuntimeSymbol &symbol) {
    return name == symbol.name;
  });
}
