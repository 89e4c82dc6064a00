//===- _mx.cpp - mx-c/MX.h for Python -------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A thin layer: buffers in, buffers out, failures as exceptions, and the lock
// of the interpreter released while the library works. Everything that users
// see is Python, in python/mx. It knows nothing of LLVM, and of NumPy only the
// buffer protocol, so one build serves every version of it.
//===----------------------------------------------------------------------===//

#include "mx-c/MX.h"
#include <cstring>
#include <memory>
#include <optional>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace py = pybind11;
using namespace py::literals;

//===----------------------------------------------------------------------===//
// Messages
//===----------------------------------------------------------------------===//

namespace {

/// A failure of the library; becomes mx.Error.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Receives the text of one call.
class Messages {
public:
  ~Messages() { mxTextDestroy(text); }
  operator MXText **() { return &text; }
  std::string get() const { return {mxTextGet(text), mxTextGetSize(text)}; }

  /// Throws what was said unless `succeeded`.
  void check(bool succeeded) const {
    if (!succeeded)
      throw Failure(get());
  }

private:
  MXText *text = nullptr;
};

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// Memory of a Python object, which stays where it is while this exists.
class Buffer {
public:
  Buffer(const py::buffer &object, bool isWritten)
      : info(object.request(isWritten)) {
    py::ssize_t stride = info.itemsize;
    for (py::ssize_t dim = info.ndim; dim-- > 0;) {
      if (info.shape[dim] > 1 && info.strides[dim] != stride)
        throw Failure("error: expected an array without gaps, got strides\n");
      stride *= info.shape[dim];
      shape.insert(shape.begin(), info.shape[dim]);
    }
  }

  /// The bytes, of which there must be `expected`.
  template <typename T>
  T *get(int64_t expected) const {
    int64_t bytes = info.size * info.itemsize;
    if (bytes != expected * int64_t(sizeof(T)))
      throw Failure("error: expected " +
                    std::to_string(expected * int64_t(sizeof(T))) +
                    " bytes, got " + std::to_string(bytes) + "\n");
    return static_cast<T *>(info.ptr);
  }

  MXArray getArray() const {
    return {getType(), static_cast<int64_t>(shape.size()), shape.data(),
            info.ptr};
  }

private:
  MXType getType() const {
    // Native formats of the struct module; sizes tell "l" from "q".
    char code = info.format.empty() ? '?' : info.format.back();
    if (std::strchr("bhilq", code))
      return pick({MX_I8, MX_I16, MX_I32, MX_I64});
    if (std::strchr("BHILQ", code))
      return pick({MX_U8, MX_U16, MX_U32, MX_U64});
    if (code == '?')
      return MX_BOOL;
    if (std::strchr("efd", code))
      return code == 'e' ? MX_F16 : code == 'f' ? MX_F32 : MX_F64;
    throw Failure("error: expected numbers, got the format '" + info.format +
                  "'\n");
  }

  MXType pick(const MXType (&types)[4]) const {
    return types[info.itemsize == 1   ? 0
                 : info.itemsize == 2 ? 1
                 : info.itemsize == 4 ? 2
                                      : 3];
  }

  py::buffer_info info;
  std::vector<int64_t> shape;
};

} // namespace

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

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

static void bindPrograms(py::module_ &m) {
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

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// (element, scale, block, has a tensor scale)
using FormatTuple = std::tuple<int, int, int64_t, bool>;

static MXFormat makeFormat(const FormatTuple &format) {
  return {static_cast<MXElement>(std::get<0>(format)),
          static_cast<MXScale>(std::get<1>(format)), std::get<2>(format),
          std::get<3>(format)};
}

static MXBlocks makeBlocks(const FormatTuple &format,
                           const std::vector<int64_t> &shape, int64_t axis) {
  return {makeFormat(format),
          static_cast<int64_t>(shape.size()),
          shape.data(),
          axis,
          nullptr,
          nullptr,
          1.0f};
}

static std::pair<int64_t, int64_t> measure(const FormatTuple &format,
                                           const std::vector<int64_t> &shape,
                                           int64_t axis) {
  MXBlocks blocks = makeBlocks(format, shape, axis);
  int64_t payload = 0, scales = 0;
  Messages messages;
  messages.check(mxBlocksMeasure(&blocks, &payload, &scales, messages));
  return {payload, scales};
}

/// The elements of a shape that `measure` has accepted.
static int64_t countElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

static FormatTuple lookupFormat(const std::string &name) {
  MXFormat format;
  Messages messages;
  messages.check(mxFormatLookup(name.c_str(), &format, messages));
  return {format.element, format.scale, format.block, format.hasTensorScale};
}

/// The random bits of stochastic rounding are 0 for rounding to nearest.
static float quantize(const FormatTuple &format, const std::string &rule,
                      uint32_t randomBits, uint64_t seed, bool isSatfinite,
                      std::optional<float> tensorScale,
                      const py::buffer &values,
                      const std::vector<int64_t> &shape, int64_t axis,
                      const py::buffer &payload, const py::buffer &scales) {
  auto [payloadBytes, scaleCount] = measure(format, shape, axis);
  MXBlocks blocks = makeBlocks(format, shape, axis);
  Buffer from(values, false), to(payload, true), toScales(scales, true);
  const auto *numbers = from.get<const float>(countElements(shape));
  blocks.payload = to.get<uint8_t>(payloadBytes);
  blocks.scales = toScales.get<uint8_t>(scaleCount);
  MXQuantization quantization{blocks.format,
                              rule.c_str(),
                              randomBits != 0,
                              randomBits,
                              seed,
                              isSatfinite,
                              tensorScale ? &*tensorScale : nullptr};
  Messages messages;
  bool done;
  {
    py::gil_scoped_release release;
    done = mxQuantize(&quantization, numbers, &blocks, messages);
  }
  messages.check(done);
  return blocks.tensorScale;
}

static void dequantize(const FormatTuple &format, const py::buffer &payload,
                       const py::buffer &scales, float tensorScale,
                       const std::vector<int64_t> &shape, int64_t axis,
                       int type, const py::buffer &values) {
  auto [payloadBytes, scaleCount] = measure(format, shape, axis);
  MXBlocks blocks = makeBlocks(format, shape, axis);
  Buffer from(payload, false), fromScales(scales, false), to(values, true);
  blocks.payload = const_cast<uint8_t *>(from.get<const uint8_t>(payloadBytes));
  blocks.scales =
      const_cast<uint8_t *>(fromScales.get<const uint8_t>(scaleCount));
  blocks.tensorScale = tensorScale;
  int64_t width = type == MX_F64 ? 8 : type == MX_F32 ? 4 : 2;
  void *result = to.get<uint8_t>(width * countElements(shape));
  Messages messages;
  bool done;
  {
    py::gil_scoped_release release;
    done = mxDequantize(&blocks, static_cast<MXType>(type), result, messages);
  }
  messages.check(done);
}

static void rotate(const py::buffer &values, const std::vector<int64_t> &shape,
                   int64_t axis, int64_t size,
                   const std::optional<std::vector<int8_t>> &signs,
                   bool isInverse) {
  // Any format will do: it checks shape and axis.
  measure({MX_E4M3, MX_E8M0, 1, false}, shape, axis);
  Buffer buffer(values, true);
  auto *numbers = buffer.get<float>(countElements(shape));
  if (signs && static_cast<int64_t>(signs->size()) != size)
    throw Failure("error: expected " + std::to_string(size) + " signs, got " +
                  std::to_string(signs->size()) + "\n");
  Messages messages;
  bool done;
  {
    py::gil_scoped_release release;
    done = mxRotate(numbers, static_cast<int64_t>(shape.size()), shape.data(),
                    axis, size, signs ? signs->data() : nullptr, isInverse,
                    messages);
  }
  messages.check(done);
}

static std::vector<int8_t> drawSigns(uint64_t seed, int64_t size) {
  constexpr int64_t most = 256;
  std::vector<int8_t> signs(most);
  Messages messages;
  messages.check(mxDrawSigns(seed, size, signs.data(), messages));
  signs.resize(size);
  return signs;
}

static void encode(int element, const py::buffer &values,
                   const py::buffer &codes, int64_t count) {
  Buffer from(values, false), to(codes, true);
  const auto *numbers = from.get<const float>(count);
  auto *bytes = to.get<uint8_t>(count);
  Messages messages;
  bool done;
  {
    py::gil_scoped_release release;
    done = mxEncode(static_cast<MXElement>(element), numbers, count, bytes,
                    messages);
  }
  messages.check(done);
}

static void decode(int element, const py::buffer &codes,
                   const py::buffer &values, int64_t count) {
  Buffer from(codes, false), to(values, true);
  const auto *bytes = from.get<const uint8_t>(count);
  auto *numbers = to.get<float>(count);
  Messages messages;
  bool done;
  {
    py::gil_scoped_release release;
    done = mxDecode(static_cast<MXElement>(element), bytes, count, numbers,
                    messages);
  }
  messages.check(done);
}

static void bindNumbers(py::module_ &m) {
  m.def("lookup_format", &lookupFormat, "name"_a);
  m.def("measure", &measure, "format"_a, "shape"_a, "axis"_a);
  m.def("quantize", &quantize, "format"_a, "rule"_a, "random_bits"_a, "seed"_a,
        "satfinite"_a, "tensor_scale"_a, "values"_a, "shape"_a, "axis"_a,
        "payload"_a, "scales"_a);
  m.def("dequantize", &dequantize, "format"_a, "payload"_a, "scales"_a,
        "tensor_scale"_a, "shape"_a, "axis"_a, "type"_a, "values"_a);
  m.def("rotate", &rotate, "values"_a, "shape"_a, "axis"_a, "size"_a, "signs"_a,
        "inverse"_a);
  m.def("draw_signs", &drawSigns, "seed"_a, "size"_a);
  m.def("encode", &encode, "element"_a, "values"_a, "codes"_a, "count"_a);
  m.def("decode", &decode, "element"_a, "codes"_a, "values"_a, "count"_a);
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

/// Payload and scales of `count` elements in rows, and their structs in ggml.
static void toGgml(const FormatTuple &format, const py::buffer &payload,
                   const py::buffer &scales, int64_t count,
                   const py::buffer &structs) {
  auto [payloadBytes, scaleCount] = measure(format, {count}, 0);
  MXFormat parts = makeFormat(format);
  Buffer from(payload, false), fromScales(scales, false), to(structs, true);
  Messages messages;
  messages.check(mxToGgml(&parts, from.get<const uint8_t>(payloadBytes),
                          fromScales.get<const uint8_t>(scaleCount), count,
                          to.get<uint8_t>(payloadBytes + scaleCount),
                          messages));
}

static void fromGgml(const FormatTuple &format, const py::buffer &structs,
                     int64_t count, const py::buffer &payload,
                     const py::buffer &scales) {
  auto [payloadBytes, scaleCount] = measure(format, {count}, 0);
  MXFormat parts = makeFormat(format);
  Buffer from(structs, false), to(payload, true), toScales(scales, true);
  Messages messages;
  messages.check(mxFromGgml(&parts,
                            from.get<const uint8_t>(payloadBytes + scaleCount),
                            count, to.get<uint8_t>(payloadBytes),
                            toScales.get<uint8_t>(scaleCount), messages));
}

static int64_t measureTiles(int64_t rows, int64_t columns) {
  int64_t bytes = 0;
  Messages messages;
  messages.check(mxScaleTilesMeasure(rows, columns, &bytes, messages));
  return bytes;
}

static void toTiles(const py::buffer &scales, int64_t rows, int64_t columns,
                    const py::buffer &tiles) {
  int64_t bytes = measureTiles(rows, columns);
  Buffer from(scales, false), to(tiles, true);
  Messages messages;
  messages.check(mxToScaleTiles(from.get<const uint8_t>(rows * columns), rows,
                                columns, to.get<uint8_t>(bytes), messages));
}

static void fromTiles(const py::buffer &tiles, int64_t rows, int64_t columns,
                      const py::buffer &scales) {
  int64_t bytes = measureTiles(rows, columns);
  Buffer from(tiles, false), to(scales, true);
  Messages messages;
  messages.check(mxFromScaleTiles(from.get<const uint8_t>(bytes), rows, columns,
                                  to.get<uint8_t>(rows * columns), messages));
}

static void bindLayouts(py::module_ &m) {
  m.def("to_ggml", &toGgml, "format"_a, "payload"_a, "scales"_a, "count"_a,
        "structs"_a);
  m.def("from_ggml", &fromGgml, "format"_a, "structs"_a, "count"_a, "payload"_a,
        "scales"_a);
  m.def("measure_tiles", &measureTiles, "rows"_a, "columns"_a);
  m.def("to_tiles", &toTiles, "scales"_a, "rows"_a, "columns"_a, "tiles"_a);
  m.def("from_tiles", &fromTiles, "tiles"_a, "rows"_a, "columns"_a, "scales"_a);
}

PYBIND11_MODULE(_mx, m) {
  m.doc() = "The C interface of mx; see the package mx.";
  m.def("version", &mxGetVersion);
  py::register_exception<Failure>(m, "Failure", PyExc_ValueError);
  bindPrograms(m);
  bindNumbers(m);
  bindLayouts(m);
}
