//===- Convention.cpp - how checkpoints name and store weights ------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The table. docs/Checkpoints.md shows it, and a test compares the two.
//===----------------------------------------------------------------------===//

#include "mx/Checkpoint/Convention.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::mx;
using llvm::ArrayRef;
using llvm::StringRef;
using mxnum::BlockFormat;
using mxnum::ElementType;
using mxnum::ScaleType;

static constexpr BlockFormat kMXFP4 = {ElementType::E2M1, ScaleType::E8M0, 32,
                                       false};
static constexpr BlockFormat kNVFP4 = {ElementType::E2M1, ScaleType::UE4M3, 16,
                                       true};
/// N3.4: what FP-Quant calls MXFP4.
static constexpr BlockFormat kMXFP4Abs3 = {ElementType::E2M1, ScaleType::E8M0,
                                           32, true};
static constexpr BlockFormat kMXFP6E2M3 = {ElementType::E2M3, ScaleType::E8M0,
                                           32, false};
static constexpr BlockFormat kMXFP6E3M2 = {ElementType::E3M2, ScaleType::E8M0,
                                           32, false};
static constexpr BlockFormat kMXFP8E4M3 = {ElementType::E4M3, ScaleType::E8M0,
                                           32, false};
static constexpr BlockFormat kMXFP8E5M2 = {ElementType::E5M2, ScaleType::E8M0,
                                           32, false};
static constexpr StringRef kAbs3Name = "mxfp4_abs3";

static constexpr PartRule kNone = {"", "", PartShape::None};
static constexpr FileFormat kSafetensors = FileFormat::Safetensors;

/// A row of our own convention: types of safetensors that count elements.
static constexpr Convention makeOwn(const BlockFormat &format,
                                    llvm::StringLiteral type) {
  return {"mx",
          format,
          kSafetensors,
          {".weight.payload", type, PartShape::Logical},
          {".weight.scales", "F8_E8M0", PartShape::PerBlock},
          kNone,
          ScaleDirection::None,
          "",
          ""};
}

// What gpt-oss and compressed-tensors say of themselves in a config.json.
#define MX_CT_CONFIG(FORMAT, GROUP, STRATEGY)                                  \
  R"({"quant_method":"compressed-tensors","format":")" FORMAT                  \
  R"(","quantization_status":"compressed","config_groups":{"group_0":{)"       \
  R"("targets":["Linear"],"weights":{"num_bits":4,"type":"float",)"            \
  R"("symmetric":true,"dynamic":false,"strategy":")" STRATEGY                  \
  R"(","group_size":)" GROUP R"(}}}})"

static constexpr Convention kConventions[] = {
    {"gpt-oss",
     kMXFP4,
     kSafetensors,
     {"_blocks", "U8", PartShape::Blocks},
     {"_scales", "U8", PartShape::PerBlock},
     kNone,
     ScaleDirection::None,
     "",
     R"({"quant_method":"mxfp4"})"},
    {"gpt-oss-original",
     kMXFP4,
     kSafetensors,
     {".blocks", "U8", PartShape::Blocks},
     {".scales", "U8", PartShape::PerBlock},
     kNone,
     ScaleDirection::None,
     "",
     ""},
    {"compressed-tensors",
     kNVFP4,
     kSafetensors,
     {".weight_packed", "U8", PartShape::Packed},
     {".weight_scale", "F8_E4M3", PartShape::PerBlock},
     {".weight_global_scale", "F32", PartShape::One},
     ScaleDirection::Divide,
     ".input_global_scale",
     MX_CT_CONFIG("nvfp4-pack-quantized", "16", "tensor_group"),
     /*joinsLayers=*/true},
    {"compressed-tensors",
     kMXFP4,
     kSafetensors,
     {".weight_packed", "U8", PartShape::Packed},
     {".weight_scale", "U8", PartShape::PerBlock},
     kNone,
     ScaleDirection::None,
     "",
     MX_CT_CONFIG("mxfp4-pack-quantized", "32", "group")},
    {"modelopt",
     kNVFP4,
     kSafetensors,
     {".weight", "U8", PartShape::Packed},
     {".weight_scale", "F8_E4M3", PartShape::PerBlock},
     {".weight_scale_2", "F32", PartShape::Scalar},
     ScaleDirection::Multiply,
     ".input_scale",
     R"({"quant_method":"modelopt","quant_algo":"NVFP4","group_size":16})",
     /*joinsLayers=*/true},
    {"fp-quant",
     kNVFP4,
     kSafetensors,
     {".qweight", "U8", PartShape::Packed},
     {".scales", "U8", PartShape::PerBlock},
     {".weight_global_scale", "F32", PartShape::One},
     ScaleDirection::Divide,
     ".act_global_scale",
     R"({"quant_method":"fp_quant","forward_dtype":"nvfp4"})"},
    {"fp-quant",
     kMXFP4Abs3,
     kSafetensors,
     {".qweight", "U8", PartShape::Packed},
     {".scales", "U8", PartShape::PerBlock},
     {".weight_global_scale", "F32", PartShape::One},
     ScaleDirection::Divide,
     ".act_global_scale",
     R"({"quant_method":"fp_quant","forward_dtype":"mxfp4"})"},
    {"torchao",
     kNVFP4,
     kSafetensors,
     {"._weight_qdata", "U8", PartShape::Packed},
     {"._weight_scale", "F8_E4M3", PartShape::PerBlock},
     {"._weight_per_tensor_scale", "F32", PartShape::Scalar},
     ScaleDirection::Multiply,
     "._weight_act_per_tensor_scale",
     ""},
    {"torchao",
     kMXFP4,
     kSafetensors,
     {"._weight_qdata", "U8", PartShape::Packed},
     {"._weight_scale", "F8_E8M0", PartShape::PerBlock},
     kNone,
     ScaleDirection::None,
     "",
     ""},
    {"gguf",
     kMXFP4,
     FileFormat::Gguf,
     {".weight", "MXFP4", PartShape::Logical},
     kNone,
     kNone,
     ScaleDirection::None,
     "",
     ""},
    {"gguf",
     kNVFP4,
     FileFormat::Gguf,
     {".weight", "NVFP4", PartShape::Logical},
     kNone,
     {".scale", "F32", PartShape::One},
     ScaleDirection::Multiply,
     ".input_scale",
     ""},
    makeOwn(kMXFP4, "F4"),
    {"mx",
     kNVFP4,
     kSafetensors,
     {".weight.payload", "F4", PartShape::Logical},
     {".weight.scales", "F8_E4M3", PartShape::PerBlock},
     {".weight.tensor_scale", "F32", PartShape::Scalar},
     ScaleDirection::Multiply,
     ".weight.input_scale",
     ""},
    makeOwn(kMXFP6E2M3, "F6_E2M3"),
    makeOwn(kMXFP6E3M2, "F6_E3M2"),
    makeOwn(kMXFP8E4M3, "F8_E4M3"),
    makeOwn(kMXFP8E5M2, "F8_E5M2"),
};

#undef MX_CT_CONFIG

ArrayRef<Convention> mlir::mx::getConventions() { return kConventions; }

const Convention *mlir::mx::lookupConvention(StringRef name,
                                             const BlockFormat &format) {
  for (const Convention &row : kConventions)
    if (row.name == name && row.format == format)
      return &row;
  return nullptr;
}

StringRef mlir::mx::getStoredFormatName(const BlockFormat &format) {
  return format == kMXFP4Abs3 ? kAbs3Name
                              : StringRef(mxnum::getFormatName(format));
}

std::optional<BlockFormat> mlir::mx::lookupStoredFormat(StringRef name) {
  if (name == kAbs3Name)
    return kMXFP4Abs3;
  return mxnum::lookupFormat(std::string_view(name.data(), name.size()));
}

std::vector<int64_t> mlir::mx::getPartShape(const BlockFormat &format,
                                            PartShape part,
                                            ArrayRef<int64_t> shape) {
  unsigned bits = mxnum::getElementInfo(format.element).bits;
  std::vector<int64_t> result(shape.begin(), shape.end());
  int64_t columns = shape.back();
  switch (part) {
  case PartShape::Packed:
    result.back() = mxnum::getPackedBytes(columns, bits);
    return result;
  case PartShape::Blocks:
    result.back() = columns / format.block;
    result.push_back(mxnum::getPackedBytes(format.block, bits));
    return result;
  case PartShape::PerBlock:
    result.back() = columns / format.block;
    return result;
  case PartShape::Logical:
    return result;
  case PartShape::One:
    return {1};
  case PartShape::Scalar:
  case PartShape::None:
    return {};
  }
  return {};
}

int64_t mlir::mx::getStoredBlock(const Convention &convention) {
  constexpr int64_t superBlock = 64;
  return convention.isInterleaved() && convention.format == kNVFP4
             ? superBlock
             : convention.format.block;
}
