//===- Weights.cpp - GPTQ and its moments, for Python ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Bindings.h"

static void addMoments(const py::buffer &rows, int64_t count, int64_t columns,
                       const py::buffer &moments) {
  Buffer from(rows, false), to(moments, true);
  callUnlocked(mxMomentsAdd, from.get<const float>(count * columns), count,
               columns, to.get<double>(columns * columns));
}

static void rotateMoments(const py::buffer &moments, int64_t columns,
                          int64_t size,
                          const std::optional<std::vector<int8_t>> &signs) {
  Buffer buffer(moments, true);
  checkSigns(size, signs);
  callUnlocked(mxMomentsRotate, buffer.get<double>(columns * columns), columns,
               size, signs ? signs->data() : nullptr);
}

/// The tensor scale, the damping that sufficed, whether none did, and how many
/// columns no activation reaches.
static std::tuple<float, double, bool, int64_t>
quantizeGptq(const FormatTuple &format, const std::string &rule,
             std::optional<float> tensorScale, const py::buffer &values,
             const std::vector<int64_t> &shape, const py::buffer &moments,
             bool isActOrder, double damping, const py::buffer &payload,
             const py::buffer &scales) {
  auto [payloadBytes, scaleCount] = measure(format, shape, 1);
  MXBlocks blocks = makeBlocks(format, shape, 1);
  Buffer from(values, false), fromMoments(moments, false);
  Buffer to(payload, true), toScales(scales, true);
  const auto *numbers = from.get<const float>(countElements(shape));
  blocks.payload = to.get<uint8_t>(payloadBytes);
  blocks.scales = toScales.get<uint8_t>(scaleCount);
  MXQuantization quantization{};
  quantization.format = blocks.format;
  quantization.scaleRule = rule.c_str();
  quantization.tensorScale = tensorScale ? &*tensorScale : nullptr;
  MXGptq gptq{fromMoments.get<const double>(shape[1] * shape[1]), isActOrder,
              damping};
  MXGptqOutcome outcome;
  callUnlocked(mxQuantizeGptq, &quantization, &gptq, numbers, &blocks,
               &outcome);
  return {blocks.tensorScale, outcome.damping, outcome.isNearest,
          outcome.deadColumns};
}

void bindWeights(py::module_ &m) {
  m.def("add_moments", &addMoments, "rows"_a, "count"_a, "columns"_a,
        "moments"_a);
  m.def("rotate_moments", &rotateMoments, "moments"_a, "columns"_a, "size"_a,
        "signs"_a);
  m.def("quantize_gptq", &quantizeGptq, "format"_a, "rule"_a, "tensor_scale"_a,
        "values"_a, "shape"_a, "moments"_a, "act_order"_a, "damping"_a,
        "payload"_a, "scales"_a);
}
