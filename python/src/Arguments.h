//===- Arguments.h - what crosses from Python to mx-c/MX.h ------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Buffers in, buffers out, failures as exceptions. Of NumPy it knows nothing
// but the buffer protocol, so one build serves every version of it.
//===----------------------------------------------------------------------===//

#ifndef MX_PYTHON_SRC_ARGUMENTS_H
#define MX_PYTHON_SRC_ARGUMENTS_H

#include "mx-c/MX.h"
#include <cstring>
#include <optional>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace py = pybind11;
using namespace py::literals;

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

//===----------------------------------------------------------------------===//
// Formats
//===----------------------------------------------------------------------===//

/// (element, scale, block, has a tensor scale)
using FormatTuple = std::tuple<int, int, int64_t, bool>;

inline MXFormat makeFormat(const FormatTuple &format) {
  return {static_cast<MXElement>(std::get<0>(format)),
          static_cast<MXScale>(std::get<1>(format)), std::get<2>(format),
          std::get<3>(format)};
}

inline MXBlocks makeBlocks(const FormatTuple &format,
                           const std::vector<int64_t> &shape, int64_t axis) {
  return {makeFormat(format),
          static_cast<int64_t>(shape.size()),
          shape.data(),
          axis,
          nullptr,
          nullptr,
          1.0f};
}

inline std::pair<int64_t, int64_t> measure(const FormatTuple &format,
                                           const std::vector<int64_t> &shape,
                                           int64_t axis) {
  MXBlocks blocks = makeBlocks(format, shape, axis);
  int64_t payload = 0, scales = 0;
  Messages messages;
  messages.check(mxBlocksMeasure(&blocks, &payload, &scales, messages));
  return {payload, scales};
}

/// The elements of a shape that `measure` has accepted.
inline int64_t countElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// There is a sign for each number of a group, or none at all.
inline void checkSigns(int64_t size,
                       const std::optional<std::vector<int8_t>> &signs) {
  if (signs && static_cast<int64_t>(signs->size()) != size)
    throw Failure("error: expected " + std::to_string(size) + " signs, got " +
                  std::to_string(signs->size()) + "\n");
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Calls a function of the library without the lock of the interpreter, with
/// its messages last; throws what it says if it fails.
template <typename Function, typename... Arguments>
void callUnlocked(Function function, Arguments... arguments) {
  Messages messages;
  bool done;
  {
    py::gil_scoped_release release;
    done = function(arguments..., messages);
  }
  messages.check(done);
}

#endif // MX_PYTHON_SRC_ARGUMENTS_H
