# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Block-scaled tensors as arrays: quantising, dequantising, layouts."""

from __future__ import annotations

import operator
import struct
from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np

from mx import _mx
from mx._arrays import as_bytes, bf16_dtype, is_torch, to_f32, to_torch
from mx._errors import Error, raising
from mx._formats import Format, Rotation, element_number

# In the order of MXType (mx-c/MX.h).
TYPE_NUMBERS = {"float16": 9, "bfloat16": 10, "float32": 11, "float64": 12}


def check_axis(axis: int, rank: int) -> int:
    """The number of an axis, counted from the end if negative."""
    axis = operator.index(axis)
    if not -rank <= axis < rank:
        raise Error(f"expected an axis from {-rank} to {rank - 1}, got {axis}")
    return axis % rank


def check_seed(seed: int) -> int:
    """A number of 64 bits."""
    seed = operator.index(seed)
    if not 0 <= seed < 2**64:
        raise Error(f"expected a seed from 0 to 2^64 - 1, got {seed}")
    return seed


def type_name(dtype: Any) -> str:
    """The name of one of the types that can be dequantised to."""
    name = dtype if isinstance(dtype, str) else str(dtype) if "torch" in str(dtype) else np.dtype(dtype).name
    name = name.removeprefix("torch.")
    if name not in TYPE_NUMBERS:
        raise TypeError(f"expected the type float32, float64, float16 or bfloat16, got {name!r}")
    return name


class BlockTensor:
    """A tensor in a block-scaled format.

    Attributes:
      payload: u8 array, the codes packed along the last dimension (N8.1): `shape` with the last size in bytes.
      scales: u8 array, one byte for each block: `shape` with ceil(size / block) on `axis`.
      tensor_scale: multiplies every value (N1.4): what ModelOpt calls weight_scale_2, and the reciprocal of
        compressed-tensors' weight_global_scale (N8.6). 1.0 for formats that have none.
      shape: in elements.
      format: what the bits mean.
      axis: the blocked dimension.
      rotation: what the values have been multiplied by along `axis`, or None.

    Parts are not copied where they are row-major bytes already; who changes them afterwards changes the tensor.
    Raises mx.Error if they do not belong together, and TypeError for arrays of other types.
    """

    def __init__(
        self,
        payload: Any,
        scales: Any,
        shape: Sequence[int],
        format: Union[str, Format] = "mxfp4",
        axis: int = -1,
        tensor_scale: float = 1.0,
        rotation: Union[None, int, Rotation] = None,
    ):
        self.format = Format.of(format)
        self.shape = tuple(operator.index(size) for size in shape)
        self.axis = check_axis(axis, len(self.shape)) if self.shape else 0
        self.rotation = None if rotation is None else Rotation.of(rotation)
        self.tensor_scale = float(np.float32(tensor_scale))
        if not self.format.tensor_scale and self.tensor_scale != 1.0:
            raise Error(f"expected a tensor scale of 1 for '{self.format}', got {self.tensor_scale}")
        payload_shape, scale_shape = part_shapes(self.format, self.shape, self.axis)
        self.payload = as_part("payload", payload, payload_shape)
        self.scales = as_part("scales", scales, scale_shape)
        check_rotation(self.rotation, self.shape, self.axis)

    @property
    def type(self) -> str:
        """The type in IR, e.g. "!mx.tensor<8x64, mxfp4, axis = 1>"."""
        return f"!mx.tensor<{'x'.join(map(str, self.shape))}, {self.type_suffix}>"

    @property
    def type_suffix(self) -> str:
        """What follows the shape in `type`."""
        rotation = "" if self.rotation is None else f", rotation = {self.rotation}"
        return f"{self.format}, axis = {self.axis}{rotation}"

    @property
    def nbytes(self) -> int:
        """Bytes of payload, scales and tensor scale."""
        return self.payload.nbytes + self.scales.nbytes + 4 * self.format.tensor_scale

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """What a compiled function takes for this tensor: payload, scales, and the tensor scale if there is one."""
        scale = (np.array(self.tensor_scale, np.float32),) if self.format.tensor_scale else ()
        return (self.payload, self.scales, *scale)

    def dequantize(self, dtype: Any = "float32", *, unrotate: bool = False) -> Any:
        """The values (N1.4), rounded once to `dtype` (N1.7): float32, float64, float16 or bfloat16.

        A rotated tensor gives rotated values unless `unrotate`, which multiplies by the transpose of the rotation in
        f32 and needs float32. A type of PyTorch gives a tensor; bfloat16 needs ml_dtypes otherwise, and is an array of
        u16 without it.
        """
        name = type_name(dtype)
        if unrotate and name != "float32":
            raise Error(f"expected float32 with unrotate, got {name}")
        storage = np.dtype(np.uint16) if name == "bfloat16" else np.dtype(name)
        values = np.empty(self.shape, storage)
        with raising(Error):
            _mx.dequantize(
                self.format.as_tuple(), self.payload, self.scales, self.tensor_scale,
                list(self.shape), self.axis, TYPE_NUMBERS[name], values,
            )  # fmt: skip
            if unrotate and self.rotation is not None:
                _mx.rotate(values, list(self.shape), self.axis, self.rotation.size, self.rotation.signs, True)
        if "torch" in str(dtype):
            return to_torch(values, name == "bfloat16")
        return values.view(bf16_dtype()) if name == "bfloat16" else values

    def to_mlir(self, name: str = "weights") -> str:
        """An operation for the body of a function, `%name = mx.constant ...`, that holds all of the tensor."""
        scale = ""
        if self.format.tensor_scale:
            bits = struct.unpack("<I", struct.pack("<f", self.tensor_scale))[0]
            scale = f", tensor_scale = 0x{bits:08X} : f32"
        return (
            f"%{name} = mx.constant <payload = {dense(self.payload)}, scales = {dense(self.scales)}{scale}>"
            f" : {self.type}"
        )

    # --- layouts ---------------------------------------------------------------

    def to_gpt_oss(self) -> tuple[np.ndarray, np.ndarray]:
        """Blocks [..., K/32, 16] and scales [..., K/32] of mxfp4 (N8.2), on the same memory."""
        self._require_rows("gpt-oss", 32, ("mxfp4",))
        return self.payload.reshape(*self.scales.shape, 16), self.scales

    @staticmethod
    def from_gpt_oss(blocks: Any, scales: Any) -> BlockTensor:
        """The tensor of blocks [..., K/32, 16] and scales [..., K/32] (N8.2), on the same memory if it is row-major."""
        blocks, scales = as_bytes(blocks), as_bytes(scales)
        if blocks.ndim < 2 or blocks.shape[-1] != 16:
            raise Error(f"expected blocks of 16 bytes along the last of two or more dimensions, got {blocks.shape}")
        shape = (*blocks.shape[:-2], 32 * blocks.shape[-2])
        return BlockTensor(blocks.reshape(*blocks.shape[:-2], -1), scales, shape, "mxfp4")

    def to_ggml(self) -> np.ndarray:
        """ggml's structs: [..., 17 * K/32] bytes of block_mxfp4 (N8.3), or [..., 36 * K/64] of block_nvfp4 (N8.4). They
        do not hold the tensor scale.
        """
        self._require_rows("ggml", 64 if str(self.format) == "nvfp4" else 32, ("mxfp4", "nvfp4"))
        structs = np.empty((*self.shape[:-1], self.payload.shape[-1] + self.scales.shape[-1]), np.uint8)
        with raising(Error):
            count = int(np.prod(self.shape, dtype=np.int64))
            _mx.to_ggml(self.format.as_tuple(), self.payload, self.scales, count, structs)
        return structs

    @staticmethod
    def from_ggml(structs: Any, format: Union[str, Format], tensor_scale: float = 1.0) -> BlockTensor:
        """The tensor of rows of ggml's structs, of `format` mxfp4 or nvfp4."""
        structs, format = as_bytes(structs), Format.of(format)
        length, elements = {"mxfp4": (17, 32), "nvfp4": (36, 64)}.get(str(format), (0, 0))
        if length == 0:
            raise Error(f"expected the format 'mxfp4' or 'nvfp4' for structs of ggml, got '{format}'")
        if structs.ndim < 1 or structs.shape[-1] % length:
            raise Error(f"expected rows of structs of {length} bytes, got {structs.shape}")
        shape = (*structs.shape[:-1], structs.shape[-1] // length * elements)
        payload_shape, scale_shape = part_shapes(format, shape, len(shape) - 1)
        payload, scales = np.empty(payload_shape, np.uint8), np.empty(scale_shape, np.uint8)
        with raising(Error):
            _mx.from_ggml(format.as_tuple(), structs, int(np.prod(shape, dtype=np.int64)), payload, scales)
        return BlockTensor(payload, scales, shape, format, -1, tensor_scale)

    def to_scale_tiles(self) -> np.ndarray:
        """The scales in tiles of 128 rows and 4 columns (N8.5), as tensor cores of Blackwell read them: u8 [..., bytes]
        for each matrix of the last two dimensions.
        """
        self._require_rows("tiles", 1, None)
        if len(self.shape) < 2:
            raise Error("expected a matrix for tiles of scales, got one dimension")
        rows, columns = self.scales.shape[-2:]
        with raising(Error):
            tiles = np.empty((*self.shape[:-2], _mx.measure_tiles(rows, columns)), np.uint8)
            for index in np.ndindex(*self.shape[:-2]):
                _mx.to_tiles(self.scales[index], rows, columns, tiles[index])
        return tiles

    @staticmethod
    def from_scale_tiles(
        payload: Any, tiles: Any, shape: Sequence[int], format: Union[str, Format] = "mxfp4", tensor_scale: float = 1.0
    ) -> BlockTensor:
        """The tensor of `shape`, blocked along its last dimension, whose scales are in 128x4 tiles."""
        format, tiles = Format.of(format), as_bytes(tiles)
        if len(shape) < 2:
            raise Error("expected a matrix for tiles of scales, got one dimension")
        scales = np.empty(part_shapes(format, tuple(shape), len(shape) - 1)[1], np.uint8)
        rows, columns = scales.shape[-2:]
        with raising(Error):
            expected = (*scales.shape[:-2], _mx.measure_tiles(rows, columns))
            if tiles.shape != expected:
                raise Error(f"expected tiles of shape {expected}, got {tiles.shape}")
            for index in np.ndindex(*scales.shape[:-2]):
                _mx.from_tiles(tiles[index], rows, columns, scales[index])
        return BlockTensor(payload, scales, shape, format, -1, tensor_scale)

    def _require_rows(self, layout: str, multiple: int, formats: Optional[tuple[str, ...]]) -> None:
        if formats is not None and str(self.format) not in formats:
            raise Error(f"expected the format {' or '.join(map(repr, formats))} for {layout}, got '{self.format}'")
        if self.axis != len(self.shape) - 1 or self.shape[-1] % multiple:
            raise Error(
                f"expected blocks along the last dimension and a multiple of {multiple} elements for {layout}, "
                f"got axis {self.axis} of {self.shape}"
            )

    def __repr__(self) -> str:
        return f"<mx.BlockTensor {self.type}>"

    def __eq__(self, other: object) -> bool:
        """Whether type and all bits are equal; NaN tensor scales are."""
        if not isinstance(other, BlockTensor):
            return NotImplemented
        return (
            self.type == other.type
            and struct.pack("<f", self.tensor_scale) == struct.pack("<f", other.tensor_scale)
            and np.array_equal(self.payload, other.payload)
            and np.array_equal(self.scales, other.scales)
        )

    __hash__ = None  # type: ignore[assignment]


def part_shapes(format: Format, shape: tuple[int, ...], axis: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of payload and scales."""
    if any(size < 0 or size >= 2**62 for size in shape):
        raise Error(f"expected sizes of an array of less than 2^62 bytes, got {shape}")
    with raising(Error):
        _mx.measure(format.as_tuple(), list(shape), axis)
    payload = (*shape[:-1], (shape[-1] * format.element_bits + 7) // 8)
    scales = (*shape[:axis], -(-shape[axis] // format.block), *shape[axis + 1 :])
    return payload, scales


def as_part(name: str, array: Any, shape: tuple[int, ...]) -> np.ndarray:
    part = as_bytes(array)
    if part.shape != shape:
        raise Error(f"expected {name} of shape {shape}, got {part.shape}")
    return part


def dense(array: np.ndarray) -> str:
    """A constant of MLIR with the bytes of `array`."""
    kind = f"tensor<{''.join(f'{size}x' for size in array.shape)}i8>"
    return f'dense<"0x{array.tobytes().hex().upper()}"> : {kind}' if array.size else f"dense<> : {kind}"


def check_rotation(rotation: Optional[Rotation], shape: tuple[int, ...], axis: int) -> None:
    if rotation is not None and shape[axis] % rotation.size:
        raise Error(
            f"expected the size of axis {axis} to be a multiple of the rotation's {rotation.size}, got {shape[axis]}"
        )


def quantize(
    array: Any,
    format: Union[str, Format] = "mxfp4",
    *,
    scale_rule: Optional[str] = None,
    rounding: str = "nearest_even",
    axis: int = -1,
    rotation: Union[None, int, Rotation] = None,
    seed: int = 0,
    random_bits: int = 16,
    satfinite: bool = False,
    tensor_scale: Optional[float] = None,
) -> BlockTensor:
    """Quantises an array of floating-point numbers, which is not changed.

    Args:
      array: f16, bf16, f32 or f64 numbers of any shape but (); f64 is rounded to f32 first. Row-major f32 is read where
        it is.
      format: a name ("mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2") or an mx.Format.
      scale_rule: how the scale of a block is chosen (N3, N4): floor, ceil, rceil, even, mse, abs3, amax,
        four_over_six_mse, four_over_six_mae, sweep. None: Format.default_rule; `rceil` instead of `even` where rounding
        is stochastic.
      rounding: "nearest_even" (N2.1) or "stochastic" (N5).
      axis: the dimension along which neighbours share a scale.
      rotation: multiply by a Hadamard matrix along `axis` first, in f32 (N6): its size, or an mx.Rotation. A size with
        a seed gets the signs of that seed, as the compiler's --rotation-seed.
      seed: for the random numbers of stochastic rounding and the signs of a rotation.
      random_bits: of each number of stochastic rounding, 1 to 23.
      satfinite: infinities count as the largest finite number (N3.7); otherwise they poison their block (N3.6).
      tensor_scale: used instead of that of N4.1.

    Raises mx.Error for what the clauses do not allow, TypeError for other types of arguments.
    """
    format, seed = Format.of(format), check_seed(seed)
    if rounding not in ("nearest_even", "stochastic"):
        raise Error(f"expected the rounding 'nearest_even' or 'stochastic', got {rounding!r}")
    is_stochastic = rounding == "stochastic"
    if is_stochastic and not 1 <= operator.index(random_bits) <= 23:
        raise Error(f"expected 1 to 23 random bits, got {random_bits}")
    if scale_rule is None:
        rule = "rceil" if is_stochastic and format.default_rule == "even" else format.default_rule
    elif isinstance(scale_rule, str):
        rule = scale_rule
    else:
        raise TypeError(f"expected the name of a scale rule, got {type(scale_rule).__name__}")
    values = to_f32(array)
    if values.ndim == 0:
        raise Error("expected an array of at least one dimension, got a number")
    axis = check_axis(axis, values.ndim)
    if rotation is not None:
        rotation = rotation if isinstance(rotation, Rotation) else Rotation.drawn(rotation, seed)
        values = rotate(values, rotation, axis=axis)
    payload_shape, scale_shape = part_shapes(format, values.shape, axis)
    payload, scales = np.empty(payload_shape, np.uint8), np.empty(scale_shape, np.uint8)
    given = None if tensor_scale is None else float(tensor_scale)
    with raising(Error):
        scale = _mx.quantize(
            format.as_tuple(), rule, random_bits if is_stochastic else 0, seed, bool(satfinite), given,
            values, list(values.shape), axis, payload, scales,
        )  # fmt: skip
    return BlockTensor(payload, scales, values.shape, format, axis, scale, rotation)


def dequantize(tensor: BlockTensor, dtype: Any = "float32", *, unrotate: bool = False) -> Any:
    """The values of a block-scaled tensor; see BlockTensor.dequantize."""
    if not isinstance(tensor, BlockTensor):
        raise TypeError(f"expected an mx.BlockTensor, got {type(tensor).__name__}")
    return tensor.dequantize(dtype, unrotate=unrotate)


def rotate(array: Any, rotation: Union[int, Rotation], *, axis: int = -1, inverse: bool = False) -> Any:
    """A copy of `array` as f32, each group of neighbours along `axis` multiplied by a Hadamard matrix (N6), or by its
    transpose.
    """
    rotation = Rotation.of(rotation)
    given = to_f32(array)
    if given.ndim == 0:
        raise Error("expected an array of at least one dimension, got a number")
    values, axis = np.array(given, order="C"), check_axis(axis, given.ndim)
    check_rotation(rotation, values.shape, axis)
    with raising(Error):
        _mx.rotate(values, list(values.shape), axis, rotation.size, rotation.signs, bool(inverse))
    return to_torch(values, False) if is_torch(array) else values


def encode_elements(array: Any, element: str) -> np.ndarray:
    """The codes of numbers one by one (N2), u8 of the same shape; `element` as in mx.Format."""
    values, number = to_f32(array), element_number(element)
    codes = np.empty(values.shape, np.uint8)
    with raising(Error):
        _mx.encode(number, values, codes, values.size)
    return codes


def decode_elements(codes: Any, element: str) -> np.ndarray:
    """The f32 values of codes (N1.1), one in each byte; bits above the type's width are ignored."""
    bytes_, number = as_bytes(codes), element_number(element)
    values = np.empty(bytes_.shape, np.float32)
    with raising(Error):
        _mx.decode(number, bytes_, values, values.size)
    return values
