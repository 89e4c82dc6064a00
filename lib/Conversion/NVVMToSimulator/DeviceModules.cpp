//===- DeviceModules.cpp - functions and memory of device modules ---------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The host has one address space. Variables in shared memory get a place in
// the memory of the block, those whose size only the launch knows behind the
// others; variables elsewhere become variables of the host.
//===----------------------------------------------------------------------===//

#include "NVVMToSimulator.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mx;

static constexpr unsigned kSharedSpace = 3;

namespace {

/// Converts one module.
class DeviceModule {
public:
  DeviceModule(gpu::GPUModuleOp device, ModuleOp module, SimulatorCalls &calls)
      : device(device), module(module), calls(calls) {}

  LogicalResult convert(SimulatedKernels &kernels);

private:
  LogicalResult verifyContents();
  void layOutShared();
  LogicalResult renameSymbols();
  LogicalResult convertFunction(LLVM::LLVMFuncOp function);
  void convertAddresses(LLVM::LLVMFuncOp function);
  LLVM::LLVMFuncOp createEntry(LLVM::LLVMFuncOp kernel);

  gpu::GPUModuleOp device;
  ModuleOp module;
  SimulatorCalls &calls;
  /// Where each shared variable is in the memory of the block; nothing for
  /// those behind the others.
  llvm::StringMap<std::optional<int64_t>> shared;
  int64_t sharedBytes = 0;
};

} // namespace

/// Whether nothing but the launch says how large `global` is.
static bool isDynamic(LLVM::GlobalOp global) {
  auto array = dyn_cast<LLVM::LLVMArrayType>(global.getGlobalType());
  return array && array.getNumElements() == 0;
}

LogicalResult DeviceModule::verifyContents() {
  for (Operation &op : *device.getBody())
    if (!isa<LLVM::LLVMFuncOp, LLVM::GlobalOp>(op))
      return op.emitOpError("expected functions and variables of the LLVM "
                            "dialect in a device module, got another "
                            "operation");
  return success();
}

void DeviceModule::layOutShared() {
  DataLayout layout(device);
  for (auto global :
       llvm::make_early_inc_range(device.getOps<LLVM::GlobalOp>())) {
    if (global.getAddrSpace() != kSharedSpace)
      continue;
    Type type = global.getGlobalType();
    if (!isDynamic(global)) {
      sharedBytes = llvm::alignTo(
          sharedBytes,
          global.getAlignment().value_or(layout.getTypeABIAlignment(type)));
      shared[global.getSymName()] = sharedBytes;
      sharedBytes += layout.getTypeSize(type).getFixedValue();
    } else {
      shared[global.getSymName()] = std::nullopt;
    }
  }
  for (auto global :
       llvm::make_early_inc_range(device.getOps<LLVM::GlobalOp>())) {
    if (global.getAddrSpace() != kSharedSpace)
      continue;
    // What comes behind the others is as aligned as it asks for.
    if (isDynamic(global))
      sharedBytes =
          llvm::alignTo(sharedBytes, global.getAlignment().value_or(1));
    global.erase();
  }
}

/// llvm.mlir.addressof @shared  ⇒  a place in the memory of the block.
void DeviceModule::convertAddresses(LLVM::LLVMFuncOp function) {
  function.walk([&](LLVM::AddressOfOp op) {
    auto place = shared.find(op.getGlobalName());
    if (place == shared.end())
      return;
    DeviceRewriter rewrite(op, calls);
    Value address =
        place->second ? rewrite.call("mxsim_shared_pointer", op.getType(),
                                     rewrite.constant(*place->second))
                      : rewrite.call("mxsim_dynamic_shared", op.getType(), {});
    (void)rewrite.replace(address);
  });
}

/// llvm.inttoptr to shared memory  ⇒  the place with this offset.
static void convertIntegers(LLVM::LLVMFuncOp function, SimulatorCalls &calls) {
  function.walk([&](LLVM::IntToPtrOp op) {
    auto type = dyn_cast<LLVM::LLVMPointerType>(op.getType());
    if (!type || type.getAddressSpace() != kSharedSpace)
      return;
    DeviceRewriter rewrite(op, calls);
    Value offset = rewrite.convertBits(op.getArg(), rewrite.b.getI32Type());
    (void)rewrite.replace(rewrite.call("mxsim_shared_pointer", type, offset));
  });
}

/// All pointers become pointers of the host.
static void eraseAddressSpaces(LLVM::LLVMFuncOp function) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](LLVM::LLVMPointerType type) {
    return LLVM::LLVMPointerType::get(type.getContext());
  });
  replacer.recursivelyReplaceElementsIn(function, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  function.walk([](LLVM::AddrSpaceCastOp op) {
    op.replaceAllUsesWith(op.getArg());
    op.erase();
  });
}

/// Takes off what only device code may have.
static void eraseDeviceAttributes(LLVM::LLVMFuncOp function) {
  auto isForDevice = [](NamedAttribute attribute) {
    StringRef dialect = attribute.getName().getValue().split('.').first;
    return dialect == "nvvm" || dialect == "gpu";
  };
  SmallVector<StringAttr> names;
  for (NamedAttribute attribute : function->getDiscardableAttrs())
    if (isForDevice(attribute))
      names.push_back(attribute.getName());
  for (StringAttr name : names)
    function->removeDiscardableAttr(name);
  // A parameter that is passed by value comes as a pointer to it.
  function.removeArgAttrsAttr();
}

LogicalResult DeviceModule::convertFunction(LLVM::LLVMFuncOp function) {
  if (function.isExternal())
    return function.emitOpError("expected a device function with a body to "
                                "simulate, got a declaration");
  convertAddresses(function);
  convertIntegers(function, calls);
  if (failed(convertDeviceAccesses(function, calls)) ||
      failed(convertDeviceOperations(function, calls)))
    return failure();
  countLoopRounds(function, calls);
  eraseAddressSpaces(function);
  return success();
}

/// Names must be unique in the program.
LogicalResult DeviceModule::renameSymbols() {
  for (Operation &op : *device.getBody()) {
    StringAttr name = SymbolTable::getSymbolName(&op);
    std::string unique = (device.getName() + "." + name.getValue()).str();
    if (SymbolTable::lookupSymbolIn(module, unique))
      return op.emitOpError("expected a program without the name '")
             << unique << "', got one that has it";
    LogicalResult renamed = SymbolTable::replaceAllSymbolUses(
        name, StringAttr::get(op.getContext(), unique), device);
    assert(succeeded(renamed) &&
           "only operations of the LLVM dialect are left");
    (void)renamed;
    SymbolTable::setSymbolName(&op, unique);
    SymbolTable::setSymbolVisibility(&op, SymbolTable::Visibility::Public);
  }
  return success();
}

/// void entry(void **arguments): reads each and calls the kernel.
LLVM::LLVMFuncOp DeviceModule::createEntry(LLVM::LLVMFuncOp kernel) {
  ImplicitLocOpBuilder b(kernel.getLoc(), module.getContext());
  b.setInsertionPointAfter(kernel);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto entry = LLVM::LLVMFuncOp::create(
      b, (kernel.getName() + ".entry").str(),
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                  pointer),
      LLVM::Linkage::Internal);
  b.setInsertionPointToStart(entry.addEntryBlock(b));
  SmallVector<Value> operands;
  for (auto [index, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    Value slot = LLVM::GEPOp::create(b, pointer, pointer, entry.getArgument(0),
                                     LLVM::GEPArg(static_cast<int32_t>(index)));
    Value place = LLVM::LoadOp::create(b, pointer, slot);
    operands.push_back(LLVM::LoadOp::create(b, type, place));
  }
  LLVM::CallOp::create(b, kernel, operands);
  LLVM::ReturnOp::create(b, ValueRange());
  return entry;
}

/// The block that a kernel says it must have.
static std::array<int32_t, 3> getRequiredBlock(LLVM::LLVMFuncOp kernel) {
  std::array<int32_t, 3> required = {};
  auto extents = kernel->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getReqntidAttrName());
  if (!extents)
    return required;
  required = {1, 1, 1};
  llvm::copy(extents.asArrayRef().take_front(required.size()),
             required.begin());
  return required;
}

LogicalResult DeviceModule::convert(SimulatedKernels &kernels) {
  if (failed(verifyContents()))
    return failure();
  layOutShared();
  SmallVector<std::tuple<Attribute, LLVM::LLVMFuncOp, std::array<int32_t, 3>>>
      found;
  StringAttr moduleName = device.getNameAttr();
  for (auto function : device.getOps<LLVM::LLVMFuncOp>()) {
    if (failed(convertFunction(function)))
      return failure();
    if (function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()))
      found.push_back(
          {SymbolRefAttr::get(moduleName,
                              FlatSymbolRefAttr::get(function.getNameAttr())),
           function, getRequiredBlock(function)});
  }
  if (failed(renameSymbols()))
    return failure();
  for (Operation &op : llvm::make_early_inc_range(*device.getBody())) {
    op.moveBefore(device);
    if (auto global = dyn_cast<LLVM::GlobalOp>(op))
      global.setAddrSpace(0);
    else
      eraseDeviceAttributes(cast<LLVM::LLVMFuncOp>(op));
  }
  for (auto [name, function, block] : found)
    kernels[name] = {createEntry(function), sharedBytes, block};
  device.erase();
  return success();
}

LogicalResult mx::convertDeviceModule(gpu::GPUModuleOp device, ModuleOp module,
                                      SimulatorCalls &calls,
                                      SimulatedKernels &kernels) {
  return DeviceModule(device, module, calls).convert(kernels);
}
