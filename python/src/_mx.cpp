//===- _mx.cpp - mx-c/MX.h for Python -------------------------------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// A thin layer: buffers in, buffers out, failures as exceptions, and the lock
// of the interpreter released while the library works. Everything that users
// see is Python, in python/mx.
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Bindings.h"

PYBIND11_MODULE(_mx, m) {
  m.doc() = "The C interface of mx; see the package mx.";
  m.def("version", &mxGetVersion);
  py::register_exception<Failure>(m, "Failure", PyExc_ValueError);
  bindPrograms(m);
  bindNumbers(m);
  bindWeights(m);
  bindLayouts(m);
}
