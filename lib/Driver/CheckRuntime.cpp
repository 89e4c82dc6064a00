//===- CheckRuntime.cpp - compare operations with the reference -----------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The side that faces the program: functions it may call, what it pushed, and
// the report. The comparisons themselves are in CheckReference.cpp.
//===----------------------------------------------------------------------===//

#include "CheckRuntime.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::mx;

CheckRuntime::CheckRuntime(ModuleOp module) {
  auto list = module->getAttrOfType<ArrayAttr>(kCheckSitesAttr);
  if (!list)
    return;
  for (ArrayAttr pair : list.getAsRange<ArrayAttr>()) {
    CheckSite site;
    site.operation = cast<StringAttr>(pair[0]).getValue().str();
    site.location = cast<StringAttr>(pair[1]).getValue().str();
    sites.push_back(std::move(site));
  }
}

void CheckRuntime::pushSaved(const CheckedBuffer &buffer) {
  saved.emplace(buffer);
}

void CheckRuntime::run(int64_t site, void (CheckRuntime::*check)(CheckSite &)) {
  ++sites[site].runs;
  (this->*check)(sites[site]);
  buffers.clear();
  numbers.clear();
  saved.reset();
}

//===----------------------------------------------------------------------===//
// Functions that programs call
//===----------------------------------------------------------------------===//

namespace {

/// The descriptor of the context, a memref of rank 0 whose address is the
/// runtime itself.
struct ContextDescriptor {
  void *allocated;
  CheckRuntime *runtime;
  int64_t offset;
};

struct UnrankedDescriptor {
  int64_t rank;
  const void *descriptor;
};

struct NamedFunction {
  StringRef name;
  void *address;
};

} // namespace

template <DType type>
static void pushBuffer(ContextDescriptor *context, UnrankedDescriptor *buffer) {
  context->runtime->pushBuffer({type, buffer->rank, buffer->descriptor});
}

template <DType type>
static void pushSaved(ContextDescriptor *context, UnrankedDescriptor *buffer) {
  context->runtime->pushSaved({type, buffer->rank, buffer->descriptor});
}

static void pushNumber(ContextDescriptor *context, int64_t number) {
  context->runtime->pushNumber(number);
}

template <void (CheckRuntime::*check)(CheckSite &)>
static void runCheck(ContextDescriptor *context, int64_t site) {
  context->runtime->run(site, check);
}

template <typename Function>
static void *getAddress(Function *function) {
  return reinterpret_cast<void *>(function);
}

static ArrayRef<NamedFunction> getFunctions() {
  using R = CheckRuntime;
  static const NamedFunction functions[] = {
      {"buffer_f32", getAddress(pushBuffer<DType::F32>)},
      {"buffer_bf16", getAddress(pushBuffer<DType::BF16>)},
      {"buffer_f16", getAddress(pushBuffer<DType::F16>)},
      {"buffer_i8", getAddress(pushBuffer<DType::U8>)},
      {"buffer_i32", getAddress(pushBuffer<DType::I32>)},
      {"buffer_i64", getAddress(pushBuffer<DType::I64>)},
      {"buffer_index", getAddress(pushBuffer<DType::I64>)},
      {"save_f32", getAddress(pushSaved<DType::F32>)},
      {"save_bf16", getAddress(pushSaved<DType::BF16>)},
      {"save_f16", getAddress(pushSaved<DType::F16>)},
      {"number", getAddress(pushNumber)},
      {"tensor_scale", getAddress(runCheck<&R::checkTensorScale>)},
      {"quantize", getAddress(runCheck<&R::checkQuantize>)},
      {"dequantize", getAddress(runCheck<&R::checkDequantize>)},
      {"rotate", getAddress(runCheck<&R::checkRotate>)},
      {"matmul", getAddress(runCheck<&R::checkMatmul>)},
      {"pack", getAddress(runCheck<&R::checkPack>)},
      {"unpack", getAddress(runCheck<&R::checkUnpack>)},
      {"tile_scales", getAddress(runCheck<&R::checkTileScales>)},
      {"untile_scales", getAddress(runCheck<&R::checkUntileScales>)},
      {"interleave", getAddress(runCheck<&R::checkInterleave>)},
  };
  return functions;
}

/// The symbol by which the C interface reaches a function.
static std::string getSymbolName(StringRef function) {
  return (Twine("_mlir_ciface_") + kCheckPrefix + function).str();
}

bool CheckRuntime::isSymbol(StringRef name) {
  name.consume_front("_mlir_ciface_");
  return name.consume_front(kCheckPrefix) &&
         llvm::any_of(getFunctions(), [&](const NamedFunction &function) {
           return function.name == name;
         });
}

SmallVector<RuntimeSymbol> CheckRuntime::getSymbols() {
  SmallVector<RuntimeSymbol> symbols = {{kCheckContextSymbol, this}};
  for (const NamedFunction &function : getFunctions())
    symbols.push_back({getSymbolName(function.name), function.address});
  return symbols;
}

//===----------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------===//

int64_t CheckRuntime::countMismatches() const {
  int64_t count = 0;
  for (const CheckSite &site : sites)
    count += site.mismatches;
  return count;
}

static std::string describeWorst(const CheckSite &site) {
  if (site.operation != "mx.packed.matmul")
    return "bits";
  return llvm::formatv("{0:F3} of bound", site.worst).str();
}

void CheckRuntime::printReport(raw_ostream &os) const {
  auto ran = llvm::make_filter_range(
      sites, [](const CheckSite &site) { return site.runs != 0; });
  if (ran.empty()) {
    os << "check: nothing to check\n";
    return;
  }
  size_t operationWidth = 9, locationWidth = 8;
  for (const CheckSite &site : ran) {
    operationWidth = std::max(operationWidth, site.operation.size());
    locationWidth = std::max(locationWidth, site.location.size());
  }
  auto printRow = [&](StringRef operation, StringRef location, StringRef runs,
                      StringRef checked, StringRef mismatches,
                      StringRef worst) {
    os << llvm::left_justify(operation, operationWidth) << "  "
       << llvm::left_justify(location, locationWidth) << "  "
       << llvm::right_justify(runs, 5) << "  "
       << llvm::right_justify(checked, 20) << "  "
       << llvm::right_justify(mismatches, 10) << "  " << worst << '\n';
  };
  printRow("operation", "location", "runs", "checked of total", "mismatches",
           "worst");
  for (const CheckSite &site : ran) {
    printRow(site.operation, site.location, std::to_string(site.runs),
             std::to_string(site.checked) + " of " + std::to_string(site.total),
             std::to_string(site.mismatches), describeWorst(site));
    if (!site.firstMismatch.empty())
      os << "  first mismatch: " << site.firstMismatch << '\n';
  }
}
