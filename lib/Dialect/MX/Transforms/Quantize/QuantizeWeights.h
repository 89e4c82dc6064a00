//===- QuantizeWeights.h - from weights to encoded constants ----*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// One constant of mx-quantize: evaluate the weight, quantise it by the method
// of the plan, write it as an mx.constant. Numbers of one weight are in memory
// at a time. Internal to MXTransforms.
//===----------------------------------------------------------------------===//

#ifndef MX_LIB_DIALECT_MX_TRANSFORMS_QUANTIZEWEIGHTS_H
#define MX_LIB_DIALECT_MX_TRANSFORMS_QUANTIZEWEIGHTS_H

#include "mx/Checkpoint/CalibrationFile.h"
#include "mx/Dialect/MX/IR/MXOps.h"
#include "mx/Quantization/Parallel.h"

namespace mlir::mx {

/// A constant that sites need: which numbers, and how they are encoded.
struct WeightRequest {
  /// For which isWeight; its last axis is contracted.
  Value weight;
  EncodingAttr encoding;
  /// The rotation of the numbers, or null.
  HadamardAttr rotation;
  Method method = Method::Rtn;
  /// The sites that use the constant, in order; at least one.
  SmallVector<Operation *> sites;
  /// Used instead of the tensor scale of N4.1.
  std::optional<float> tensorScale;

  BlockTensorType getType() const;
  /// The names of the sites, for remarks.
  std::string getSiteNames() const;
};

/// What gptq needs to know beside the weight.
struct GptqSettings {
  /// Null if there is none.
  const CalibrationFile *calibration = nullptr;
  bool actOrder = true;
  double damping = 0.01;
};

/// The name of a site, or of its operation if it has none.
std::string getSiteName(Operation *site);

/// The largest magnitude of a weight. Fails, having said so, if a number is not
/// finite.
FailureOr<float> measureLargest(const WeightRequest &request,
                                const mxquant::ParallelFor &parallel);

/// Makes the constant where `builder` stands. Fails, having said why, if a
/// number is not finite or if statistics are missing.
FailureOr<Value> createConstant(OpBuilder &builder,
                                const WeightRequest &request,
                                const GptqSettings &settings,
                                const mxquant::ParallelFor &parallel);

} // namespace mlir::mx

#endif // MX_LIB_DIALECT_MX_TRANSFORMS_QUANTIZEWEIGHTS_H
