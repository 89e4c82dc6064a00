# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""A compiler for block-scaled FP4, FP6 and FP8 tensors.

>>> import mx, numpy as np
>>> w = mx.quantize(np.random.rand(8, 64).astype(np.float32), "mxfp4")
>>> program = mx.compile('''
... func.func @layer(%x: tensor<?x64xf32>, %w: !mx.tensor<8x64, mxfp4, axis = 1>,
...                  %init: tensor<?x8xf32>) -> tensor<?x8xf32> {
...   %y = mx.matmul ins(%x, %w : tensor<?x64xf32>, !mx.tensor<8x64, mxfp4, axis = 1>)
...                  outs(%init : tensor<?x8xf32>)
...   return %y : tensor<?x8xf32>
... }''', target="native")
>>> y = program(np.ones((3, 64), np.float32), w, np.zeros((3, 8), np.float32))

Arrays are NumPy's, PyTorch's on the CPU, or of anything that speaks DLPack; results are PyTorch's if an
argument was. What every bit means is stated in docs/Numerics.md, whose clauses (N1, N2, ...) are cited here.

Everything may be used from several threads at once; the interpreter's lock is released while the library works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mx import _mx
from mx._blocks import BlockTensor, decode_elements, dequantize, encode_elements, quantize, rotate
from mx._errors import CompileError, Error
from mx._formats import Format, Rotation
from mx._models import Model, from_onnx, onnx_to_mlir
from mx._programs import Function, Program, Value, compile, load
from mx._reports import LayerReport, QuantizationReport
from mx._weights import GptqResult, Moments, WeightOptions, quantize_gptq

if TYPE_CHECKING:
    from mx.torch_calibration import Calibration as Calibration
    from mx.torch_calibration import calibrate as calibrate
    from mx.torch_layers import quantize_model as quantize_model

__version__ = _mx.version()
__all__ = [
    "BlockTensor",
    "CompileError",
    "Error",
    "Format",
    "Function",
    "GptqResult",
    "LayerReport",
    "Model",
    "Moments",
    "Program",
    "QuantizationReport",
    "Rotation",
    "Value",
    "WeightOptions",
    "compile",
    "decode_elements",
    "dequantize",
    "encode_elements",
    "from_onnx",
    "load",
    "onnx_to_mlir",
    "quantize",
    "quantize_gptq",
    "rotate",
]

# What needs PyTorch, which is imported when one of these is asked for.
FOR_TORCH = {
    "Calibration": "mx.torch_calibration",
    "calibrate": "mx.torch_calibration",
    "quantize_model": "mx.torch_layers",
}


def __getattr__(name: str) -> Any:
    if name not in FOR_TORCH:
        raise AttributeError(f"module 'mx' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(FOR_TORCH[name]), name)
