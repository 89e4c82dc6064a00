//===- MakeWeights.cpp - give resources data ------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   mx-make-weights in.mlir out.mlirbc
//
// Fills the resources of a module that have no data with numbers that are about
// normally distributed, and writes it as bytecode. Text would take gigabytes.
// All tensors are windows of one buffer, so that this needs little more memory
// than the largest.
//===----------------------------------------------------------------------===//

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "mx/Numerics/Half.h"
#include "mx/Support/Register.h"
#include "llvm/Support/ToolOutputFile.h"
#include <cmath>
#include <cstring>

using namespace mlir;

/// Windows start this far from each other, so that no two tensors are equal.
static constexpr size_t windowStep = 4096;

/// The next number of a fixed sequence (splitmix64).
static uint64_t next(uint64_t &state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// A sum of four uniform numbers, of variance 1/1024.
static float draw(uint64_t &state) {
  uint64_t bits = next(state);
  int64_t sum = 0;
  for (int lane = 0; lane < 4; ++lane)
    sum += static_cast<int64_t>((bits >> (16 * lane)) & 0xFFFF) - 0x8000;
  return static_cast<float>(sum) * (std::sqrt(3.0f) / (32.0f * 65536.0f));
}

/// `bytes` of numbers of `type`: f32, or bf16 for every other type.
static std::vector<char> makeBuffer(Type type, size_t bytes) {
  std::vector<char> buffer(bytes);
  uint64_t state = 1;
  size_t width = type.isF32() ? 4 : 2;
  for (size_t i = 0; i + width <= bytes; i += width) {
    float value = draw(state);
    uint16_t narrow = mxnum::f32ToBF16(value);
    std::memcpy(&buffer[i], width == 4 ? static_cast<void *>(&value) : &narrow,
                width);
  }
  return buffer;
}

static size_t countBytes(DenseResourceElementsAttr attr) {
  return attr.getNumElements() * attr.getType().getElementTypeBitWidth() / 8;
}

/// The resources without data, each once.
static SmallVector<DenseResourceElementsAttr> findEmpty(ModuleOp module) {
  llvm::SetVector<DenseResourceElementsAttr> found;
  module.walk([&](Operation *op) {
    for (NamedAttribute attr : op->getAttrs())
      if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr.getValue()))
        if (!resource.getRawHandle().getBlob())
          found.insert(resource);
  });
  return found.takeVector();
}

static LogicalResult run(StringRef input, StringRef output) {
  DialectRegistry registry;
  mx::registerAllDialects(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, &context);
  if (!module)
    return failure();
  SmallVector<DenseResourceElementsAttr> resources = findEmpty(*module);
  if (resources.empty())
    return module->emitError("expected resources without data, got none");
  size_t largest = 0;
  for (DenseResourceElementsAttr attr : resources)
    largest = std::max(largest, countBytes(attr));
  std::vector<char> buffer =
      makeBuffer(resources.front().getElementType(),
                 largest + windowStep * resources.size());
  for (auto [index, attr] : llvm::enumerate(resources)) {
    ArrayRef<char> window(buffer.data() + windowStep * index, countBytes(attr));
    DenseResourceElementsHandle handle = attr.getRawHandle();
    DenseResourceElementsHandle::getManagerInterface(&context)
        .getBlobManager()
        .update(handle.getKey(),
                UnmanagedAsmResourceBlob::allocateWithAlign(window, 64));
  }
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(output, &error);
  if (!file)
    return module->emitError(error);
  if (failed(writeBytecodeToFile(*module, file->os())))
    return failure();
  file->keep();
  return success();
}

int main(int argc, char **argv) {
  if (argc != 3) {
    llvm::errs() << "usage: mx-make-weights in.mlir out.mlirbc\n";
    return 2;
  }
  return failed(run(argv[1], argv[2]));
}
