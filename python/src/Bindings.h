//===- Bindings.h - the parts of the extension ------------------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//

#ifndef MX_PYTHON_SRC_BINDINGS_H
#define MX_PYTHON_SRC_BINDINGS_H

#include <pybind11/pybind11.h>

void bindPrograms(pybind11::module_ &m);
void bindNumbers(pybind11::module_ &m);
void bindWeights(pybind11::module_ &m);
void bindLayouts(pybind11::module_ &m);

#endif // MX_PYTHON_SRC_BINDINGS_H
