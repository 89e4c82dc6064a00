# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Compiling programs and calling them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np

from mx import _mx
from mx._arrays import bf16_dtype, is_torch, to_numpy, to_torch, torch_view
from mx._blocks import BlockTensor
from mx._errors import CompileError, Error, raising

# In the order of MXType (mx-c/MX.h).
TYPES = ("bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "bf16", "f32", "f64")
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "uint16", "float32", "float64",
)  # fmt: skip


@dataclass(frozen=True)
class Value:
    """An argument or a result: what the source calls it, its element type (a name of MLIR such as "f32"), its shape
    (None where any size will do), and whether calls write to the caller's memory (`memref` arguments).
    """

    description: str
    type: str
    shape: tuple[Optional[int], ...]
    is_writable: bool


@dataclass(frozen=True)
class Function:
    """A public function of a program."""

    name: str
    arguments: tuple[Value, ...]
    results: tuple[Value, ...]


def make_value(value: tuple[str, int, list[int], bool]) -> Value:
    description, number, shape, is_writable = value
    return Value(description, TYPES[number], tuple(None if size < 0 else size for size in shape), is_writable)


class Program:
    """A compiled program; calling it calls its function on arrays. Made by `compile` and `load`.

    Attributes:
      functions: the functions that can be called, by name.
      entry: the one that a call without `function` means; None if there are several.
      messages: warnings and remarks of the compiler (option remarks_filter), as text.
    """

    def __init__(self, program: Any, module: Any, messages: str, entry: Optional[str]):
        self._program, self._module, self.messages = program, module, messages
        self.functions: dict[str, Function] = {}
        for name, arguments, results in program.functions:
            self.functions[name] = Function(name, tuple(map(make_value, arguments)), tuple(map(make_value, results)))
        if entry is None and len(self.functions) == 1:
            entry = next(iter(self.functions))
        elif entry is not None:
            self._lookup(entry)
        self.entry = entry

    def _lookup(self, name: Optional[str]) -> Function:
        function = self.functions.get(name or "")
        if function is None:
            names = ", ".join(f"'{each}'" for each in self.functions)
            raise Error(f"expected a function of the program ({names}), got {name!r}")
        return function

    def __call__(self, *arrays: Any, function: Optional[str] = None) -> Any:
        """Calls a function and returns its result, a tuple of them, or None if it has none.

        Arguments are arrays of exactly the types and shapes that the function declares, numbers for scalars, and
        mx.BlockTensor for `!mx.tensor`. Arrays that are not row-major are copied; others are read where they are. A
        `memref` argument must be row-major and writable, because the program writes to it. bf16 is ml_dtypes' bfloat16
        where it is installed, else u16; narrow floats are bytes. Results are new arrays, PyTorch's if an argument was.

        Raises mx.Error if an argument does not fit, or if the program faults or stops itself (`cf.assert`).
        """
        chosen = self._lookup(self.entry if function is None else function)
        buffers = prepare_arguments(chosen, arrays)
        writable = [value.is_writable for value in chosen.arguments]
        with raising(Error):
            results = self._program.call(chosen.name, buffers, writable)
        wants_torch = any(map(is_torch, arrays))
        converted = tuple(convert_result(result, wants_torch) for result in results)
        return converted[0] if len(converted) == 1 else converted or None

    def ir(self, phase: Optional[str] = None) -> str:
        """The program as it was read, or after a phase: import, format, rotate, quantize, select, pack, lower, llvm."""
        if self._module is None:
            raise Error("expected a program with its source, got a library")
        with raising(CompileError):
            return self._module.print(phase)

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Compiles to a file; its extension says what is written: .so (which `load` reads), .o, .ll, .mlir, .mlirbc,
        and for a GPU .ptx, .cubin, .fatbin. An older file is replaced when all is written.
        """
        if self._module is None:
            raise Error("expected a program with its source, got a library")
        with raising(CompileError):
            self._module.write(check_path(path))

    def __repr__(self) -> str:
        return f"<mx.Program {', '.join(self.functions)}>"


def prepare_arguments(function: Function, arrays: tuple[Any, ...]) -> list[np.ndarray]:
    """The buffers that stand for `arrays`."""
    buffers: list[np.ndarray] = []
    for array in arrays:
        index = len(buffers)
        value = function.arguments[index] if index < len(function.arguments) else None
        if isinstance(array, BlockTensor):
            check_blocks(function, value, index, array)
            buffers += array.parts
        else:
            buffers.append(prepare_array(function, value, index, array))
    return buffers


def check_blocks(function: Function, value: Optional[Value], index: int, tensor: BlockTensor) -> None:
    """Bits of one format must not be read as another."""
    match = value and re.fullmatch(r"payload of '!mx\.tensor<[?\dx]+, (.*)>'", value.description)
    if value and not (match and match[1] == tensor.type_suffix):
        raise Error(f"argument {index} of '{function.name}': expected {value.description}, got '{tensor.type}'")


def prepare_array(function: Function, value: Optional[Value], index: int, array: Any) -> np.ndarray:
    if isinstance(array, (bool, int, float)) and value is not None and value.shape == ():
        return to_scalar(function, value, index, array)
    buffer = to_numpy(array)
    is_bf16 = buffer.dtype.name == "bfloat16" or (is_torch(array) and torch_view(array)[1] == "bfloat16")
    if value is not None and is_bf16 and value.type != "bf16":
        raise Error(f"argument {index} of '{function.name}', {value.description}: expected {value.type}, got bf16")
    if buffer.dtype.kind == "V" and buffer.dtype.names is None and buffer.dtype.itemsize in (1, 2):
        buffer = buffer.view(f"u{buffer.dtype.itemsize}")
    if buffer.dtype.kind not in "biuf" or not buffer.dtype.isnative:
        raise TypeError(f"argument {index} of '{function.name}': expected numbers, got {buffer.dtype}")
    if value is not None and value.is_writable:
        if not (buffer.flags.c_contiguous and buffer.flags.writeable):
            raise Error(
                f"argument {index} of '{function.name}', {value.description}: expected a row-major array that can "
                "be written to, got another"
            )
        return buffer
    return np.asarray(buffer, order="C")


def to_scalar(function: Function, value: Value, index: int, number: Union[bool, int, float]) -> np.ndarray:
    """A number of Python in the type of an argument."""
    is_float = value.type in ("f16", "f32", "f64")
    if value.type == "bf16" or (isinstance(number, float) and not is_float):
        kind = type(number).__name__
        raise Error(f"argument {index} of '{function.name}': expected an array of {value.type}, got a {kind}")
    dtype = np.dtype(DTYPES[TYPES.index(value.type)])
    if not is_float:
        # Some versions of NumPy would take what is left of a number that does not fit.
        least, most = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        if not least <= number <= most:
            raise Error(f"argument {index} of '{function.name}': expected {value.type}, got {number}")
    try:
        return np.array(number, dtype)
    except OverflowError:
        raise Error(f"argument {index} of '{function.name}': expected {value.type}, got {number}") from None


def convert_result(result: Any, wants_torch: bool) -> Any:
    array = np.asarray(result)
    is_bf16 = TYPES[result.type] == "bf16"
    if wants_torch:
        return to_torch(array, is_bf16)
    return array.view(bf16_dtype()) if is_bf16 else array


def make_options(target: Optional[str], options: dict[str, Any]) -> list[tuple[str, str]]:
    """Flags of mx-compile for options of Python."""
    flags = [] if target is None else [("target", target)]
    for name, value in options.items():
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, (list, tuple)):
            text = ",".join(map(str, value))
        else:
            text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
        flags.append((name.replace("_", "-"), text))
    for name, text in flags:
        if "\0" in name + text:
            raise Error(f"expected an option without a zero character, got {name!r}")
    return flags


def check_path(path: Union[str, os.PathLike]) -> bytes:
    """A path for the library, which ends it at a zero character."""
    text = os.fsencode(path)
    if b"\0" in text:
        raise Error(f"expected a path without a zero character, got {path!r}")
    return text


def is_text(source: str) -> bool:
    """Whether a string is IR, not a path: paths have no line breaks and no braces."""
    return "\n" in source or "{" in source or not source.strip()


def compile(
    source: Union[str, bytes, os.PathLike],
    *,
    target: Optional[str] = None,
    entry: Optional[str] = None,
    name: str = "<string>",
    **options: Any,
) -> Program:
    """Compiles IR, in upstream dialects of MLIR or in mx, into this process.

    Args:
      source: text of MLIR, its bytecode (bytes), or the path of a file (os.PathLike, or a string that holds neither a
        line break nor a brace).
      target: "cpu" for any machine of this kind, "native" for this one, a processor name of LLVM, or an NVIDIA chip
        such as "sm_120a", whose programs need a GPU when they are called. None: what the program says, else "cpu".
      entry: the function that a call means; needed if the program has several.
      name: what messages call a source that is text.
      options: flags of mx-compile, with _ for -: quantize="accuracy", formats=["mxfp4", "keep"], rotation=32,
        fail_on_emulation=True, remarks_filter="mx.*", ...

    Raises mx.CompileError with the compiler's messages if the program is wrong.
    """
    flags = make_options(target, options)
    if isinstance(source, (bytes, bytearray)):
        text, is_source = bytes(source), True
    elif isinstance(source, os.PathLike):
        text, is_source = check_path(source), False
    elif isinstance(source, str):
        is_source = is_text(source)
        text = source.encode("utf-8", "surrogatepass") if is_source else check_path(source)
    else:
        raise TypeError(f"expected text, bytes or a path, got {type(source).__name__}")
    with raising(CompileError):
        module = _mx.Module(text, is_source, name, flags)
        program, messages = module.link()
    return Program(program, module, messages, entry)


def load(path: Union[str, os.PathLike], *, entry: Optional[str] = None) -> Program:
    """Loads a shared library that Program.save or mx-compile wrote. Loading runs its code: load what you trust."""
    with raising(Error):
        program = _mx.Program.load(check_path(path))
    return Program(program, None, "", entry)
