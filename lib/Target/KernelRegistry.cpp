//===- KernelRegistry.cpp - the kernels as data ---------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Target/KernelRegistry.h"

using namespace mlir::mx;

const std::vector<KernelRow> &mlir::mx::getKernels() {
  static const std::vector<KernelRow> rows = {
#define MX_KERNEL(name, operation, features, emulated, accuracy)               \
  {#name, operation, features, emulated, Accuracy::accuracy},
#include "mx/Target/Kernels.def"
  };
  return rows;
}

const KernelRow *mlir::mx::lookupKernel(std::string_view name) {
  for (const KernelRow &row : getKernels())
    if (row.name == name)
      return &row;
  return nullptr;
}

/// Splits off the part of `list` before its first comma.
static std::string_view takeFirst(std::string_view &list) {
  size_t comma = list.find(',');
  std::string_view first = list.substr(0, comma);
  list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
  return first;
}

/// Whether the feature string turns `feature` on; the last mention counts.
static bool hasFeature(std::string_view features, std::string_view feature) {
  bool enabled = false;
  while (!features.empty()) {
    std::string_view entry = takeFirst(features);
    if (entry.substr(0, 1) == "+" && entry.substr(1) == feature)
      enabled = true;
    if (entry.substr(0, 1) == "-" && entry.substr(1) == feature)
      enabled = false;
  }
  return enabled;
}

static bool hasAllFeatures(std::string_view features,
                           std::string_view required) {
  while (!required.empty())
    if (!hasFeature(features, takeFirst(required)))
      return false;
  return true;
}

const KernelRow *mlir::mx::selectKernel(std::string_view operation,
                                        std::string_view features) {
  for (const KernelRow &row : getKernels())
    if (row.operation == operation && hasAllFeatures(features, row.features))
      return &row;
  return nullptr;
}
