# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Models of other tools as programs: mx.from_onnx."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Optional, Union

import numpy as np

from mx._arrays import is_torch, to_numpy
from mx._errors import CompileError, Error
from mx._programs import Program, compile

# Types of ONNX that NumPy lacks, by what ml_dtypes calls them, and their bits.
NARROW = {
    "FLOAT4E2M1": ("float4_e2m1fn", 4), "FLOAT6E2M3": ("float6_e2m3fn", 6), "FLOAT6E3M2": ("float6_e3m2fn", 6),
    "FLOAT8E4M3FN": ("float8_e4m3fn", 8), "FLOAT8E5M2": ("float8_e5m2", 8), "FLOAT8E8M0": ("float8_e8m0fnu", 8),
    "INT4": ("int4", 4), "UINT4": ("uint4", 4),
}  # fmt: skip


class Model(Program):
    """A program that was a model: called with its inputs in order or by name. Made by `from_onnx`.

    Attributes:
      inputs, outputs: their names, in order.
    """

    def __init__(self, program: Program, imported: Any):
        super().__init__(program._program, program._module, program.messages, "main")
        self._ports = imported
        self.inputs = tuple(port.name for port in imported.inputs)
        self.outputs = tuple(port.name for port in imported.outputs)
        self.messages = "".join(f"{note}\n" for note in imported.notes) + self.messages

    def __call__(self, *arrays: Any, function: Optional[str] = None, **named: Any) -> Any:
        """Results in the order of the model's outputs; one alone, or a tuple.

        Elements of narrow types are those of ml_dtypes, or codes in bytes, one each. Raises mx.Error for arrays that
        are not what the model declares.
        """
        given = list(arrays)
        for name in self.inputs[len(given) :]:
            if name not in named:
                raise Error(f"expected the input '{name}', got none")
            given.append(named.pop(name))
        if named or len(given) > len(self.inputs):
            names = ", ".join(f"'{name}'" for name in self.inputs)
            raise Error(f"expected the inputs {names}, got {len(given)} arrays and {', '.join(named) or 'no others'}")
        prepared = [to_input(array, port) for array, port in zip(given, self._ports.inputs)]
        results = super().__call__(*prepared, function=function)
        wants_torch = any(map(is_torch, arrays))
        found = results if isinstance(results, tuple) else (results,)
        converted = tuple(
            result if wants_torch else from_output(result, port) for result, port in zip(found, self._ports.outputs)
        )
        return converted if len(converted) > 1 else converted[0]


def type_name(type_: int) -> str:
    from onnx import TensorProto

    return str(TensorProto.DataType.Name(type_))


def to_input(array: Any, port: Any) -> Any:
    """An array as the compiled function takes it."""
    name = type_name(port.type)
    if name not in NARROW or is_torch(array):
        return array
    codes = to_numpy(array)
    if name in ("INT4", "UINT4"):
        return codes.astype(np.int8)
    if codes.dtype.itemsize != 1:
        raise TypeError(f"input '{port.name}': expected elements of {name}, one byte each, got {codes.dtype}")
    return pack(codes.view(np.uint8), NARROW[name][1])


def pack(codes: np.ndarray, bits: int) -> np.ndarray:
    """Canonical bytes of codes (N8.1)."""
    if bits == 8 or codes.ndim == 0:
        return codes
    each = np.unpackbits(np.ascontiguousarray(codes)[..., None], axis=-1, bitorder="little")[..., :bits]
    return np.packbits(each.reshape(*codes.shape[:-1], -1), axis=-1, bitorder="little")


def unpack(packed: np.ndarray, bits: int, size: int) -> np.ndarray:
    """The first `size` codes of each row of canonical bytes (N8.1)."""
    if bits == 8 or packed.ndim == 0:
        return packed
    flags = np.unpackbits(packed, axis=-1, bitorder="little")[..., : size * bits]
    codes = np.packbits(flags.reshape(*packed.shape[:-1], size, bits), axis=-1, bitorder="little")
    return codes.reshape(*packed.shape[:-1], size)


def from_output(array: np.ndarray, port: Any) -> np.ndarray:
    """A result as NumPy has it; signs of integers are ONNX's."""
    name = type_name(port.type)
    if name.startswith("UINT") and name not in NARROW:
        return array.view(f"u{array.dtype.itemsize}")
    if name not in NARROW:
        return array
    try:
        import ml_dtypes  # type: ignore[import-not-found]
    except ImportError:
        ml_dtypes = None
    called, bits = NARROW[name]
    kind = getattr(ml_dtypes, called, None)
    if name in ("INT4", "UINT4"):
        return array if kind is None else (array & 15 if name == "UINT4" else array).astype(kind)
    size = port.shape[-1] if port.shape else 1
    codes = unpack(array.view(np.uint8), bits, size if isinstance(size, int) else array.shape[-1] * 8 // bits)
    return codes if kind is None else codes.view(kind)


def import_onnx(source: Any, sizes: Optional[Mapping[str, int]]) -> Any:
    try:
        from mx._onnx.importer import import_model
    except ImportError as error:
        if error.name is None or error.name.split(".")[0] != "onnx":
            raise
        raise ImportError("mx.from_onnx needs the package onnx: pip install onnx") from None
    try:
        return import_model(source, sizes)
    except Error as error:
        raise CompileError(str(error)) from None


def from_onnx(
    source: Union[str, bytes, os.PathLike, Any],
    *,
    target: Optional[str] = "native",
    sizes: Optional[Mapping[str, int]] = None,
    **options: Any,
) -> Model:
    """Compiles a model of ONNX.

    Args:
      source: a path, the bytes of a file, or an onnx.ModelProto. External data must lie in the folder of the model.
      target, options: as for `compile`; quantize="accuracy" quantises the products that are not yet.
      sizes: numbers for named dimensions, e.g. {"batch": 1}. The others stay open: one program serves them all.

    `.ir()` of the result is the MLIR that the model became.

    Raises mx.CompileError with the node for a model that is wrong, and one that lists all operators that mx lacks.
    """
    imported = import_onnx(source, sizes)
    program = compile(
        imported.text, target=target, entry="main", name=str(source) if isinstance(source, str) else "<onnx>", **options
    )
    return Model(program, imported)


def onnx_to_mlir(source: Union[str, bytes, os.PathLike, Any], *, sizes: Optional[Mapping[str, int]] = None) -> str:
    """The MLIR of a model of ONNX, in linalg, tensor, arith, math and mx, as `from_onnx` compiles it."""
    return str(import_onnx(source, sizes).text)
