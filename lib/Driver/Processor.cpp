//===- Processor.cpp - processors as LLVM knows them ----------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Processor.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace mlir;
using namespace mlir::mx;

void mlir::mx::initializeNativeTarget() {
  // Once, because LLVM's list of targets has no lock.
  [[maybe_unused]] static const bool failed =
      llvm::InitializeNativeTarget() ||
      llvm::InitializeNativeTargetAsmPrinter();
}

/// Makes LLVM know all kinds of machines that it was built for.
static void initializeAllTargets() {
  [[maybe_unused]] static const bool done = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
}

static const llvm::Target *lookupLLVMTarget(const llvm::Triple &triple) {
  std::string ignored;
  return llvm::TargetRegistry::lookupTarget(triple, ignored);
}

/// What LLVM knows about a processor of a kind of machine; null if nothing.
static std::unique_ptr<llvm::MCSubtargetInfo>
createSubtarget(const llvm::Triple &triple, StringRef chip) {
  const llvm::Target *target = lookupLLVMTarget(triple);
  if (!target)
    return nullptr;
  std::unique_ptr<llvm::MCSubtargetInfo> all(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!all || !all->isCPUStringValid(chip))
    return nullptr;
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      target->createMCSubtargetInfo(triple, chip, ""));
}

/// The kind of machine that has a processor of this name (this one, if it has
/// no name), and what is known about it.
static std::pair<llvm::Triple, std::unique_ptr<llvm::MCSubtargetInfo>>
findMachine(StringRef chip) {
  initializeNativeTarget();
  llvm::Triple host(llvm::sys::getDefaultTargetTriple());
  if (chip.empty())
    return {host, nullptr};
  if (auto subtarget = createSubtarget(host, chip))
    return {host, std::move(subtarget)};
  initializeAllTargets();
  for (const char *name :
       {"x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"})
    if (llvm::Triple other(name); auto subtarget = createSubtarget(other, chip))
      return {other, std::move(subtarget)};
  return {host, nullptr};
}

static std::string getHostFeatures() {
  llvm::SubtargetFeatures features;
  // Sorted, so that the same machine always gives the same text.
  std::vector<std::string> names;
  for (auto &feature : llvm::sys::getHostCPUFeatures())
    if (feature.second)
      names.push_back(feature.first().str());
  llvm::sort(names);
  for (const std::string &name : names)
    features.AddFeature(name);
  return features.getString();
}

std::optional<Processor> mlir::mx::lookupProcessor(StringRef target) {
  if (target == "cpu")
    return Processor();
  if (target == "native")
    return Processor{llvm::sys::getHostCPUName().str(), getHostFeatures()};
  auto [triple, chip] = findMachine(target);
  if (!chip)
    return std::nullopt;
  llvm::SubtargetFeatures features;
  for (const llvm::SubtargetFeatureKV &feature :
       chip->getEnabledProcessorFeatures())
    // AddFeature writes small letters, and LLVM knows one feature of AArch64 by
    // capitals only. The processor has it anyway.
    if (StringRef name = feature.Key; name == name.lower())
      features.AddFeature(name);
  return Processor{target.str(), features.getString()};
}

llvm::Triple mlir::mx::getTriple(const Processor &processor) {
  return findMachine(processor.chip).first;
}

std::unique_ptr<llvm::TargetMachine>
mlir::mx::createMachine(const Processor &processor, Optimization optimization) {
  llvm::Triple triple = getTriple(processor);
  const llvm::Target *target = lookupLLVMTarget(triple);
  assert(target && "LLVM is built for the machine it runs on");
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, processor.chip, processor.features, options, llvm::Reloc::PIC_,
      std::nullopt,
      optimization == Optimization::Full ? llvm::CodeGenOptLevel::Aggressive
                                         : llvm::CodeGenOptLevel::Less));
}
