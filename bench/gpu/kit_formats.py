# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Operands of products as random codes, and the numbers that they stand for.

Written from docs/Numerics.md (N1, N8.1) alone: what is compared with the kernels
shares nothing with them. Arrays are those of a machine (kit_machine.py).
"""

import struct

PLAIN = {"bf16": "u16", "f16": "u16"}
# Bits of an element, of its exponent and of its mantissa; length of a block; scale.
BLOCKED = {
    "mxfp4": (4, 2, 1, 32, "e8m0"),
    "nvfp4": (4, 2, 1, 16, "ue4m3"),
    "mxfp8_e4m3": (8, 4, 3, 32, "e8m0"),
    "mxfp8_e5m2": (8, 5, 2, 32, "e8m0"),
}
KINDS = (*PLAIN, *BLOCKED)
# Numbers of the exact domain: every format has them, and sums of 2^18 products
# of them times two scales stay below 2^24 units.
GRID = (0.0, 0.5, 1.0, 1.5, 2.0)


def decode_float(code, exponent_bits, mantissa_bits):
    """Returns the number of a small float with a sign, zeros included; codes of
    infinities and NaNs are not asked for."""
    bias = (1 << (exponent_bits - 1)) - 1
    mantissa = code & ((1 << mantissa_bits) - 1)
    exponent = code >> mantissa_bits & ((1 << exponent_bits) - 1)
    sign = -1.0 if code >> (mantissa_bits + exponent_bits) else 1.0
    fraction = mantissa / (1 << mantissa_bits) + (exponent > 0)
    return sign * fraction * 2.0 ** (max(exponent, 1) - bias)


def element_table(kind):
    """Returns the numbers of all codes."""
    bits, exponent, mantissa = BLOCKED[kind][:3]
    return [decode_float(code, exponent, mantissa) for code in range(1 << bits)]


def scale_table(scale):
    """Returns the numbers of bytes; none of them has a sign."""
    if scale == "e8m0":
        return [2.0 ** (byte - 127) for byte in range(255)] + [float("nan")]
    return [decode_float(byte, 4, 3) for byte in range(127)] + [float("nan")]


def plain_table(kind):
    """Returns the numbers of all patterns of 16 bits."""
    patterns = (pattern.to_bytes(2, "little") for pattern in range(1 << 16))
    if kind == "f16":
        return [struct.unpack("<e", pattern)[0] for pattern in patterns]
    return [struct.unpack("<f", b"\0\0" + pattern)[0] for pattern in patterns]


class Operand:
    """A side: `values` in float64, and `parts`, each an array of integers or f32
    and its storage type, in the order of the compiled function's arguments."""

    def __init__(self, values, parts):
        self.values, self.parts = values, parts


def pick(machine, choices, shape):
    """Returns an array of random ones of `choices`, which are integers."""
    return machine.select(choices, machine.integers(0, len(choices), shape))


def make_plain(machine, kind, rows, k, exact):
    table = plain_table(kind)
    if exact:
        codes = pick(machine, [code for code, x in enumerate(table) if abs(x) in GRID], (rows, k))
    else:
        # Magnitudes from 2^-7 on, up to 4.
        width, bias = (7, 127) if kind == "bf16" else (10, 15)
        exponents = machine.integers(bias - 7, bias + 2, (rows, k))
        noise = machine.integers(0, 1 << 16, (rows, k))
        codes = noise & (1 << 15 | (1 << width) - 1) | exponents << width
    return Operand(machine.take(table, codes), [(codes, "u16")])


def make_blocked(machine, kind, rows, k, exact):
    bits, _, _, block, scale = BLOCKED[kind]
    table, scales = element_table(kind), scale_table(scale)
    largest = {"mxfp8_e4m3": 448.0, "mxfp8_e5m2": 57344.0}.get(kind, 6.0)
    wanted = (lambda x: abs(x) in GRID) if exact else (lambda x: abs(x) <= largest)
    codes = pick(machine, [code for code, x in enumerate(table) if wanted(x)], (rows, k))
    steps = (1.0, 2.0) if exact else tuple(x for x in scales if 2.0**-4 <= x <= 8)
    bytes_ = pick(machine, [byte for byte, x in enumerate(scales) if x in steps], (rows, k // block))
    values = machine.take(table, codes).reshape(rows, k // block, block)
    values = (values * machine.take(scales, bytes_).reshape(rows, k // block, 1)).reshape(rows, k)
    # N8.1: even elements lie in low nibbles.
    payload = codes[:, 0::2] | codes[:, 1::2] << 4 if bits == 4 else codes
    parts = [(payload, "u8"), (bytes_, "u8")]
    if kind == "nvfp4":
        factor = 0.5 if exact else 0.75
        values = values * factor
        parts.append((machine.take([factor], machine.integers(0, 1, (1,))).reshape(()), "f32"))
    return Operand(values, parts)


def make_operand(machine, kind, rows, k, exact):
    """Returns a side of random numbers, of the exact domain (N7.3) if `exact`. K
    must be a multiple of 32."""
    return (make_plain if kind in PLAIN else make_blocked)(machine, kind, rows, k, exact)


def weight_bytes(kind, n, k):
    """Returns the bytes of codes and scales of n rows."""
    if kind in PLAIN:
        return n * k * 2
    return n * k * BLOCKED[kind][0] // 8 + n * k // BLOCKED[kind][3]
