"""Call functions of a library made by mx-compile, with numpy arrays.

A compiled function `f` is reached as `_mlir_ciface_f`, which takes a pointer to a struct of result
descriptors, then one pointer to a descriptor for each argument. A descriptor of rank r holds two
data pointers, an offset, r sizes and r strides. Results belong to the caller.
"""
from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any, Sequence

import numpy as np


def descriptor_type(rank: int) -> type[ctypes.Structure]:
    """Return the C struct that describes an array of `rank` dimensions."""

    class Descriptor(ctypes.Structure):
        _fields_ = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p),
                    ("offset", ctypes.c_int64), ("sizes", ctypes.c_int64 * rank),
                    ("strides", ctypes.c_int64 * rank)]

    return Descriptor


def describe(array: np.ndarray) -> ctypes.Structure:
    """Return the descriptor of a C-contiguous array, which must outlive it."""
    if not array.flags.c_contiguous:
        raise ValueError("expected a C-contiguous array")
    strides = [stride // array.itemsize for stride in array.strides]
    rank = array.ndim
    return descriptor_type(rank)(array.ctypes.data, array.ctypes.data, 0,
                                 (ctypes.c_int64 * rank)(*array.shape),
                                 (ctypes.c_int64 * rank)(*strides))


class CompiledLibrary:
    """A loaded library."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        self.libc = ctypes.CDLL(None)
        self.libc.free.argtypes = [ctypes.c_void_p]

    def call(self, name: str, *arguments: np.ndarray,
             results: Sequence[tuple[Any, int]]) -> list[np.ndarray]:
        """Call a function whose results have the given dtypes and ranks."""
        kinds = [descriptor_type(rank) for _, rank in results]

        class Results(ctypes.Structure):
            _fields_ = [(f"result{i}", kind) for i, kind in enumerate(kinds)]

        returned = Results()
        descriptors = [describe(array) for array in arguments]
        function = getattr(self.library, f"_mlir_ciface_{name}")
        function.restype = None
        function(ctypes.byref(returned), *map(ctypes.byref, descriptors))
        return [self._take(getattr(returned, f"result{i}"), dtype)
                for i, (dtype, _) in enumerate(results)]

    def _take(self, descriptor: Any, dtype: Any) -> np.ndarray:
        """Copy a result and free it."""
        shape = tuple(descriptor.sizes)
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        start = (descriptor.aligned or 0) + descriptor.offset * np.dtype(dtype).itemsize
        data = (ctypes.c_char * size).from_address(start)
        array = np.frombuffer(data, dtype).reshape(shape).copy()
        self.libc.free(descriptor.allocated)
        return array
