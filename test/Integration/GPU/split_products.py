#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Multiplies few rows by long ones, whose K is split, on a simulated GPU.

Numbers are not of the exact domain: results must be within the bound of N7.2, which is checked
while the program runs, and have the same bits in every order of threads.

  split_products.py CHIP…
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz", "reference")]

import mx_reference as mx
from matmul_pairs import make_blocked, product_text, type_text, write_inputs
from npy_file import make_array, read_npy

# Plain numbers and weights; rows, columns and depth.
CASES = [("bf16", "mxfp4", 3, 20, 2880), ("f32", "nvfp4", 1, 130, 1024), ("f16", "mxfp4", 16, 9, 1536)]
SEEDS = range(3)


def run(*command: object) -> str:
    """Runs a tool and returns what it says; ends with that if it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stderr


def check(folder: Path, chip: str, case: tuple[str, str, int, int, int]) -> int:
    """Runs one product in several orders. Returns whether it is split and right."""
    plain, kind, m, n, k = case
    rng = random.Random(k)
    types = type_text(plain, (m, k)), type_text(kind, (n, k)), type_text("f32", (m, n))
    module = folder / "f.mlir"
    module.write_text(
        f"func.func @f(%a: {types[0]}, %b: {types[1]}, %c_init: {types[2]}) -> {types[2]} {{\n"
        f"{product_text('%c', '%a', '%b', types)}  return %c : {types[2]}\n}}\n"
    )
    numbers = [rng.gauss(0, 1) for _ in range(m * k)]
    if plain == "bf16":
        lhs = make_array("<u2", (m, k), [mx.bf16_to_bits(x) for x in numbers])
    else:
        lhs = make_array("<f4" if plain == "f32" else "<f2", (m, k), numbers)
    start = make_array("<f4", (m, n), [rng.gauss(0, 1) for _ in range(m * n)])
    inputs = write_inputs(folder, [lhs, *make_blocked(kind, (n, k), rng).arrays, start])
    results = set()
    for seed in SEEDS:
        output = folder / "out.npy"
        remarks = run(
            "mx-run", module, f"--target={chip}", "--simulate", f"--schedule-seed={seed}", "--check",
            "--remarks-filter=mx-to-nvvm", *inputs, f"--output=@{output}",
        )  # fmt: skip
        if "splits K into" not in remarks:
            print(f"{case}: K is not split\n{remarks}")
            return 1
        results.add(bytes(read_npy(output).data))
    if len(results) > 1:
        print(f"{case}: bits depend on the order of threads")
    return int(len(results) > 1)


def main() -> int:
    """Runs all products on each chip."""
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        for chip in sys.argv[1:]:
            found = sum(check(Path(name), chip, case) for case in CASES)
            print(f"split on {chip}: {len(CASES)} products, {found} failures")
            failures += found
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
