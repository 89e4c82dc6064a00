# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Tensors of a model as arrays. What a file says of itself is checked before anything is read or allocated by it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Optional

import numpy as np
import onnx
from onnx import TensorProto

from mx._errors import Error
from mx._onnx.graph import MOST_DIMENSIONS, TYPES, type_name

# Bits of an element in files.
BITS = {"f4E2M1FN": 4, "f6E2M3FN": 6, "f6E3M2FN": 6, "f8E4M3FN": 8, "f8E5M2": 8, "f8E8M0FNU": 8, "i1": 8, "bf16": 16}
# The field that elements stand in where they are no raw bytes; those of FLOAT16, BFLOAT16 and narrow ones are bits.
FIELDS: dict[int, tuple[str, Any]] = {
    TensorProto.FLOAT: ("float_data", np.float32), TensorProto.DOUBLE: ("double_data", np.float64),
    TensorProto.INT64: ("int64_data", np.int64), TensorProto.UINT32: ("uint64_data", np.uint32),
    TensorProto.UINT64: ("uint64_data", np.uint64),
}  # fmt: skip
MOST_BYTES = 2**36


def element_bits(type_: int) -> int:
    if type_ in (TensorProto.INT4, TensorProto.UINT4):
        return 4
    kind = TYPES[type_]
    return BITS.get(kind) or int(kind[1:])


def storage(type_: int) -> np.dtype:
    """The type of NumPy that holds elements; narrow floats are codes in bytes, and bf16 is its bits."""
    kind = TYPES[type_]
    if kind == "i1" or kind in BITS or type_ in (TensorProto.INT4, TensorProto.UINT4):
        return np.dtype(
            {"i1": np.bool_, "bf16": np.uint16}.get(kind, np.int8 if type_ == TensorProto.INT4 else np.uint8)
        )
    if kind[0] == "f":
        return np.dtype(f"f{int(kind[1:]) // 8}")
    is_unsigned = type_name(type_).startswith("U")
    return np.dtype(f"{'u' if is_unsigned else 'i'}{int(kind[1:]) // 8}")


class Reader:
    """Reads tensors of the model at `path`; external data must lie in its folder."""

    def __init__(self, path: Optional[Path]):
        self.path = path
        self.total = 0

    def read(self, tensor: onnx.TensorProto, label: str) -> np.ndarray:
        """The elements of a tensor, one each."""
        type_, shape = tensor.data_type, list(tensor.dims)
        if type_ not in TYPES:
            raise Error(f"{label}: expected a type that mx has, got {type_name(type_)}")
        if len(shape) > MOST_DIMENSIONS or any(size < 0 for size in shape):
            raise Error(f"{label}: expected at most {MOST_DIMENSIONS} sizes from 0 on, got {shape[:20]}")
        count = 1
        for size in shape:
            count *= size
        size = (count * element_bits(type_) + 7) // 8
        self.total += size
        if self.total > MOST_BYTES:
            raise Error(f"{label}: expected at most {MOST_BYTES} bytes of tensors, got {self.total} or more")
        if tensor.data_location == TensorProto.EXTERNAL:
            data = self._read_external(tensor, size, label)
        elif tensor.HasField("raw_data"):
            data = tensor.raw_data
        else:
            return self._read_field(tensor, count, label).reshape(shape)
        if len(data) != size:
            raise Error(f"{label}: expected {size} bytes for the shape {shape}, got {len(data)}")
        return unpack(data, type_, count).reshape(shape)

    def _read_field(self, tensor: onnx.TensorProto, count: int, label: str) -> np.ndarray:
        type_ = tensor.data_type
        field, dtype = FIELDS.get(type_, ("int32_data", None))
        values = getattr(tensor, field)
        bits = element_bits(type_)
        is_packed = bits < 8
        wanted = (count * bits + 7) // 8 if is_packed else count
        if len(values) != wanted:
            raise Error(f"{label}: expected {wanted} numbers in '{field}', got {len(values)}")
        if dtype is not None:
            return np.array(values, dtype)
        numbers = np.array(values, np.int64)
        if is_packed:
            return unpack((numbers & 0xFF).astype(np.uint8).tobytes(), type_, count)
        kept = storage(type_)
        if kept == np.float16:
            return (numbers & 0xFFFF).astype(np.uint16).view(np.float16)
        return (
            numbers.astype(kept) if kept == np.bool_ else (numbers & (2**bits - 1)).astype(f"u{bits // 8}").view(kept)
        )

    def _read_external(self, tensor: onnx.TensorProto, size: int, label: str) -> bytes:
        given = {entry.key: entry.value for entry in tensor.external_data}
        location = given.get("location", "")
        if self.path is None:
            raise Error(f"{label}: expected a model in a file, whose folder holds '{location}', got one in memory")
        parts = Path(location).parts
        if not location or "\0" in location or "\\" in location or os.path.isabs(location) or ".." in parts:
            raise Error(f"{label}: expected external data in the folder of the model, got {location!r}")
        try:
            offset, length = int(given.get("offset", "0")), int(given.get("length", str(size)))
        except ValueError:
            raise Error(f"{label}: expected the offset and length of external data to be numbers, got others") from None
        if offset < 0 or length != size:
            raise Error(f"{label}: expected {size} bytes of external data from 0 on, got {length} from {offset} on")
        folder = os.path.realpath(self.path.parent)
        path = os.path.join(folder, *parts)
        # A link could lead out of the folder.
        if os.path.realpath(path) != path:
            raise Error(f"{label}: expected external data in the folder of the model, got a link: {location!r}")
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            raise Error(f"{label}: expected external data in {location!r}, got: {error.strerror}") from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size < offset + size:
                raise Error(f"{label}: expected a file of {offset + size} bytes or more, got another")
            data = np.empty(size, np.uint8)
            with os.fdopen(os.dup(descriptor), "rb") as file:
                file.seek(offset)
                # Fewer if somebody cuts the file meanwhile.
                return data[: file.readinto(memoryview(data))].tobytes()
        finally:
            os.close(descriptor)


def unpack(data: bytes, type_: int, count: int) -> np.ndarray:
    """Elements of little-endian bytes; those of 4 and 6 bits are packed without gaps, from the low bits on."""
    bits, kept = element_bits(type_), storage(type_)
    if bits >= 8:
        little = np.frombuffer(data, kept.newbyteorder("<") if kept.itemsize > 1 else np.uint8)
        return little.astype(np.bool_) if kept == np.bool_ else little.astype(kept.newbyteorder("=")).view(kept)
    flags = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[: count * bits].reshape(count, bits)
    codes = np.packbits(flags, axis=-1, bitorder="little").reshape(count)
    if type_ == TensorProto.INT4:
        return ((codes ^ 8).astype(np.int8) - 8).astype(np.int8)
    return codes
