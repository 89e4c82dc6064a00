//===- NumberOperations.cpp - conversions and permutations ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/Simulator/DeviceConstants.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mx;

/// The simulator's number of a format; every type that the operations' own
/// verifiers accept has one.
static int32_t getFormat(Type type) {
  return llvm::TypeSwitch<Type, int32_t>(type)
      .Case([](Float4E2M1FNType) { return MXSIM_TYPE_E2M1; })
      .Case([](Float6E2M3FNType) { return MXSIM_TYPE_E2M3; })
      .Case([](Float6E3M2FNType) { return MXSIM_TYPE_E3M2; })
      .Case([](Float8E4M3FNType) { return MXSIM_TYPE_E4M3; })
      .Case([](Float8E5M2Type) { return MXSIM_TYPE_E5M2; })
      .Case([](Float8E8M0FNUType) { return MXSIM_TYPE_UE8M0; })
      .Case([](BFloat16Type) { return MXSIM_TYPE_BF16; })
      .Default([](Type) { return MXSIM_TYPE_F16; });
}

/// A pair of f32 to a pair of small floats.
static LogicalResult convertPair(DeviceRewriter &rewrite, Type format,
                                 Value high, Value low,
                                 NVVM::FPRoundingMode rounding, bool saturate,
                                 bool relu, Type resultType) {
  Value pair =
      rewrite.call("mxsim_convert_from_f32x2", rewrite.b.getI32Type(),
                   {rewrite.constant(getFormat(format)), high, low,
                    rewrite.constantOf(rounding), rewrite.constant(saturate),
                    rewrite.constant(relu)});
  return rewrite.replace(rewrite.convertBits(pair, resultType));
}

/// f16x2 or bf16x2 to a pair of small floats.
template <typename Op>
static LogicalResult convertFromHalves(Op op, DeviceRewriter &rewrite,
                                       NVVM::FPRoundingMode rounding,
                                       bool saturate, bool relu) {
  Type i32 = rewrite.b.getI32Type();
  Type source = cast<VectorType>(op.getA().getType()).getElementType();
  Value pair = rewrite.call(
      "mxsim_convert_from_halves", i32,
      {rewrite.constant(getFormat(op.getDstTy())),
       rewrite.constant(getFormat(source)), rewrite.convertBits(op.getA(), i32),
       rewrite.constantOf(rounding), rewrite.constant(saturate),
       rewrite.constant(relu)});
  return rewrite.replace(rewrite.convertBits(pair, op.getType()));
}

/// A pair of small floats to f16x2 or bf16x2.
template <typename Op>
static LogicalResult convertToHalves(Op op, DeviceRewriter &rewrite,
                                     bool relu) {
  Type i32 = rewrite.b.getI32Type();
  Type target = cast<VectorType>(op.getType()).getElementType();
  Value pair = rewrite.call("mxsim_convert_to_halves", i32,
                            {rewrite.constant(getFormat(op.getSrcType())),
                             rewrite.constant(getFormat(target)),
                             rewrite.convertBits(op.getSrc(), i32),
                             rewrite.constant(relu)});
  return rewrite.replace(rewrite.convertBits(pair, op.getType()));
}

/// Four f32 to four codes by stochastic rounding.
template <typename Op>
static LogicalResult convertStochastic(Op op, DeviceRewriter &rewrite) {
  ImplicitLocOpBuilder &b = rewrite.b;
  SmallVector<Value> values;
  for (int32_t i = 0; i < 4; ++i)
    values.push_back(
        LLVM::ExtractElementOp::create(b, op.getSrc(), rewrite.constant(i)));
  Value codes = rewrite.call("mxsim_convert_stochastic", b.getI32Type(),
                             {rewrite.constant(getFormat(op.getDstTy())),
                              rewrite.store(b.getF32Type(), values),
                              op.getRbits(), rewrite.constant(op.getRelu())});
  return rewrite.replace(rewrite.convertBits(codes, op.getType()));
}

static LogicalResult convertPermute(NVVM::PermuteOp op,
                                    DeviceRewriter &rewrite) {
  Value result = rewrite.call("mxsim_permute", rewrite.b.getI32Type(),
                              {rewrite.constantOf(op.getMode()), op.getLo(),
                               rewrite.getOr(op.getHi(), 0), op.getSelector()});
  return rewrite.replace(result);
}

std::optional<LogicalResult>
mx::convertNumberOperation(Operation *op, DeviceRewriter &rewrite) {
  using Result = std::optional<LogicalResult>;
  using NVVM::FPRoundingMode;
  constexpr auto nearest = FPRoundingMode::RN;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<NVVM::ConvertF32x2ToF4x2Op, NVVM::ConvertF32x2ToF6x2Op>(
          [&](auto op) {
            return convertPair(rewrite, op.getDstTy(), op.getA(), op.getB(),
                               nearest, /*saturate=*/true, op.getRelu(),
                               op.getType());
          })
      .Case([&](NVVM::ConvertF32x2ToF8x2Op op) {
        bool saturate = op.getSat() != NVVM::SaturationMode::NONE;
        return convertPair(rewrite, op.getDstTy(), op.getA(), op.getB(),
                           op.getRnd(), saturate, op.getRelu(), op.getType());
      })
      .Case([&](NVVM::ConvertF16x2ToF8x2Op op) {
        return convertFromHalves(op, rewrite, nearest, /*saturate=*/true,
                                 op.getRelu());
      })
      .Case([&](NVVM::ConvertBF16x2ToF8x2Op op) {
        bool saturate = op.getSat() != NVVM::SaturationMode::NONE;
        return convertFromHalves(op, rewrite, op.getRnd(), saturate,
                                 /*relu=*/false);
      })
      .Case<NVVM::ConvertF8x2ToF16x2Op, NVVM::ConvertF6x2ToF16x2Op,
            NVVM::ConvertF4x2ToF16x2Op>(
          [&](auto op) { return convertToHalves(op, rewrite, op.getRelu()); })
      .Case([&](NVVM::ConvertF8x2ToBF16x2Op op) {
        return convertToHalves(op, rewrite, /*relu=*/false);
      })
      .Case<NVVM::ConvertF32x4ToF8x4Op, NVVM::ConvertF32x4ToF6x4Op,
            NVVM::ConvertF32x4ToF4x4Op>(
          [&](auto op) { return convertStochastic(op, rewrite); })
      .Case([&](NVVM::PermuteOp op) { return convertPermute(op, rewrite); })
      .Default(std::nullopt);
}
