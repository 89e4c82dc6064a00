#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Compares lib/Quantization's GPTQ with gptq_reference.py: the same bytes.

Layers of correlated activations with outlier channels, in every order, rotated and not;
sizes that are no whole blocks or that blocks of one scale lie across the tiles of the
factorisation; columns that nothing reaches; sums that need damping. Both compute in f64,
one with the inverse of the Hessian and one without it: only a number closer to a tie than
f64 tells apart could be rounded differently, and such numbers are counted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gptq_reference as gptq
import mx_reference as mx
import numpy as np
from comparison_report import Report, name_format
from gptq_library import GptqLibrary

MX, NV = mx.NAMED_FORMATS["mxfp4"], mx.NAMED_FORMATS["nvfp4"]
THREES = mx.BlockFormat(mx.E2M1, mx.E8M0, 32, True)
# 24 does not divide the 128 columns of a tile.
ACROSS = mx.BlockFormat(mx.E2M1, mx.E8M0, 24)


@dataclass(frozen=True)
class Case:
    """A layer and how it is encoded."""

    fmt: mx.BlockFormat
    rule: str
    rows: int
    columns: int
    rotation: int = 0
    dead: tuple[int, ...] = ()
    equal_energies: bool = False
    signed: bool = False
    damping: float = 0.01

    @property
    def name(self) -> str:
        """Returns the case in words."""
        words = [name_format(self.fmt), self.rule, f"{self.rows}x{self.columns}"]
        words += [f"rotated by {self.rotation}"] * (self.rotation > 0) + ["signed"] * self.signed
        words += [f"dead {self.dead}"] * bool(self.dead) + ["equal energies"] * self.equal_energies
        return " ".join([*words, f"damping {self.damping}"])


def cases(full: bool) -> Iterator[Case]:
    """Yields what is compared; `full` has as many columns as the acceptance numbers."""
    for rule in ("floor", "even", "mse"):
        yield Case(MX, rule, 5, 192)
        yield Case(MX, rule, 5, 192, rotation=32)
    for rule, rows in (("amax", 5), ("four_over_six_mse", 5), ("sweep", 2)):
        yield Case(NV, rule, rows, 144)
        yield Case(NV, rule, rows, 144, rotation=16)
    yield Case(MX, "mse", 3, 256, rotation=128)
    yield Case(MX, "even", 3, 256, rotation=64, signed=True)
    yield Case(THREES, "abs3", 5, 160)
    yield Case(mx.NAMED_FORMATS["mxfp6_e2m3"], "even", 5, 160)
    yield Case(mx.NAMED_FORMATS["mxfp8_e4m3"], "rceil", 5, 160)
    yield Case(ACROSS, "even", 4, 300)
    yield Case(MX, "even", 5, 180)
    yield Case(NV, "amax", 5, 137)
    yield Case(MX, "even", 70, 7)
    yield Case(MX, "even", 3, 1)
    yield Case(MX, "even", 5, 180, dead=(0, 50, 127, 128, 179))
    yield Case(MX, "even", 5, 192, dead=(0, 50, 191), rotation=32)
    yield Case(NV, "amax", 5, 160, equal_energies=True)
    for damping in (0.001, 0.1, 1.0):
        yield Case(MX, "even", 5, 160, damping=damping)
    if full:
        for rule, rotation in (("floor", 0), ("even", 32), ("mse", 128)):
            yield Case(MX, rule, 16, 512, rotation)
        yield Case(NV, "amax", 16, 512, rotation=16)


def draw(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Returns weights, and activations in f32 that are correlated and have outlier channels."""
    random = np.random.RandomState(case.rows * 1000 + case.columns)
    size = case.columns
    basis = np.linalg.qr(random.standard_normal((size, size)))[0]
    spectrum = 1 / np.sqrt(np.arange(size) + 1.0)
    rows = random.standard_t(5, (4 * size, size)) * spectrum @ basis
    rows[:, random.permutation(size)[: -(-size // 64)]] *= 10
    rows[:, list(case.dead)] = 0
    weights = random.standard_t(8, (case.rows, size))
    return weights.astype(np.float32), rows.astype(np.float32)


def rotate(weights: np.ndarray, size: int, signs: list[int] | None) -> np.ndarray:
    """N6.2: weights in f32, rotated in groups."""
    groups = weights.reshape(-1, size)
    rotated = [mx.rotate_group([float(w) for w in group], signs, False) for group in groups]
    return np.array(rotated, np.float32).reshape(weights.shape)


def rotation_matrix(columns: int, size: int, signs: list[int] | None) -> np.ndarray:
    """N6.1: R, in f64."""
    group = np.array(mx.sylvester_matrix(size)) / np.sqrt(size)
    group = np.diag(signs or [1] * size) @ group
    return np.kron(np.eye(columns // size), group)


def compare_hessians(
    library: GptqLibrary, report: Report, case: Case, rows: np.ndarray, signs: list[int] | None
) -> np.ndarray:
    """Returns the library's Hessian, which is that of the rows but for rounding in f64."""
    exact = rows.astype(np.float64)
    if case.rotation:
        exact = exact @ rotation_matrix(case.columns, case.rotation, signs)
    want = exact.T @ exact
    got = library.hessian(rows, case.rotation, signs)
    # Both add as many products as there are rows, and as many again for each rotation.
    steps = len(rows) + 2 * max(case.rotation, 1)
    bound = steps * 2.0**-52 * np.sqrt(np.outer(np.diag(want), np.diag(want)))
    report.check(
        "Hessian", lambda: case.name, True, bool((abs(got - want) <= bound + 1e-300).all())
    )
    return got


def compare_case(library: GptqLibrary, report: Report, case: Case) -> int:
    """Compares the bytes of one layer in both orders. Returns how many numbers are near ties."""
    weights, rows = draw(case)
    signs = [1 if i % 3 else -1 for i in range(case.rotation)] if case.signed else None
    hessian = compare_hessians(library, report, case, rows, signs)
    if case.rotation:
        weights = rotate(weights, case.rotation, signs)
    if case.equal_energies:
        root = np.sqrt(np.diag(hessian))
        hessian = hessian / np.outer(root, root)
        np.fill_diagonal(hessian, 1.0)
    nearest, near_ties = gptq.quantize_nearest(case.fmt, case.rule, weights), 0
    for act_order in (False, True):
        want = gptq.quantize(
            case.fmt, case.rule, weights, hessian, act_order, case.damping, nearest
        )
        near_ties += len(want.near_ties)
        for threads in (1, 2, 8):
            got = library.quantize(
                case.fmt, case.rule, weights, hessian, act_order, case.damping, threads
            )
            compare_bytes(report, case, act_order, want, got)
    return near_ties


def compare_bytes(
    report: Report, case: Case, act_order: bool, want: gptq.Quantized, got: object
) -> None:
    """Compares one result."""

    def describe(_: int = 0) -> str:
        return f"{case.name} {'act order' if act_order else 'in order'}"

    report.check_each("codes", describe, want.payload(case.fmt), got.payload)
    report.check_each("scales", describe, want.scales, got.scales)
    report.check("tensor scale", describe, want.tensor_scale, got.tensor_scale)
    report.check("damping", describe, want.damping, got.damping)
    report.check("dead columns", describe, want.dead_columns, got.dead_columns)


def compare_damping(library: GptqLibrary, report: Report) -> None:
    """Sums that are less and less positive: damping grows, then everything is to nearest."""
    weights, rows = draw(Case(MX, "even", 5, 96))
    hessian = library.hessian(rows)
    mean = np.diag(hessian).mean()
    for shift, damping in ((0.0, 0.01), (0.05, 0.1), (0.3, 1.0), (0.8, 10.0), (3.0, None)):
        case = Case(MX, "even", 5, 96)
        shifted = hessian - shift * mean * np.eye(96)
        want = gptq.quantize(MX, "even", weights, shifted, True, 0.01)
        got = library.quantize(MX, "even", weights, shifted, True, 0.01)
        report.check("escalation", lambda: case.name, damping, want.damping)
        report.check("fallback", lambda: case.name, damping is None, got.fell_back)
        report.check("damping", lambda: case.name, damping or 0.0, got.damping)
        report.check_each("codes", lambda _: f"shift {shift}", want.payload(MX), got.payload)


def main() -> int:
    """Parses the command line and compares; 1 if anything differs."""
    parser = argparse.ArgumentParser(
        description="Compares GPTQ with its independent reference, byte for byte."
    )
    parser.add_argument(
        "--library", required=True, type=Path, metavar="PATH", help="libmx_gptq_shim.so"
    )
    parser.add_argument("--full", action="store_true", help="also layers with 512 columns")
    arguments = parser.parse_args()
    if not arguments.library.is_file():
        parser.error(f"no such file: {arguments.library}")
    library, report = GptqLibrary(arguments.library.resolve()), Report()
    near_ties = sum(compare_case(library, report, case) for case in cases(arguments.full))
    compare_damping(library, report)
    # With none, equality is what must be.
    report.check("numbers near a tie", lambda: "choose other seeds", 0, near_ties)
    return 1 if report.print() else 0


if __name__ == "__main__":
    sys.exit(main())
