//===- Signature.cpp - how a compiled function is called ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "mx/Driver/Signature.h"
#include "RuntimeSymbols.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/SymbolTable.h"
#include "mx/Dialect/MX/IR/MXDialect.h"
#include "mx/Numerics/PackedLayout.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace mlir::mx;

//===----------------------------------------------------------------------===//
// Recording
//===----------------------------------------------------------------------===//

/// The element type in which values of `type` cross the boundary.
static std::optional<DType> convertElementType(Type type) {
  if (getSmallFloatBits(type))
    return DType::U8;
  if (type.isF64())
    return DType::F64;
  if (type.isF32())
    return DType::F32;
  if (type.isF16())
    return DType::F16;
  if (type.isBF16())
    return DType::BF16;
  if (type.isIndex())
    return DType::I64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  if (integer.getWidth() == 1)
    return DType::Bool;
  std::string name =
      (integer.isUnsigned() ? "u" : "i") + std::to_string(integer.getWidth());
  return lookupDType(name);
}

static std::string printType(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// A dynamic size is -1 here, whatever MLIR calls it.
static SmallVector<int64_t, 4> convertShape(ArrayRef<int64_t> shape) {
  SmallVector<int64_t, 4> result(shape);
  for (int64_t &size : result)
    if (ShapedType::isDynamic(size))
      size = -1;
  return result;
}

static void appendBlocked(BlockTensorType type,
                          std::vector<ValueSignature> &values) {
  auto append = [&](StringRef part, RankedTensorType partType, DType element) {
    values.push_back({(part + " of '" + printType(type) + "'").str(), element,
                      /*isBuffer=*/true, convertShape(partType.getShape())});
  };
  append("payload", type.getPackedPayloadType(), DType::U8);
  append("scales", type.getPackedScalesType(), DType::U8);
  if (type.getFormat().getTensorScale())
    append("tensor scale", type.getTensorScaleType(), DType::F32);
}

/// Appends the parts of `type`. False if it cannot cross the boundary.
static bool appendValue(Type type, std::vector<ValueSignature> &values) {
  if (auto blocked = dyn_cast<BlockTensorType>(type)) {
    appendBlocked(blocked, values);
    return true;
  }
  // The caller passes plain row-major arrays.
  auto buffer = dyn_cast<MemRefType>(type);
  if (buffer && (!buffer.getLayout().isIdentity() || buffer.getMemorySpace()))
    return false;
  bool isBuffer = isa<RankedTensorType, MemRefType>(type);
  Type elementType = isBuffer ? cast<ShapedType>(type).getElementType() : type;
  std::optional<DType> element = convertElementType(elementType);
  if (!element)
    return false;
  SmallVector<int64_t, 4> shape;
  if (isBuffer)
    shape = convertShape(cast<ShapedType>(type).getShape());
  // N8.1: codes are packed along the last dimension.
  if (std::optional<unsigned> bits = getSmallFloatBits(elementType))
    if (!shape.empty() && shape.back() >= 0)
      shape.back() = mxnum::getPackedBytes(shape.back(), *bits);
  values.push_back({"'" + printType(type) + "'", *element, isBuffer, shape});
  return true;
}

static LogicalResult recordFunction(func::FuncOp function,
                                    ProgramSignature &program) {
  FunctionSignature signature;
  signature.name = function.getName().str();
  auto emitUnsupported = [&](StringRef what, Type type) {
    return function.emitError()
           << "expected " << what << " of a public function to be tensors, "
           << "block-scaled tensors or numbers, got " << type;
  };
  for (Type type : function.getArgumentTypes()) {
    unsigned index = signature.arguments.size();
    if (!appendValue(type, signature.arguments))
      return emitUnsupported("the arguments", type);
    if (auto blocked = dyn_cast<BlockTensorType>(type))
      signature.blockedArguments.push_back(
          {index, blocked.getFormat().getElementBits(),
           blocked.getFormat().getBlock(), blocked.getAxis()});
  }
  for (Type type : function.getResultTypes())
    if (!appendValue(type, signature.results))
      return emitUnsupported("the results", type);
  program.push_back(std::move(signature));
  return success();
}

/// The driver adds symbols of its own to the program.
static LogicalResult verifyNames(ModuleOp module) {
  for (Operation &op : *module.getBody()) {
    if (isa<ModuleOp>(op))
      return op.emitError("expected functions in the outermost module, got a "
                          "module inside it");
    auto name = op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
    auto function = dyn_cast<func::FuncOp>(op);
    if (function && !function.isDeclaration() &&
        isAllowedSymbol(name.getValue()))
      return op.emitError() << "expected a name that compiled code does not "
                               "call itself, got '"
                            << name.getValue() << "'";
    if (name && (name.getValue().starts_with(kEntryPrefix) ||
                 name.getValue().starts_with(kGpuPrefix) ||
                 name.getValue() == kSignaturesSymbol))
      return op.emitError()
             << "expected a name that is not reserved ('" << kSignaturesSymbol
             << "', '" << kEntryPrefix << "…', '" << kGpuPrefix << "…'), got '"
             << name.getValue() << "'";
  }
  return success();
}

FailureOr<ProgramSignature> mlir::mx::recordSignatures(ModuleOp module) {
  if (failed(verifyNames(module)))
    return failure();
  ProgramSignature program;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isDeclaration() &&
        failed(recordFunction(function, program)))
      return failure();
  return program;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// Version of the JSON form; a reader accepts its own only.
static constexpr int64_t kVersion = 1;

static llvm::json::Array
printValues(const std::vector<ValueSignature> &values) {
  llvm::json::Array array;
  for (const ValueSignature &value : values)
    array.push_back(llvm::json::Object{
        {"description", value.description},
        {"type", getDTypeName(value.type)},
        {"buffer", value.isBuffer},
        {"shape", llvm::json::Array(value.shape)},
    });
  return array;
}

std::string mlir::mx::printSignatures(const ProgramSignature &program) {
  llvm::json::Array functions;
  for (const FunctionSignature &function : program) {
    llvm::json::Array blocked;
    for (const BlockedArgument &argument : function.blockedArguments)
      blocked.push_back(llvm::json::Object{{"payload", argument.payload},
                                           {"bits", argument.elementBits},
                                           {"block", argument.block},
                                           {"axis", argument.axis}});
    functions.push_back(llvm::json::Object{
        {"name", function.name},
        {"arguments", printValues(function.arguments)},
        {"results", printValues(function.results)},
        {"blocked", std::move(blocked)},
    });
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(llvm::json::Object{
      {"version", kVersion}, {"functions", std::move(functions)}});
  return text;
}

// Found by argument-dependent lookup.
namespace mlir::mx {

static bool fromJSON(const llvm::json::Value &json, ValueSignature &value,
                     llvm::json::Path path) {
  llvm::json::ObjectMapper mapper(json, path);
  std::string type;
  std::vector<int64_t> shape;
  if (!mapper || !mapper.map("description", value.description) ||
      !mapper.map("type", type) || !mapper.map("buffer", value.isBuffer) ||
      !mapper.map("shape", shape))
    return false;
  std::optional<DType> element = lookupDType(type);
  if (!element) {
    path.field("type").report("expected an element type");
    return false;
  }
  value.type = *element;
  value.shape.assign(shape.begin(), shape.end());
  return true;
}

static bool fromJSON(const llvm::json::Value &json, BlockedArgument &argument,
                     llvm::json::Path path) {
  llvm::json::ObjectMapper mapper(json, path);
  return mapper && mapper.map("payload", argument.payload) &&
         mapper.map("bits", argument.elementBits) &&
         mapper.map("block", argument.block) &&
         mapper.map("axis", argument.axis);
}

static bool fromJSON(const llvm::json::Value &json, FunctionSignature &function,
                     llvm::json::Path path) {
  llvm::json::ObjectMapper mapper(json, path);
  return mapper && mapper.map("name", function.name) &&
         mapper.map("arguments", function.arguments) &&
         mapper.map("results", function.results) &&
         mapper.map("blocked", function.blockedArguments);
}

} // namespace mlir::mx

llvm::Expected<ProgramSignature> mlir::mx::parseSignatures(StringRef json) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(json);
  if (!value)
    return value.takeError();
  llvm::json::Path::Root root(kSignaturesSymbol);
  llvm::json::ObjectMapper mapper(*value, root);
  int64_t version = 0;
  ProgramSignature program;
  if (!mapper || !mapper.map("version", version))
    return root.getError();
  if (version != kVersion)
    return llvm::createStringError("expected signatures of version " +
                                   Twine(kVersion) + ", got " + Twine(version));
  if (!mapper.map("functions", program))
    return root.getError();
  return program;
}

//===----------------------------------------------------------------------===//
// Consistency
//===----------------------------------------------------------------------===//

/// Whether `scales` is a possible number of scales for a row of `bytes` bytes,
/// whose number of codes is known up to those that fit in its last byte.
static bool fitsPackedRow(int64_t bytes, int64_t scales,
                          const BlockedArgument &argument) {
  int64_t bits = argument.elementBits;
  int64_t most = bytes * 8 / bits;
  int64_t least = bytes == 0 ? 0 : (bytes - 1) * 8 / bits + 1;
  auto countBlocks = [&](int64_t codes) {
    return codes / argument.block + (codes % argument.block != 0);
  };
  return countBlocks(least) <= scales && scales <= countBlocks(most);
}

static bool areConsistent(ArrayRef<int64_t> payload, ArrayRef<int64_t> scales,
                          const BlockedArgument &argument) {
  int64_t rank = payload.size();
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isPacked = dim == rank - 1;
    bool isBlocked = dim == argument.axis;
    BlockedArgument view = argument;
    view.elementBits = isPacked ? argument.elementBits : 8;
    view.block = isBlocked ? argument.block : 1;
    if (!fitsPackedRow(payload[dim], scales[dim], view))
      return false;
  }
  return true;
}

std::optional<std::string>
mlir::mx::explainInconsistentParts(const FunctionSignature &function,
                                   ArrayRef<ArrayRef<int64_t>> shapes) {
  for (const BlockedArgument &argument : function.blockedArguments) {
    ArrayRef<int64_t> payload = shapes[argument.payload];
    ArrayRef<int64_t> scales = shapes[argument.payload + 1];
    if (areConsistent(payload, scales, argument))
      continue;
    return "expected the " +
           function.arguments[argument.payload + 1].description +
           " to fit a payload of '" + formatShape(payload, DType::U8) +
           "', got '" + formatShape(scales, DType::U8) + "'";
  }
  return std::nullopt;
}
