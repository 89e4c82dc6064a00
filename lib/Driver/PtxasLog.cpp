//===- PtxasLog.cpp - what ptxas has to say -------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// ptxas speaks of lines of a file that nobody keeps; here its sentences reach
// the kernels that they are about.
//===----------------------------------------------------------------------===//

#include "CudaToolkit.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/Regex.h"

using namespace mlir;
using namespace mlir::mx;

namespace {

class LogReader {
public:
  LogReader(ModuleOp program, StringRef ptx) : program(program) {
    ptx.split(code, '\n');
  }

  LogicalResult read(StringRef log);

private:
  Location findKernel(StringRef name);
  StringRef findEnclosing(size_t line);
  void readLine(StringRef line);
  void reportProblem(StringRef line, StringRef text, bool isError);

  ModuleOp program;
  SmallVector<StringRef> code;
  /// The kernel whose resources come next, and its spills.
  StringRef kernel, spills;
  bool hasErrors = false;
};

} // namespace

Location LogReader::findKernel(StringRef name) {
  for (auto module : program.getOps<gpu::GPUModuleOp>())
    if (auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return function.getLoc();
  return program.getLoc();
}

/// The function of the PTX that a line (from 1 on) belongs to.
StringRef LogReader::findEnclosing(size_t line) {
  static constexpr StringRef marks[] = {".entry ", ".func "};
  for (size_t i = std::min(line, code.size()); i-- > 0;)
    for (StringRef mark : marks)
      if (size_t at = code[i].find(mark); at != StringRef::npos)
        return code[i].substr(at + mark.size()).take_until([](char c) {
          return c == '(' || c == ' ';
        });
  return "";
}

/// Emits a problem of the line `position` ("" if there is none).
void LogReader::reportProblem(StringRef position, StringRef text,
                              bool isError) {
  size_t number = 0;
  position.getAsInteger(10, number);
  Location location = findKernel(number ? findEnclosing(number) : kernel);
  hasErrors |= isError;
  InFlightDiagnostic diagnostic =
      isError ? emitError(location) : emitWarning(location);
  diagnostic << "expected ptxas to assemble this without complaint, got '"
             << text << "'";
  if (number != 0 && number <= code.size())
    diagnostic << " at '" << code[number - 1].trim() << "'";
}

void LogReader::readLine(StringRef line) {
  SmallVector<StringRef> parts;
  auto matches = [&](StringRef pattern) {
    return llvm::Regex(pattern).match(line, &parts);
  };
  // Harmless: one more wait for each hand-over of registers.
  constexpr StringRef handOver = "C7519";
  if (matches("(line ([0-9]+); )?(error|warning) *(\\([A-Z0-9]+\\))? *: (.*)"))
    return reportProblem(parts[2], parts[5],
                         parts[3] == "error" || parts[4].starts_with("(C75"));
  if (matches("fatal *: (.*)")) {
    if (!hasErrors)
      reportProblem("", parts[1], /*isError=*/true);
    return;
  }
  if (matches("info *\\((C75[0-9]+)\\) *: (.*)") && parts[1] != handOver)
    return reportProblem("", parts[2], /*isError=*/true);
  if (matches("Compiling entry function '([^']+)'")) {
    kernel = parts[1];
    return;
  }
  if (matches("stack frame, ([0-9]+ bytes spill stores, [0-9]+ bytes spill "
              "loads)")) {
    spills = parts[1];
    return;
  }
  if (!matches("(Used [0-9]+ registers.*)") || kernel.empty())
    return;
  auto options = remark::RemarkOpts::name("resources").category("mx-ptxas");
  std::string resources = (kernel + ": " + parts[1]).str();
  if (spills.starts_with("0 bytes spill stores, 0 "))
    remark::passed(findKernel(kernel), options) << resources + ", no spills";
  else
    remark::missed(findKernel(kernel), options)
        << resources + ", " + spills.str();
}

LogicalResult LogReader::read(StringRef log) {
  SmallVector<StringRef> lines;
  log.split(lines, '\n');
  for (StringRef line : lines)
    readLine(line);
  return success(!hasErrors);
}

std::vector<KernelResources> mlir::mx::readResources(StringRef log) {
  std::vector<KernelResources> all;
  SmallVector<StringRef> lines, parts;
  log.split(lines, '\n');
  StringRef kernel;
  for (StringRef line : lines) {
    if (llvm::Regex("Compiling entry function '([^']+)'").match(line, &parts))
      kernel = parts[1];
    if (!llvm::Regex("Used ([0-9]+) registers").match(line, &parts))
      continue;
    KernelResources resources{kernel.str(), 0, 0};
    parts[1].getAsInteger(10, resources.registers);
    if (llvm::Regex(" ([0-9]+) bytes smem").match(line, &parts))
      parts[1].getAsInteger(10, resources.sharedBytes);
    all.push_back(resources);
  }
  return all;
}

LogicalResult mlir::mx::reportLog(ModuleOp program, StringRef ptx,
                                  const AssembledCode &code) {
  if (failed(LogReader(program, ptx).read(code.log)))
    return failure();
  if (!code.assembled)
    return program.emitError("expected ptxas to succeed, got a failure without "
                             "a message");
  return success();
}
