# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The numerics library through `libmx_numerics_shim.so`, in the terms of mx_reference.py.

Floats are passed as integers that hold their bits: f32 in 32, f64 in 64.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mx_reference as mx

Bits = Sequence[int]


class ShimFormat(ctypes.Structure):
    """Mirrors ShimFormat in numerics_shim.cpp."""

    _fields_ = [
        ("element", ctypes.c_int32),
        ("scale", ctypes.c_int32),
        ("tensor_scale", ctypes.c_int32),
        ("padding", ctypes.c_int32),
        ("block", ctypes.c_int64),
    ]


class ShimOptions(ctypes.Structure):
    """Mirrors ShimOptions in numerics_shim.cpp."""

    _fields_ = [
        ("rule", ctypes.c_int32),
        ("stochastic", ctypes.c_int32),
        ("satfinite", ctypes.c_int32),
        ("random_bits", ctypes.c_uint32),
        ("seed", ctypes.c_uint64),
        ("has_tensor_scale", ctypes.c_int32),
        ("tensor_scale", ctypes.c_uint32),
    ]


@dataclass(frozen=True)
class Quantized:
    """What the library makes of a tensor."""

    payload: bytes
    scales: bytes
    tensor_scale: int
    dequantized: list[int]
    decoded: list[int]


def bytes_in(values: bytes | Sequence[int]) -> ctypes.Array[ctypes.c_uint8]:
    """Returns bytes as a C array."""
    return (ctypes.c_uint8 * len(values))(*values)


def u16_in(values: Bits) -> ctypes.Array[ctypes.c_uint16]:
    """Returns 16-bit numbers as a C array."""
    return (ctypes.c_uint16 * len(values))(*values)


def u32_in(values: Bits) -> ctypes.Array[ctypes.c_uint32]:
    """Returns 32-bit numbers as a C array."""
    return (ctypes.c_uint32 * len(values))(*values)


def u64_in(values: Bits) -> ctypes.Array[ctypes.c_uint64]:
    """Returns 64-bit numbers as a C array."""
    return (ctypes.c_uint64 * len(values))(*values)


def i64(value: int) -> ctypes.c_int64:
    """Returns an int64_t argument."""
    return ctypes.c_int64(value)


def u32(value: int) -> ctypes.c_uint32:
    """Returns a uint32_t argument."""
    return ctypes.c_uint32(value)


def u64(value: int) -> ctypes.c_uint64:
    """Returns a uint64_t argument."""
    return ctypes.c_uint64(value)


class Library:
    """The functions of the shim."""

    def __init__(self, path: Path) -> None:
        """Loads the shared library at `path`."""
        self._shim = ctypes.CDLL(str(path))
        for name, result in (
            ("shim_unit_scale", ctypes.c_uint8),
            ("shim_poison_scale", ctypes.c_uint8),
            ("shim_bits_per_value", ctypes.c_double),
            ("shim_decode_value", ctypes.c_uint64),
            ("shim_scale_threshold", ctypes.c_uint32),
            ("shim_tensor_scale_divisor", ctypes.c_uint32),
            ("shim_head_room", ctypes.c_uint32),
            ("shim_compute_tensor_scale", ctypes.c_uint32),
            ("shim_random_bits", ctypes.c_uint32),
            ("shim_hadamard_scale", ctypes.c_uint32),
            ("shim_packed_bytes", ctypes.c_int64),
            ("shim_read_code", ctypes.c_uint8),
            ("shim_scale_tile_bytes", ctypes.c_int64),
            ("shim_scale_tile_offset", ctypes.c_int64),
        ):
            getattr(self._shim, name).restype = result

    # Arguments

    @staticmethod
    def _element(element: mx.ElementFormat) -> int:
        return mx.ELEMENT_FORMATS.index(element)

    @staticmethod
    def _scale(scale: str) -> int:
        return mx.SCALE_FORMATS.index(scale)

    def _format(self, fmt: mx.BlockFormat) -> object:
        shim = ShimFormat(
            self._element(fmt.element), self._scale(fmt.scale), fmt.tensor_scale, 0, fmt.block
        )
        return ctypes.byref(shim)

    def _rule(self, rule: str) -> int:
        index = int(self._shim.shim_lookup_rule(rule.encode()))
        if index < 0:
            raise ValueError(f"the library has no scale rule {rule}")
        return index

    def _options(self, options: mx.Options) -> object:
        given = options.tensor_scale
        shim = ShimOptions(
            self._rule(options.rule),
            options.stochastic,
            options.satfinite,
            options.random_bits,
            options.seed,
            given is not None,
            0 if given is None else mx.f32_to_bits(given),
        )
        return ctypes.byref(shim)

    # N1, N2

    def element_info(self, element: mx.ElementFormat) -> tuple[str, list[int], int]:
        """Returns name, integer fields and the bits of F."""
        name = ctypes.c_char_p()
        fields = (ctypes.c_int32 * 7)()
        max_finite = ctypes.c_uint32()
        self._shim.shim_element_info(
            self._element(element), ctypes.byref(name), fields, ctypes.byref(max_finite)
        )
        return (name.value or b"").decode(), list(fields), max_finite.value

    def decode_elements(self, element: mx.ElementFormat) -> list[int]:
        """Returns the f32 of the bytes 0…255."""
        values = (ctypes.c_uint32 * 256)()
        self._shim.shim_decode_elements(self._element(element), values)
        return list(values)

    def encode_elements(self, element: mx.ElementFormat, values: Bits) -> list[int]:
        """Returns the codes of f32 values."""
        codes = bytes_in(bytes(len(values)))
        self._shim.shim_encode_elements(
            self._element(element), u32_in(values), i64(len(values)), codes
        )
        return list(codes)

    def encode_stochastic(
        self, element: mx.ElementFormat, values: Bits, random: Bits, bits: int
    ) -> list[int]:
        """Returns the codes of f32 values, each with its random number."""
        codes = bytes_in(bytes(len(values)))
        count = i64(len(values))
        self._shim.shim_encode_stochastic(
            self._element(element), u32_in(values), u32_in(random), u32(bits), count, codes
        )
        return list(codes)

    def decode_scales(self, scale: str) -> list[int]:
        """Returns the f32 of the scale bytes 0…255."""
        values = (ctypes.c_uint32 * 256)()
        self._shim.shim_decode_scales(self._scale(scale), values)
        return list(values)

    def encode_ue4m3(self, values: Bits) -> list[int]:
        """Returns the UE4M3 bytes of f32 values."""
        codes = bytes_in(bytes(len(values)))
        self._shim.shim_encode_ue4m3(u32_in(values), i64(len(values)), codes)
        return list(codes)

    def poison_scale(self, scale: str) -> int:
        """Returns the byte of a poisoned block."""
        return int(self._shim.shim_poison_scale(self._scale(scale)))

    def unit_scale(self, scale: str) -> int:
        """Returns the byte that means 1."""
        return int(self._shim.shim_unit_scale(self._scale(scale)))

    def half_to_f32(self, name: str, values: Bits) -> list[int]:
        """Returns the f32 of `bf16` or `f16` values."""
        singles = u32_in([0] * len(values))
        getattr(self._shim, f"shim_{name}_to_f32")(u16_in(values), i64(len(values)), singles)
        return list(singles)

    def f32_to_half(self, name: str, values: Bits) -> list[int]:
        """Returns f32 values rounded to `bf16` or `f16`."""
        halves = u16_in([0] * len(values))
        getattr(self._shim, f"shim_f32_to_{name}")(u32_in(values), i64(len(values)), halves)
        return list(halves)

    def f64_to_half(self, name: str, values: Bits) -> list[int]:
        """Returns f64 values rounded to `bf16` or `f16`."""
        halves = u16_in([0] * len(values))
        getattr(self._shim, f"shim_f64_to_{name}")(u64_in(values), i64(len(values)), halves)
        return list(halves)

    def named_format(self, name: str) -> mx.BlockFormat | None:
        """Returns the format that the library knows by `name`, in both directions."""
        found = ShimFormat()
        if not self._shim.shim_lookup_format(name.encode(), ctypes.byref(found)):
            return None
        element = mx.ELEMENT_FORMATS[found.element]
        return mx.BlockFormat(
            element, mx.SCALE_FORMATS[found.scale], found.block, bool(found.tensor_scale)
        )

    def is_valid_format(self, fmt: mx.BlockFormat) -> bool:
        """Returns whether the library allows a format."""
        return bool(self._shim.shim_is_valid_format(self._format(fmt)))

    def bits_per_value(self, fmt: mx.BlockFormat) -> float:
        """Returns payload and scale bits for each value."""
        return float(self._shim.shim_bits_per_value(self._format(fmt)))

    def decode_value(self, fmt: mx.BlockFormat, code: int, scale: int, tensor_scale: int) -> int:
        """Returns one exact value as an f64."""
        return int(
            self._shim.shim_decode_value(
                self._format(fmt), ctypes.c_uint8(code), ctypes.c_uint8(scale), u32(tensor_scale)
            )
        )

    def dequantize(
        self, fmt: mx.BlockFormat, payload: bytes, scales: bytes, tensor_scale: int
    ) -> tuple[list[int], list[int]]:
        """Returns f32 results and exact f64 values of a tensor with a block in each row."""
        count = len(scales) * fmt.block
        singles, doubles = u32_in([0] * count), u64_in([0] * count)
        self._shim.shim_dequantize(
            self._format(fmt),
            bytes_in(payload),
            i64(len(payload)),
            bytes_in(scales),
            i64(len(scales)),
            u32(tensor_scale),
            singles,
            doubles,
        )
        return list(singles), list(doubles)

    # N3, N4, N5

    def knows_rule(self, name: str) -> bool:
        """Returns whether a rule's name is known in both directions."""
        return int(self._shim.shim_lookup_rule(name.encode())) >= 0

    def is_valid_rule(self, fmt: mx.BlockFormat, rule: str, stochastic: bool) -> bool:
        """Returns whether the library accepts a rule for a format."""
        return bool(
            self._shim.shim_is_valid_rule(self._format(fmt), self._rule(rule), int(stochastic))
        )

    def scale_threshold(self, rule: str, element: mx.ElementFormat) -> int:
        """Returns the mantissa threshold of a rule."""
        return int(self._shim.shim_scale_threshold(self._rule(rule), self._element(element)))

    def scale_exponent_offset(self, rule: str, element: mx.ElementFormat) -> int:
        """Returns the exponent that a rule subtracts."""
        return int(self._shim.shim_scale_exponent_offset(self._rule(rule), self._element(element)))

    def tensor_scale_divisor(self, rule: str, element: mx.ElementFormat) -> int:
        """Returns the f32 divisor of the tensor's amax."""
        return int(self._shim.shim_tensor_scale_divisor(self._rule(rule), self._element(element)))

    def head_room(self, rule: str, stochastic: bool) -> int:
        """Returns the f32 factor on every amax."""
        return int(self._shim.shim_head_room(self._rule(rule), int(stochastic)))

    def compute_tensor_scale(self, fmt: mx.BlockFormat, options: mx.Options, values: Bits) -> int:
        """Returns the f32 tensor scale of a tensor."""
        return int(
            self._shim.shim_compute_tensor_scale(
                self._format(fmt), self._options(options), u32_in(values), i64(len(values))
            )
        )

    def quantize_blocks(
        self,
        fmt: mx.BlockFormat,
        options: mx.Options,
        tensor_scale: int,
        values: Bits,
        count: int,
        index: int = 0,
        stride: int = 1,
    ) -> tuple[list[int], list[int]]:
        """Returns scale bytes and codes of consecutive blocks of `count` values."""
        blocks = len(values) // count
        scales, codes = bytes_in(bytes(blocks)), bytes_in(bytes(len(values)))
        self._shim.shim_quantize_blocks(
            self._format(fmt),
            self._options(options),
            u32(tensor_scale),
            u32_in(values),
            i64(blocks),
            i64(count),
            u64(index),
            u64(stride),
            scales,
            codes,
        )
        return list(scales), list(codes)

    def quantize(
        self,
        fmt: mx.BlockFormat,
        options: mx.Options,
        values: Bits,
        shape: Sequence[int],
        axis: int,
    ) -> Quantized:
        """Returns a tensor quantised and decoded again."""
        room = len(values) + 64
        sizes = (ctypes.c_int64 * 4)()
        payload, scales = bytes_in(bytes(room)), bytes_in(bytes(room))
        tensor_scale = ctypes.c_uint32()
        singles, doubles = u32_in([0] * room), u64_in([0] * room)
        self._shim.shim_quantize(
            self._format(fmt),
            self._options(options),
            u32_in(values),
            (ctypes.c_int64 * len(shape))(*shape),
            i64(len(shape)),
            i64(axis),
            sizes,
            payload,
            scales,
            ctypes.byref(tensor_scale),
            singles,
            doubles,
        )
        return Quantized(
            bytes(payload)[: sizes[0]],
            bytes(scales)[: sizes[1]],
            tensor_scale.value,
            list(singles)[: sizes[2]],
            list(doubles)[: sizes[3]],
        )

    def philox(self, counter: Bits, key: Bits) -> list[int]:
        """Returns the four words of a counter."""
        words = u32_in([0] * 4)
        self._shim.shim_philox(u32_in(counter), u32_in(key), words)
        return list(words)

    def random_bits(self, seed: int, index: int, bits: int) -> int:
        """Returns the random number of an element."""
        return int(self._shim.shim_random_bits(u64(seed), u64(index), u32(bits)))

    # N6, N7

    def is_hadamard_size(self, size: int) -> bool:
        """Returns whether the library rotates groups of `size`."""
        return bool(self._shim.shim_is_hadamard_size(i64(size)))

    def hadamard_scale(self, size: int) -> int:
        """Returns the f32 last factor."""
        return int(self._shim.shim_hadamard_scale(i64(size)))

    def rotate_group(self, values: Bits, signs: Sequence[int] | None, inverse: bool) -> list[int]:
        """Returns a rotated group."""
        rotated = u32_in([0] * len(values))
        array = None if signs is None else (ctypes.c_int8 * len(signs))(*signs)
        self._shim.shim_rotate_group(u32_in(values), i64(len(values)), array, int(inverse), rotated)
        return list(rotated)

    def exact_sum(self, factors: Bits) -> tuple[int, int]:
        """Returns a sum of products of three as f64 and as f32."""
        double, single = ctypes.c_uint64(), ctypes.c_uint32()
        self._shim.shim_exact_sum(
            u32_in(factors), i64(len(factors) // 3), ctypes.byref(double), ctypes.byref(single)
        )
        return double.value, single.value

    def is_within(self, factors: Bits, value: int, bound: int) -> bool:
        """Returns whether a sum of products of three is within `bound` of `value`."""
        count = i64(len(factors) // 3)
        return bool(self._shim.shim_is_within(u32_in(factors), count, u64(value), u64(bound)))

    def reference_dot(
        self, a: Bits, b: Bits, tensor_scale_a: int, tensor_scale_b: int, init: int, additions: int
    ) -> tuple[int, int, int]:
        """Returns the nearest f32, the value and the bound of a dot product."""
        nearest, value, bound = ctypes.c_uint32(), ctypes.c_uint64(), ctypes.c_uint64()
        self._shim.shim_reference_dot(
            u32_in(a),
            u32_in(b),
            i64(len(a)),
            u32(tensor_scale_a),
            u32(tensor_scale_b),
            u32(init),
            i64(additions),
            ctypes.byref(nearest),
            ctypes.byref(value),
            ctypes.byref(bound),
        )
        return nearest.value, value.value, bound.value

    # N8

    def packed_bytes(self, count: int, bits: int) -> int:
        """Returns the bytes of a row."""
        return int(self._shim.shim_packed_bytes(i64(count), u32(bits)))

    def pack_row(self, codes: Sequence[int], bits: int) -> bytes:
        """Returns a packed row; the room for it is filled with ones first."""
        row = bytes_in(b"\xff" * mx.packed_bytes(len(codes), bits))
        self._shim.shim_pack_row(bytes_in(codes), i64(len(codes)), u32(bits), row)
        return bytes(row)

    def unpack_row(self, row: bytes, count: int, bits: int) -> list[int]:
        """Returns the codes of a row."""
        codes = bytes_in(bytes(count))
        self._shim.shim_unpack_row(bytes_in(row), i64(count), u32(bits), codes)
        return list(codes)

    def read_code(self, row: bytes, k: int, bits: int) -> int:
        """Returns a code of a row."""
        return int(self._shim.shim_read_code(bytes_in(row), i64(k), u32(bits)))

    def write_code(self, row: bytes, k: int, bits: int, code: int) -> bytes:
        """Returns a row with one code replaced."""
        array = bytes_in(row)
        self._shim.shim_write_code(array, i64(k), u32(bits), ctypes.c_uint8(code))
        return bytes(array)

    def to_ggml(
        self, name: str, payload: bytes, scales: bytes, structs: int, struct_bytes: int
    ) -> bytes:
        """Returns `structs` ggml blocks of `mxfp4` or `nvfp4`."""
        result = bytes_in(bytes(structs * struct_bytes))
        getattr(self._shim, f"shim_{name}_to_ggml")(
            bytes_in(payload), bytes_in(scales), i64(structs), result
        )
        return bytes(result)

    def from_ggml(
        self, name: str, data: bytes, structs: int, payload: int, scales: int
    ) -> tuple[bytes, bytes]:
        """Returns `payload` canonical bytes and `scales` scales of ggml blocks."""
        payload_out, scales_out = bytes_in(bytes(payload)), bytes_in(bytes(scales))
        getattr(self._shim, f"shim_{name}_from_ggml")(
            bytes_in(data), i64(structs), payload_out, scales_out
        )
        return bytes(payload_out), bytes(scales_out)

    def scale_tile_bytes(self, rows: int, columns: int) -> int:
        """Returns the bytes of tiled scales."""
        return int(self._shim.shim_scale_tile_bytes(i64(rows), i64(columns)))

    def scale_tile_offset(self, row: int, column: int, columns: int) -> int:
        """Returns where a scale lies."""
        return int(self._shim.shim_scale_tile_offset(i64(row), i64(column), i64(columns)))

    def scales_to_tiles(self, scales: bytes, rows: int, columns: int) -> bytes:
        """Returns tiled scales; the room for them is filled with ones first."""
        tiles = bytes_in(b"\xff" * mx.scale_tile_bytes(rows, columns))
        self._shim.shim_scales_to_tiles(bytes_in(scales), i64(rows), i64(columns), tiles)
        return bytes(tiles)

    def scales_from_tiles(self, tiles: bytes, rows: int, columns: int) -> bytes:
        """Returns row-major scales."""
        scales = bytes_in(bytes(rows * columns))
        self._shim.shim_scales_from_tiles(bytes_in(tiles), i64(rows), i64(columns), scales)
        return bytes(scales)
