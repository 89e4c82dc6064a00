#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs products with what surrounds them on a simulated GPU and on the CPU.

Operands are those of the exact domain (N7.3), so that both products are exact, and what a
kernel does beside its product must give the bits that separate loops give.

  epilogue_products.py CHIP…
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz", "reference")]

from matmul_pairs import make_side, product_text, run, type_text, write_inputs
from npy_file import make_array, read_npy

PROGRAM = """
#all = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @f(%a: {A}, %b: {B}, %g: {A}, %v: tensor<{n}xbf16>, %w: tensor<{n}xf32>, %x: tensor<f32>)
    -> (tensor<{m}x{n}xf32>, tensor<{m}x{n}xbf16>, tensor<{m}x{n}xf16>) {{
  %zero = arith.constant 0.0 : f32
  %alpha = tensor.extract %x[] : tensor<f32>
  %e = tensor.empty() : tensor<{m}x{n}xf32>
  %c_init = linalg.fill ins(%zero : f32) outs(%e : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
{zeros}
  %h = tensor.empty() : tensor<{m}x{n}xbf16>
  %d_init = linalg.broadcast ins(%v : tensor<{n}xbf16>) outs(%h : tensor<{m}x{n}xbf16>) dimensions = [0]
{row}
  %u = linalg.generic {{indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}}
    ins(%d : tensor<{m}x{n}xbf16>) outs(%d : tensor<{m}x{n}xbf16>) {{
  ^bb0(%one: bf16, %out: bf16):
    %p = arith.mulf %one, %one : bf16
    linalg.yield %p : bf16
  }} -> tensor<{m}x{n}xbf16>
  %t_init = linalg.fill ins(%zero : f32) outs(%e : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
{tail}
  %o = tensor.empty() : tensor<{m}x{n}xf16>
  %y = linalg.generic {{indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}}
    ins(%t, %w : tensor<{m}x{n}xf32>, tensor<{n}xf32>) outs(%o : tensor<{m}x{n}xf16>) {{
  ^bb0(%one: f32, %each: f32, %out: f16):
    %p = arith.mulf %one, %alpha : f32
    %q = arith.addf %p, %each : f32
    %r = arith.maximumf %q, %zero : f32
    %s = arith.truncf %r : f32 to f16
    linalg.yield %s : f16
  }} -> tensor<{m}x{n}xf16>
  return %c, %u, %y : tensor<{m}x{n}xf32>, tensor<{m}x{n}xbf16>, tensor<{m}x{n}xf16>
}}
"""
# Pairs of results lie together only if the number of columns is even.
SIZES = [("mxfp4", 20, 12, 128), ("nvfp4", 33, 13, 45)]


def write_program(path: Path, kind: str, m: int, n: int, k: int) -> None:
    """Writes a product that starts from zero, one from a row, and two with a tail."""
    sides = type_text(kind, (m, k)), type_text(kind, (n, k))
    f32, bf16 = (*sides, type_text("f32", (m, n))), (*sides, type_text("bf16", (m, n)))
    lines = {
        name: product_text(result, lhs, "%b", types)
        for name, result, lhs, types in (
            ("zeros", "%c", "%a", f32),
            ("row", "%d", "%a", bf16),
            ("tail", "%t", "%g", f32),
        )
    }
    path.write_text(PROGRAM.format(A=sides[0], B=sides[1], m=m, n=n, **lines))


def compare(folder: Path, chip: str, kind: str, m: int, n: int, k: int) -> int:
    """Runs one program on both. Returns how many results differ."""
    rng = random.Random(m)
    module = folder / "f.mlir"
    write_program(module, kind, m, n, k)
    vectors = [[rng.uniform(-9, 9) for _ in range(n)] for _ in range(2)]
    # The top half of an f32 is a bf16.
    top = make_array("<f4", (n,), vectors[0]).data
    halves = [int.from_bytes(top[4 * i + 2 : 4 * i + 4], "little") for i in range(n)]
    operands = [x for rows in (m, n, m) for x in make_side(kind, (rows, k), rng).arrays]
    operands += [make_array("<u2", (n,), halves), make_array("<f4", (n,), vectors[1])]
    inputs = write_inputs(folder, [*operands, make_array("<f4", (), [0.3])])
    gpu = [folder / f"gpu{i}.npy" for i in range(3)]
    cpu = [folder / f"cpu{i}.npy" for i in range(3)]
    run("mx-run", module, f"--target={chip}", "--simulate", *inputs, *(f"--output=@{x}" for x in gpu))
    run("mx-run", module, *inputs, *(f"--output=@{x}" for x in cpu))
    failures = 0
    for what, one, other in zip(("zeros", "a row and a tail in place", "a tail"), gpu, cpu):
        if read_npy(one).data != read_npy(other).data:
            print(f"{kind}, {m} x {n} x {k}: the product with {what} differs")
            failures += 1
    return failures


def main() -> int:
    """Runs all programs on each chip."""
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        for chip in sys.argv[1:]:
            found = sum(compare(Path(name), chip, *size) for size in SIZES)
            print(f"simulated on {chip}: {3 * len(SIZES)} products, {found} failures")
            failures += found
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
