//===- GptqRuns.h - small layers through GPTQ -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The encodings that GPTQ is tested with, and short names for the calls.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_QUANTIZATION_GPTQRUNS_H
#define MX_TEST_UNIT_QUANTIZATION_GPTQRUNS_H

#include "CorrelatedInputs.h"
#include "mx/Numerics/PackedLayout.h"
#include "mx/Quantization/Gptq.h"
#include <gtest/gtest.h>

struct Encoding {
  const char *name;
  mxnum::BlockFormat format;
  mxnum::ScaleRule rule;
};

inline const Encoding kEncodings[] = {
    {"mxfp4_even", *mxnum::lookupFormat("mxfp4"), mxnum::ScaleRule::Even},
    {"mxfp4_mse", *mxnum::lookupFormat("mxfp4"), mxnum::ScaleRule::Mse},
    {"mxfp4_abs3",
     {mxnum::ElementType::E2M1, mxnum::ScaleType::E8M0, 32, true},
     mxnum::ScaleRule::Abs3},
    {"nvfp4_amax", *mxnum::lookupFormat("nvfp4"), mxnum::ScaleRule::Amax},
    {"nvfp4_four_over_six", *mxnum::lookupFormat("nvfp4"),
     mxnum::ScaleRule::FourOverSixMse},
    {"nvfp4_sweep", *mxnum::lookupFormat("nvfp4"), mxnum::ScaleRule::Sweep},
    {"mxfp6_even", *mxnum::lookupFormat("mxfp6_e2m3"), mxnum::ScaleRule::Even},
    {"mxfp8_rceil", *mxnum::lookupFormat("mxfp8_e4m3"),
     mxnum::ScaleRule::RCeil},
    {"e2m1_ue4m3_without_tensor_scale",
     {mxnum::ElementType::E2M1, mxnum::ScaleType::UE4M3, 16, false},
     mxnum::ScaleRule::Amax},
};

inline mxquant::GptqOptions makeOptions(const Encoding &encoding) {
  mxquant::GptqOptions options;
  options.format = encoding.format;
  options.quantize.rule = encoding.rule;
  return options;
}

inline mxquant::GptqResult
runGptq(const Layer &layer, const mxquant::GptqOptions &options,
        const mxquant::ParallelFor &parallel = mxquant::runSerially) {
  return mxquant::quantizeGptq(layer.weights.data(), layer.shape.rows,
                               layer.shape.columns, layer.calibration, options,
                               parallel);
}

inline mxnum::BlockTensor roundToNearest(const Layer &layer,
                                         const mxquant::GptqOptions &options) {
  return mxnum::quantize(options.format, options.quantize, layer.weights.data(),
                         {layer.shape.rows, layer.shape.columns}, 1);
}

inline void expectSame(const mxnum::BlockTensor &expected,
                       const mxnum::BlockTensor &actual) {
  EXPECT_EQ(expected.format, actual.format);
  EXPECT_EQ(expected.shape, actual.shape);
  EXPECT_EQ(expected.axis, actual.axis);
  EXPECT_EQ(expected.scales, actual.scales);
  EXPECT_EQ(expected.payload, actual.payload);
  EXPECT_EQ(oracle::bitsOf(expected.tensorScale),
            oracle::bitsOf(actual.tensorScale));
}

/// A small layer; columns and rows are not whole blocks or chunks.
inline Layer drawSmallLayer() { return drawLayer(7, {180, 70, 400, 1}); }

/// One code per byte.
inline std::vector<uint8_t> unpack(const mxnum::BlockTensor &tensor) {
  unsigned bits = mxnum::getElementInfo(tensor.format.element).bits;
  int64_t columns = tensor.shape[1];
  std::vector<uint8_t> codes(tensor.shape[0] * columns);
  for (int64_t row = 0; row < tensor.shape[0]; ++row)
    mxnum::unpackRow(tensor.payload.data() +
                         row * mxnum::getPackedBytes(columns, bits),
                     columns, bits, codes.data() + row * columns);
  return codes;
}

#endif // MX_TEST_UNIT_QUANTIZATION_GPTQRUNS_H
