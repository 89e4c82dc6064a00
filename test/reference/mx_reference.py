# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""The numerics of docs/Numerics.md a second time, in exact integers and fractions.

Written from that page alone, to be read beside it: a function for a clause, the
clause's number in its docstring. Nothing here is fast, and no floating-point
operation of the host rounds anything: a number is taken apart into a ratio of
integers, computed with exactly, and rounded by `round_ratio`.

An f32, bf16 or f16 value is a Python float that holds it exactly, NaN,
infinities and -0 included. Python floats are only compared, negated and taken
apart; where an operand is NaN or infinite they follow IEEE-754 by themselves.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

# ---------------------------------------------------------------------------
# Notation: rne, and arithmetic "in f32"
# ---------------------------------------------------------------------------


@dataclass(frozen=True)
class BinaryFormat:
    """An IEEE-754 binary format: significand bits and range of the exponent."""

    precision: int
    min_exponent: int
    max_exponent: int


F16 = BinaryFormat(11, -14, 15)
BF16 = BinaryFormat(8, -126, 127)
F32 = BinaryFormat(24, -126, 127)
F64 = BinaryFormat(53, -1022, 1023)

F32_MAX = float((2**24 - 1) * 2**104)


def round_half_even(numerator: int, denominator: int) -> int:
    """Returns the integer nearest to a non-negative ratio, ties to even."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1):
        quotient += 1
    return quotient


def floor_log2(numerator: int, denominator: int) -> int:
    """Returns the e with 2^e <= numerator/denominator < 2^(e+1)."""
    exponent = numerator.bit_length() - denominator.bit_length()
    too_high = (
        numerator < denominator << exponent
        if exponent >= 0
        else numerator << -exponent < denominator
    )
    return exponent - 1 if too_high else exponent


def round_ratio(
    negative: bool, numerator: int, denominator: int, target: BinaryFormat = F32
) -> float:
    """Rounds ±numerator/denominator to `target`: `rne`, subnormals, overflow to infinity."""
    if numerator == 0:
        return -0.0 if negative else 0.0
    exponent = max(floor_log2(numerator, denominator), target.min_exponent)
    quantum = exponent - (target.precision - 1)
    if quantum >= 0:
        count = round_half_even(numerator, denominator << quantum)
    else:
        count = round_half_even(numerator << -quantum, denominator)
    if count.bit_length() - 1 + quantum > target.max_exponent:
        magnitude = math.inf
    else:
        magnitude = math.ldexp(count, quantum)
    return -magnitude if negative else magnitude


def rne(value: Fraction, target: BinaryFormat) -> float:
    """Rounds an exact number to `target`; an exact zero gives +0."""
    return round_ratio(value < 0, abs(value.numerator), value.denominator, target)


def rne_f32(value: Fraction) -> float:
    """Rounds an exact number to f32; an exact zero gives +0."""
    return rne(value, F32)


def is_negative(x: float) -> bool:
    """Returns the sign bit of `x`, that of zeros and NaN included."""
    return math.copysign(1.0, x) < 0


def with_sign(magnitude: float, negative: bool) -> float:
    """Returns `magnitude` with the given sign."""
    return -magnitude if negative else magnitude


def f32_add(a: float, b: float) -> float:
    """Returns a + b in f32."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return a + b
    a_num, a_den = a.as_integer_ratio()
    b_num, b_den = b.as_integer_ratio()
    total = a_num * b_den + b_num * a_den
    if total == 0:
        return -0.0 if is_negative(a) and is_negative(b) else 0.0
    return round_ratio(total < 0, abs(total), a_den * b_den)


def f32_sub(a: float, b: float) -> float:
    """Returns a - b in f32."""
    return f32_add(a, -b)


def f32_mul(a: float, b: float) -> float:
    """Returns a · b in f32."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return a * b
    a_num, a_den = a.as_integer_ratio()
    b_num, b_den = b.as_integer_ratio()
    return round_ratio(is_negative(a) != is_negative(b), abs(a_num * b_num), a_den * b_den)


def f32_div(a: float, b: float) -> float:
    """Returns a / b in f32."""
    if math.isnan(a) or math.isnan(b) or (a == 0 and b == 0) or (math.isinf(a) and math.isinf(b)):
        return math.nan
    negative = is_negative(a) != is_negative(b)
    if math.isinf(a) or b == 0:
        return with_sign(math.inf, negative)
    if math.isinf(b):
        return with_sign(0.0, negative)
    a_num, a_den = a.as_integer_ratio()
    b_num, b_den = b.as_integer_ratio()
    return round_ratio(negative, abs(a_num * b_den), a_den * abs(b_num))


def narrow(x: float, target: BinaryFormat) -> float:
    """Rounds a number to `target` once."""
    if not math.isfinite(x):
        return x
    numerator, denominator = x.as_integer_ratio()
    return round_ratio(is_negative(x), abs(numerator), denominator, target)


def f32_from_bits(bits: int) -> float:
    """Returns the f32 with the given bits."""
    return float(struct.unpack("<f", bits.to_bytes(4, "little"))[0])


def f32_to_bits(x: float) -> int:
    """Returns the bits of an f32; NaN becomes the quiet NaN of its sign."""
    if math.isnan(x):
        return 0xFFC00000 if is_negative(x) else 0x7FC00000
    return int.from_bytes(struct.pack("<f", x), "little")


def bf16_from_bits(bits: int) -> float:
    """Returns the bf16 with the given bits."""
    return f32_from_bits(bits << 16)


def bf16_to_bits(x: float) -> int:
    """Returns the bits of a bf16; NaN becomes the quiet NaN of its sign."""
    return f32_to_bits(x) >> 16


def f16_from_bits(bits: int) -> float:
    """Returns the f16 with the given bits."""
    return float(struct.unpack("<e", bits.to_bytes(2, "little"))[0])


def f16_to_bits(x: float) -> int:
    """Returns the bits of an f16; NaN becomes the quiet NaN of its sign."""
    if math.isnan(x):
        return 0xFE00 if is_negative(x) else 0x7E00
    return int.from_bytes(struct.pack("<e", x), "little")


@cache
def power_of_two(exponent: int) -> float:
    """Returns 2^exponent, which the caller knows to be an f32."""
    return rne_f32(Fraction(2) ** exponent)


# ---------------------------------------------------------------------------
# N1. Formats and decoding
# ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ElementFormat:
    """What N1.1 needs to know of an element format; the rest of its table follows."""

    name: str
    exponent_bits: int
    mantissa_bits: int
    bias: int
    infinity_codes: frozenset[int] = frozenset()
    nan_codes: frozenset[int] = frozenset()

    @property
    def bits(self) -> int:
        """The width of a code."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def sign_bit(self) -> int:
        """The code of -0."""
        return 1 << (self.bits - 1)

    @property
    def max_code(self) -> int:
        """The code of F."""
        return len(positive_values(self)) - 1

    @property
    def max_finite(self) -> Fraction:
        """The magnitude F."""
        return positive_values(self)[-1]

    @property
    def emax(self) -> int:
        """The exponent E = floor(log2 F)."""
        return floor_log2(self.max_finite.numerator, self.max_finite.denominator)


E2M1 = ElementFormat("E2M1", 2, 1, 1)
E2M3 = ElementFormat("E2M3", 2, 3, 1)
E3M2 = ElementFormat("E3M2", 3, 2, 3)
E4M3 = ElementFormat("E4M3", 4, 3, 7, nan_codes=frozenset({0x7F, 0xFF}))
E5M2 = ElementFormat(
    "E5M2",
    5,
    2,
    15,
    infinity_codes=frozenset({0x7C, 0xFC}),
    nan_codes=frozenset({0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF}),
)
ELEMENT_FORMATS = (E2M1, E2M3, E3M2, E4M3, E5M2)

E8M0 = "E8M0"
UE4M3 = "UE4M3"
SCALE_FORMATS = (E8M0, UE4M3)


def element_magnitude(element: ElementFormat, code: int) -> Fraction:
    """N1.1: the magnitude of a finite code."""
    exponent = code >> element.mantissa_bits & (1 << element.exponent_bits) - 1
    mantissa = Fraction(code & (1 << element.mantissa_bits) - 1, 1 << element.mantissa_bits)
    if exponent != 0:
        return Fraction(2) ** (exponent - element.bias) * (1 + mantissa)
    return Fraction(2) ** (1 - element.bias) * mantissa


@cache
def positive_values(element: ElementFormat) -> tuple[Fraction, ...]:
    """N1.1: the finite magnitudes in ascending order; the index is the code."""
    codes = range(element.sign_bit)
    special = element.infinity_codes | element.nan_codes
    return tuple(element_magnitude(element, code) for code in codes if code not in special)


@cache
def decode_element(element: ElementFormat, code: int) -> float:
    """N1.1: the value of a code."""
    if code in element.nan_codes:
        return math.nan
    negative = code & element.sign_bit != 0
    if code in element.infinity_codes:
        return with_sign(math.inf, negative)
    return with_sign(rne_f32(element_magnitude(element, code)), negative)


def decode_e8m0(byte: int) -> float:
    """N1.2: the value of an E8M0 scale."""
    return math.nan if byte == 255 else power_of_two(byte - 127)


def decode_ue4m3(byte: int) -> float:
    """N1.3: the value of a UE4M3 scale."""
    return math.nan if byte >= 0x7F else decode_element(E4M3, byte)


@cache
def decode_scale(scale: str, byte: int) -> float:
    """N1.2, N1.3: the value of a scale byte."""
    return decode_e8m0(byte) if scale == E8M0 else decode_ue4m3(byte)


@dataclass(frozen=True)
class BlockFormat:
    """N1.5: an element, a scale, a block length, and whether there is a tensor scale."""

    element: ElementFormat
    scale: str
    block: int
    tensor_scale: bool = False


NAMED_FORMATS = {
    "mxfp4": BlockFormat(E2M1, E8M0, 32),
    "nvfp4": BlockFormat(E2M1, UE4M3, 16, True),
    "mxfp6_e2m3": BlockFormat(E2M3, E8M0, 32),
    "mxfp6_e3m2": BlockFormat(E3M2, E8M0, 32),
    "mxfp8_e4m3": BlockFormat(E4M3, E8M0, 32),
    "mxfp8_e5m2": BlockFormat(E5M2, E8M0, 32),
}


def is_valid_format(fmt: BlockFormat) -> bool:
    """N1.5: whether a block is a whole number of bytes and at most 65536 elements."""
    return 1 <= fmt.block <= 65536 and fmt.block * fmt.element.bits % 8 == 0


def bits_per_value(fmt: BlockFormat) -> Fraction:
    """N1.5: payload and scale bits for each value."""
    return fmt.element.bits + Fraction(8, fmt.block)


def exact_product(factors: Sequence[float]) -> Fraction | float:
    """Returns a product exactly; a float only if it is NaN, infinite or a zero with its sign."""
    numerator = denominator = 1
    for factor in factors:
        if factor == 0 or not math.isfinite(factor):
            # Whatever is finite becomes ±1, so that the host rounds nothing.
            return math.prod(
                math.copysign(1.0, x) if x != 0 and math.isfinite(x) else x for x in factors
            )
        top, bottom = factor.as_integer_ratio()
        numerator *= top
        denominator *= bottom
    return Fraction(numerator, denominator)


def decode_value(fmt: BlockFormat, code: int, scale: int, tensor_scale: float) -> Fraction | float:
    """N1.4: element · block scale · tensor scale, exactly."""
    factors = [decode_element(fmt.element, code), decode_scale(fmt.scale, scale)]
    if fmt.tensor_scale:
        factors.append(tensor_scale)
    return exact_product(factors)


def round_value(value: Fraction | float, target: BinaryFormat) -> float:
    """N1.7: an exact value rounded once to the result type."""
    return rne(value, target) if isinstance(value, Fraction) else value


def block_count(fmt: BlockFormat, length: int) -> int:
    """N1.6: the number of blocks that `length` elements form."""
    return -(-length // fmt.block)


# ---------------------------------------------------------------------------
# N2. Encoding one element
# ---------------------------------------------------------------------------


@cache
def midpoints(element: ElementFormat) -> tuple[float, ...]:
    """N2.1: the midpoint above each finite magnitude; each is an f32."""
    values = positive_values(element)
    return tuple(rne_f32((low + high) / 2) for low, high in zip(values, values[1:]))


def encode_nan(element: ElementFormat) -> int:
    """N2.4: the code of NaN."""
    return 0x7F if element.nan_codes else element.max_code


def encode_element(element: ElementFormat, x: float) -> int:
    """N2.1, N2.2, N2.3: the code nearest to `x`, ties to even, saturating, signs kept."""
    if math.isnan(x):
        return encode_nan(element)
    middles = midpoints(element)
    code = bisect_left(middles, abs(x))
    if code < len(middles) and abs(x) == middles[code] and code % 2 == 1:
        code += 1
    return code | (element.sign_bit if is_negative(x) else 0)


def encode_ue4m3(x: float) -> int:
    """N4.2: a non-negative number rounded to UE4M3, at most 448; NaN is 0x7F."""
    return encode_element(E4M3, x)


# ---------------------------------------------------------------------------
# N5. Stochastic rounding
# ---------------------------------------------------------------------------


def philox4x32(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """N5.1: the four words of Philox4x32 with 10 rounds."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0 = (k0 + 0x9E3779B9) % 2**32
        k1 = (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def random_bits(seed: int, index: int, bits: int) -> int:
    """N5.1: the random number of the element with the given row-major index."""
    block = index // 4
    counter = (block % 2**32, block // 2**32, 0, 0)
    word = philox4x32(counter, (seed % 2**32, seed // 2**32))[index % 4]
    return word >> (32 - bits)


def encode_element_stochastic(element: ElementFormat, y: float, random: int, bits: int) -> int:
    """N5.2: the code of one of the two neighbours of `y`, chosen by `random`."""
    if math.isnan(y):
        return encode_nan(element)
    sign = element.sign_bit if is_negative(y) else 0
    values = positive_values(element)
    if math.isinf(y) or abs(Fraction(y)) >= element.max_finite:
        return sign | element.max_code
    magnitude = abs(Fraction(y))
    code = bisect_right(values, magnitude) - 1
    p = (magnitude - values[code]) / (values[code + 1] - values[code])
    if 2 * random + 1 < p * 2 ** (bits + 1):
        code += 1
    return sign | code


# ---------------------------------------------------------------------------
# N3, N4. Options, validity and tensor scale
# ---------------------------------------------------------------------------

POWER_RULES = ("floor", "ceil", "rceil", "even")
FOUR_OVER_SIX_RULES = ("four_over_six_mse", "four_over_six_mae")
E8M0_RULES = POWER_RULES + ("mse",)
UE4M3_RULES = ("amax",) + FOUR_OVER_SIX_RULES + ("sweep",)
SCALE_RULES = E8M0_RULES + ("abs3",) + UE4M3_RULES


@dataclass(frozen=True)
class Options:
    """Everything that decides the bits of a quantisation, beside its input."""

    rule: str
    stochastic: bool = False
    random_bits: int = 16
    seed: int = 0
    satfinite: bool = False
    tensor_scale: float | None = None


def is_valid_rule(fmt: BlockFormat, rule: str, stochastic: bool) -> bool:
    """N3.4, N4.3, N5.3: whether a rule can encode a format with a rounding."""
    if stochastic and rule not in ("ceil", "rceil", "abs3", "amax"):
        return False
    if fmt.scale == E8M0:
        return rule in (("abs3",) if fmt.tensor_scale else E8M0_RULES)
    if rule in FOUR_OVER_SIX_RULES:
        return fmt.element == E2M1
    return rule in UE4M3_RULES


def saturate_infinities(options: Options, values: Sequence[float]) -> list[float]:
    """N3.7: with `satfinite`, infinities replaced by the largest finite f32."""
    if not options.satfinite:
        return list(values)
    return [with_sign(F32_MAX, x < 0) if math.isinf(x) else x for x in values]


def head_room(rule: str, stochastic: bool) -> float:
    """N5.3: the factor on every amax."""
    return 1.0625 if rule == "amax" and stochastic else 1.0


def raise_amax(options: Options, amax: float) -> float:
    """N5.3: an amax with its head-room in f32, at most the largest finite one."""
    return min(f32_mul(head_room(options.rule, options.stochastic), amax), F32_MAX)


def tensor_scale_divisor(rule: str, element: ElementFormat) -> float:
    """N4.1: F · 448 or F · 256, rounded to f32."""
    return rne_f32(element.max_finite * (256 if rule in FOUR_OVER_SIX_RULES else 448))


def compute_tensor_scale(fmt: BlockFormat, options: Options, values: Sequence[float]) -> float:
    """N4.1, N3.4: the tensor scale of a tensor."""
    if not fmt.tensor_scale:
        return 1.0
    if options.rule == "abs3":
        return rne_f32(Fraction(1, 3))
    if options.tensor_scale is not None:
        return options.tensor_scale
    finite = [abs(x) for x in saturate_infinities(options, values) if math.isfinite(x)]
    amax = raise_amax(options, max(finite, default=0.0))
    if amax == 0:
        return 1.0
    return max(f32_div(amax, tensor_scale_divisor(options.rule, fmt.element)), power_of_two(-126))


# ---------------------------------------------------------------------------
# N3. E8M0 scale rules
# ---------------------------------------------------------------------------


def split_exponent(a: float) -> tuple[int, Fraction]:
    """N3: the e and m with a = m · 2^e and 1 <= m < 2."""
    exact = Fraction(a)
    exponent = floor_log2(exact.numerator, exact.denominator)
    return exponent, exact / Fraction(2) ** exponent


def stored_byte(k: int) -> int:
    """N3: the byte of the scale 2^k."""
    return min(max(k + 127, 0), 254)


def power_rule_exponent(rule: str, element: ElementFormat, a: float) -> int:
    """N3.1: the exponent k of `floor`, `ceil`, `rceil` or `even` for amax a > 0."""
    exponent, mantissa = split_exponent(a)
    if rule == "floor":
        return exponent - element.emax
    if rule == "ceil":
        return exponent + (1 if mantissa > 1 else 0) - element.emax
    if rule == "even":
        rounds_up = mantissa >= 2 - Fraction(1, 2 ** (element.mantissa_bits + 1))
        return exponent - element.emax + (1 if rounds_up else 0)
    k = exponent - element.emax - 1
    while element.max_finite * Fraction(2) ** k < Fraction(a):
        k += 1
    return k


def scale_threshold(rule: str, element: ElementFormat) -> int:
    """N3.2: the threshold T on the 23 mantissa bits (`abs3` as `floor`)."""
    if rule == "ceil":
        return 1
    if rule == "rceil":
        f_mantissa = element.max_finite / Fraction(2) ** element.emax - 1
        return int(f_mantissa * 2**23) + 1
    if rule == "even":
        return 2**23 - (1 << 22 - element.mantissa_bits)
    return 2**23


def scale_exponent_offset(rule: str, element: ElementFormat) -> int:
    """N3.2, N3.4: the exponent that is subtracted."""
    return 0 if rule == "abs3" else element.emax


def threshold_byte(rule: str, element: ElementFormat, amax_bits: int) -> int:
    """N3.2: the byte, computed on the bits of amax."""
    threshold = scale_threshold(rule, element)
    return max(0, (amax_bits + 2**23 - threshold >> 23) - scale_exponent_offset(rule, element))


MSE_OFFSETS = (0, -3, -2, -1, 1)


def mse_byte(element: ElementFormat, a: float, values: Sequence[float]) -> int:
    """N3.3: the byte with the least squared error among five."""
    first_byte = stored_byte(power_rule_exponent("rceil", element, a))
    scaled = [f32_mul(x, power_of_two(127 - first_byte)) for x in values]
    best_byte, best_error = -1, math.nan
    for offset in MSE_OFFSETS:
        byte = first_byte + offset
        if not 0 <= byte <= 254:
            continue
        error = 0.0
        for u in scaled:
            code = encode_element(element, f32_mul(u, power_of_two(-offset)))
            d = f32_sub(u, f32_mul(decode_element(element, code), power_of_two(offset)))
            error = f32_add(error, f32_mul(d, d))
        if best_byte < 0 or error < best_error:
            best_byte, best_error = byte, error
    return best_byte


def abs3_byte(a: float) -> int:
    """N3.4: the byte of `abs3`, that of `floor` with E = 0."""
    return stored_byte(split_exponent(a)[0])


def poison_scale(scale: str) -> int:
    """N3.6: the scale byte of a poisoned block."""
    return 0xFF if scale == E8M0 else 0x7F


def unit_scale(scale: str) -> int:
    """N1.2, N1.3: the scale byte that means 1."""
    return next(byte for byte in range(256) if decode_scale(scale, byte) == 1)


def is_poisoned(fmt: BlockFormat, tensor_scale: float, values: Sequence[float]) -> bool:
    """N3.6, N4.6: whether a block holds NaN or an infinity, or has a bad tensor scale (N4.1)."""
    if not all(math.isfinite(x) for x in values):
        return True
    # N3.4: the tensor scale of E8M0 blocks is never the caller's.
    depends = fmt.scale == UE4M3 and fmt.tensor_scale
    return depends and not (math.isfinite(tensor_scale) and tensor_scale > 0)


def zero_codes(element: ElementFormat, values: Sequence[float]) -> list[int]:
    """N3.5, N4.5: codes 0 with the signs of the values."""
    return [element.sign_bit if is_negative(x) else 0 for x in values]


Encoder = Callable[[float, int], int]


def element_encoder(fmt: BlockFormat, options: Options, index: int, stride: int) -> Encoder:
    """N2, N5: the function from a scaled value and its position in the block to a code."""

    def nearest(y: float, _: int) -> int:
        return encode_element(fmt.element, y)

    def stochastic(y: float, position: int) -> int:
        bits = options.random_bits
        random = random_bits(options.seed, index + position * stride, bits)
        return encode_element_stochastic(fmt.element, y, random, bits)

    return stochastic if options.stochastic else nearest


def quantize_e8m0(
    fmt: BlockFormat, options: Options, a: float, values: Sequence[float], encode: Encoder
) -> tuple[int, list[int]]:
    """N3.1, N3.3, N3.4, N3.8: scale byte and codes of a finite, non-zero block."""
    if options.rule == "abs3":
        byte = abs3_byte(a)
        values = [f32_mul(3.0, x) for x in values]
    elif options.rule == "mse":
        byte = mse_byte(fmt.element, a, values)
    else:
        byte = stored_byte(power_rule_exponent(options.rule, fmt.element, a))
    inverse = power_of_two(127 - byte)
    return byte, [encode(f32_mul(x, inverse), i) for i, x in enumerate(values)]


# ---------------------------------------------------------------------------
# N4. UE4M3 scale rules
# ---------------------------------------------------------------------------


def amax_base(element: ElementFormat, a: float, tensor_scale: float) -> float:
    """N4.2: (a / F) / t."""
    return f32_div(f32_div(a, rne_f32(element.max_finite)), tensor_scale)


def scale_of_base(base: float) -> int:
    """N4.2: the UE4M3 code nearest to min(base, 448)."""
    return encode_ue4m3(min(base, 448.0))


def ue4m3_codes(
    element: ElementFormat, byte: int, tensor_scale: float, values: Sequence[float], encode: Encoder
) -> list[int]:
    """N4.5: the codes of a block under a given scale."""
    divisor = f32_mul(decode_ue4m3(byte), tensor_scale)
    if divisor == 0:
        return zero_codes(element, values)
    return [encode(f32_div(x, divisor), i) for i, x in enumerate(values)]


def block_error(
    element: ElementFormat,
    byte: int,
    tensor_scale: float,
    values: Sequence[float],
    codes: Sequence[int],
    absolute: bool = False,
) -> float:
    """N4.3: the f32 sum of d·d, or of |d|, over a block."""
    scale = decode_ue4m3(byte)
    error = 0.0
    for x, code in zip(values, codes, strict=True):
        decoded = f32_mul(f32_mul(decode_element(element, code), scale), tensor_scale)
        d = f32_sub(x, decoded)
        error = f32_add(error, abs(d) if absolute else f32_mul(d, d))
    return error


def least_error_scale(
    element: ElementFormat,
    candidates: Sequence[int],
    tensor_scale: float,
    values: Sequence[float],
    absolute: bool = False,
) -> int:
    """N4.3, N4.4: the first of the candidates that no later one beats strictly."""
    best_byte, best_error = -1, math.nan
    for byte in candidates:
        codes = ue4m3_codes(
            element, byte, tensor_scale, values, lambda y, _: encode_element(element, y)
        )
        error = block_error(element, byte, tensor_scale, values, codes, absolute)
        if best_byte < 0 or error < best_error:
            best_byte, best_error = byte, error
    return best_byte


def ue4m3_byte(
    fmt: BlockFormat, rule: str, a: float, tensor_scale: float, values: Sequence[float]
) -> int:
    """N4.2, N4.3, N4.4: the scale byte of a finite, non-zero block."""
    base = amax_base(fmt.element, a, tensor_scale)
    byte = scale_of_base(base)
    if rule in FOUR_OVER_SIX_RULES:
        four = scale_of_base(f32_mul(1.5, base))
        return least_error_scale(
            fmt.element, (byte, four), tensor_scale, values, absolute=rule == "four_over_six_mae"
        )
    if rule == "sweep":
        return least_error_scale(fmt.element, (byte, *range(1, 127)), tensor_scale, values)
    return byte


# ---------------------------------------------------------------------------
# Blocks and tensors
# ---------------------------------------------------------------------------


def quantize_block(
    fmt: BlockFormat,
    options: Options,
    tensor_scale: float,
    values: Sequence[float],
    index: int = 0,
    stride: int = 1,
) -> tuple[int, list[int]]:
    """N3, N4, N5: scale byte and codes of one block; value i has index `index + i · stride`."""
    values = saturate_infinities(options, values)
    if is_poisoned(fmt, tensor_scale, values):
        return poison_scale(fmt.scale), [0] * len(values)
    a = raise_amax(options, max(abs(x) for x in values))
    if a == 0:
        return 0, zero_codes(fmt.element, values)
    encode = element_encoder(fmt, options, index, stride)
    if fmt.scale == E8M0:
        return quantize_e8m0(fmt, options, a, values, encode)
    if not fmt.tensor_scale:
        tensor_scale = 1.0
    byte = ue4m3_byte(fmt, options.rule, a, tensor_scale, values)
    return byte, ue4m3_codes(fmt.element, byte, tensor_scale, values, encode)


@dataclass(frozen=True)
class BlockTensor:
    """A quantised row-major tensor: codes and scales unpacked, beside their canonical bytes."""

    fmt: BlockFormat
    shape: tuple[int, ...]
    axis: int
    codes: tuple[int, ...]
    scales: tuple[int, ...]
    tensor_scale: float

    @property
    def payload(self) -> bytes:
        """N8.1: the canonical bytes."""
        length = self.shape[-1]
        starts = range(0, len(self.codes), length) if length else range(0)
        rows = (self.codes[start : start + length] for start in starts)
        return b"".join(pack_row(row, self.fmt.element.bits) for row in rows)


def split_shape(shape: Sequence[int], axis: int) -> tuple[int, int, int]:
    """Returns the sizes before, along and after an axis."""
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


def quantize(
    fmt: BlockFormat, options: Options, values: Sequence[float], shape: Sequence[int], axis: int
) -> BlockTensor:
    """N1.6, N4.1: a row-major tensor quantised in blocks along `axis`."""
    tensor_scale = compute_tensor_scale(fmt, options, values)
    outer, length, inner = split_shape(shape, axis)
    blocks = block_count(fmt, length)
    codes = [0] * len(values)
    scales = [0] * (outer * blocks * inner)
    for o in range(outer):
        for b in range(blocks):
            for i in range(inner):
                members = range(b * fmt.block, min((b + 1) * fmt.block, length))
                where = [(o * length + k) * inner + i for k in members]
                block = [values[at] for at in where]
                byte, block_codes = quantize_block(
                    fmt, options, tensor_scale, block, where[0], inner
                )
                scales[(o * blocks + b) * inner + i] = byte
                for at, code in zip(where, block_codes, strict=True):
                    codes[at] = code
    return BlockTensor(fmt, tuple(shape), axis, tuple(codes), tuple(scales), tensor_scale)


def decode_all(tensor: BlockTensor) -> list[Fraction | float]:
    """N1.4: the exact values of a tensor, row-major."""
    fmt = tensor.fmt
    outer, length, inner = split_shape(tensor.shape, tensor.axis)
    blocks = block_count(fmt, length)
    values: list[Fraction | float] = []
    for at, code in enumerate(tensor.codes):
        o, k, i = at // (length * inner), at // inner % length, at % inner
        scale = tensor.scales[(o * blocks + k // fmt.block) * inner + i]
        values.append(decode_value(fmt, code, scale, tensor.tensor_scale))
    return values


def dequantize(tensor: BlockTensor, target: BinaryFormat = F32) -> list[float]:
    """N1.7: the values of a tensor, each rounded once to the result type."""
    return [round_value(value, target) for value in decode_all(tensor)]


# ---------------------------------------------------------------------------
# N6. Rotation
# ---------------------------------------------------------------------------


def is_hadamard_size(size: int) -> bool:
    """N6.1: whether `size` is a power of two in 2…256."""
    return size in (2, 4, 8, 16, 32, 64, 128, 256)


def hadamard_scale(size: int) -> float:
    """N6.2: rne_f32(1/√size), by an integer square root of 80 binary places."""
    places = 80
    root = math.isqrt((1 << 2 * places) // size)
    if root * root * size == 1 << 2 * places:
        return rne_f32(Fraction(root, 1 << places))
    # Irrational: any number strictly between the two neighbours rounds like it.
    return rne_f32(Fraction(2 * root + 1, 2 << places))


def rotate_group(
    values: Sequence[float], signs: Sequence[int] | None, inverse: bool
) -> list[float]:
    """N6.2: one group times R, or times its transpose."""
    size = len(values)
    factors = [float(sign) for sign in signs] if signs is not None else [1.0] * size
    x = list(values) if inverse else [f32_mul(v, s) for v, s in zip(values, factors, strict=True)]
    stride = 1
    while stride < size:
        for low in range(size):
            if low // stride % 2 == 0:
                a, b = x[low], x[low + stride]
                x[low], x[low + stride] = f32_add(a, b), f32_sub(a, b)
        stride *= 2
    x = [f32_mul(v, hadamard_scale(size)) for v in x]
    return [f32_mul(v, s) for v, s in zip(x, factors, strict=True)] if inverse else x


def sylvester_matrix(size: int) -> list[list[int]]:
    """N6.1: Sylvester's matrix H."""
    if size == 1:
        return [[1]]
    half = sylvester_matrix(size // 2)
    return [row + row for row in half] + [row + [-x for x in row] for row in half]


# ---------------------------------------------------------------------------
# N7. Matrix multiplication
# ---------------------------------------------------------------------------


def operand_value(fmt: BlockFormat, code: int, scale: int) -> float:
    """N7.1: element times block scale as f32."""
    return f32_mul(decode_element(fmt.element, code), decode_scale(fmt.scale, scale))


def exact_sum(terms: Sequence[Sequence[float]]) -> Fraction | float:
    """N7.1: a sum of products, exact if finite, else as in IEEE-754; zeros lose their sign."""
    total = Fraction(0)
    special = 0.0
    for factors in terms:
        product = exact_product(factors)
        if isinstance(product, Fraction):
            total += product
        elif product != 0:
            special += product
    return total if special == 0 else special


def exact_dot(
    a: Sequence[float],
    b: Sequence[float],
    tensor_scale_a: float,
    tensor_scale_b: float,
    init: float,
) -> Fraction | float:
    """N7.1: init + t_A · t_B · Σ a·b."""
    terms = [(x, y, tensor_scale_a, tensor_scale_b) for x, y in zip(a, b, strict=True)]
    return exact_sum([(init,), *terms])


def dot_bound(
    a: Sequence[float],
    b: Sequence[float],
    tensor_scale_a: float,
    tensor_scale_b: float,
    init: float,
    additions: int,
) -> Fraction:
    """N7.2: how far from the exact value a finite f32 result may be."""
    total = sum((abs(Fraction(x) * Fraction(y)) for x, y in zip(a, b, strict=True)), Fraction(0))
    scale = abs(Fraction(tensor_scale_a) * Fraction(tensor_scale_b))
    relative = (additions + 2) * (abs(Fraction(init)) + scale * total) / 2**24
    return relative + additions * max(Fraction(1), scale) / 2**149


def group_ranges(group_ends: Sequence[int], rows: int) -> list[range]:
    """N7.4: the rows of each expert."""
    ranges = []
    start = 0
    for end in group_ends:
        stop = min(max(end, start), rows)
        ranges.append(range(start, stop))
        start = stop
    return ranges


# ---------------------------------------------------------------------------
# N8. Layouts
# ---------------------------------------------------------------------------


def packed_bytes(count: int, bits: int) -> int:
    """N8.1: the bytes of a row of `count` codes."""
    return -(-count * bits // 8)


def pack_row(codes: Sequence[int], bits: int) -> bytes:
    """N8.1: a row of codes as one little-endian integer."""
    row = sum(code << k * bits for k, code in enumerate(codes))
    return row.to_bytes(packed_bytes(len(codes), bits), "little")


def unpack_row(row: bytes, count: int, bits: int) -> list[int]:
    """N8.1: the codes of a row."""
    whole = int.from_bytes(row, "little")
    return [whole >> k * bits & (1 << bits) - 1 for k in range(count)]


def gpt_oss_offset(row: int, k: int, columns: int) -> tuple[int, bool]:
    """N8.2: the byte of element (row, k), and whether it is the high nibble."""
    block, element = divmod(k, 32)
    return (row * (columns // 32) + block) * 16 + element // 2, element % 2 == 1


def nibble_pairs(codes: Sequence[int], distance: int) -> bytes:
    """N8.3, N8.4: code j in the low nibble of byte j, code j + `distance` in its high one."""
    return bytes(codes[j] | codes[j + distance] << 4 for j in range(distance))


def mxfp4_to_ggml(payload: bytes, scales: bytes) -> bytes:
    """N8.3: canonical MXFP4 blocks as `block_mxfp4` structs."""
    codes = unpack_row(payload, 32 * len(scales), 4)
    blocks = (codes[32 * n : 32 * n + 32] for n in range(len(scales)))
    return b"".join(
        bytes([scale]) + nibble_pairs(block, 16) for scale, block in zip(scales, blocks)
    )


def nvfp4_to_ggml(payload: bytes, scales: bytes) -> bytes:
    """N8.4: canonical NVFP4 blocks as `block_nvfp4` structs of four."""
    codes = unpack_row(payload, 16 * len(scales), 4)
    structs = b""
    for start in range(0, len(scales), 4):
        structs += scales[start : start + 4]
        for block in range(start, start + 4):
            structs += nibble_pairs(codes[16 * block : 16 * block + 16], 8)
    return structs


def scale_tile_bytes(rows: int, columns: int) -> int:
    """N8.5: the bytes of rows x columns scales in 128x4 tiles."""
    return -(-rows // 128) * -(-columns // 4) * 512


def scale_tile_offset(row: int, column: int, columns: int) -> int:
    """N8.5: where scale (row, column) lies."""
    tile = row // 128 * -(-columns // 4) + column // 4
    r, c = row % 128, column % 4
    return tile * 512 + r % 32 * 16 + r // 32 * 4 + c


def scales_to_tiles(scales: bytes, rows: int, columns: int) -> bytes:
    """N8.5: row-major scales in tiles, padded with 0."""
    tiles = bytearray(scale_tile_bytes(rows, columns))
    for row in range(rows):
        for column in range(columns):
            tiles[scale_tile_offset(row, column, columns)] = scales[row * columns + column]
    return bytes(tiles)


def tensor_scale_of_checkpoint(name: str, value: float) -> float:
    """N8.6: the tensor scale that a checkpoint's factor stands for."""
    return f32_div(1.0, value) if name == "weight_global_scale" else value
