#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Multiplies groups of rows by one matrix each on a simulated GPU and compares every bit.

Numbers are those of the exact domain (N7.3), as in matmul_pairs.py. Routings are ragged,
leave experts without rows and rows without experts, and have ends that must be clamped.

  grouped_products.py CHIP…   each routing in one order of threads; --all for several
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz", "reference")]

from matmul_pairs import Side, constant_text, make_side, multiply, run, type_text, write_inputs
from npy_file import Array, make_array, read_npy


@dataclass(frozen=True)
class Routing:
    """A grouped product: rows, columns, depth, and the ends of groups as `type`."""

    name: str
    kinds: tuple[str, str]
    type: str
    rows: int
    n: int
    k: int
    ends: list[int]


FAR = 1 << 40
FP4_I32 = [
    Routing(name, ("mxfp4", "mxfp4"), "i32", *rest)
    for name, *rest in (
        ("ragged, one without rows, rows in none", 160, 9, 256, [1, 18, 18, 150]),
        ("all rows of one expert", 161, 9, 128, [0, 0, 161, 161]),
        ("ends that are clamped", 70, 130, 45, [-5, 33, 7, 90, 20]),
        ("no rows", 0, 9, 64, [0, 0]),
        ("no experts", 3, 9, 64, []),
    )
]
NV_I64 = [
    Routing(name, ("nvfp4", "nvfp4"), "i64", *rest)
    for name, *rest in (
        ("32 experts, four of them used", 40, 9, 80, [3] * 7 + [4] * 12 + [36] + [40] * 12),
        ("ends that are far away", 35, 5, 64, [-FAR, FAR + 3, 2, -1]),
    )
]
BYTES_INDEX = [
    Routing(name, ("mxfp8_e4m3", "mxfp4"), "index", *rest)
    for name, *rest in (
        ("one row for each expert", 5, 9, 160, [1, 2, 3, 4, 5]),
        ("large groups", 300, 9, 128, [129, 300]),
    )
]
# What chips without block-scaled MMA decode. Rows of scales of A begin anywhere in a word.
DECODED_BF16 = [
    Routing(name, ("bf16", "mxfp4"), "i32", *rest)
    for name, *rest in (
        ("bf16: ragged, one without rows, rows in none", 160, 9, 96, [1, 18, 18, 150]),
        ("bf16: ends that are clamped", 40, 130, 46, [-5, 33, 7, 90, 20]),
        ("bf16: no rows", 0, 9, 64, [0, 0]),
    )
]
DECODED_F16 = [
    Routing(name, ("f16", "nvfp4"), "i64", *rest)
    for name, *rest in (
        ("f16: 32 experts, four of them used", 40, 9, 160, [3] * 7 + [4] * 12 + [36] + [40] * 12),
        ("f16: ends that are far away", 35, 5, 64, [-FAR, FAR + 3, 2, -1]),
        ("f16: large groups", 140, 9, 32, [70, 140]),
    )
]
DECODED_FP4 = [
    Routing(name, ("mxfp4", "mxfp4"), "index", *rest)
    for name, *rest in (
        ("fp4: rows of five scales", 45, 9, 160, [1, 4, 4, 43]),
        ("fp4: rows of three scales", 100, 9, 96, [35, 100]),
    )
]
DECODED_F32 = [
    Routing(name, ("f32", "mxfp4"), "i32", *rest)
    for name, *rest in (
        ("f32: ragged, one without rows, rows in none", 90, 9, 96, [1, 18, 18, 80]),
        ("f32: rows of 23 bytes", 40, 5, 46, [33, 7, 40]),
    )
]
# Experts that are constants: their weights lie in the order of fragments (N8.8).
DECODED_CONSTANTS = [
    Routing("constant: ragged, one without rows", ("bf16", "mxfp4"), "i32", 160, 37, 96, [1, 18, 18, 150]),
    Routing("constant: ends that are clamped", ("f32", "nvfp4"), "i64", 40, 130, 46, [-5, 33, 7, 90]),
]


def clamp_ends(routing: Routing) -> list[int]:
    """N7.4."""
    ends, previous = [], 0
    for end in routing.ends:
        previous = max(previous, min(end, routing.rows))
        ends.append(previous)
    return ends


def compute(routing: Routing, lhs: Side, rhs: Side, init: list[Fraction]) -> list[float]:
    """Returns the exact result: that of a product for each group, and init elsewhere."""
    results, begin, n = [], 0, routing.n
    for expert, end in enumerate(clamp_ends(routing)):
        part = Side(lhs.rows[begin:end], lhs.tensor_scale, [])
        weights = Side(rhs.rows[expert * n : (expert + 1) * n], rhs.tensor_scale, [])
        if begin < end:
            results += multiply(part, weights, init[begin * n : end * n], 1)
        begin = end
    return results + [float(x) for x in init[begin * n :]]


def write_program(
    path: Path, routings: list[Routing], is_static: bool = False, weights: list[Array] | None = None
) -> None:
    """Writes products of one kind. Of static sizes, or with constant weights, they have the same."""
    kinds, type_, is_index = routings[0].kinds, routings[0].type, routings[0].type == "index"
    m, n, k, experts = "????"
    if is_static or weights:
        n, k, experts = routings[0].n, routings[0].k, len(routings[0].ends)
    if is_static:
        m = routings[0].rows
    a, b = type_text(kinds[0], (m, k)), type_text(kinds[1], (experts, n, k))
    c, used = type_text("f32", (m, n)), f"tensor<{experts}x{type_}>"
    ends = used.replace("index", "i64")
    arguments, body = [], ""
    for i in range(len(routings)):
        argument = f"%b{i}: {b}, "
        if weights:
            argument = ""
            body += constant_text(f"%b{i}", b, weights)
        arguments.append(f"%a{i}: {a}, {argument}%e{i}: {ends}, %c{i}: {c}")
        if is_index:
            body += f"  %i{i} = arith.index_cast %e{i} : {ends} to {used}\n"
        body += (
            f"  %r{i} = mx.grouped_matmul ins(%a{i}, %b{i}, %{'i' if is_index else 'e'}{i} : "
            f"{a}, {b}, {used}) outs(%c{i} : {c})\n"
        )
    names, types = (", ".join(x) for x in zip(*((f"%r{i}", c) for i in range(len(routings)))))
    path.write_text(
        f"func.func @f({', '.join(arguments)}) -> ({types}) {{\n{body}  return {names} : {types}\n}}\n"
    )


def make_operands(routing: Routing, seed: int) -> tuple[list[Array], Array]:
    """Makes the arrays of a product, and its result."""
    rng = random.Random(seed)
    experts, shape = len(routing.ends), (routing.rows, routing.n)
    lhs = make_side(routing.kinds[0], (routing.rows, routing.k), rng)
    rhs = make_side(routing.kinds[1], (experts, routing.n, routing.k), rng)
    init = [Fraction(rng.randint(-64, 64), 4) for _ in range(shape[0] * shape[1])]
    ends = make_array("<i4" if routing.type == "i32" else "<i8", (experts,), routing.ends)
    start = make_array("<f4", shape, [float(x) for x in init])
    expected = make_array("<f4", shape, compute(routing, lhs, rhs, init))
    return [*lhs.arrays, *rhs.arrays, ends, start], expected


def check(folder: Path, chip: str, routings: list[Routing], seed: int, is_constant: bool = False) -> int:
    """Runs products of one kind. Returns how many differ from the exact result."""
    module = folder / "f.mlir"
    made = [make_operands(routing, seed) for routing in routings]
    if is_constant:
        arrays, _ = made[0]
        # Parts of the weights are between A, and the ends and C.
        weights, arrays[1:-2] = arrays[1:-2], []
        write_program(module, routings, weights=weights)
    else:
        write_program(module, routings)
    inputs = write_inputs(folder, [array for arrays, _ in made for array in arrays])
    outputs = [folder / f"out{i}.npy" for i in range(len(routings))]
    options = [f"--target={chip}", "--simulate", f"--schedule-seed={seed}", "--check"]
    run("mx-run", module, *options, *inputs, *(f"--output=@{path}" for path in outputs))
    failures = 0
    for routing, (_, expected), path in zip(routings, made, outputs):
        if read_npy(path).data != expected.data:
            print(f"{routing.name}, seed {seed}: differs from the exact result")
            failures += 1
    return failures


def main() -> int:
    """Runs what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("chips", nargs="+")
    parser.add_argument("--all", action="store_true", help="several orders of threads")
    arguments = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        for chip in arguments.chips:
            seeds = range(4) if arguments.all else range(1)
            native = chip.startswith("sm_12")
            kinds = (FP4_I32, NV_I64, BYTES_INDEX) if native else (DECODED_BF16, DECODED_F16, DECODED_FP4, DECODED_F32)
            runs = [(routings, seed) for routings in kinds for seed in seeds]
            found = sum(check(Path(name), chip, *pair) for pair in runs)
            count = sum(len(routings) for routings, _ in runs)
            for routing in () if native else DECODED_CONSTANTS:
                found += sum(check(Path(name), chip, [routing], seed, is_constant=True) for seed in seeds)
                count += len(seeds)
            print(f"simulated on {chip}: {count} grouped products, {found} failures")
            failures += found
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
