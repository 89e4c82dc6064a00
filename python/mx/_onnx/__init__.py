# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Models of ONNX. Needs the package `onnx`, which `mx.from_onnx` imports."""
