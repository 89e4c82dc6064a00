#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Decodes every code with every scale, and every f16 number, in kernels that multiply.

One side is the identity, so that a product is what the other side was decoded to, bit for
bit: N1.4 rounded to f32, with infinities and NaN as N7.1 has them.

  decoded_codes.py CHIP…
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz", "reference")]

import mx_reference as mx
from matmul_pairs import constant_text, product_text, run, type_text, write_inputs
from npy_file import Array, make_array, read_npy

SCALE_CODES = 256
FORMATS = ("mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2")


def make_identity(kind: str, size: int, times: int = 1) -> Array:
    """Makes the identity matrix of bf16 or f16, several one below the other."""
    bits = mx.bf16_to_bits(1.0) if kind == "bf16" else mx.f16_to_bits(1.0)
    return make_array("<u2" if kind == "bf16" else "<f2", (times * size, size), [
        (bits if kind == "bf16" else 1.0) if i % size == i // size % size else 0 for i in range(times * size * size)
    ])  # fmt: skip


def multiply(
    folder: Path,
    chip: str,
    kinds: tuple[str, str],
    sizes: tuple[int, int, int],
    arrays: list[Array],
    is_constant: bool = False,
) -> list[float]:
    """Multiplies on the simulated chip plain numbers by what may be a constant, or any two arrays."""
    m, n, k = sizes
    types = type_text(kinds[0], (m, k)), type_text(kinds[1], (n, k)), type_text("f32", (m, n))
    module = folder / "product.mlir"
    argument, constant = f", %b: {types[1]}", ""
    if is_constant:
        argument, constant = "", constant_text("%b", types[1], arrays[1:])
        arrays = arrays[:1]
    module.write_text(
        f"func.func @f(%a: {types[0]}{argument}, %c_init: {types[2]}) -> {types[2]} {{\n"
        f"{constant}{product_text('%c', '%a', '%b', types)}  return %c : {types[2]}\n}}\n"
    )
    inputs = write_inputs(folder, [*arrays, make_array("<f4", (m, n), [0.0] * (m * n))])
    run("mx-run", module, f"--target={chip}", "--simulate", *inputs, f"--output=@{folder}/out.npy")
    return read_npy(folder / "out.npy").numbers()


def is_same(got: float, expected: float) -> bool:
    """Compares numbers; any NaN is any other."""
    return got == expected or (math.isnan(got) and math.isnan(expected))


def check_codes(folder: Path, chip: str, kind: str, plain: str, count: int | None = None) -> int:
    """A row for each scale, with every finite code, or for the first `count`, of a constant.

    Returns how many differ.
    """
    scale_codes = count or SCALE_CODES
    fmt = mx.NAMED_FORMATS[kind]
    k = max(1 << fmt.element.bits, 32)
    # Warpgroups multiply many rows.
    times = 3 if chip == "sm_90a" else 1
    # An infinite or NaN code would make every result of its row NaN.
    codes = [i % (1 << fmt.element.bits) for i in range(k)]
    codes = [c if math.isfinite(mx.decode_element(fmt.element, c)) else 0 for c in codes]
    scales = bytes(row for row in range(scale_codes) for _ in range(k // fmt.block))
    arrays = [
        make_identity(plain, k, times),
        Array("|u1", (scale_codes, k * fmt.element.bits // 8), mx.pack_row(codes, fmt.element.bits) * scale_codes),
        Array("|u1", (scale_codes, k // fmt.block), scales),
    ]  # fmt: skip
    if fmt.tensor_scale:
        arrays.append(make_array("<f4", (), [1.0]))
    got = multiply(folder, chip, (plain, kind), (times * k, scale_codes, k), arrays, count is not None)
    failures = 0
    for scale in range(scale_codes):
        row = [mx.operand_value(fmt, code, scale) for code in codes]
        # Zero times infinity is NaN.
        others = sum(0.0 * value for value in row)
        for i, value in enumerate(row * times):
            expected = value if math.isfinite(others) else math.nan
            failures += not is_same(got[i * scale_codes + scale], expected)
    return failures


def check_halves(folder: Path, chip: str) -> int:
    """Every finite f16 number times one. Returns how many differ."""
    size = 32
    codes = [code for code in range(1 << 16) if code & 0x7C00 != 0x7C00]
    one = [[2 if i == j else 0 for j in range(size)] for i in range(size)]
    arrays = [
        Array("<f2", (len(codes) // size, size), b"".join(code.to_bytes(2, "little") for code in codes)),
        Array("|u1", (size, size // 2), b"".join(mx.pack_row(row, 4) for row in one)),
        Array("|u1", (size, 1), bytes([127] * size)),
    ]  # fmt: skip
    got = multiply(folder, chip, ("f16", "mxfp4"), (len(codes) // size, size, size), arrays)
    return sum(not is_same(x, mx.f16_from_bits(code)) for x, code in zip(got, codes, strict=True))


def main() -> int:
    """Checks the chips of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("chips", nargs="+")
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        for chip in parser.parse_args().chips:
            for kind in FORMATS:
                plain = "f16" if kind == "nvfp4" and chip != "sm_90a" else "bf16"
                failures += check_codes(Path(name), chip, kind, plain)
            failures += check_halves(Path(name), chip)
            # Constants in the order of fragments: numbers are one product, or two.
            for kind, at_once in (("mxfp4", 129), ("nvfp4", 0x48)):
                for count in (at_once, SCALE_CODES):
                    failures += check_codes(Path(name), chip, kind, "f16" if chip == "sm_90a" else "bf16", count)
    print(f"decoded codes: {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
