# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""GPTQ, written from its description alone: one column after another, in f64.

The description is that of Quantization.md (4). Scales are chosen first, from the
weights as they are given. With H = Σ x·xᵀ over calibration rows x and U the upper
Cholesky factor of the inverse of the damped H, the columns are rounded in order; what
a column loses, divided by its pivot of U, times its row of U, is taken from the columns
that are left. The number that is rounded is made an f32 first, as all weights are.

Nothing here is fast, and nothing is shared with lib/Quantization, which never inverts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import mx_reference as mx
import numpy as np

ESCALATION, ESCALATIONS = 10.0, 3
# Two computations in f64 agree to far better than this part of a row's largest weight.
NEAR = 1e-9


@dataclass
class Quantized:
    """What becomes of a weight [rows, columns]."""

    codes: np.ndarray
    scales: list[int]
    tensor_scale: float
    # Nothing: rounded to nearest, because no damping sufficed.
    damping: float | None = None
    dead_columns: int = 0
    # Numbers so close to a tie that f64 does not decide them: (row, column).
    near_ties: list[tuple[int, int]] = field(default_factory=list)

    def payload(self, fmt: mx.BlockFormat) -> bytes:
        """N8.1: the canonical bytes."""
        rows = (mx.pack_row([int(code) for code in row], fmt.element.bits) for row in self.codes)
        return b"".join(rows)


def quantize_nearest(fmt: mx.BlockFormat, rule: str, weights: np.ndarray) -> Quantized:
    """Rounds every weight to nearest; the scales are those of GPTQ as well."""
    values = [float(w) for w in weights.reshape(-1)]
    tensor = mx.quantize(fmt, mx.Options(rule), values, weights.shape, 1)
    codes = np.array(tensor.codes, np.int64).reshape(weights.shape)
    return Quantized(codes, list(tensor.scales), tensor.tensor_scale)


def encode(fmt: mx.BlockFormat, rule: str, scale: int, tensor_scale: float, x: float) -> int:
    """N3.4, N3.8, N4.5: the code of one number of a block whose scale is known."""
    single = float(np.float32(x))
    if fmt.scale == mx.E8M0:
        if rule == "abs3":
            single = mx.f32_mul(3.0, single)
        return mx.encode_element(fmt.element, mx.f32_mul(single, mx.power_of_two(127 - scale)))
    divisor = mx.f32_mul(mx.decode_ue4m3(scale), tensor_scale)
    if divisor == 0:
        return mx.zero_codes(fmt.element, [single])[0]
    return mx.encode_element(fmt.element, mx.f32_div(single, divisor))


def invert_damped(hessian: np.ndarray, damping: float) -> tuple[np.ndarray, float] | None:
    """Returns the upper factor of the inverse and the damping that it took; None if none did."""
    columns = len(hessian)
    live = np.diag(hessian) != 0
    mean = np.diag(hessian)[live].mean() if live.any() else 1.0
    # A column that no activation reaches stands alone; its pivot is of no consequence.
    alone = hessian * live[:, None] * live + np.diag(np.where(live, 0.0, mean))
    for _ in range(ESCALATIONS + 1):
        try:
            damped = alone + damping * mean * np.eye(columns)
            np.linalg.cholesky(damped)
            return np.linalg.cholesky(np.linalg.inv(damped)).T, damping
        except np.linalg.LinAlgError:
            damping *= ESCALATION
    return None


def quantize(
    fmt: mx.BlockFormat,
    rule: str,
    weights: np.ndarray,
    hessian: np.ndarray,
    act_order: bool,
    damping: float,
    nearest: Quantized | None = None,
) -> Quantized:
    """Quantises weights in f32 for a Hessian in f64; `nearest` is their rounding to nearest."""
    nearest = nearest or quantize_nearest(fmt, rule, weights)
    diagonal = np.diag(hessian)
    order = list(range(len(diagonal)))
    if act_order:
        order.sort(key=lambda column: -diagonal[column])  # Equal ones stay as they are.
    factor = invert_damped(hessian[np.ix_(order, order)], damping)
    if factor is None:
        return nearest
    upper, used = factor
    result = Quantized(
        np.zeros(weights.shape, np.int64),
        nearest.scales,
        nearest.tensor_scale,
        used,
        int((diagonal == 0).sum()),
    )
    left = weights.astype(np.float64)
    left[:, diagonal == 0] = 0.0
    for place, column in enumerate(order):
        for row in range(len(left)):
            round_number(fmt, rule, weights, left, row, column, result)
        lost = (left[:, column] - decode_column(fmt, result, column)) / upper[place, place]
        left[:, order[place:]] -= np.outer(lost, upper[place, place:])
    return result


def find_scale(fmt: mx.BlockFormat, result: Quantized, row: int, column: int) -> int:
    """Returns the scale byte of a number's block, which no order of columns changes."""
    blocks = mx.block_count(fmt, result.codes.shape[1])
    return result.scales[row * blocks + column // fmt.block]


def round_number(
    fmt: mx.BlockFormat,
    rule: str,
    weights: np.ndarray,
    left: np.ndarray,
    row: int,
    column: int,
    result: Quantized,
) -> None:
    """Writes one code, and notes whether a neighbour in f64 could have had another."""
    scale = find_scale(fmt, result, row, column)
    wanted = left[row, column]
    low, code, high = (
        encode(fmt, rule, scale, result.tensor_scale, x)
        for x in wanted + np.array([-1, 0, 1]) * NEAR * np.abs(weights[row]).max()
    )
    result.codes[row, column] = code
    if low != high and wanted not in (0.0, weights[row, column]):
        result.near_ties.append((row, column))


def decode_column(fmt: mx.BlockFormat, result: Quantized, column: int) -> np.ndarray:
    """N1.4: the numbers that a column has become."""
    return np.array(
        [
            float(
                mx.decode_value(
                    fmt,
                    int(result.codes[row, column]),
                    find_scale(fmt, result, row, column),
                    result.tensor_scale,
                )
            )
            for row in range(len(result.codes))
        ]
    )
