//===- Program.cpp - compiled code across the C boundary ------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Program.h"
#include "Text.h"
#include "mx/Driver/Exit.h"

using namespace mlir::mx;
using llvm::Expected;
using llvm::StringRef;

static_assert(static_cast<int>(DType::Bool) == MX_BOOL &&
                  static_cast<int>(DType::I64) == MX_I64 &&
                  static_cast<int>(DType::U8) == MX_U8 &&
                  static_cast<int>(DType::F16) == MX_F16 &&
                  static_cast<int>(DType::F64) == MX_F64,
              "the types of the two interfaces have the same numbers");

struct MXProgram {
  Executable executable;
  /// The values of each function, pointing into the signatures.
  struct Function {
    std::vector<MXValue> arguments, results;
  };
  std::vector<Function> functions;
};

struct MXResults {
  std::vector<Array> arrays;
};

//===----------------------------------------------------------------------===//
// Making
//===----------------------------------------------------------------------===//

static std::vector<MXValue>
describeValues(const std::vector<ValueSignature> &values) {
  std::vector<MXValue> result;
  for (const ValueSignature &value : values)
    result.push_back(
        {value.description.c_str(), static_cast<MXType>(value.type),
         static_cast<int64_t>(value.shape.size()), value.shape.data(),
         StringRef(value.description).starts_with("'memref<")});
  return result;
}

MXProgram *mlir::mx::makeProgram(Executable executable) {
  auto *program = new MXProgram{std::move(executable), {}};
  for (const FunctionSignature &function : program->executable.getSignatures())
    program->functions.push_back(
        {describeValues(function.arguments), describeValues(function.results)});
  return program;
}

MXProgram *mxProgramLoad(const char *path, MXText **messages) {
  setMessages(messages, "");
  std::string text;
  std::optional<Executable> loaded;
  ExitCode code = runProtected(
      [&] {
        Expected<Executable> executable = Executable::load(path);
        if (!executable) {
          text = llvm::toString(executable.takeError());
          return ExitCode::UserError;
        }
        loaded.emplace(std::move(*executable));
        return ExitCode::Success;
      },
      [&] {
        text = "expected '" + std::string(path) + "' to load, got a crash";
      });
  if (code == ExitCode::Success)
    return makeProgram(std::move(*loaded));
  fail(messages, text);
  return nullptr;
}

void mxProgramDestroy(MXProgram *program) { delete program; }

//===----------------------------------------------------------------------===//
// Looking
//===----------------------------------------------------------------------===//

size_t mxProgramCountFunctions(const MXProgram *program) {
  return program->functions.size();
}

const char *mxProgramGetName(const MXProgram *program, size_t function) {
  const ProgramSignature &all = program->executable.getSignatures();
  return function < all.size() ? all[function].name.c_str() : nullptr;
}

/// The values that `member` names; none for a function that is not there.
static llvm::ArrayRef<MXValue>
getValues(const MXProgram *program, size_t function,
          std::vector<MXValue> MXProgram::Function::*member) {
  if (function >= program->functions.size())
    return {};
  return program->functions[function].*member;
}

size_t mxProgramCountArguments(const MXProgram *program, size_t function) {
  return getValues(program, function, &MXProgram::Function::arguments).size();
}

size_t mxProgramCountResults(const MXProgram *program, size_t function) {
  return getValues(program, function, &MXProgram::Function::results).size();
}

const MXValue *mxProgramGetArgument(const MXProgram *program, size_t function,
                                    size_t index) {
  auto values = getValues(program, function, &MXProgram::Function::arguments);
  return index < values.size() ? &values[index] : nullptr;
}

const MXValue *mxProgramGetResult(const MXProgram *program, size_t function,
                                  size_t index) {
  auto values = getValues(program, function, &MXProgram::Function::results);
  return index < values.size() ? &values[index] : nullptr;
}

//===----------------------------------------------------------------------===//
// Calling
//===----------------------------------------------------------------------===//

static Expected<std::vector<Array>> wrapArguments(const MXArray *arguments,
                                                  size_t count) {
  std::vector<Array> inputs;
  for (size_t i = 0; i < count; ++i) {
    const MXArray &argument = arguments[i];
    if (argument.type < MX_BOOL || argument.type > MX_F64 || argument.rank < 0)
      return llvm::createStringError(
          "expected argument %zu to be an array with a type of MXType, got "
          "type %d and rank %lld",
          i, static_cast<int>(argument.type),
          static_cast<long long>(argument.rank));
    Expected<Array> input =
        Array::wrap(static_cast<DType>(argument.type),
                    llvm::ArrayRef(argument.shape, argument.rank),
                    argument.data, Ownership::Borrowed);
    if (!input)
      return input.takeError();
    inputs.push_back(std::move(*input));
  }
  return inputs;
}

static Expected<std::vector<Array>> call(const MXProgram *program,
                                         const char *function,
                                         const MXArray *arguments,
                                         size_t count) {
  Expected<const FunctionSignature *> signature =
      program->executable.lookup(function ? function : "");
  if (!signature)
    return signature.takeError();
  Expected<std::vector<Array>> inputs = wrapArguments(arguments, count);
  if (!inputs)
    return inputs.takeError();
  return program->executable.call(**signature, *inputs);
}

MXResults *mxProgramCall(const MXProgram *program, const char *function,
                         const MXArray *arguments, size_t count,
                         MXText **messages) {
  setMessages(messages, "");
  Expected<std::vector<Array>> results =
      call(program, function, arguments, count);
  if (results)
    return new MXResults{std::move(*results)};
  fail(messages, llvm::toString(results.takeError()));
  return nullptr;
}

size_t mxResultsCount(const MXResults *results) {
  return results->arrays.size();
}

MXArray mxResultsGet(const MXResults *results, size_t index) {
  if (index >= results->arrays.size())
    return MXArray{};
  const Array &array = results->arrays[index];
  return {static_cast<MXType>(array.getType()),
          static_cast<int64_t>(array.getShape().size()),
          array.getShape().data(), const_cast<char *>(array.data())};
}

void mxResultsDestroy(MXResults *results) { delete results; }
