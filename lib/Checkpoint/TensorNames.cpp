//===- TensorNames.cpp - what families call the same tensor ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   block.7.mlp.mlp1_weight   model.layers.7.mlp.experts.gate_up_proj
//===----------------------------------------------------------------------===//

#include "TensorNames.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir::mx;
using llvm::StringRef;

static constexpr StringRef kOriginal = "gpt-oss-original";
/// torchao's list of tensors.
static constexpr StringRef kTensorNames = "tensor_names";

namespace {

/// The two names of an expert's tensor, around the number of its layer.
struct NamePair {
  StringRef original, other;
};

} // namespace

static constexpr StringRef kOriginalBegin = "block.";
static constexpr StringRef kOtherBegin = "model.layers.";
static constexpr NamePair kNamePairs[] = {
    {".mlp.mlp1_weight", ".mlp.experts.gate_up_proj"},
    {".mlp.mlp2_weight", ".mlp.experts.down_proj"},
    {".mlp.mlp1_bias", ".mlp.experts.gate_up_proj_bias"},
    {".mlp.mlp2_bias", ".mlp.experts.down_proj_bias"},
};

TensorNames mlir::mx::chooseTensorNames(llvm::ArrayRef<StoredWeight> weights,
                                        StringRef convention) {
  bool isOriginal = llvm::any_of(weights, [](const StoredWeight &weight) {
    return weight.convention->name == kOriginal;
  });
  if (isOriginal == (convention == kOriginal))
    return TensorNames::Keep;
  return isOriginal ? TensorNames::FromOriginal : TensorNames::ToOriginal;
}

std::string mlir::mx::renameTensor(TensorNames names, StringRef name) {
  if (names == TensorNames::Keep)
    return name.str();
  bool isBack = names == TensorNames::ToOriginal;
  StringRef rest = name;
  if (!rest.consume_front(isBack ? kOtherBegin : kOriginalBegin))
    return name.str();
  StringRef layer = rest.take_while(llvm::isDigit);
  rest = rest.drop_front(layer.size());
  for (const NamePair &pair : kNamePairs)
    if (!layer.empty() && rest == (isBack ? pair.other : pair.original))
      return ((isBack ? kOriginalBegin : kOtherBegin) + layer +
              (isBack ? pair.original : pair.other))
          .str();
  return name.str();
}

std::string mlir::mx::describeForTorchao(const mxnum::BlockFormat &format,
                                         bool hasInputScale) {
  if (format.scale == mxnum::ScaleType::UE4M3)
    return std::string(
               R"({"_type": "NVFP4Tensor", "_data": {"is_swizzled_scales": )"
               R"(false, "use_triton_kernel": false, "act_quant_kwargs": null, )"
               R"("block_size": 16, "orig_dtype": {"_type": "torch.dtype", )"
               R"("_data": "bfloat16"}}, "_tensor_data_names": [)") +
           (hasInputScale ? R"("act_per_tensor_scale", )" : "") +
           R"("per_tensor_scale", "qdata", "scale"]})";
  return R"({"_type": "MXTensor", "_data": {"elem_dtype": {"_type": )"
         R"("torch.dtype", "_data": "float4_e2m1fn_x2"}, "block_size": 32, )"
         R"("orig_dtype": {"_type": "torch.dtype", "_data": "bfloat16"}, )"
         R"("kernel_preference": {"_type": "KernelPreference", "_data": )"
         R"("EMULATED"}, "act_quant_kwargs": null, )"
         R"("is_swizzled_scales": false}, )"
         R"("_tensor_data_names": ["qdata", "scale"]})";
}

std::string mlir::mx::describePlainForTorchao() {
  return R"({"_type": "Tensor"})";
}

void mlir::mx::addMetadata(const Checkpoint &checkpoint, StringRef convention,
                           PlannedFile &file) {
  if (convention == "torchao") {
    llvm::json::Array names;
    for (auto &[name, description] : file.metadata)
      names.push_back(name);
    file.metadata[kTensorNames.str()] =
        llvm::formatv("{0}", llvm::json::Value(std::move(names))).str();
  }
  auto isTorchao = [](StringRef value) { return value.contains("\"_type\""); };
  for (auto &[name, value] : checkpoint.getMetadata())
    if (name != kTensorNames && !isTorchao(value))
      file.metadata.emplace(name, value);
  file.metadata.emplace("format", "pt");
}
