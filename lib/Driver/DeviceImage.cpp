//===- DeviceImage.cpp - kernels as the runtime gets them -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "DeviceImage.h"
#include "DeviceCode.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/Remarks.h"
#include "mx/Dialect/MX/IR/TargetMachine.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::mx;

/// Version of the description; a reader accepts its own only.
static constexpr int64_t kVersion = 1;

static llvm::json::Object describeKernel(LLVM::LLVMFuncOp kernel,
                                         ArrayRef<KernelResources> resources) {
  llvm::json::Object description{{"name", kernel.getName()}};
  // What a kernel is launched with is the most that it may be.
  for (StringRef name : {NVVM::NVVMDialect::getMaxntidAttrName(),
                         NVVM::NVVMDialect::getReqntidAttrName()})
    if (auto block = kernel->getAttrOfType<DenseI32ArrayAttr>(name))
      description["block"] = llvm::json::Array(block.asArrayRef());
  for (const KernelResources &known : resources)
    if (known.kernel == kernel.getName()) {
      description["registers"] = known.registers;
      description["shared"] = known.sharedBytes;
    }
  return description;
}

/// What the symbol `mx_gpu_kernels` says.
static std::string describe(ModuleOp program, const DeviceTarget &device,
                            StringRef format,
                            ArrayRef<KernelResources> resources) {
  llvm::json::Array kernels;
  for (auto module : program.getOps<gpu::GPUModuleOp>())
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()))
        kernels.push_back(describeKernel(function, resources));
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(
      llvm::json::Object{{"version", kVersion},
                         {"chip", StringRef(device.chip->name)},
                         {"ptx", printPtxVersion(device.ptx)},
                         {"image", format},
                         {"kernels", std::move(kernels)}});
  return text;
}

/// Turns PTX into a fat binary, which it returns with what kernels need.
static FailureOr<std::pair<std::string, std::vector<KernelResources>>>
assemble(ModuleOp program, const CudaToolkit &toolkit, StringRef ptx,
         StringRef chip) {
  auto report = [&](llvm::Error error) -> LogicalResult {
    return program.emitError() << llvm::toString(std::move(error));
  };
  auto code = assemblePtx(toolkit, ptx, chip);
  if (!code)
    return report(code.takeError());
  if (failed(reportLog(program, ptx, *code)))
    return failure();
  auto bundle = bundleCode(toolkit, code->bytes, ptx, chip);
  if (!bundle)
    return report(bundle.takeError());
  return std::make_pair(std::move(*bundle), readResources(code->log));
}

/// Whether programs of a toolkit are there.
static llvm::Error findToolkit(const CudaToolkit &toolkit) {
  for (const char *program : {"ptxas", "fatbinary"})
    if (auto path = toolkit.find(program); !path)
      return path.takeError();
  return llvm::Error::success();
}

FailureOr<DeviceImage> mlir::mx::makeImage(ModuleOp program,
                                           const CudaToolkit &toolkit) {
  std::optional<DeviceTarget> device = getDeviceTarget(getTarget(program));
  assert(device && "callers have checked the target");
  DeviceImage image{device->chip, "", ""};
  if (program.getOps<gpu::GPUModuleOp>().empty()) {
    image.description = describe(program, *device, "none", {});
    return image;
  }
  FailureOr<std::string> ptx = emitPtx(program);
  if (failed(ptx))
    return failure();
  if (llvm::Error missing = findToolkit(toolkit)) {
    std::string reason = llvm::toString(std::move(missing));
    if (!toolkit.path.empty())
      return program.emitError(reason);
    remark::missed(program.getLoc(),
                   remark::RemarkOpts::name("image").category("mx-ptxas"))
        << "kernels stay PTX, which the driver assembles: " + reason;
    image.bytes = std::move(*ptx);
    image.description = describe(program, *device, "ptx", {});
    return image;
  }
  auto code = assemble(program, toolkit, *ptx, device->chip->name);
  if (failed(code))
    return failure();
  image.bytes = std::move(code->first);
  image.description = describe(program, *device, "fatbin", code->second);
  return image;
}
