# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""lib/Quantization through `libmx_gptq_shim.so`, in the terms of mx_reference.py and numpy."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

import mx_reference as mx
import numpy as np


class ShimOptions(ctypes.Structure):
    """Mirrors ShimGptqOptions in gptq_shim.cpp."""

    _fields_ = [
        ("element", ctypes.c_int32),
        ("scale", ctypes.c_int32),
        ("block", ctypes.c_int64),
        ("tensor_scale", ctypes.c_int32),
        ("act_order", ctypes.c_int32),
        ("damping", ctypes.c_double),
        ("rule", ctypes.c_char_p),
        ("threads", ctypes.c_int64),
    ]


class ShimResult(ctypes.Structure):
    """Mirrors ShimGptqResult in gptq_shim.cpp."""

    _fields_ = [
        ("damping", ctypes.c_double),
        ("dead_columns", ctypes.c_int64),
        ("fell_back", ctypes.c_int32),
        ("tensor_scale", ctypes.c_float),
    ]


@dataclass(frozen=True)
class Quantized:
    """What the library makes of a weight."""

    payload: bytes
    scales: bytes
    tensor_scale: float
    damping: float
    dead_columns: int
    fell_back: bool


def pointer_to(array: np.ndarray) -> ctypes.c_void_p:
    """Returns the address of an array, which the caller keeps."""
    assert array.flags.c_contiguous
    return ctypes.c_void_p(array.ctypes.data)


class GptqLibrary:
    """The functions of the shim."""

    def __init__(self, path: Path) -> None:
        """Loads the shared library at `path`."""
        self._shim = ctypes.CDLL(str(path))

    def quantize(
        self,
        fmt: mx.BlockFormat,
        rule: str,
        weights: np.ndarray,
        hessian: np.ndarray | None,
        act_order: bool = True,
        damping: float = 0.01,
        threads: int = 1,
    ) -> Quantized:
        """Quantises weights [rows, columns] in f32; to nearest if there is no Hessian."""
        rows, columns = weights.shape
        options = ShimOptions(
            mx.ELEMENT_FORMATS.index(fmt.element),
            mx.SCALE_FORMATS.index(fmt.scale),
            fmt.block,
            fmt.tensor_scale,
            act_order,
            damping,
            rule.encode(),
            threads,
        )
        weights = np.ascontiguousarray(weights, np.float32)
        moments = None if hessian is None else np.ascontiguousarray(hessian, np.float64)
        payload = np.zeros(rows * mx.packed_bytes(columns, fmt.element.bits), np.uint8)
        scales = np.zeros(rows * mx.block_count(fmt, columns), np.uint8)
        result = ShimResult()
        self._shim.shim_gptq(
            ctypes.byref(options),
            pointer_to(weights),
            ctypes.c_int64(rows),
            ctypes.c_int64(columns),
            None if moments is None else pointer_to(moments),
            pointer_to(payload),
            pointer_to(scales),
            ctypes.byref(result),
        )
        return Quantized(
            payload.tobytes(),
            scales.tobytes(),
            result.tensor_scale,
            result.damping,
            result.dead_columns,
            bool(result.fell_back),
        )

    def hessian(
        self, rows: np.ndarray, rotation: int = 0, signs: list[int] | None = None
    ) -> np.ndarray:
        """Returns Σ x·xᵀ of rows in f32, as that of the same rows rotated."""
        rows = np.ascontiguousarray(rows, np.float32)
        columns = rows.shape[1]
        hessian = np.zeros((columns, columns))
        sign_array = None if signs is None else np.array(signs, np.int8)
        self._shim.shim_hessian(
            pointer_to(rows),
            ctypes.c_int64(len(rows)),
            ctypes.c_int64(columns),
            ctypes.c_int64(rotation),
            None if sign_array is None else pointer_to(sign_array),
            pointer_to(hessian),
        )
        return hessian
