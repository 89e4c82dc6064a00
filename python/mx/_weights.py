# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Weights quantised against the error of a product: moments of activations, GPTQ, methods by name."""

from __future__ import annotations

import operator
import threading
from dataclasses import dataclass
from typing import Any, Optional, Union

import numpy as np

from mx import _mx
from mx._arrays import to_f32
from mx._blocks import BlockTensor, check_seed, part_shapes, quantize, rotate
from mx._errors import Error, raising
from mx._formats import Format, Rotation

METHODS = ("rtn", "mse", "gptq", "mr-gptq")


class Moments:
    """The sum of x·xᵀ over rows x of an activation, in f64: what GPTQ must know of it.

    Attributes:
      columns: numbers in a row.
      samples: rows that were added.
    """

    # Rows that wait to be added together.
    PENDING = 1024

    def __init__(self, columns: int):
        self.columns = operator.index(columns)
        if self.columns < 1:
            raise Error(f"expected at least one column, got {self.columns}")
        self.samples = 0
        self._sum = np.zeros((self.columns, self.columns), np.float64)
        self._pending: list[np.ndarray] = []
        self._lock = threading.Lock()

    def add(self, rows: Any) -> None:
        """Adds rows [..., columns], which must be finite. They are copied."""
        numbers = to_f32(rows)
        if numbers.ndim == 0 or numbers.shape[-1] != self.columns:
            raise Error(f"expected rows of {self.columns} numbers, got an array of shape {numbers.shape}")
        numbers = numbers.reshape(-1, self.columns)
        if not np.isfinite(numbers).all():
            raise Error("expected finite activations, got NaN or infinity")
        with self._lock:
            self.samples += len(numbers)
            self._pending.append(numbers.copy())
            if sum(map(len, self._pending)) >= self.PENDING:
                self._flush()

    def _flush(self) -> None:
        if not self._pending:
            return
        rows, self._pending = np.concatenate(self._pending), []
        with raising(Error):
            _mx.add_moments(rows, len(rows), self.columns, self._sum)

    @property
    def values(self) -> np.ndarray:
        """The matrix [columns, columns]."""
        with self._lock:
            self._flush()
            return self._sum.copy()

    def rotated(self, rotation: Union[int, Rotation]) -> np.ndarray:
        """The moments of the same rows multiplied by a Hadamard matrix (N6)."""
        values, rotation = self.values, Rotation.of(rotation)
        with raising(Error):
            _mx.rotate_moments(values, self.columns, rotation.size, rotation.signs)
        return values

    def __repr__(self) -> str:
        return f"<mx.Moments of {self.samples} rows of {self.columns}>"


@dataclass(frozen=True)
class GptqResult:
    """What GPTQ made of a weight.

    Attributes:
      tensor: the weight.
      damping: what was added to the diagonal of the moments, as a part of its mean; 0 if nothing sufficed.
      is_nearest: whether nothing sufficed, so that the weight is rounded to nearest.
      dead_columns: columns that no activation reaches; their weights are zero.
    """

    tensor: BlockTensor
    damping: float
    is_nearest: bool
    dead_columns: int


def quantize_gptq(
    array: Any,
    moments: Moments,
    format: Union[str, Format] = "mxfp4",
    *,
    scale_rule: Optional[str] = None,
    rotation: Union[None, int, Rotation] = None,
    seed: int = 0,
    act_order: bool = True,
    damping: float = 0.01,
    tensor_scale: Optional[float] = None,
) -> GptqResult:
    """Quantises a matrix [rows, columns] along its columns so that products with the activations of `moments` change
    as little as possible (GPTQ; docs/Quantization.md, Weights).

    Scales are chosen first, as `mx.quantize` does it; `format`, `scale_rule`, `rotation`, `seed` and `tensor_scale` mean
    what they mean there. Moments are those of activations that are not rotated.

    Args:
      act_order: begin with the columns of the largest activations.
      damping: what is added to the diagonal of the moments, as a part of its mean.
    """
    format, seed = Format.of(format), check_seed(seed)
    if not isinstance(moments, Moments):
        raise TypeError(f"expected mx.Moments, got {type(moments).__name__}")
    values = to_f32(array)
    if values.ndim != 2 or values.shape[1] != moments.columns:
        raise Error(f"expected a matrix of {moments.columns} columns for its moments, got shape {values.shape}")
    if rotation is not None:
        rotation = rotation if isinstance(rotation, Rotation) else Rotation.drawn(rotation, seed)
        values = rotate(values, rotation)
    matrix = moments.values if rotation is None else moments.rotated(rotation)
    payload_shape, scale_shape = part_shapes(format, values.shape, 1)
    payload, scales = np.empty(payload_shape, np.uint8), np.empty(scale_shape, np.uint8)
    with raising(Error):
        scale, used, is_nearest, dead = _mx.quantize_gptq(
            format.as_tuple(), scale_rule or format.default_rule,
            None if tensor_scale is None else float(tensor_scale), values, list(values.shape),
            matrix, bool(act_order), float(damping), payload, scales,
        )  # fmt: skip
    tensor = BlockTensor(payload, scales, values.shape, format, 1, scale, rotation)
    return GptqResult(tensor, used, is_nearest, dead)


@dataclass(frozen=True)
class WeightOptions:
    """How weights are quantised, checked before any weight is seen.

    Attributes:
      format: a name or an mx.Format.
      scale_rule: as for mx.quantize; None: Format.default_rule, or Format.searching_rule for the methods that search.
      rotation: size of a Hadamard matrix; weights that it does not divide stay without. None: none, or for `mr-gptq`
        the block of the format.
      seed: draws the signs of rotations; 0 for none.
      method: `rtn` rounds to nearest, `mse` also searches scales, `gptq` needs moments, `mr-gptq` is all of it with a
        rotation.
    """

    format: Union[str, Format] = "mxfp4"
    scale_rule: Optional[str] = None
    rotation: Optional[int] = None
    seed: int = 0
    method: str = "rtn"

    def __post_init__(self) -> None:
        format = Format.of(self.format)
        if self.method not in METHODS:
            raise Error(f"expected the method {', '.join(map(repr, METHODS))}, got {self.method!r}")
        searches = self.method in ("mse", "mr-gptq")
        rule = self.scale_rule or (format.searching_rule if searches else format.default_rule)
        if self.method == "mr-gptq" and self.rotation is None:
            object.__setattr__(self, "rotation", format.block)
        object.__setattr__(self, "format", format)
        object.__setattr__(self, "scale_rule", rule)
        check_seed(self.seed)
        # A rule that cannot encode the format is refused here.
        quantize(np.zeros(1, np.float32), format, scale_rule=rule)
        if self.rotation is not None:
            Rotation.drawn(self.rotation, self.seed)

    @property
    def needs_moments(self) -> bool:
        """Whether the method is one of GPTQ."""
        return self.method.endswith("gptq")

    def get_rotation(self, columns: int) -> Optional[Rotation]:
        """The rotation of weights with so many columns."""
        if self.rotation is None or columns % self.rotation:
            return None
        return Rotation.drawn(self.rotation, self.seed)

    def quantize(
        self, weight: Any, moments: Optional[Moments], tensor_scale: Optional[float] = None
    ) -> tuple[BlockTensor, str]:
        """The weight [rows, columns] in blocks, and what there is to say about it."""
        shared: dict[str, Any] = {"scale_rule": self.scale_rule, "tensor_scale": tensor_scale}
        shared["rotation"] = self.get_rotation(weight.shape[-1])
        if not self.needs_moments or moments is None or moments.samples == 0:
            blocks = quantize(weight, self.format, **shared)
            return blocks, "no activation was seen, so numbers were rounded to nearest" if self.needs_moments else ""
        result = quantize_gptq(weight, moments, self.format, **shared)
        if result.is_nearest:
            return result.tensor, "no damping sufficed, so numbers were rounded to nearest"
        if result.dead_columns:
            return result.tensor, f"{result.dead_columns} columns that no activation reaches became zero"
        return result.tensor, ""
