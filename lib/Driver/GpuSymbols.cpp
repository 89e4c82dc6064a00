//===- GpuSymbols.cpp - the runtime of GPUs in this process ---------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "GpuSymbols.h"
#include "mx/Conversion/Passes.h"
#include "mx/Runtime/GpuRuntime.h"

using namespace mlir;
using namespace mlir::mx;

#define MX_GPU_FUNCTION(NAME) {#NAME, reinterpret_cast<void *>(&NAME)}

llvm::ArrayRef<RuntimeSymbol> mlir::mx::getGpuSymbols() {
  static const RuntimeSymbol symbols[] = {
      MX_GPU_FUNCTION(mx_gpu_run),
      MX_GPU_FUNCTION(mx_gpu_error),
      MX_GPU_FUNCTION(mx_gpu_launch),
      MX_GPU_FUNCTION(mx_gpu_alloc),
      MX_GPU_FUNCTION(mx_gpu_free),
      MX_GPU_FUNCTION(mx_gpu_copy),
      MX_GPU_FUNCTION(mx_gpu_load),
      MX_GPU_FUNCTION(mx_gpu_fetch),
      MX_GPU_FUNCTION(mx_gpu_constant),
      MX_GPU_FUNCTION(mx_gpu_encode_tensor_map),
  };
  return symbols;
}

bool mlir::mx::isGpuSymbol(StringRef name) {
  return name == kGpuProgramSymbol ||
         llvm::any_of(getGpuSymbols(), [&](const RuntimeSymbol &symbol) {
           return name == symbol.name;
         });
}
