//===- KernelRegistry.h - the kernels as data -------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The rows of Kernels.def, to be searched. Std-only: verifiers and tools below
// MLIR may ask too.
//===----------------------------------------------------------------------===//

#ifndef MX_TARGET_KERNELREGISTRY_H
#define MX_TARGET_KERNELREGISTRY_H

#include "mx/Numerics/BlockFormat.h"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mlir::mx {

/// How a kernel's results relate to lib/Numerics.
enum class Accuracy {
  /// The same bits.
  Exact,
  /// Within the bound of N7.2.
  Bound,
  /// The sums of tensor cores: within the bound of N7.2 but where products
  /// cancel, or are zero, under much larger scales than the rest.
  TensorCore,
};

/// A kind of machine: a CPU that LLVM generates objects for, or an NVIDIA GPU.
enum class MachineKind { Cpu, Nvvm };

/// The machine that code is generated for.
struct Machine {
  MachineKind kind = MachineKind::Cpu;
  /// A processor of LLVM, or a chip of Chips.def.
  std::string_view chip;
  /// LLVM's feature string, e.g. "+avx2,+fma" or "+ptx87".
  std::string_view features;
};

/// One row of Kernels.def.
struct KernelRow {
  std::string_view name;
  std::string_view operation;
  MachineKind machine;
  /// What the machine must have, separated by commas.
  std::string_view needs;
  /// What the operands must be, e.g. "mxfp4*mxfp4"; "" means anything.
  std::string_view formats;
  bool emulated;
  Accuracy accuracy;
};

/// How the right side of a product lies in memory: row by row (N8.1), with rows
/// interleaved (N8.7), or, if it is a constant of FP4, in the order of
/// fragments (N8.8) and else row by row.
enum class WeightLayout { Canonical, Interleaved, Fragments };

/// Types of plain numbers.
enum class PlainType { F32, BF16, F16 };

/// What an operand is made of: a block-scaled format, or plain numbers.
struct OperandFormat {
  OperandFormat(const mxnum::BlockFormat &format) : block(format) {}
  OperandFormat(PlainType type) : plain(type) {}

  /// Nothing for plain numbers, which have type `plain`.
  std::optional<mxnum::BlockFormat> block;
  PlainType plain = PlainType::F32;
};

/// The formats of both sides of a product, or of the one block-scaled value of
/// another operation. Empty if unknown, which fits every row.
using OperandFormats = std::vector<OperandFormat>;

/// What is chosen for an operation.
struct KernelChoice {
  /// The first row that fits, or null.
  const KernelRow *row = nullptr;
  /// Why faster rows do not fit, as what comes after "because".
  std::string obstacle;
};

/// All rows, in the order of the list.
const std::vector<KernelRow> &getKernels();

/// The first row called `name`, or null.
const KernelRow *lookupKernel(std::string_view name);

/// What a kernel of this name wants its right side to be.
WeightLayout getWeightLayout(std::string_view name);

/// Whether a CPU has a feature of LLVM.
bool hasFeature(const Machine &machine, std::string_view feature);

/// Says what `machine` lacks of a row's needs ("needs avx2"); empty if nothing.
std::string explainMissing(const KernelRow &row, const Machine &machine);

/// Whether `machine` can run one of the rows called `name`.
bool canRun(std::string_view name, const Machine &machine);

/// Chooses the first row for `operation` on operands of these formats that
/// `machine` can run.
KernelChoice selectKernel(std::string_view operation, const Machine &machine,
                          const OperandFormats &formats = {});

} // namespace mlir::mx

#endif // MX_TARGET_KERNELREGISTRY_H
