# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The numbers that compare_reference.py tries, as the bits of f32."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterable
from fractions import Fraction

import mx_reference as mx

INFINITY, NAN = 0x7F800000, 0x7FC00000
F32_MAX_BITS = 0x7F7FFFFF
SIGN = 0x80000000
ONE = 0x3F800000


def canonical_f32(bits: int) -> int:
    """Returns the bits of an f32 with one NaN for all."""
    return NAN if bits & ~SIGN > INFINITY else bits


def canonical_f64(bits: int) -> int:
    """Returns the bits of an f64 with one NaN for all."""
    return 0x7FF8 << 48 if bits & ~(1 << 63) > 0x7FF << 52 else bits


def f32_bits(x: float) -> int:
    """Returns the bits of an expected f32, with one NaN for all."""
    return canonical_f32(mx.f32_to_bits(x))


def f64_bits(value: Fraction | float) -> int:
    """Returns the bits of an expected f64, with one NaN for all."""
    x = mx.round_value(value, mx.F64)
    return canonical_f64(int.from_bytes(struct.pack("<d", x), "little"))


def both_signs(bits: Iterable[int]) -> list[int]:
    """Returns f32 bits and their negatives."""
    return [b | sign for b in bits for sign in (0, SIGN)]


def neighbours(value: Fraction | float) -> list[int]:
    """Returns the bits of a positive f32 between those of its neighbours."""
    bits = mx.f32_to_bits(mx.rne_f32(Fraction(value)))
    return [bits + step for step in (-1, 0, 1) if 0 <= bits + step <= INFINITY]


def edge_inputs(element: mx.ElementFormat) -> list[int]:
    """Returns an element grid and its midpoints with their neighbours, and what lies beyond."""
    values = mx.positive_values(element)
    top = values[-1] + (values[-1] - values[-2]) / 2
    points = [*values, *map(Fraction, mx.midpoints(element)), top, top * 2, Fraction(2) ** 127]
    bits = [b for point in points for b in neighbours(point)]
    return both_signs([*bits, 1, 0x007FFFFF, 0x00800000, F32_MAX_BITS, INFINITY, INFINITY + 1, NAN])


def bf16_inputs() -> list[int]:
    """Returns every bf16 as f32 bits."""
    return [bits << 16 for bits in range(65536)]


def f16_inputs() -> list[int]:
    """Returns every f16 as f32 bits."""
    return [mx.f32_to_bits(mx.f16_from_bits(bits)) for bits in range(65536)]


def floats(bits: Iterable[int]) -> list[float]:
    """Returns the f32 numbers with the given bits."""
    return [mx.f32_from_bits(b) for b in bits]


def rounded(x: float | Fraction) -> float:
    """Returns a finite number rounded to f32, or the largest if it is too large."""
    result = mx.rne_f32(Fraction(x))
    return mx.with_sign(mx.F32_MAX, result < 0) if math.isinf(result) else result


class Blocks:
    """Makes blocks of values, ordinary and adversarial, as f32 bits."""

    def __init__(self, seed: int) -> None:
        """Seeds the generator."""
        self.random = random.Random(seed)

    def scaled(self, values: Iterable[float | Fraction], exponent: int) -> list[int]:
        """Returns values times a power of two, as far as f32 reaches."""
        factor = Fraction(2) ** exponent
        return [mx.f32_to_bits(rounded(Fraction(x) * factor)) for x in values]

    def exponent(self) -> int:
        """Returns an exponent, often moderate and sometimes at the ends of f32."""
        choice = self.random.random()
        if choice < 0.6:
            return self.random.randint(-8, 8)
        return self.random.randint(-149, -110) if choice < 0.8 else self.random.randint(-110, 124)

    def ordinary(self, count: int) -> list[int]:
        """Returns normal or heavy-tailed values."""
        power = self.random.choice((1, 1, 3))
        return self.scaled(
            (self.random.gauss(0, 1) ** power for _ in range(count)), self.exponent()
        )

    def grid(self, element: mx.ElementFormat, count: int) -> list[int]:
        """Returns values on an element grid or its midpoints, or a step beside, with F first."""
        points = [*mx.positive_values(element), *map(Fraction, mx.midpoints(element))]
        exponent = self.exponent()
        first = self.random.choice(
            (points[-1], element.max_finite, element.max_finite * Fraction(17, 16))
        )
        block = self.scaled(
            [first, *(self.random.choice(points) for _ in range(count - 1))], exponent
        )
        if self.random.random() < 0.5:
            block = [max(0, min(F32_MAX_BITS, b + self.random.randint(-1, 1))) for b in block]
        return [b | self.random.choice((0, SIGN)) for b in block]

    def even_errors(self, count: int, unit: float) -> list[int]:
        """Returns a few multiples of a unit, whose errors under different scales often tie."""
        few = [self.random.randint(0, 48) for _ in range(min(count, self.random.randint(2, 5)))]
        few[0] = self.random.choice((10, 12, 16, 20, 24, 40, 48))
        sizes = [rounded(Fraction(n) / 4 * Fraction(unit)) for n in few] + [0.0] * (
            count - len(few)
        )
        return [mx.f32_to_bits(x) | self.random.choice((0, SIGN)) for x in sizes]

    def any_bits(self, count: int) -> list[int]:
        """Returns finite numbers of every magnitude."""
        block = [self.random.getrandbits(32) for _ in range(count)]
        return [b & ~0x40000000 if b & INFINITY == INFINITY else b for b in block]

    def special(self, count: int) -> list[int]:
        """Returns zeros, subnormals, huge numbers, or a block with NaN or infinities."""
        kinds = (
            (0, SIGN),
            (0, SIGN, 1, SIGN | 1),
            (0, 1, 2, 3, 0x007FFFFF, 0x00800000, SIGN | 0x00400000),
            (F32_MAX_BITS, SIGN | F32_MAX_BITS, 0x7F000000, ONE, 0),
            (0x7E800000, 0x7F000000, 0x7F400000, 0x7F600000),
            (INFINITY, SIGN | INFINITY, ONE, 0, SIGN),
            (NAN, ONE, 0, SIGN | INFINITY),
            (NAN | SIGN, 0x7F800001),
        )
        kind = self.random.choice(kinds)
        return [self.random.choice(kind) for _ in range(count)]

    def block(self, element: mx.ElementFormat, count: int) -> list[int]:
        """Returns any of the above."""
        if count == 0:
            return []
        choice = self.random.random()
        if choice < 0.35:
            return self.ordinary(count)
        if choice < 0.7:
            return self.grid(element, count)
        return self.special(count) if choice < 0.85 else self.any_bits(count)

    def tensor_scale(self) -> float:
        """Returns a tensor scale: ordinary, extreme, or not a positive finite number."""
        ends = (2.0**-126, 2.0**-127, 2.0**-149, 3 * 2.0**-149, 2.0**100, 2.0**127, mx.F32_MAX)
        bad = (0.0, -0.0, -1.0, math.inf, -math.inf, math.nan)
        choice = self.random.random()
        if choice < 0.75:
            return rounded(
                Fraction(self.random.uniform(0.5, 2)) * Fraction(2) ** self.random.randint(-20, 10)
            )
        return self.random.choice(ends if choice < 0.95 else bad)
