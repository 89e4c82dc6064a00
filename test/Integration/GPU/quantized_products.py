#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs products that are quantised at once on a simulated GPU and on the CPU.

Operands are those of the exact domain (N7.3), so that both products are exact, and
payload and scales that a kernel writes must be those of separate loops.

  quantized_products.py CHIP…
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz", "reference")]

from matmul_pairs import make_side, product_text, type_text, write_inputs
from npy_file import make_array, read_npy

PROGRAM = """
#all = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @f(%a: {A}, %b: {B}, %w: tensor<{n}xf32>, %scale: tensor<f32>) -> ({types}) {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<{m}x{n}x{number}>
  %empty = arith.constant 0.0 : {number}
  %c_init = linalg.fill ins(%empty : {number}) outs(%e : tensor<{m}x{n}x{number}>) -> tensor<{m}x{n}x{number}>
{product}{tail}
  %q = mx.quantize %{made} {tensor_scale}scale_rule({rule}) {flags}: tensor<{m}x{n}x{number}> to {Q}
  {parts} = mx.unbundle %q : {Q} to {types}
  return {parts} : {types}
}}
"""
TAIL = """
  %t = linalg.generic {{indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}}
    ins(%c, %w : tensor<{m}x{n}x{number}>, tensor<{n}xf32>) outs(%e : tensor<{m}x{n}x{number}>) {{
  ^bb0(%one: {number}, %each: f32, %out: {number}):
    {widen}
    %p = arith.addf %wide, %each : f32
    %r = arith.maximumf %p, %zero : f32
    {narrow}
    linalg.yield %s : {number}
  }} -> tensor<{m}x{n}x{number}>"""


class Case(NamedTuple):
    """One program."""

    kind: str
    m: int
    n: int
    k: int
    number: str
    has_tail: bool
    target: str
    rule: str
    flags: str = ""


# Rows of payload that end within a block, within a byte, and at words.
CASES = [
    Case("mxfp4", 20, 76, 128, "f32", False, "mxfp4", "even"),
    Case("mxfp4", 5, 13, 96, "bf16", False, "mxfp4", "floor"),
    Case("nvfp4", 33, 45, 45, "bf16", False, "nvfp4", "amax"),
    Case("nvfp4", 7, 160, 64, "f32", True, "nvfp4", "four_over_six_mse"),
    Case("mxfp4", 35, 200, 256, "bf16", True, "mxfp8_e4m3", "ceil", "satfinite "),
    Case("mxfp4", 3, 48, 64, "f32", True, "mxfp8_e5m2", "rceil"),
    Case("mxfp8_e4m3", 17, 132, 64, "f32", False, "mxfp6_e2m3", "rceil"),
    Case("mxfp6_e3m2", 2, 31, 32, "f32", True, "mxfp6_e3m2", "even"),
    # Several tiles of a kernel with a producer, whose warps quantise.
    Case("nvfp4", 130, 136, 256, "bf16", True, "nvfp4", "amax"),
    Case("mxfp4", 150, 260, 256, "f32", False, "mxfp4", "ceil"),
]  # fmt: skip
BITS = {"mxfp4": 4, "nvfp4": 4, "mxfp6_e2m3": 6, "mxfp6_e3m2": 6, "mxfp8_e4m3": 8, "mxfp8_e5m2": 8}


def write_program(path: Path, case: Case) -> int:
    """Writes the program. Returns the number of its results."""
    kind, m, n, k, number = case[:5]
    sides = type_text(kind, (m, k)), type_text(kind, (n, k))
    block = 16 if case.target == "nvfp4" else 32
    types = [
        f"tensor<{m}x{(n * BITS[case.target] + 7) // 8}xi8>",
        f"tensor<{m}x{-(-n // block)}xi8>",
    ] + ["tensor<f32>"] * (case.target == "nvfp4")
    is_f32 = number == "f32"
    names = {
        "widen": "%wide = arith.addf %one, %zero : f32" if is_f32 else f"%wide = arith.extf %one : {number} to f32",
        "narrow": "%s = arith.mulf %r, %r : f32" if is_f32 else f"%s = arith.truncf %r : f32 to {number}",
        "m": m, "n": n, "number": number,
    }  # fmt: skip
    path.write_text(
        PROGRAM.format(
            A=sides[0],
            B=sides[1],
            product=product_text("%c", "%a", "%b", (*sides, type_text(number, (m, n)))),
            tail=TAIL.format(**names) if case.has_tail else "",
            made="t" if case.has_tail else "c",
            tensor_scale="tensor_scale(%scale) " if case.target == "nvfp4" else "",
            rule=case.rule,
            flags=case.flags,
            Q=type_text(case.target, (m, n)),
            types=", ".join(types),
            parts=", ".join(f"%r{i}" for i in range(len(types))),
            **{name: names[name] for name in ("m", "n", "number")},
        )
    )
    return len(types)


def run(*command: object) -> str:
    """Runs a tool and returns its remarks; ends with its messages if it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stderr


def compare(folder: Path, chip: str, case: Case) -> int:
    """Runs one program on both. Returns whether a result differs."""
    rng = random.Random(case.m)
    module = folder / "f.mlir"
    count = write_program(module, case)
    arrays = [x for rows in (case.m, case.n) for x in make_side(case.kind, (rows, case.k), rng).arrays]
    arrays.append(make_array("<f4", (case.n,), [rng.uniform(-9, 9) for _ in range(case.n)]))
    inputs = write_inputs(folder, [*arrays, make_array("<f4", (), [0.3])])
    gpu = [folder / f"gpu{i}.npy" for i in range(count)]
    cpu = [folder / f"cpu{i}.npy" for i in range(count)]
    remarks = run(
        "mx-run", module, f"--target={chip}", "--simulate", "--remarks-filter=mx-to-nvvm",
        *inputs, *(f"--output=@{x}" for x in gpu),
    )  # fmt: skip
    run("mx-run", module, *inputs, *(f"--output=@{x}" for x in cpu))
    if "does the quantization that follows" not in remarks:
        print(f"{case}: is not one kernel\n{remarks}")
        return 1
    if [read_npy(x).data for x in gpu] != [read_npy(x).data for x in cpu]:
        print(f"{case}: differs")
        return 1
    return 0


def main() -> int:
    """Runs all programs on each chip."""
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        for chip in sys.argv[1:]:
            found = sum(compare(Path(name), chip, case) for case in CASES)
            print(f"simulated on {chip}: {len(CASES)} products, {found} failures")
            failures += found
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
