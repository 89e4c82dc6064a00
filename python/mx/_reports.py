# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What became of the weights of a model, as numbers and as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Optional

import numpy as np

from mx._blocks import BlockTensor
from mx._weights import Moments


@dataclass(frozen=True)
class LayerReport:
    """What became of one weight.

    Attributes:
      name: of the parameter.
      rows, columns: its size.
      format, scale_rule, method: how it is quantised.
      rotation: the size of its Hadamard matrix, or None.
      bits: of payload, scales and tensor scale, for each number.
      error: the squared error of the weight over its squared magnitude.
      output_error: the same of products with the activations that were recorded; None without any.
      note: what was not as it was asked for; empty if all was.
    """

    name: str
    rows: int
    columns: int
    format: str
    scale_rule: str
    method: str
    rotation: Optional[int]
    bits: float
    error: float
    output_error: Optional[float]
    note: str = ""


def relative(error: float, signal: float) -> float:
    """Squares over squares; 0 if there is nothing."""
    return float(error / signal) if signal else 0.0


def measure_layer(
    name: str, weight: np.ndarray, blocks: BlockTensor, rule: str, method: str, moments: Optional[Moments], note: str
) -> LayerReport:
    """The line of a weight, f32 [rows, columns], whose blocks are given."""
    exact = weight.astype(np.float64)
    lost = blocks.dequantize(unrotate=True).astype(np.float64) - exact
    of_output = None
    if moments is not None and moments.samples:
        matrix = moments.values
        of_output = relative(np.sum((lost @ matrix) * lost), np.sum((exact @ matrix) * exact))
    return LayerReport(
        name=name,
        rows=weight.shape[0],
        columns=weight.shape[1],
        format=str(blocks.format),
        scale_rule=rule,
        method=method,
        rotation=blocks.rotation.size if blocks.rotation else None,
        bits=8 * blocks.nbytes / weight.size,
        error=relative(np.sum(lost * lost), np.sum(exact * exact)),
        output_error=of_output,
        note=note,
    )


@dataclass(frozen=True)
class QuantizationReport:
    """What became of a model.

    Attributes:
      layers: a line for each weight that was quantised.
      kept: parameters of products that stay as they were, and why.
    """

    layers: tuple[LayerReport, ...]
    kept: dict[str, str]

    @property
    def bits_per_weight(self) -> float:
        """Of all weights that were quantised; 0 if none was."""
        count = sum(layer.rows * layer.columns for layer in self.layers)
        return sum(layer.bits * layer.rows * layer.columns for layer in self.layers) / count if count else 0.0

    def to_json(self) -> str:
        """The same as a JSON object with `layers`, `kept` and `bits_per_weight`."""
        fields: dict[str, Any] = asdict(self)
        return json.dumps({**fields, "bits_per_weight": self.bits_per_weight})

    def __str__(self) -> str:
        lines = [("weight", "shape", "format", "rule", "method", "rotation", "bits", "error", "of outputs", "")]
        for layer in self.layers:
            output = "" if layer.output_error is None else f"{layer.output_error:.5f}"
            lines.append((
                layer.name, f"{layer.rows}x{layer.columns}", layer.format, layer.scale_rule, layer.method,
                str(layer.rotation or ""), f"{layer.bits:.3f}", f"{layer.error:.5f}", output, layer.note,
            ))  # fmt: skip
        widths = [max(map(len, column)) for column in zip(*lines)]
        rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
        rows += [f"{name} stays as it is: {reason}" for name, reason in self.kept.items()]
        return "\n".join([*rows, f"{len(self.layers)} weights, {self.bits_per_weight:.3f} bits each"])
