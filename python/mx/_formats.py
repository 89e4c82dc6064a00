# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Formats and rotations: what the bits of a block-scaled tensor mean (N1.5, N6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

from mx import _mx
from mx._errors import Error, raising

# In the order of MXElement and MXScale (mx-c/MX.h), by their names in MLIR.
ELEMENTS = {"f4E2M1FN": 4, "f6E2M3FN": 6, "f6E3M2FN": 6, "f8E4M3FN": 8, "f8E5M2": 8}
SCALES = ("f8E8M0FNU", "f8E4M3FN")
NAMES = ("mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2")


def element_number(element: str) -> int:
    """The number of an element type in the C interface."""
    if element not in ELEMENTS:
        names = ", ".join(f"'{name}'" for name in ELEMENTS)
        raise Error(f"expected an element type ({names}), got {element!r}")
    return list(ELEMENTS).index(element)


@dataclass(frozen=True)
class Format:
    """Element type, scale type, block length, and whether one f32 scale covers the tensor (N1.5).

    `element` and `scale` are names of MLIR types, e.g. "f4E2M1FN" and "f8E8M0FNU". Raises mx.Error for a combination
    that N1.5 does not allow.
    """

    element: str
    scale: str
    block: int
    tensor_scale: bool = False

    def __post_init__(self) -> None:
        element_number(self.element)
        if self.scale not in SCALES:
            raise Error(f"expected a scale type ('{SCALES[0]}', '{SCALES[1]}'), got {self.scale!r}")
        if not isinstance(self.block, int):
            raise TypeError(f"expected the block to be an int, got {type(self.block).__name__}")
        if not 0 < self.block <= 65536:
            raise Error(f"expected a block of 1 to 65536 elements, got {self.block}")
        with raising(Error):
            _mx.measure(self.as_tuple(), [1], 0)

    @staticmethod
    def of(format: Union[str, Format]) -> Format:
        """The format called `format`, e.g. "mxfp4", or `format` itself."""
        if isinstance(format, Format):
            return format
        if not isinstance(format, str):
            raise TypeError(f"expected a format or its name, got {type(format).__name__}")
        with raising(Error):
            element, scale, block, tensor_scale = _mx.lookup_format(format)
        return Format(list(ELEMENTS)[element], SCALES[scale], block, tensor_scale)

    @property
    def element_bits(self) -> int:
        """Bits of one element code."""
        return ELEMENTS[self.element]

    @property
    def default_rule(self) -> str:
        """The scale rule of `quantize` where none is given: `even` (`rceil` for E4M3, whose threshold it is) for E8M0
        scales, `abs3` if they come with a tensor scale, `amax` for UE4M3 scales.
        """
        if self.scale != "f8E8M0FNU":
            return "amax"
        if self.tensor_scale:
            return "abs3"
        return "rceil" if self.element == "f8E4M3FN" else "even"

    @property
    def searching_rule(self) -> str:
        """The scale rule with the smallest error: `mse` for E8M0 scales where `even` is the default, `sweep` for UE4M3
        scales, `default_rule` elsewhere.
        """
        if self.scale != "f8E8M0FNU":
            return "sweep"
        return "mse" if self.default_rule == "even" else self.default_rule

    def as_tuple(self) -> tuple[int, int, int, bool]:
        """The form that the extension takes."""
        return element_number(self.element), SCALES.index(self.scale), self.block, self.tensor_scale

    def __str__(self) -> str:
        """The name, or `format<...>`, as in IR."""
        for name in NAMES:
            if _mx.lookup_format(name) == self.as_tuple():
                return name
        tail = ", tensor_scale" if self.tensor_scale else ""
        return f"format<element = {self.element}, scale = {self.scale}, block = {self.block}{tail}>"


@dataclass(frozen=True)
class Rotation:
    """A block Hadamard matrix (N6): `size` is a power of two in 2...256, `signs` are `size` numbers 1 or -1.

    A rotation has one spelling: signs that are all 1 become None.
    """

    size: int
    signs: Optional[tuple[int, ...]] = None

    def __post_init__(self) -> None:
        if not isinstance(self.size, int):
            raise TypeError(f"expected the size of a rotation to be an int, got {type(self.size).__name__}")
        with raising(Error):
            _mx.draw_signs(0, self.size if 0 <= self.size <= 256 else 0)
        if self.signs is None:
            return
        signs = tuple(int(sign) for sign in self.signs)
        if len(signs) != self.size:
            raise Error(f"expected {self.size} signs, got {len(signs)}")
        if not set(signs) <= {1, -1}:
            raise Error("expected signs that are 1 or -1, got others")
        object.__setattr__(self, "signs", signs if -1 in signs else None)

    @staticmethod
    def drawn(size: int, seed: int) -> Rotation:
        """The rotation of `size` whose signs a program gets from `seed` (flag --rotation-seed); 0 gives none."""
        rotation = Rotation(size)
        with raising(Error):
            return Rotation(size, tuple(_mx.draw_signs(seed, rotation.size)))

    @staticmethod
    def of(rotation: Union[int, Rotation]) -> Rotation:
        """The rotation of a size without signs, or `rotation` itself."""
        return rotation if isinstance(rotation, Rotation) else Rotation(rotation)

    def __str__(self) -> str:
        """As in the type of a block-scaled tensor."""
        signs = "" if self.signs is None else f", signs = [{', '.join(map(str, self.signs))}]"
        return f"hadamard<{self.size}{signs}>"
