//===- DeviceKernels.cpp - where kernels of a program are put -------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Conversion/DeviceKernels.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr llvm::StringLiteral kModuleName = "mx_kernels";

gpu::GPUModuleOp mx::getKernelModule(ModuleOp program, StringRef chip,
                                     StringRef features) {
  if (auto module = program.lookupSymbol<gpu::GPUModuleOp>(kModuleName))
    return module;
  auto b = OpBuilder::atBlockEnd(program.getBody());
  std::string name = chip.str(), ptx = features.str();
  if (auto target = getDeviceTarget(getTarget(program))) {
    name = target->chip->name;
    ptx = printPtxFeature(target->ptx);
  }
  auto target = NVVM::NVVMTargetAttr::get(b.getContext(), /*optLevel=*/3,
                                          "nvptx64-nvidia-cuda", name, ptx);
  program->setAttr(gpu::GPUDialect::getContainerModuleAttrName(),
                   b.getUnitAttr());
  return gpu::GPUModuleOp::create(b, program.getLoc(), kModuleName,
                                  b.getArrayAttr(target));
}

bool mx::isForDevice(Operation *op) {
  auto program = op->getParentOfType<ModuleOp>();
  return program && getDeviceTarget(getTarget(program)).has_value();
}
