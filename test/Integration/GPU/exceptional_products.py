#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Multiplies numbers that kernels which decode to bf16 must take care of.

Each result is one term: infinities and NaN, scales that make elements infinite or smaller
than bf16 numbers, f32 numbers that are no sums of bf16 numbers. Where the product is an f32
number every bit is checked, as N7.1 has it.

  exceptional_products.py CHIP… [--all]
"""

from __future__ import annotations

import argparse
import math
import random
import struct
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz", "reference")]

import mx_reference as mx
from decoded_codes import is_same, multiply
from npy_file import Array, make_array

DEPTH = 64
PLAIN_BITS = {
    # 0, -0, 1, the smallest, all bits of one, the largest, infinities, NaN.
    "bf16": (0, 0x8000, 0x3F80, 1, 0x80FF, 0x7F7F, 0x7F80, 0xFF80, 0x7FC0),
    "f16": (0, 0x8000, 0x3C00, 1, 0x83FF, 0x7BFF, 0x3C01, 0x7C00, 0xFC00, 0x7C01),
    # Also what is left below 2^-133, alone and beside more, and a NaN in the lower half.
    "f32": (
        *(0, 0x80000000, 0x3F800000, 1, 0x8000FFFF, 0x0001FFFF, 0x80FFFFFF, 0x08FFFFFF, 0x09000001),
        *(0x3F800001, 0xBFFFFFFF, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7F800001, 0x7FC00000),
    ),
}
# The first scales, those around limits of the formats, the last ones.
SCALES = (0, 1, 15, 16, 100, 127, 200, 239, 240, 241, 246, 247, 250, 251, 252, 253, 254, 255)
UE4M3_SCALES = (0, 1, 0x38, 0x7E, 0x7F)
SIDES = (("bf16", "mxfp8_e4m3"), ("f16", "mxfp4"), ("f32", "mxfp4"), ("f32", "mxfp8_e5m2"), ("mxfp4", "f32"))
MORE_SIDES = (
    ("bf16", "mxfp8_e5m2"),
    *(("f16", kind) for kind in ("nvfp4", "mxfp8_e5m2")),
    *(("f32", kind) for kind in ("nvfp4", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3")),
    ("mxfp8_e4m3", "f32"),
    ("mxfp8_e4m3", "mxfp8_e5m2"),
)
# Right sides that are constants, and their largest scale: up to 128, and up to 0x47 of UE4M3,
# a kernel multiplies once.
CONSTANTS = ((("f32", "mxfp4"), 255), (("f32", "mxfp4"), 128))
MORE_CONSTANTS = ((("f16", "mxfp4"), 255), (("f32", "nvfp4"), 255), (("f32", "nvfp4"), 0x47))


def decode_plain(kind: str, bits: int) -> float:
    """The value of a plain number."""
    if kind == "f16":
        return struct.unpack("<e", struct.pack("<H", bits))[0]
    return struct.unpack("<f", struct.pack("<I", bits << 16 if kind == "bf16" else bits))[0]


def make_side(kind: str, largest: int = 255) -> tuple[list[Array], list[tuple[float, float]]]:
    """Rows with one number, at k = 0, whose scales are up to `largest`. Returns the parts, and the number and a zero of each row."""
    if kind in PLAIN_BITS:
        code = {"bf16": "<u2", "f16": "<u2", "f32": "<u4"}[kind]
        width = 4 if kind == "f32" else 2
        data = b"".join(bits.to_bytes(width, "little") + bytes(width * (DEPTH - 1)) for bits in PLAIN_BITS[kind])
        array = Array("<f2" if kind == "f16" else "<f4" if kind == "f32" else code, (len(PLAIN_BITS[kind]), DEPTH), data)
        return [array], [(decode_plain(kind, bits), 0.0) for bits in PLAIN_BITS[kind]]
    fmt = mx.NAMED_FORMATS[kind]
    bits = fmt.element.bits
    half = 1 << (bits - 1)
    codes = sorted({0, 1, half | 3, *range(half - 5, half), half | (half - 4)})
    scales = UE4M3_SCALES if fmt.tensor_scale else SCALES
    pairs = [(code, scale) for code in codes for scale in scales if scale <= largest]
    payload = b"".join(mx.pack_row([code] + [0] * (DEPTH - 1), bits) for code, _ in pairs)
    one = 0x38 if fmt.tensor_scale else 127
    rest = bytes([one] * (DEPTH // fmt.block - 1))
    parts = [
        Array("|u1", (len(pairs), DEPTH * bits // 8), payload),
        Array("|u1", (len(pairs), DEPTH // fmt.block), b"".join(bytes([scale]) + rest for _, scale in pairs)),
    ]
    if fmt.tensor_scale:
        parts.append(make_array("<f4", (), [1.0]))
    return parts, [tuple(mx.operand_value(fmt, c, scale) for c in (code, 0)) for code, scale in pairs]


def round_product(x: float, y: float) -> float | None:
    """The product as an f32 number, or None if it is none."""
    product = x * y
    if not math.isfinite(product):
        return product
    if abs(product) >= 2.0**128:
        return math.copysign(math.inf, product)
    try:
        rounded = struct.unpack("<f", struct.pack("<f", product))[0]
    except OverflowError:
        return None
    return product if rounded == product else None


def check(folder: Path, chip: str, kinds: tuple[str, str], largest: int | None = None) -> int:
    """Multiplies every number with every other, or with constants whose scales are up to `largest`.

    Returns how many results differ.
    """
    (left, rows), (right, columns) = make_side(kinds[0]), make_side(kinds[1], largest or 255)
    sizes = len(rows), len(columns), DEPTH
    got = multiply(folder, chip, kinds, sizes, [*left, *right], largest is not None)
    failures = 0
    for i, (x, x_zero) in enumerate(rows):
        for j, (y, y_zero) in enumerate(columns):
            expected = round_product(x, y)
            if expected is None:
                continue
            # The zeros of a block whose scale is NaN.
            failures += not is_same(got[i * len(columns) + j], expected + x_zero * y_zero)
    return failures


def check_sums(folder: Path, chip: str, seed: int = 1) -> int:
    """Sums of f32 numbers with 17 bits, in the exact domain (N7.3). Returns how many differ."""
    rng = random.Random(seed)
    m, n, terms = 33, 40, 16
    fmt = mx.NAMED_FORMATS["mxfp4"]
    # Codes up to 5 are magnitudes up to 3.
    codes = [[rng.randrange(6) | rng.choice((0, 8)) for _ in range(DEPTH)] for _ in range(n)]
    rows = []
    for _ in range(m):
        places = set(rng.sample(range(DEPTH), terms))
        rows.append([float(rng.randrange(-(2**17), 2**17)) if k in places else 0.0 for k in range(DEPTH)])
    arrays = [
        make_array("<f4", (m, DEPTH), [x for row in rows for x in row]),
        Array("|u1", (n, DEPTH // 2), b"".join(mx.pack_row(row, 4) for row in codes)),
        Array("|u1", (n, DEPTH // fmt.block), bytes([127] * (n * DEPTH // fmt.block))),
    ]
    got = multiply(folder, chip, ("f32", "mxfp4"), (m, n, DEPTH), arrays)
    values = [[mx.operand_value(fmt, code, 127) for code in row] for row in codes]
    expected = [sum(x * y for x, y in zip(row, column, strict=True)) for row in rows for column in values]
    return sum(x != y for x, y in zip(got, expected, strict=True))


def main() -> int:
    """Checks the chips of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("chips", nargs="+")
    parser.add_argument("--all", action="store_true", help="all pairs of sides")
    arguments = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        for chip in arguments.chips:
            for kinds in SIDES + (MORE_SIDES if arguments.all else ()):
                found = check(Path(name), chip, kinds)
                failures += found
                print(f"{chip} {' x '.join(kinds)}: {found} failures")
            for kinds, largest in CONSTANTS + (MORE_CONSTANTS if arguments.all else ()):
                found = check(Path(name), chip, kinds, largest)
                failures += found
                print(f"{chip} {' x '.join(kinds)}, constant: {found} failures")
            failures += check_sums(Path(name), chip)
    print(f"exceptional products: {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
