#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Multiplies numbers of the exact domain (N7.3) and compares every bit.

Elements, scales and initial values are small multiples of powers of two, so that every
order of summation gives the exact result. It is computed here with integers, on numbers
that the reference in test/reference decodes.

  matmul_pairs.py formats LHS...   each left side with every right side
  matmul_pairs.py shapes           one pair in many shapes, static and dynamic
  matmul_pairs.py simulated CHIP…  pairs and shapes on a simulated GPU; --all for all of them
  matmul_pairs.py fragments CHIP…  the same with constant weights
"""

from __future__ import annotations

import argparse
import math
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / "reference"), str(TESTS / "fuzz")]

import mx_reference as mx
from npy_file import Array, make_array, read_npy, write_npy

PLAIN = ("f32", "bf16", "f16")
KINDS = (*mx.NAMED_FORMATS, *PLAIN)
# Scales, some of which are large, and a grid of numbers that every element format has.
SCALES = (Fraction(1, 2), Fraction(1), Fraction(2))
LARGE_SCALES = (Fraction(1, 2), Fraction(4))
GRID = tuple(Fraction(n, 2) for n in (0, 1, 2, 3, 4, 6, 8, 12))
TENSOR_SCALES = (0.25, 2.0)


@dataclass(frozen=True)
class Side:
    """An operand: its rows as exact numbers without the tensor scale, and its arrays."""

    rows: list[list[Fraction]]
    tensor_scale: float
    arrays: list[Array]


def make_plain(kind: str, shape: tuple[int, ...], rng: random.Random) -> Side:
    """Makes numbers of f32, bf16 or f16."""
    numbers = [rng.choice(GRID) * rng.choice((1, -1)) for _ in range(math.prod(shape))]
    rows = [numbers[i * shape[-1] : (i + 1) * shape[-1]] for i in range(math.prod(shape[:-1]))]
    floats = [float(x) for x in numbers]
    if kind == "bf16":
        array = make_array("<u2", shape, [mx.bf16_to_bits(x) for x in floats])
    else:
        array = make_array("<f4" if kind == "f32" else "<f2", shape, floats)
    return Side(rows, 1.0, [array])


def scale_byte(scale: str, value: Fraction) -> int:
    """Returns the byte of a scale."""
    return next(b for b in range(256) if mx.decode_scale(scale, b) == value)


def make_blocked(
    kind: str, shape: tuple[int, ...], rng: random.Random, some_scales: tuple[Fraction, ...] = SCALES
) -> Side:
    """Makes a block-scaled operand, blocked along its last axis."""
    fmt = mx.NAMED_FORMATS[kind]
    k, blocks = shape[-1], mx.block_count(fmt, shape[-1])
    rows, payload, scales = [], b"", b""
    for _ in range(math.prod(shape[:-1])):
        signs = [rng.choice((0, fmt.element.sign_bit)) for _ in range(k)]
        codes = [mx.encode_element(fmt.element, float(rng.choice(GRID))) | s for s in signs]
        row_scales = bytes(scale_byte(fmt.scale, rng.choice(some_scales)) for _ in range(blocks))
        rows.append(
            [
                Fraction(mx.operand_value(fmt, code, row_scales[i // fmt.block]))
                for i, code in enumerate(codes)
            ]
        )
        payload += mx.pack_row(codes, fmt.element.bits)
        scales += row_scales
    row_bytes = mx.packed_bytes(k, fmt.element.bits)
    arrays = [
        Array("|u1", (*shape[:-1], row_bytes), payload),
        Array("|u1", (*shape[:-1], blocks), scales),
    ]
    tensor_scale = rng.choice(TENSOR_SCALES) if fmt.tensor_scale else 1.0
    if fmt.tensor_scale:
        arrays.append(make_array("<f4", (), [tensor_scale]))
    return Side(rows, tensor_scale, arrays)


def make_side(kind: str, shape: tuple[int, ...], rng: random.Random) -> Side:
    """Makes an operand of any kind."""
    return (make_plain if kind in PLAIN else make_blocked)(kind, shape, rng)


def type_text(kind: str, shape: tuple[int | str, ...]) -> str:
    """Returns the MLIR type of an operand."""
    text = "x".join(map(str, shape))
    if kind in PLAIN:
        return f"tensor<{text}x{kind}>"
    return f"!mx.tensor<{text}, {kind}, axis = {len(shape) - 1}>"


def multiply(lhs: Side, rhs: Side, init: list[Fraction], batches: int) -> list[float]:
    """N7.1: the exact results, which are all f32."""
    m, n = len(lhs.rows) // batches, len(rhs.rows) // batches
    factor = Fraction(lhs.tensor_scale) * Fraction(rhs.tensor_scale)
    results = []
    for i, a in enumerate(lhs.rows):
        first = i // m * n
        for j, b in enumerate(rhs.rows[first : first + n]):
            # Sixteenths, so that the sum is one of integers.
            total = sum(int(x * 4) * int(y * 4) for x, y in zip(a, b, strict=True))
            exact = init[i * n + j] + factor * Fraction(total, 16)
            assert exact == Fraction(mx.rne_f32(exact)), "the inputs leave the exact domain"
            results.append(float(exact))
    return results


def run(*command: object) -> None:
    """Runs a tool; ends with its messages if it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


class Case:
    """One product with its operands and exact result."""

    def __init__(
        self,
        kinds: tuple[str, str],
        batch: tuple[int, ...],
        m: int,
        n: int,
        k: int,
        seed: int,
        rhs_scales: tuple[Fraction, ...] | None = None,
    ) -> None:
        """Makes the numbers."""
        rng = random.Random(seed)
        self.name = f"{kinds[0]} x {kinds[1]}, batch {batch}, M {m}, N {n}, K {k}"
        self.lhs = make_side(kinds[0], (*batch, m, k), rng)
        rhs_shape = (*batch, n, k)
        self.rhs = (
            make_blocked(kinds[1], rhs_shape, rng, rhs_scales)
            if rhs_scales
            else make_side(kinds[1], rhs_shape, rng)
        )
        self.shape = (*batch, m, n)
        init = [Fraction(rng.randint(-64, 64), 4) for _ in range(math.prod(self.shape))]
        self.init = make_array("<f4", self.shape, [float(x) for x in init])
        self.expected = (
            multiply(self.lhs, self.rhs, init, max(1, math.prod(batch))) if m and n else []
        )

    def check(self, path: Path) -> int:
        """Compares a result bit for bit. Returns whether it differs."""
        array = read_npy(path)
        expected = make_array("<f4", self.shape, self.expected)
        if array.shape == expected.shape and array.data == expected.data:
            return 0
        pairs = zip(array.numbers(), self.expected)
        where = next((i for i, (a, b) in enumerate(pairs) if a != b), "a zero's sign")
        print(f"{self.name}: differs from the exact result at {where}")
        return 1


def write_inputs(folder: Path, arrays: list[Array]) -> list[str]:
    """Writes arrays and returns the options that pass them."""
    for i, array in enumerate(arrays):
        write_npy(folder / f"in{i}.npy", array)
    return [f"--input=@{folder}/in{i}.npy" for i in range(len(arrays))]


def constant_text(name: str, type_: str, arrays: list[Array]) -> str:
    """Returns a line with a block-scaled constant."""
    parts = [
        f'dense<"0x{bytes(part.data).hex().upper()}"> : tensor<{"x".join(map(str, part.shape))}xi8>'
        for part in arrays[:2]
    ]
    scale = f", tensor_scale = {arrays[2].numbers()[0]} : f32" if len(arrays) > 2 else ""
    return f"  {name} = mx.constant <payload = {parts[0]}, scales = {parts[1]}{scale}> : {type_}\n"


def product_text(name: str, lhs: str, rhs: str, types: tuple[str, str, str]) -> str:
    """Returns a line with a product."""
    return (
        f"  {name} = mx.matmul ins({lhs}, {rhs} : {types[0]}, {types[1]}) "
        f"outs({name}_init : {types[2]})\n"
    )


def test_formats(folder: Path, lhs: str) -> int:
    """Multiplies one kind of left side with every kind of right side, in one program."""
    m, n, k = 3, 5, 80
    rhs_kinds = mx.NAMED_FORMATS if lhs in PLAIN else KINDS
    cases = [Case((lhs, rhs), (), m, n, k, seed) for seed, rhs in enumerate(rhs_kinds)]
    init, arguments, body = type_text("f32", (m, n)), [], ""
    for i, rhs in enumerate(rhs_kinds):
        types = type_text(lhs, (m, k)), type_text(rhs, (n, k)), init
        arguments.append(f"%a{i}: {types[0]}, %b{i}: {types[1]}, %c{i}_init: {init}")
        body += product_text(f"%c{i}", f"%a{i}", f"%b{i}", types)
    names = ", ".join(f"%c{i}" for i in range(len(cases)))
    results = ", ".join([init] * len(cases))
    module = folder / f"{lhs}.mlir"
    module.write_text(
        f"func.func @f({', '.join(arguments)}) -> ({results}) {{\n{body}"
        f"  return {names} : {results}\n}}\n"
    )
    inputs = write_inputs(
        folder, [x for c in cases for x in (*c.lhs.arrays, *c.rhs.arrays, c.init)]
    )
    outputs = [f"--output=@{folder}/out{i}.npy" for i in range(len(cases))]
    run("mx-run", module, "--check", *inputs, *outputs)
    failures = sum(case.check(folder / f"out{i}.npy") for i, case in enumerate(cases))
    print(f"{lhs}: {len(cases)} products, {failures} failures")
    return failures


# Kinds; batch; sizes of M, N and K; whether M and N, and K, are dynamic in the program.
SHAPES = [
    (("mxfp8_e4m3", "mxfp4"), (), [(0, 3, 32), (1, 3, 32), (3, 0, 32), (64, 3, 32)], True, False),
    (("mxfp4", "nvfp4"), (), [(1, 2, 96), (3, 2, 96), (33, 17, 96)], True, False),
    (("bf16", "mxfp4"), (), [(1, 3, 2880), (3, 3, 2880)], True, False),
    (("mxfp4", "mxfp4"), (), [(3, 4, 45)], False, False),
    (("nvfp4", "mxfp6_e3m2"), (), [(3, 4, 45)], False, False),
    (("mxfp8_e5m2", "mxfp6_e2m3"), (), [(3, 4, k) for k in (0, 1, 30, 32, 45, 96)], True, True),
    (("f32", "mxfp8_e4m3"), (), [(2, 3, k) for k in (0, 1, 33, 64, 130)], True, True),
    (("mxfp4", "f16"), (2, 3), [(4, 5, 64)], False, False),
    (("mxfp6_e2m3", "mxfp4"), (3,), [(0, 5, 32), (2, 0, 32), (2, 7, 32)], True, False),
]


def test_shapes(folder: Path) -> int:
    """Compiles each program once and runs it in several shapes."""
    count = failures = 0
    for row, (kinds, batch, sizes, dynamic, dynamic_k) in enumerate(SHAPES):
        m, n, k = ("?", "?", sizes[0][2]) if dynamic else sizes[0]
        k = "?" if dynamic_k else k
        types = (
            type_text(kinds[0], (*batch, m, k)),
            type_text(kinds[1], (*batch, n, k)),
            type_text("f32", (*batch, m, n)),
        )
        module, library = folder / f"{row}.mlir", folder / f"{row}.so"
        module.write_text(
            f"func.func @f(%a: {types[0]}, %b: {types[1]}, %c_init: {types[2]}) -> "
            f"{types[2]} {{\n{product_text('%c', '%a', '%b', types)}"
            f"  return %c : {types[2]}\n}}\n"
        )
        run("mx-compile", module, "-o", library)
        for seed, size in enumerate(sizes):
            case = Case(kinds, batch, *size, seed)
            inputs = write_inputs(folder, [*case.lhs.arrays, *case.rhs.arrays, case.init])
            run("mx-run", library, *inputs, f"--output=@{folder}/out.npy")
            count += 1
            failures += case.check(folder / "out.npy")
    print(f"shapes: {count} products, {failures} failures")
    return failures


# What a block-scaled MMA multiplies; sizes of M, N and K. An unknown K is that of whole bytes,
# so that of 4-bit and 8-bit sides agrees if it is even.
NATIVE_SHAPES = [
    (("mxfp4", "mxfp4"), [(17, 9, 2880), (1, 8, 64), (16, 3, 96), (128, 5, 256), (257, 40, 128), (3, 130, 45)]),
    (("nvfp4", "nvfp4"), [(16, 130, 80), (1, 8, 64), (17, 9, 2880), (128, 128, 128), (257, 3, 45)]),
    (("mxfp8_e4m3", "mxfp4"), [(17, 9, 96), (1, 8, 2880), (128, 5, 46), (257, 3, 64)]),
    (("mxfp6_e2m3", "mxfp8_e5m2"), [(16, 9, 64), (17, 33, 45), (1, 3, 2880)]),
    (("mxfp6_e3m2", "mxfp6_e3m2"), [(5, 9, 160), (129, 17, 32)]),
]
# What is decoded to bf16, on every chip.
DECODED_SHAPES = [
    (("f32", "mxfp4"), [(17, 9, 96), (1, 8, 2880), (16, 130, 32), (3, 5, 46), (128, 40, 96), (257, 3, 2880)]),
    (("bf16", "mxfp4"), [(17, 9, 96), (1, 8, 2880), (16, 130, 32), (3, 5, 46), (128, 40, 96), (257, 3, 2880)]),
    (("f16", "nvfp4"), [(3, 9, 96), (1, 8, 2880), (129, 17, 32), (16, 3, 80), (17, 5, 46)]),
    (("mxfp4", "bf16"), [(129, 3, 96), (17, 40, 32), (1, 8, 46)]),
    (("nvfp4", "f16"), [(17, 9, 160), (257, 3, 32)]),
    (("bf16", "mxfp6_e3m2"), [(1, 9, 128), (129, 8, 2880), (16, 3, 44)]),
    (("nvfp4", "f32"), [(17, 9, 160), (257, 3, 32), (1, 129, 2880), (40, 130, 96)]),
    (("f32", "mxfp8_e4m3"), [(129, 17, 96), (17, 5, 45), (1, 8, 2880)]),
    (("f32", "mxfp6_e2m3"), [(33, 17, 128), (3, 5, 44)]),
]
# What warpgroups multiply: rows for either tile, and too few of them.
WARPGROUP_SHAPES = [
    (("bf16", "mxfp4"), [(257, 3, 2880), (128, 129, 96), (129, 17, 512), (1, 8, 2880), (16, 130, 32), (17, 9, 96)]),
    (("bf16", "nvfp4"), [(65, 130, 96), (257, 5, 2880), (128, 3, 32), (70, 3, 46)]),
    (("bf16", "mxfp6_e2m3"), [(100, 9, 192), (257, 3, 2880)]),
    (("bf16", "mxfp6_e3m2"), [(129, 5, 128)]),
]
# What is decoded on chips without a block-scaled MMA.
OLD_SHAPES = [
    (("mxfp4", "mxfp4"), [(17, 9, 96), (1, 8, 2880), (129, 3, 32), (3, 130, 45)]),
    (("nvfp4", "mxfp4"), [(16, 9, 96), (257, 3, 2880)]),
    (("mxfp8_e4m3", "mxfp4"), [(17, 9, 160), (1, 8, 2880), (128, 5, 46), (257, 3, 96)]),
    (("mxfp6_e2m3", "mxfp8_e5m2"), [(3, 9, 128), (128, 5, 2880)]),
]


# Constant weights, which lie in the order of fragments (N8.8): with scales up to 2, or more.
FRAGMENT_SHAPES = [
    (("bf16", "mxfp4"), SCALES, [(17, 9, 96), (1, 40, 2880), (16, 130, 2880), (128, 17, 192), (257, 33, 2880), (3, 5, 45)]),
    (("f32", "nvfp4"), LARGE_SCALES, [(17, 130, 112), (1, 9, 2880), (16, 3, 2880), (128, 20, 64), (257, 5, 2880), (5, 9, 46)]),
    (("bf16", "mxfp4"), LARGE_SCALES, [(33, 20, 160), (1, 9, 2880), (257, 5, 96), (16, 3, 45)]),
    (("bf16", "nvfp4"), SCALES, [(257, 130, 96), (1, 17, 2880), (16, 5, 2880), (17, 33, 46)]),
    (("mxfp8_e4m3", "mxfp4"), SCALES, [(17, 9, 160), (1, 8, 2880), (257, 40, 96), (5, 3, 45)]),
    (("mxfp4", "mxfp4"), LARGE_SCALES, [(17, 9, 160), (128, 40, 2880), (3, 130, 45)]),
    (("nvfp4", "mxfp4"), SCALES, [(16, 9, 224), (257, 5, 96)]),
    (("mxfp6_e3m2", "nvfp4"), LARGE_SCALES, [(1, 9, 192), (40, 5, 128)]),
    (("f32", "mxfp4"), SCALES, [(3, 9, 96), (257, 20, 2880), (17, 5, 45)]),
]


def test_fragments(folder: Path, chip: str, everything: bool) -> int:
    """Runs products with constant weights on a simulated GPU, each with checks."""
    count = failures = 0
    for kinds, scales, sizes in FRAGMENT_SHAPES if everything else FRAGMENT_SHAPES[:4]:
        for seed, (m, n, k) in enumerate(sizes if everything else sizes[:1]):
            case = Case(kinds, (), m, n, k, seed, scales)
            types = type_text(kinds[0], ("?", k)), type_text(kinds[1], (n, k)), type_text("f32", ("?", n))
            module = folder / "fragments.mlir"
            module.write_text(
                f"func.func @f(%a: {types[0]}, %c_init: {types[2]}) -> {types[2]} {{\n"
                f"{constant_text('%b', types[1], case.rhs.arrays)}{product_text('%c', '%a', '%b', types)}"
                f"  return %c : {types[2]}\n}}\n"
            )
            inputs = write_inputs(folder, [*case.lhs.arrays, case.init])
            output = f"--output=@{folder}/out.npy"
            run("mx-run", module, f"--target={chip}", "--simulate", f"--schedule-seed={seed}", "--check", *inputs, output)
            count += 1
            failures += case.check(folder / "out.npy")
    print(f"fragments on {chip}: {count} products, {failures} failures")
    return failures


def test_simulated(folder: Path, chip: str, everything: bool) -> int:
    """Runs products of unknown sizes on a simulated GPU, each with checks."""
    count = failures = 0
    shapes = (NATIVE_SHAPES if chip.startswith("sm_12") else OLD_SHAPES) + DECODED_SHAPES
    if chip == "sm_90a":
        shapes = WARPGROUP_SHAPES + shapes
    for row, (kinds, sizes) in enumerate(shapes if everything else shapes[:7]):
        types = type_text(kinds[0], ("?", "?")), type_text(kinds[1], ("?", "?")), type_text("f32", ("?", "?"))
        module = folder / f"{row}.mlir"
        module.write_text(
            f"func.func @f(%a: {types[0]}, %b: {types[1]}, %c_init: {types[2]}) -> "
            f"{types[2]} {{\n{product_text('%c', '%a', '%b', types)}"
            f"  return %c : {types[2]}\n}}\n"
        )
        for seed, size in enumerate(sizes if everything else sizes[:1]):
            case = Case(kinds, (), *size, seed)
            inputs = write_inputs(folder, [*case.lhs.arrays, *case.rhs.arrays, case.init])
            output = f"--output=@{folder}/out.npy"
            run("mx-run", module, f"--target={chip}", "--simulate", f"--schedule-seed={seed}", "--check", *inputs, output)
            count += 1
            failures += case.check(folder / "out.npy")
    print(f"simulated on {chip}: {count} products, {failures} failures")
    return failures


def main() -> int:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("formats", "shapes", "simulated", "fragments"))
    parser.add_argument("names", nargs="*", help="kinds of left side, or chips")
    parser.add_argument("--all", action="store_true", help="all shapes on a simulated GPU")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if arguments.what == "shapes":
            return 1 if test_shapes(Path(name)) else 0
        if arguments.what in ("simulated", "fragments"):
            on_chip = test_simulated if arguments.what == "simulated" else test_fragments
            test = lambda chip: on_chip(Path(name), chip, arguments.all)
        else:
            test = lambda lhs: test_formats(Path(name), lhs)
        return 1 if sum([test(argument) for argument in arguments.names]) else 0


if __name__ == "__main__":
    sys.exit(main())
