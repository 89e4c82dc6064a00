#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Measures the bias of stochastic rounding in compiled programs.

training_statistics.py unbiased               every rule that cannot clip, 2^21 samples each
training_statistics.py numbers FILE 64x16 SEED writes normally distributed numbers
training_statistics.py signs FILE COUNT SEED   writes random signs
training_statistics.py product G X SUM SQUARES COUNT
                                              compares sums of COUNT products with gᵀ · x

Means are compared with the truth by their own spread: z is the distance in standard
errors, and the spread of all squared distances, in squared standard errors, is 1 if
nothing is biased.
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TESTS / "fuzz"))

from npy_file import Array, make_array, read_npy, write_npy

THREES = "format<element = f4E2M1FN, scale = f8E8M0FNU, block = 32, tensor_scale>"
CASES = (
    ("mxfp4", "ceil"),
    ("mxfp4", "rceil"),
    (THREES, "abs3"),
    ("nvfp4", "amax"),
    ("mxfp6_e2m3", "rceil"),
    ("mxfp6_e3m2", "rceil"),
    ("mxfp8_e4m3", "rceil"),
    ("mxfp8_e5m2", "rceil"),
)
ROWS, COLUMNS, COPIES = 16, 32, 4096
# Of 2^21 samples; and of a thousand small products, whose standard error is larger.
MOST_BIAS, MOST_PRODUCT_BIAS = 5e-4, 2e-3

PROGRAM = """\
#copy = affine_map<(c, i, j) -> (i, j)>
#each = affine_map<(c, i, j) -> (c, i, j)>
func.func @f(%x: tensor<16x32xf32>, %seed: i64) -> ({results}) {{
  %none = tensor.empty() : tensor<4096x16x32xf32>
  %copies = linalg.generic {{indexing_maps = [#copy, #each], iterator_types = ["parallel", "parallel", "parallel"]}}
      ins(%x : tensor<16x32xf32>) outs(%none : tensor<4096x16x32xf32>) {{
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  }} -> tensor<4096x16x32xf32>
  %zero = arith.constant dense<0.0> : tensor<16x32xf64>
{body}  return {names} : {results}
}}
"""
CASE = """\
  %q{i} = mx.quantize %copies scale_rule({rule}) rounding(stochastic) seed(%seed)
    : tensor<4096x16x32xf32> to !mx.tensor<4096x16x32, {format}, axis = 2>
  %y{i} = mx.dequantize %q{i} : !mx.tensor<4096x16x32, {format}, axis = 2> to tensor<4096x16x32xf32>
  %s{i}:2 = linalg.generic {{indexing_maps = [#each, #copy, #copy, #copy], iterator_types = ["reduction", "parallel", "parallel"]}}
      ins(%y{i}, %x : tensor<4096x16x32xf32>, tensor<16x32xf32>) outs(%zero, %zero : tensor<16x32xf64>, tensor<16x32xf64>) {{
  ^bb0(%a: f32, %b: f32, %sum: f64, %squares: f64):
    %wide = arith.extf %a : f32 to f64
    %truth = arith.extf %b : f32 to f64
    %d = arith.subf %wide, %truth : f64
    %dd = arith.mulf %d, %d : f64
    %1 = arith.addf %sum, %d : f64
    %2 = arith.addf %squares, %dd : f64
    linalg.yield %1, %2 : f64, f64
  }} -> (tensor<16x32xf64>, tensor<16x32xf64>)
"""


def normal_numbers(seed: int, shape: tuple[int, ...]) -> Array:
    """Returns normally distributed numbers."""
    source = random.Random(seed)
    numbers = [source.gauss(0.0, 1.0) for _ in range(math.prod(shape))]
    return make_array("<f4", shape, numbers)


def report(
    name: str,
    truth: list[float],
    sums: list[float],
    squares: list[float],
    count: int,
    most: float = MOST_BIAS,
) -> bool:
    """Prints the bias from sums of `count` deviations each; false if it is too large."""
    means = [s / count for s in sums]
    variances = [q / count - m * m for q, m in zip(squares, means)]
    bias = math.fsum(m * t for m, t in zip(means, truth)) / math.fsum(t * t for t in truth)
    spread = count * math.fsum(m * m for m in means) / math.fsum(variances)
    # A value next to the grid has hardly any variance, and none in a sample.
    least = 0.1 * math.fsum(variances) / len(variances)
    scores = [m / math.sqrt(v / count) for m, v in zip(means, variances) if v > least]
    largest = max(abs(z) for z in scores)
    # The spread as hundreds of independent values allow.
    good = abs(bias) < most and largest < 5.0 and 0.75 < spread < 1.25
    verdict = "unbiased" if good else "BIASED"
    print(f"{name}: bias {bias:+.1e}, spread {spread:.2f}, largest z {largest:.1f}: {verdict}")
    return good


def run(*command: str) -> None:
    """Runs a tool; ends with its messages if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def test_rules(folder: Path) -> bool:
    """Rounds each number thousands of times by every rule, in one program."""
    x = normal_numbers(1, (ROWS, COLUMNS))
    write_npy(folder / "x.npy", x)
    body = "".join(CASE.format(i=i, format=f, rule=r) for i, (f, r) in enumerate(CASES))
    names = ", ".join(f"%s{i}#0, %s{i}#1" for i in range(len(CASES)))
    results = ", ".join(["tensor<16x32xf64>"] * (2 * len(CASES)))
    program = folder / "program.mlir"
    program.write_text(PROGRAM.format(body=body, names=names, results=results))
    files = [folder / f"{i}.npy" for i in range(2 * len(CASES))]
    outputs = [f"--output=@{file}" for file in files]
    run("mx-run", str(program), f"--input=@{folder}/x.npy", "--input=i64=7", *outputs)
    parts = [read_npy(file).numbers() for file in files]
    good = True
    for i, (format, rule) in enumerate(CASES):
        name = "mxfp4 with tensor scale" if format == THREES else format
        good &= report(f"{name} {rule}", x.numbers(), parts[2 * i], parts[2 * i + 1], COPIES)
    return good


def test_product(g: Array, x: Array, sums: Array, squares: Array, count: int) -> bool:
    """Compares sums of products, and of their squares, with gᵀ · x."""
    tokens, rows = g.shape
    _, columns = x.shape
    left, right = g.numbers(), x.numbers()
    truth = [
        math.fsum(left[t * rows + n] * right[t * columns + k] for t in range(tokens))
        for n in range(rows)
        for k in range(columns)
    ]
    deviations = [s - count * t for s, t in zip(sums.numbers(), truth)]
    spread = [
        q - 2 * t * s + count * t * t for q, s, t in zip(squares.numbers(), sums.numbers(), truth)
    ]
    return report("product", truth, deviations, spread, count, MOST_PRODUCT_BIAS)


def main() -> int:
    """Runs what the command line asks for."""
    what, *rest = sys.argv[1:]
    if what == "numbers":
        shape = tuple(int(size) for size in rest[1].split("x"))
        write_npy(Path(rest[0]), normal_numbers(int(rest[2]), shape))
        return 0
    if what == "signs":
        source = random.Random(int(rest[2]))
        signs = [source.choice((1.0, -1.0)) for _ in range(int(rest[1]))]
        write_npy(Path(rest[0]), make_array("<f4", (len(signs),), signs))
        return 0
    if what == "product":
        arrays = [read_npy(Path(path)) for path in rest[:4]]
        return 0 if test_product(*arrays, count=int(rest[4])) else 1
    with tempfile.TemporaryDirectory() as name:
        return 0 if test_rules(Path(name)) else 1


if __name__ == "__main__":
    sys.exit(main())
