#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Quantises weights by the passes and compares their errors with error_tables.py.

Weights of each distribution are constants of one program, with a product for each cell
of the tables, whose plan is written by hand. The passes rotate and quantise; then the
program is run on the identity matrix, which gives the weights that it computes with.

  measure_errors.py                        every cell
  measure_errors.py --few                  some of each kind
  measure_errors.py --write-weights DIR    DIR/weights.mlir: a product for each distribution
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from error_tables import Cell, all_cells

# 2^20 weights, in as many groups of rows as σ has values.
ROWS, COLUMNS, GROUPS = 8192, 128, 8
TOLERANCE = 0.02
DISTRIBUTIONS = ("normal", "laplace", "t5", "chan")
OUTLIER_EVERY, OUTLIER = 64, 16.0
PASSES = ("--mx-choose-formats", "--mx-fuse-rotations", "--mx-quantize")


def draw(distribution: str) -> np.ndarray:
    """Returns weights of variance 1 (`chan`: but for its outlier channels)."""
    random = np.random.RandomState(1)  # Its streams never change.
    shape = (ROWS, COLUMNS)
    if distribution == "laplace":
        return random.laplace(0.0, np.sqrt(0.5), shape)
    if distribution == "t5":
        return random.standard_t(5, shape) / np.sqrt(5 / 3)
    weights = random.standard_normal(shape)
    if distribution == "chan":
        weights[:, ::OUTLIER_EVERY] *= OUTLIER
    return weights


def write_module(products: list[tuple[str, str, np.ndarray]], shared: bool) -> str:
    """Returns a module of products with constant weights; of each its name, what else to say
    of it, and its weights, which several may have. They may share the other side."""
    rows, result = f"tensor<{COLUMNS}x{COLUMNS}xf32>", f"tensor<{COLUMNS}x{ROWS}xf32>"
    weight = f"tensor<{ROWS}x{COLUMNS}xf32>"
    results = ", ".join([result] * len(products))
    blobs: dict[int, str] = {}
    lines = []
    for i, (name, attributes, weights) in enumerate(products):
        if id(weights) not in blobs:
            key = f"w{len(blobs)}"
            blobs[id(weights)] = f'{key}: "0x04000000{weights.astype("<f4").tobytes().hex()}"'
            lines.append(f"  %{key} = arith.constant dense_resource<{key}> : {weight}")
        key = list(blobs).index(id(weights))
        lines.append(
            f"  %{i} = mx.matmul ins(%x{0 if shared else i}, %w{key} : {rows}, {weight}) outs(%zero : {result}) "
            f'{{mx.site = "{name}"{attributes}}}'
        )
    names = ", ".join(f"%{i}" for i in range(len(products)))
    arguments = ", ".join(f"%x{i}: {rows}" for i in range(1 if shared else len(products)))
    return (
        f"func.func @f({arguments}) -> ({results}) {{\n"
        f"  %zero = arith.constant dense<0.0> : {result}\n"
        + "\n".join(lines)
        + f"\n  return {names} : {results}\n}}\n"
        + f"{{-# dialect_resources: {{ builtin: {{ {', '.join(blobs.values())} }} }} #-}}\n"
    )


def write_plans(cells: list[Cell], weights: np.ndarray) -> str:
    """Returns a module with a product for each cell, planned by hand."""
    products = []
    for cell in cells:
        rotation = f", rotation = hadamard<{cell.rotation}>" if cell.rotation else ""
        plan = f", mx.plan = #mx.plan<rhs = {cell.format} by {cell.rule}{rotation}>"
        products.append((cell.name, plan, weights))
    return write_module(products, shared=True)


def relative_error(expected: np.ndarray, got: np.ndarray, averaged: bool) -> float:
    """Returns Σ(x−x̂)² / Σx², or its mean over the groups of rows."""
    groups = GROUPS if averaged else 1
    errors = ((expected - got) ** 2).reshape(groups, -1).sum(axis=1)
    return float((errors / (expected**2).reshape(groups, -1).sum(axis=1)).mean())


def run(*command: str) -> None:
    """Runs a tool; ends with its messages if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def measure(cells: list[Cell], weights: np.ndarray, folder: Path) -> list[float]:
    """Returns the error of each cell; all have one distribution."""
    source, quantized = folder / "source.mlir", folder / "quantized.mlirbc"
    source.write_text(write_plans(cells, weights))
    run("mx-opt", str(source), *PASSES, "--emit-bytecode", "-o", str(quantized))
    np.save(folder / "x.npy", np.eye(COLUMNS, dtype="<f4"))
    files = [folder / f"{i}.npy" for i in range(len(cells))]
    outputs = [f"--output=@{file}" for file in files]
    run("mx-run", str(quantized), f"--input=@{folder}/x.npy", *outputs)
    exact = weights.astype("<f4").astype(np.float64)
    return [
        relative_error(exact, np.load(file).T.astype(np.float64), cell.averaged)
        for cell, file in zip(cells, files)
    ]


def choose_few() -> list[Cell]:
    """Returns the cells of the default suite: each rule, each distribution, each format."""
    wanted = {
        ("normal", 0): {"floor", "even", "amax", "sweep"},
        ("laplace", 0): {"floor", "ceil", "rceil", "even", "mse", "amax", "four_over_six_mse"},
        ("laplace", 32): {"even", "amax"},
        ("t5", 128): {"abs3", "four_over_six_mae"},
        ("chan", 32): {"rceil", "amax"},
    }
    return [c for c in all_cells() if c.rule in wanted.get((c.distribution, c.rotation), ())]


def check_order(measured: dict[Cell, float]) -> int:
    """Compares rules and rotations with each other. Returns how many are out of order."""
    errors = {(c.distribution, c.rotation, c.format, c.rule): e for c, e in measured.items()}
    failures = 0

    def expect_less(lower: tuple[object, ...], higher: tuple[object, ...]) -> None:
        nonlocal failures
        if lower in errors and higher in errors and not errors[lower] < errors[higher]:
            print(f"expected {lower} to have a smaller error than {higher}")
            failures += 1

    orders = {
        "mxfp4": ("even", "floor", "rceil", "ceil"),
        "nvfp4": ("sweep", "four_over_six_mse", "four_over_six_mae", "amax"),
    }
    for distribution, rotation in {(c.distribution, c.rotation) for c in measured}:
        for format, rules in orders.items():
            if rotation and format == "mxfp4":
                continue
            for i, lower in enumerate(rules):
                for higher in rules[i + 1 :]:
                    place = (distribution, rotation, format)
                    expect_less((*place, lower), (*place, higher))
        if rotation and distribution != "normal":
            for rule in orders["mxfp4"]:
                place = ("mxfp4", rule)
                expect_less((distribution, rotation, *place), (distribution, 0, *place))
            place = ("nvfp4", "amax")
            expect_less((distribution, 0, *place), (distribution, rotation, *place))
    return failures


def main() -> int:
    """Measures a distribution after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--few", action="store_true", help="a part of the tables")
    parser.add_argument("--write-weights", type=Path, help="only write a module here")
    parser.add_argument("--verbose", action="store_true", help="print every cell")
    options = parser.parse_args()
    if options.write_weights:
        products = [(name, "", draw(name)) for name in DISTRIBUTIONS]
        (options.write_weights / "weights.mlir").write_text(write_module(products, shared=False))
        return 0
    cells = choose_few() if options.few else all_cells()
    spread = np.repeat(2.0 ** (np.arange(GROUPS) / GROUPS), ROWS // GROUPS)[:, None]
    measured: dict[Cell, float] = {}
    for distribution in DISTRIBUTIONS:
        for averaged in (True, False):
            part = [c for c in cells if c.distribution == distribution and c.averaged == averaged]
            if not part:
                continue
            weights = draw(distribution) * (spread if averaged else 1.0)
            with tempfile.TemporaryDirectory() as name:
                measured.update(zip(part, measure(part, weights, Path(name))))
    failures = 0
    for cell, error in measured.items():
        ratio = error / cell.error
        good = abs(ratio - 1.0) <= TOLERANCE
        failures += not good
        if options.verbose or not good:
            print(f"{cell.name}: {error:.3e}, {ratio - 1.0:+.1%} of {cell.error:.4g}")
    failures += check_order(measured)
    print(f"errors: {len(measured)} cells, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
