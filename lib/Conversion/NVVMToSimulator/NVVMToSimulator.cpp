//===- NVVMToSimulator.cpp - device code as host code ---------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The pass `convert-nvvm-to-simulator`: what would become PTX becomes host
// code that calls the simulator (mx/Simulator/DeviceCalls.h), operation by
// operation, so that what is simulated is what runs on the machine.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mx/Conversion/Passes.h"

namespace mlir::mx {
#define GEN_PASS_DEF_CONVERTNVVMTOSIMULATORPASS
#include "mx/Conversion/Passes.h.inc"
} // namespace mlir::mx

using namespace mlir;
using namespace mlir::mx;

namespace {

struct ConvertNVVMToSimulatorPass
    : mx::impl::ConvertNVVMToSimulatorPassBase<ConvertNVVMToSimulatorPass> {
  void runOnOperation() override {
    if (failed(convert()))
      signalPassFailure();
  }

  LogicalResult convert() {
    ModuleOp module = getOperation();
    LocationTable locations;
    SimulatorCalls calls(module, locations);
    SimulatedKernels kernels;
    for (auto device :
         llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>()))
      if (failed(convertDeviceModule(device, module, calls, kernels)))
        return failure();
    if (failed(convertLaunches(module, calls, kernels)))
      return failure();
    module->setAttr(kSimulatorLocationsAttr,
                    locations.getAttr(module.getContext()));
    module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
    return success();
  }
};

} // namespace
