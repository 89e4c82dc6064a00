//===- Dispatch.cpp - one library for several processors ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
//   int choose()      the first case whose features are all there
//   void *f.choose()  its f, which is what the loader resolves f to
//
// What the machine has is read as compiled C does it: by the variables and the
// function that libgcc and compiler-rt define for __builtin_cpu_supports.
//===----------------------------------------------------------------------===//

#include "Dispatch.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace mlir;
using namespace mlir::mx;

/// Words of features: one in __cpu_model, three in __cpu_features2.
static constexpr unsigned kFeatureWords = 4;

/// Whether __builtin_cpu_supports knows a feature.
static bool isReported(StringRef feature) {
  return llvm::StringSwitch<bool>(feature)
#define X86_FEATURE_COMPAT(ENUM, NAME, PRIORITY, ABI_VALUE) .Case(NAME, true)
#include "llvm/TargetParser/X86TargetParser.def"
      .Default(false);
}

/// The bits of a processor's features, in the order of the variables.
static std::array<uint32_t, kFeatureWords>
getFeatureBits(const Processor &processor) {
  SmallVector<StringRef> all, reported;
  StringRef(processor.features).split(all, ',', -1, /*KeepEmpty=*/false);
  for (StringRef feature : all)
    if (feature.consume_front("+") && isReported(feature))
      reported.push_back(feature);
  return llvm::X86::getCpuSupportsMask(reported);
}

std::optional<std::string>
mlir::mx::explainNoDispatch(const Processor &processor) {
  if (getTriple(processor).getArch() == llvm::Triple::x86_64)
    return std::nullopt;
  return "expected processors of x86-64 where there are several targets, got "
         "'" +
         processor.chip + "'";
}

namespace {

class DispatchBuilder {
public:
  DispatchBuilder(llvm::Module &module, ArrayRef<DispatchCase> cases)
      : module(module), cases(cases), builder(module.getContext()) {}

  void build(const ProgramSignature &signatures);

private:
  llvm::Function *createFunction(llvm::Type *result, const Twine &name);
  void buildChoice();
  llvm::Value *loadWord(unsigned word);
  void buildName(const std::string &name);

  llvm::Module &module;
  ArrayRef<DispatchCase> cases;
  llvm::IRBuilder<> builder;
  llvm::Function *choice = nullptr;
};

} // namespace

/// A new function without arguments that only this object sees, with the
/// builder in it.
llvm::Function *DispatchBuilder::createFunction(llvm::Type *result,
                                                const Twine &name) {
  auto *function = llvm::Function::Create(
      llvm::FunctionType::get(result, /*isVarArg=*/false),
      llvm::GlobalValue::InternalLinkage, name, module);
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(module.getContext(), "entry", function));
  return function;
}

llvm::Value *DispatchBuilder::loadWord(unsigned word) {
  llvm::Type *number = builder.getInt32Ty();
  bool isFirst = word == 0;
  // struct { unsigned vendor, type, subtype, features[1]; }
  constexpr unsigned modelWords = 4;
  llvm::Type *type =
      llvm::ArrayType::get(number, isFirst ? modelWords : kFeatureWords - 1);
  auto *variable = cast<llvm::GlobalVariable>(module.getOrInsertGlobal(
      isFirst ? "__cpu_model" : "__cpu_features2", type));
  variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
  return builder.CreateLoad(
      number, builder.CreateConstInBoundsGEP2_32(
                  type, variable, 0, isFirst ? modelWords - 1 : word - 1));
}

/// The number of the first case that the machine can run.
void DispatchBuilder::buildChoice() {
  choice = createFunction(builder.getInt32Ty(), "choose");
  llvm::FunctionCallee read =
      module.getOrInsertFunction("__cpu_indicator_init", builder.getInt32Ty());
  builder.CreateCall(read);
  llvm::Value *chosen = builder.getInt32(cases.size() - 1);
  for (unsigned i = cases.size() - 1; i-- > 0;) {
    llvm::Value *fits = builder.getTrue();
    auto bits = getFeatureBits(cases[i].processor);
    for (auto [word, mask] : llvm::enumerate(bits)) {
      // An older library has fewer words.
      if (mask == 0)
        continue;
      llvm::Value *present = builder.CreateAnd(loadWord(word), mask);
      fits = builder.CreateAnd(
          fits, builder.CreateICmpEQ(present, builder.getInt32(mask)));
    }
    chosen = builder.CreateSelect(fits, builder.getInt32(i), chosen);
  }
  builder.CreateRet(chosen);
}

void DispatchBuilder::buildName(const std::string &name) {
  // Only addresses are taken, so types do not matter.
  auto *type = llvm::FunctionType::get(builder.getVoidTy(), false);
  llvm::Function *resolver =
      createFunction(builder.getPtrTy(), name + ".choose");
  llvm::Value *chosen = builder.CreateCall(choice), *address = nullptr;
  for (auto [i, one] : llvm::enumerate(cases)) {
    auto *function = llvm::Function::Create(
        type, llvm::GlobalValue::ExternalLinkage, name + one.suffix, module);
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    address = address ? builder.CreateSelect(
                            builder.CreateICmpEQ(chosen, builder.getInt32(i)),
                            function, address)
                      : static_cast<llvm::Value *>(function);
  }
  builder.CreateRet(address);
  llvm::GlobalIFunc::create(type, /*AddressSpace=*/0,
                            llvm::GlobalValue::ExternalLinkage, name, resolver,
                            &module);
}

void DispatchBuilder::build(const ProgramSignature &signatures) {
  buildChoice();
  for (const FunctionSignature &function : signatures)
    for (const std::string &name : listEntries(function))
      buildName(name);
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
mlir::mx::createDispatch(const ProgramSignature &signatures,
                         ArrayRef<DispatchCase> cases) {
  llvm::LLVMContext context;
  llvm::Module module("mx-dispatch", context);
  std::unique_ptr<llvm::TargetMachine> machine =
      createMachine(cases.back().processor, Optimization::Full);
  module.setTargetTriple(machine->getTargetTriple());
  module.setDataLayout(machine->createDataLayout());
  DispatchBuilder(module, cases).build(signatures);
  return emitObject(module, *machine);
}
