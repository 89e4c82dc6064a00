//===- Program.cpp - compiled code in this process ------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// The one file that uses LLVM's JIT linker. The process's own symbols are not
// offered to it: an unknown name is an error, not a call into libc.
//===----------------------------------------------------------------------===//

#include "Program.h"
#include "Processor.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/TargetParser/Host.h"
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::mx;

Program::Program() = default;
Program::Program(Program &&) = default;
Program::~Program() = default;

void Program::LibraryCloser::operator()(void *handle) const {
  ::dlclose(handle);
}

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

/// Fails unless this machine can run an object.
static llvm::Error checkMachine(llvm::MemoryBufferRef bytes) {
  auto object = llvm::object::ObjectFile::createObjectFile(bytes);
  if (!object)
    return object.takeError();
  llvm::Triple host(llvm::sys::getProcessTriple());
  llvm::Triple::ArchType arch = (*object)->getArch();
  if (arch == host.getArch())
    return llvm::Error::success();
  return llvm::createStringError(
      "expected a target that this machine (" +
      llvm::Triple::getArchTypeName(host.getArch()) + ") can run, got one of " +
      llvm::Triple::getArchTypeName(arch) +
      "; 'mx-compile' writes objects and libraries for it");
}

static llvm::orc::SymbolMap makeSymbolMap(llvm::orc::LLJIT &jit,
                                          ArrayRef<RuntimeSymbol> symbols) {
  llvm::orc::SymbolMap map;
  auto add = [&](const RuntimeSymbol &symbol) {
    map[jit.mangleAndIntern(symbol.name)] = {
        llvm::orc::ExecutorAddr::fromPtr(symbol.address),
        llvm::JITSymbolFlags::Exported};
  };
  llvm::for_each(getRuntimeSymbols(), add);
  llvm::for_each(symbols, add);
  return map;
}

llvm::Expected<Program>
Program::link(std::unique_ptr<llvm::MemoryBuffer> object,
              ArrayRef<RuntimeSymbol> symbols) {
  initializeNativeTarget();
  if (llvm::Error error = checkMachine(*object))
    return error;
  auto jit = llvm::orc::LLJITBuilder()
                 .setLinkProcessSymbolsByDefault(false)
                 .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                 .create();
  if (!jit)
    return jit.takeError();
  // Everything is linked at the first lookup; what goes wrong is reported here.
  std::string details;
  llvm::orc::ExecutionSession &session = (*jit)->getExecutionSession();
  session.setErrorReporter([&](llvm::Error error) {
    details += ": " + llvm::toString(std::move(error));
  });
  Program program;
  program.jit = std::move(*jit);
  llvm::orc::JITDylib &main = program.jit->getMainJITDylib();
  llvm::orc::SymbolMap map = makeSymbolMap(*program.jit, symbols);
  if (llvm::Error error =
          main.define(llvm::orc::absoluteSymbols(std::move(map))))
    return error;
  if (llvm::Error error = program.jit->addObjectFile(std::move(object)))
    return error;
  llvm::Error error = program.readSignatures();
  session.setErrorReporter(llvm::consumeError);
  if (error)
    return llvm::createStringError(llvm::toString(std::move(error)) + details);
  return program;
}

//===----------------------------------------------------------------------===//
// Libraries
//===----------------------------------------------------------------------===//

llvm::Expected<Program> Program::load(StringRef path) {
  // A path without a slash would be searched for.
  SmallString<128> absolute(path);
  if (std::error_code error = llvm::sys::fs::make_absolute(absolute))
    return llvm::createStringError(path + ": " + error.message());
  // The loader maps a truncated file and dies of it.
  if (auto object = llvm::object::ObjectFile::createObjectFile(absolute);
      !object)
    return llvm::createStringError(path + ": expected a shared library, got " +
                                   llvm::toString(object.takeError()));
  Program program;
  program.library.reset(::dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!program.library)
    return llvm::createStringError("expected a shared library, got " +
                                   Twine(::dlerror()));
  if (llvm::Error error = program.readSignatures())
    return llvm::createStringError(path + ": " +
                                   llvm::toString(std::move(error)));
  return program;
}

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

llvm::Expected<void *> Program::lookup(StringRef name) {
  if (jit) {
    auto address = jit->lookup(name);
    if (!address)
      return address.takeError();
    return address->toPtr<void *>();
  }
  if (void *address = ::dlsym(library.get(), name.str().c_str()))
    return address;
  return llvm::createStringError(
      "expected a library that mx-compile wrote, got one without '" + name +
      "'");
}

llvm::Error Program::readSignatures() {
  llvm::Expected<void *> text = lookup(kSignaturesSymbol);
  if (!text)
    return text.takeError();
  llvm::Expected<ProgramSignature> parsed =
      parseSignatures(static_cast<const char *>(*text));
  if (!parsed)
    return parsed.takeError();
  signatures = std::move(*parsed);
  return llvm::Error::success();
}

llvm::Expected<Program::Entry> Program::lookupEntry(StringRef function) {
  llvm::Expected<void *> address = lookup((kEntryPrefix + function).str());
  if (!address)
    return address.takeError();
  return reinterpret_cast<Entry>(*address);
}

bool Program::isForGpu() {
  llvm::Expected<void *> address = lookup(kGpuKernelsSymbol);
  if (address)
    return true;
  llvm::consumeError(address.takeError());
  return false;
}

llvm::Expected<Program::GpuEntry> Program::lookupGpuEntry(StringRef function) {
  llvm::Expected<void *> address = lookup((kGpuEntryPrefix + function).str());
  if (!address)
    return address.takeError();
  return reinterpret_cast<GpuEntry>(*address);
}

llvm::Expected<Program::GpuError> Program::lookupGpuError() {
  llvm::Expected<void *> address = lookup("mx_gpu_error");
  if (!address)
    return address.takeError();
  return reinterpret_cast<GpuError>(*address);
}

RecordHook *Program::lookupRecordHook() {
  llvm::Expected<void *> address = lookup(kRecordHookSymbol);
  if (address)
    return static_cast<RecordHook *>(*address);
  llvm::consumeError(address.takeError());
  return nullptr;
}
