//===- CodeGen.cpp - from the LLVM dialect to machine code ----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The one file that translates to LLVM IR. Floating-point arithmetic is never
// contracted or reassociated here: the meaning of a program was fixed above.
//===----------------------------------------------------------------------===//

#include "CodeGen.h"
#include "PassRun.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mx/Conversion/Passes.h"
#include "mx/Dialect/MX/Transforms/RecordInterface.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace mlir;
using namespace mlir::mx;

void mlir::mx::registerTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerOpenMPDialectTranslation(registry);
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

namespace {

/// Builds `void mx_call_<name>(void **values)` around `_mlir_ciface_<name>`.
class EntryBuilder {
public:
  EntryBuilder(llvm::Module &module, const FunctionSignature &signature)
      : module(module), signature(signature), builder(module.getContext()) {}

  /// Returns false if the compiled function is not what the signature says.
  /// With a `program`, the entry is a run of its kernels, and another one takes
  /// a stream and returns the status.
  bool build(llvm::GlobalVariable *program);

private:
  llvm::Function *createFunction(llvm::Type *result,
                                 ArrayRef<llvm::Type *> parameters,
                                 const Twine &name);
  void buildRuns(llvm::Function *body, llvm::GlobalVariable *program);
  bool buildBody(llvm::Function *callee, llvm::Type *resultType);
  llvm::Value *loadSlot(unsigned index);
  void storeResults(llvm::Value *storage, llvm::Type *resultType);

  llvm::Module &module;
  const FunctionSignature &signature;
  llvm::IRBuilder<> builder;
  llvm::Value *slots = nullptr;
};

} // namespace

llvm::Value *EntryBuilder::loadSlot(unsigned index) {
  llvm::Value *slot =
      builder.CreateConstInBoundsGEP1_64(builder.getPtrTy(), slots, index);
  return builder.CreateLoad(builder.getPtrTy(), slot);
}

/// Several results come as one struct; each goes to storage of its own.
void EntryBuilder::storeResults(llvm::Value *storage, llvm::Type *resultType) {
  unsigned first = signature.arguments.size();
  for (unsigned i = 0, e = signature.results.size(); i < e; ++i) {
    llvm::Value *field = builder.CreateStructGEP(resultType, storage, i);
    llvm::Type *type = resultType->getStructElementType(i);
    builder.CreateStore(builder.CreateLoad(type, field), loadSlot(first + i));
  }
}

bool EntryBuilder::buildBody(llvm::Function *callee, llvm::Type *resultType) {
  size_t numArguments = signature.arguments.size();
  size_t numResults = signature.results.size();
  bool hasStorage = numResults != 0 && callee->getReturnType()->isVoidTy();
  bool isStruct = numResults > 1;
  if (callee->arg_size() != numArguments + hasStorage ||
      (isStruct && (!hasStorage || !resultType->isStructTy() ||
                    resultType->getStructNumElements() != numResults)))
    return false;
  SmallVector<llvm::Value *> operands;
  llvm::Value *storage = nullptr;
  if (hasStorage) {
    storage =
        isStruct ? builder.CreateAlloca(resultType) : loadSlot(numArguments);
    operands.push_back(storage);
  }
  for (auto [index, argument] : llvm::enumerate(signature.arguments)) {
    llvm::Type *type = callee->getArg(index + hasStorage)->getType();
    if (type->isPointerTy() != argument.isBuffer)
      return false;
    llvm::Value *value = loadSlot(index);
    operands.push_back(argument.isBuffer ? value
                                         : builder.CreateLoad(type, value));
  }
  llvm::Value *result = builder.CreateCall(callee, operands);
  if (isStruct)
    storeResults(storage, resultType);
  else if (numResults != 0 && !hasStorage)
    builder.CreateStore(result, loadSlot(numArguments));
  builder.CreateRetVoid();
  return true;
}

/// A new function, with the builder in it.
llvm::Function *EntryBuilder::createFunction(llvm::Type *result,
                                             ArrayRef<llvm::Type *> parameters,
                                             const Twine &name) {
  auto *type = llvm::FunctionType::get(result, parameters, /*isVarArg=*/false);
  auto *function = llvm::Function::Create(
      type, llvm::GlobalValue::ExternalLinkage, name, module);
  builder.SetInsertPoint(
      llvm::BasicBlock::Create(module.getContext(), "entry", function));
  return function;
}

/// Both entries call mx_gpu_run(program, body, values, stream).
void EntryBuilder::buildRuns(llvm::Function *body,
                             llvm::GlobalVariable *program) {
  llvm::Type *pointer = builder.getPtrTy(), *status = builder.getInt32Ty();
  llvm::FunctionCallee run = module.getOrInsertFunction(
      "mx_gpu_run", status, pointer, pointer, pointer, pointer);
  llvm::Function *plain = createFunction(builder.getVoidTy(), pointer,
                                         kEntryPrefix + signature.name);
  auto *null = llvm::ConstantPointerNull::get(builder.getPtrTy());
  builder.CreateCall(run, {program, body, plain->getArg(0), null});
  builder.CreateRetVoid();
  llvm::Function *withStream = createFunction(status, {pointer, pointer},
                                              kGpuEntryPrefix + signature.name);
  builder.CreateRet(builder.CreateCall(
      run, {program, body, withStream->getArg(0), withStream->getArg(1)}));
}

bool EntryBuilder::build(llvm::GlobalVariable *program) {
  llvm::Function *function = module.getFunction(signature.name);
  llvm::Function *callee = module.getFunction("_mlir_ciface_" + signature.name);
  if (!function || !callee)
    return false;
  llvm::Function *entry = createFunction(
      builder.getVoidTy(), builder.getPtrTy(),
      (program ? "mx_gpu_body_" : kEntryPrefix) + signature.name);
  slots = entry->getArg(0);
  if (!buildBody(callee, function->getReturnType()))
    return false;
  if (program)
    buildRuns(entry, program);
  return true;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

/// A text that the library shows. Weak: programs of two objects that are linked
/// into one library may both have it.
static void addText(llvm::Module &module, StringRef text, StringRef name) {
  llvm::Constant *bytes =
      llvm::ConstantDataArray::getString(module.getContext(), text);
  auto *global =
      new llvm::GlobalVariable(module, bytes->getType(), /*isConstant=*/true,
                               llvm::GlobalValue::WeakAnyLinkage, bytes, name);
  global->setAlignment(llvm::Align(1));
}

/// Memory of the program itself.
static llvm::GlobalVariable *addBytes(llvm::Module &module, StringRef bytes,
                                      const Twine &name) {
  // What machine code is aligned to in its file.
  constexpr uint64_t alignment = 16;
  llvm::Constant *value =
      llvm::ConstantDataArray::getString(module.getContext(), bytes);
  auto *global =
      new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                               llvm::GlobalValue::InternalLinkage, value, name);
  global->setAlignment(llvm::Align(alignment));
  return global;
}

/// Defines the `mx_gpu_program` (GpuRuntime.h) that host code refers to.
static llvm::GlobalVariable *defineProgram(llvm::Module &module,
                                           const DeviceImage &image) {
  llvm::LLVMContext &context = module.getContext();
  llvm::Type *number = llvm::Type::getInt32Ty(context);
  auto *pointer = llvm::PointerType::getUnqual(context);
  auto *type = llvm::StructType::get(number, number, pointer, pointer, pointer);
  llvm::Constant *null = llvm::ConstantPointerNull::get(pointer);
  llvm::Constant *bytes = image.bytes.empty()
                              ? null
                              : addBytes(module, image.bytes, "mx_gpu_image");
  llvm::Constant *fields[] = {
      llvm::ConstantInt::get(number, image.chip->capability),
      llvm::ConstantInt::get(number, static_cast<int>(image.chip->reach)),
      addBytes(module, image.chip->name, "mx_gpu_chip"), bytes, null};
  auto *program = new llvm::GlobalVariable(
      module, type, /*isConstant=*/false, llvm::GlobalValue::InternalLinkage,
      llvm::ConstantStruct::get(type, fields));
  if (auto *declared = module.getNamedGlobal(kGpuProgramSymbol)) {
    declared->replaceAllUsesWith(program);
    declared->eraseFromParent();
  }
  program->setName(kGpuProgramSymbol);
  addText(module, image.description, kGpuKernelsSymbol);
  return program;
}

//===----------------------------------------------------------------------===//
// Records
//===----------------------------------------------------------------------===//

/// Defines a function of RecordInterface.h: it calls the hook, if that is set.
static void defineRecordFunction(llvm::Function &function, RecordType type,
                                 llvm::GlobalVariable &hook) {
  llvm::LLVMContext &context = function.getContext();
  llvm::IRBuilder<> builder(context);
  auto addBlock = [&](StringRef name) {
    return llvm::BasicBlock::Create(context, name, &function);
  };
  llvm::BasicBlock *entry = addBlock("entry");
  llvm::BasicBlock *call = addBlock("call");
  llvm::BasicBlock *end = addBlock("end");
  builder.SetInsertPoint(entry);
  llvm::Type *pointer = builder.getPtrTy(), *number = builder.getInt64Ty();
  llvm::Value *callee = builder.CreateLoad(pointer, &hook);
  builder.CreateCondBr(builder.CreateIsNull(callee), end, call);
  builder.SetInsertPoint(call);
  llvm::Value *field = builder.CreateStructGEP(hook.getValueType(), &hook, 1);
  builder.CreateCall(
      llvm::FunctionType::get(builder.getVoidTy(),
                              {pointer, number, pointer, pointer},
                              /*isVarArg=*/false),
      callee,
      {builder.CreateLoad(pointer, field),
       builder.getInt64(static_cast<int64_t>(type)), function.getArg(0),
       function.getArg(1)});
  builder.CreateBr(end);
  builder.SetInsertPoint(end);
  builder.CreateRetVoid();
}

/// Adds the hook if there are records. Weak: the programs of two objects in one
/// library share it.
static void addRecordHook(llvm::Module &module) {
  llvm::LLVMContext &context = module.getContext();
  auto *pointer = llvm::PointerType::getUnqual(context);
  auto *signature = llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                                            {pointer, pointer},
                                            /*isVarArg=*/false);
  llvm::GlobalVariable *hook = nullptr;
  for (auto [index, name] : llvm::enumerate(kRecordTypeNames)) {
    llvm::Function *function = module.getFunction(
        (Twine("_mlir_ciface_") + kRecordPrefix + name).str());
    if (!function || !function->isDeclaration() ||
        function->getFunctionType() != signature)
      continue;
    if (!hook) {
      auto *type = llvm::StructType::get(context, {pointer, pointer});
      hook = new llvm::GlobalVariable(
          module, type, /*isConstant=*/false, llvm::GlobalValue::WeakAnyLinkage,
          llvm::Constant::getNullValue(type), kRecordHookSymbol);
    }
    defineRecordFunction(*function, static_cast<RecordType>(index), *hook);
  }
}

//===----------------------------------------------------------------------===//
// Optimisation and emission
//===----------------------------------------------------------------------===//

std::vector<std::string>
mlir::mx::listEntries(const FunctionSignature &function) {
  return {function.name, "_mlir_ciface_" + function.name,
          kEntryPrefix + function.name};
}

/// Names that stay visible: each public function in all its forms.
static llvm::StringSet<> collectExports(const ProgramSignature &signatures) {
  llvm::StringSet<> names;
  names.insert(kSignaturesSymbol);
  names.insert(kRecordHookSymbol);
  names.insert(kGpuKernelsSymbol);
  for (const FunctionSignature &function : signatures) {
    for (const std::string &name : listEntries(function))
      names.insert(name);
    names.insert(kGpuEntryPrefix + function.name);
  }
  return names;
}

static void annotateFunctions(llvm::Module &module,
                              const Processor &processor) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    // Nothing throws; without this, unwind tables would be written.
    function.setDoesNotThrow();
    if (!processor.chip.empty())
      function.addFnAttr("target-cpu", processor.chip);
    if (!processor.features.empty())
      function.addFnAttr("target-features", processor.features);
  }
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine,
                     const ProgramSignature &signatures,
                     Optimization optimization) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopInterleaving = true;
  tuning.LoopUnrolling = true;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  llvm::StringSet<> exports = collectExports(signatures);
  auto isExported = [&](const llvm::GlobalValue &value) {
    return exports.contains(value.getName());
  };
  auto level = optimization == Optimization::Full ? llvm::OptimizationLevel::O3
                                                  : llvm::OptimizationLevel::O1;
  runPasses(module, machine, tuning,
            [&](llvm::PassBuilder &passes, llvm::ModulePassManager &pipeline) {
              pipeline.addPass(llvm::InternalizePass(isExported));
              pipeline.addPass(passes.buildPerModuleDefaultPipeline(level));
            });
}

NativeCode::NativeCode() = default;
NativeCode::NativeCode(NativeCode &&) = default;
NativeCode::~NativeCode() = default;

FailureOr<NativeCode> NativeCode::create(ModuleOp module,
                                         const Processor &processor,
                                         const ProgramSignature &signatures,
                                         Optimization optimization,
                                         const DeviceImage *image) {
  NativeCode code;
  code.context = std::make_unique<llvm::LLVMContext>();
  code.machine = createMachine(processor, optimization);
  code.module = translateModuleToLLVMIR(module, *code.context, "mx");
  if (!code.module)
    return failure();
  code.module->setTargetTriple(code.machine->getTargetTriple());
  code.module->setDataLayout(code.machine->createDataLayout());
  llvm::GlobalVariable *program =
      image ? defineProgram(*code.module, *image) : nullptr;
  for (const FunctionSignature &signature : signatures)
    if (!EntryBuilder(*code.module, signature).build(program))
      return SymbolTable::lookupSymbolIn(module, signature.name)->emitError()
             << "expected '" << signature.name
             << "' to take buffers by memref descriptor, got another "
                "convention";
  // Whoever sets the hook takes it for a variable of ours.
  if (Operation *taken = SymbolTable::lookupSymbolIn(module, kRecordHookSymbol))
    return taken->emitError("expected another name than '")
           << kRecordHookSymbol << "', which compiled code exports";
  addText(*code.module, printSignatures(signatures), kSignaturesSymbol);
  addRecordHook(*code.module);
  annotateFunctions(*code.module, processor);
  optimize(*code.module, *code.machine, signatures, optimization);
  return code;
}

void NativeCode::printIR(raw_ostream &os) const { module->print(os, nullptr); }

void NativeCode::renameEntries(const ProgramSignature &signatures,
                               StringRef suffix) {
  for (const FunctionSignature &function : signatures)
    for (const std::string &name : listEntries(function))
      if (llvm::Function *entry = module->getFunction(name)) {
        entry->setName(name + suffix);
        entry->setVisibility(llvm::GlobalValue::HiddenVisibility);
      }
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> NativeCode::emitObject() {
  return mlir::mx::emitObject(*module, *machine);
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
mlir::mx::emitObject(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr,
                                  llvm::CodeGenFileType::ObjectFile))
    return llvm::createStringError("expected a target that writes objects");
  passes.run(module);
  return std::make_unique<llvm::SmallVectorMemoryBuffer>(
      std::move(bytes), "mx", /*RequiresNullTerminator=*/false);
}
