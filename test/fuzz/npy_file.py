# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Reads and writes .npy files with nothing but struct; bf16 travels as `<u2`."""

from __future__ import annotations

import ast
import math
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x93NUMPY\x01\x00"
CODES = {
    "|b1": "?",
    "|i1": "b",
    "|u1": "B",
    "<u2": "H",
    "<i4": "i",
    "<i8": "q",
    "<f2": "e",
    "<f4": "f",
    "<f8": "d",
}


@dataclass(frozen=True)
class Array:
    """An array of little-endian numbers, row-major."""

    descr: str
    shape: tuple[int, ...]
    data: bytes

    def numbers(self) -> list[float]:
        """Returns the elements."""
        return list(struct.unpack(f"<{math.prod(self.shape)}{CODES[self.descr]}", self.data))


def make_array(descr: str, shape: tuple[int, ...], numbers: list[float]) -> Array:
    """Returns an array of the given elements."""
    return Array(descr, shape, struct.pack(f"<{len(numbers)}{CODES[descr]}", *numbers))


def write_npy(path: Path, array: Array) -> None:
    """Writes a file of format version 1."""
    header = repr({"descr": array.descr, "fortran_order": False, "shape": array.shape})
    header += " " * (-(len(MAGIC) + 3 + len(header)) % 64) + "\n"
    path.write_bytes(MAGIC + struct.pack("<H", len(header)) + header.encode() + array.data)


def read_npy(path: Path) -> Array:
    """Reads what write_npy or mx-run wrote."""
    content = path.read_bytes()
    (length,) = struct.unpack("<H", content[8:10])
    header = ast.literal_eval(content[10 : 10 + length].decode())
    return Array(header["descr"], header["shape"], content[10 + length :])
