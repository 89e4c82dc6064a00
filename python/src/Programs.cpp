//===- Programs.cpp - compiling and calling, for Python -------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Bindings.h"
#include <memory>

namespace {

/// The dialects; made once, for the life of the process.
const MXContext *getContext() {
  static const MXContext *context = mxContextCreate();
  return context;
}

/// One result of a call, shown through the buffer protocol.
struct Result {
  std::shared_ptr<MXResults> results;
  MXArray array;

  py::buffer_info getBuffer() const {
    static constexpr struct {
      const char *format;
      py::ssize_t bytes;
    } table[] = {{"?", 1}, {"b", 1}, {"h", 2}, {"i", 4}, {"q", 8},
                 {"B", 1}, {"H", 2}, {"I", 4}, {"Q", 8}, {"e", 2},
                 {"H", 2}, {"f", 4}, {"d", 8}};
    py::ssize_t bytes = table[array.type].bytes, stride = bytes;
    std::vector<py::ssize_t> shape(array.shape, array.shape + array.rank);
    std::vector<py::ssize_t> strides(shape.size());
    for (size_t dim = shape.size(); dim-- > 0;) {
      strides[dim] = stride;
      stride *= shape[dim];
    }
    return {array.data, bytes, table[array.type].format,
            array.rank, shape, strides};
  }
};

/// (description, type, shape, whether calls may write to it)
using Value = std::tuple<std::string, int, std::vector<int64_t>, bool>;
using Function =
    std::tuple<std::string, std::vector<Value>, std::vector<Value>>;

class Program {
public:
  explicit Program(MXProgram *program) : program(program) {}
  Program(const Program &) = delete;
  ~Program() { mxProgramDestroy(program); }

  static std::unique_ptr<Program> load(const std::string &path) {
    Messages messages;
    MXProgram *program;
    {
      py::gil_scoped_release release;
      program = mxProgramLoad(path.c_str(), messages);
    }
    messages.check(program);
    return std::make_unique<Program>(program);
  }

  std::vector<Function> getFunctions() const {
    std::vector<Function> functions;
    for (size_t i = 0, e = mxProgramCountFunctions(program); i < e; ++i) {
      std::vector<Value> arguments, results;
      for (size_t j = 0; j < mxProgramCountArguments(program, i); ++j)
        arguments.push_back(convert(*mxProgramGetArgument(program, i, j)));
      for (size_t j = 0; j < mxProgramCountResults(program, i); ++j)
        results.push_back(convert(*mxProgramGetResult(program, i, j)));
      functions.emplace_back(mxProgramGetName(program, i), arguments, results);
    }
    return functions;
  }

  /// `isWritten` has one entry for each argument.
  std::vector<Result> call(const std::string &function,
                           const std::vector<py::buffer> &arguments,
                           const std::vector<bool> &isWritten) const {
    std::vector<Buffer> buffers;
    std::vector<MXArray> arrays;
    buffers.reserve(arguments.size());
    for (size_t i = 0; i < arguments.size(); ++i) {
      buffers.emplace_back(arguments[i], i < isWritten.size() && isWritten[i]);
      arrays.push_back(buffers.back().getArray());
    }
    Messages messages;
    std::shared_ptr<MXResults> results;
    {
      py::gil_scoped_release release;
      results.reset(mxProgramCall(program, function.c_str(), arrays.data(),
                                  arrays.size(), messages),
                    mxResultsDestroy);
    }
    messages.check(results != nullptr);
    std::vector<Result> list;
    for (size_t i = 0, e = mxResultsCount(results.get()); i < e; ++i)
      list.push_back({results, mxResultsGet(results.get(), i)});
    return list;
  }

private:
  static Value convert(const MXValue &value) {
    return {value.description, value.type,
            std::vector<int64_t>(value.shape, value.shape + value.rank),
            value.isWritable};
  }

  MXProgram *program;
};

class Module {
public:
  /// `text` is IR if `isText`, else the path of a file.
  Module(const std::string &text, bool isText, const std::string &name,
         const std::vector<std::pair<std::string, std::string>> &options) {
    std::unique_ptr<MXOptions, void (*)(MXOptions *)> set(mxOptionsCreate(),
                                                          mxOptionsDestroy);
    for (const auto &[option, value] : options) {
      Messages problem;
      problem.check(
          mxOptionsSet(set.get(), option.c_str(), value.c_str(), problem));
    }
    Messages said;
    {
      py::gil_scoped_release release;
      module = isText
                   ? mxModuleParse(getContext(), text.data(), text.size(),
                                   name.c_str(), set.get(), said)
                   : mxModuleOpen(getContext(), text.c_str(), set.get(), said);
    }
    said.check(module);
    messages = said.get();
  }
  Module(const Module &) = delete;
  ~Module() { mxModuleDestroy(module); }

  std::string print(const std::optional<std::string> &phase) const {
    Messages said;
    MXText *text;
    {
      py::gil_scoped_release release;
      text = mxModulePrint(module, phase ? phase->c_str() : nullptr, said);
    }
    said.check(text);
    std::string result(mxTextGet(text), mxTextGetSize(text));
    mxTextDestroy(text);
    return result;
  }

  void write(const std::string &path) const {
    Messages said;
    bool written;
    {
      py::gil_scoped_release release;
      written = mxModuleWrite(module, path.c_str(), said);
    }
    said.check(written);
  }

  /// The program, and what there was to say about it.
  std::pair<std::unique_ptr<Program>, std::string> link() const {
    Messages said;
    MXProgram *program;
    {
      py::gil_scoped_release release;
      program = mxModuleLink(module, said);
    }
    said.check(program);
    return {std::make_unique<Program>(program), messages + said.get()};
  }

private:
  MXModule *module = nullptr;
  /// What was said when it was read.
  std::string messages;
};

} // namespace

void bindPrograms(py::module_ &m) {
  py::class_<Result>(m, "Result", py::buffer_protocol())
      .def_buffer(&Result::getBuffer)
      .def_property_readonly("type",
                             [](const Result &r) { return int(r.array.type); });
  py::class_<Program>(m, "Program")
      .def_static("load", &Program::load, "path"_a)
      .def_property_readonly("functions", &Program::getFunctions)
      .def("call", &Program::call, "function"_a, "arguments"_a, "is_written"_a);
  py::class_<Module>(m, "Module")
      .def(py::init<const std::string &, bool, const std::string &,
                    const std::vector<std::pair<std::string, std::string>> &>(),
           "text"_a, "is_text"_a, "name"_a, "options"_a)
      .def("print", &Module::print, "phase"_a)
      .def("write", &Module::write, "path"_a)
      .def("link", &Module::link);
}
