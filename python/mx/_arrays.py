# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Arrays of NumPy, PyTorch, ml_dtypes and DLPack, in and out.

Memory is shared wherever the element type and the order allow it. PyTorch and ml_dtypes are used if the program that
calls has loaded them, and never imported for their own sake.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

# Names of types whose elements are one or two bytes that NumPy itself does not know.
NARROW = ("bfloat16", "float8_", "float6_", "float4_")


def is_torch(array: Any) -> bool:
    """Whether `array` is a tensor of PyTorch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(array, torch.Tensor)


def torch_view(tensor: Any) -> tuple[np.ndarray, str]:
    """The memory of a tensor as NumPy sees it, and the name of the type that its elements have."""
    torch = sys.modules["torch"]
    if tensor.device.type != "cpu":
        raise TypeError(f"expected a tensor on the CPU, got one on '{tensor.device}'")
    tensor, name = tensor.detach(), str(tensor.dtype).removeprefix("torch.")
    if name.startswith(NARROW):
        width = tensor.element_size()
        return tensor.contiguous().view({1: torch.uint8, 2: torch.int16}[width]).numpy().view(f"u{width}"), name
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.resolve_conj().resolve_neg()
    return tensor.numpy(), name


def to_numpy(array: Any) -> np.ndarray:
    """`array` as NumPy has it. Narrow floats of PyTorch are bytes afterwards, and bf16 is u16."""
    if isinstance(array, np.ndarray):
        return array
    if is_torch(array):
        return torch_view(array)[0]
    if hasattr(array, "__dlpack__"):
        return np.from_dlpack(array)
    result = np.asarray(array)
    if result.dtype == object:
        raise TypeError(f"expected an array of numbers, got {type(array).__name__}")
    return result


def bf16_to_f32(bits: np.ndarray) -> np.ndarray:
    """Numbers of the 16-bit patterns of bf16, exactly."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def to_f32(array: Any) -> np.ndarray:
    """Floating-point numbers as f32, in row-major order; f64 is rounded, everything else is exact."""
    if is_torch(array):
        view, name = torch_view(array)
        if name == "bfloat16":
            return bf16_to_f32(np.ascontiguousarray(view))
        if name.startswith(NARROW):
            raise TypeError(f"expected f16, bf16, f32 or f64 numbers, got torch.{name}")
    else:
        view = to_numpy(array)
    is_narrow = view.dtype.kind == "V" and view.dtype.name.startswith(NARROW)
    if view.dtype.kind != "f" and not is_narrow:
        raise TypeError(f"expected floating-point numbers, got {view.dtype}")
    if view.dtype.itemsize > 8:
        raise TypeError(f"expected f16, bf16, f32 or f64 numbers, got {view.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(view, dtype=np.float32, order="C")


def as_bytes(array: Any) -> np.ndarray:
    """An array of one-byte elements as row-major u8."""
    view = to_numpy(array)
    if view.dtype.itemsize != 1 or view.dtype.kind == "b":
        raise TypeError(f"expected an array of bytes, got {view.dtype}")
    return np.ascontiguousarray(view).view(np.uint8)


def bf16_dtype() -> Any:
    """The type of ml_dtypes for bf16 numbers, or u16 for their bits if it is not installed."""
    try:
        import ml_dtypes  # type: ignore[import-not-found]
    except ImportError:
        return np.dtype(np.uint16)
    return np.dtype(ml_dtypes.bfloat16)


def to_torch(array: np.ndarray, is_bf16: bool) -> Any:
    """A tensor on the memory of `array`."""
    torch = sys.modules["torch"]
    if is_bf16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    signed = {"uint16": np.int16, "uint32": np.int32, "uint64": np.int64}.get(array.dtype.name)
    if signed and not hasattr(torch, array.dtype.name):
        array = array.view(signed)
    return torch.from_numpy(array)
