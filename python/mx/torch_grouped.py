# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Grouped products: consecutive rows of activations, each group by a matrix of its own, as in a mixture of experts.

torch.nn.functional.grouped_mm (`torch._grouped_mm`) with activations [rows, K], weights that are a parameter
[experts, K, N], or one [experts, N, K] with its last two dimensions exchanged, and the ends of the groups.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, Callable, Optional

import numpy as np
import torch

from mx._blocks import BlockTensor, quantize
from mx._formats import Rotation
from mx._programs import Program, compile
from mx._weights import Moments, WeightOptions
from mx.torch_products import TYPES


@functools.lru_cache(maxsize=None)
def compile_grouped(shape: tuple[int, ...], suffix: str, rotation: Optional[Rotation], target: str) -> Program:
    """A product of consecutive groups of activations with a matrix of weights [experts, rows, columns] each."""
    experts, rows, columns = shape
    w = f"!mx.tensor<{experts}x{rows}x{columns}, {suffix}>"
    x, y, ends = f"tensor<?x{columns}xf32>", f"tensor<?x{rows}xf32>", f"tensor<{experts}xi32>"
    source, rotate = "%x", ""
    if rotation is not None:
        source, rotate = "%r", f"%r = mx.rotate %x by {rotation} along 1 : {x}"
    return compile(
        f"""
        func.func @grouped(%x: {x}, %w: {w}, %ends: {ends}) -> {y} {{
          %c0 = arith.constant 0 : index
          %zero = arith.constant 0.0 : f32
          %count = tensor.dim %x, %c0 : {x}
          %empty = tensor.empty(%count) : {y}
          %init = linalg.fill ins(%zero : f32) outs(%empty : {y}) -> {y}
          {rotate}
          %y = mx.grouped_matmul ins({source}, %w, %ends : {x}, {w}, {ends}) outs(%init : {y})
          return %y : {y}
        }}""",
        target=target,
        name="<grouped>",
    )


def multiply_groups(
    x: torch.Tensor, blocks: BlockTensor, ends: torch.Tensor, dtype: torch.dtype, target: str
) -> torch.Tensor:
    """Rows `ends[e - 1]` to `ends[e]` of x times the transpose of matrix e, in f32, rounded to `dtype`. Rows after the
    last end are zero.
    """
    program = compile_grouped(blocks.shape, blocks.type_suffix, blocks.rotation, target)
    return program(x.detach().float().contiguous(), blocks, ends.to(torch.int32)).to(dtype)


def quantize_experts(
    options: WeightOptions, weights: np.ndarray, moments: Optional[Sequence[Moments]]
) -> tuple[BlockTensor, str]:
    """Matrices [experts, rows, columns] in blocks with one tensor scale, and what there is to say about them."""
    rotation = options.get_rotation(weights.shape[-1])
    nearest = quantize(weights, options.format, scale_rule=options.scale_rule, rotation=rotation)
    if not options.needs_moments or moments is None:
        return nearest, ""
    scale = nearest.tensor_scale if nearest.format.tensor_scale else None
    made = [options.quantize(matrix, each, scale) for matrix, each in zip(weights, moments)]
    blocks = BlockTensor(
        np.stack([tensor.payload for tensor, _ in made]), np.stack([tensor.scales for tensor, _ in made]),
        weights.shape, nearest.format, -1, nearest.tensor_scale, rotation,
    )  # fmt: skip
    return blocks, "; ".join(f"expert {index}: {note}" for index, (_, note) in enumerate(made) if note)


def split(ends: torch.Tensor, rows: int) -> Iterator[tuple[int, int]]:
    """The first row of each group and the one after its last (N7.4)."""
    start = 0
    for end in ends.tolist():
        end = min(max(end, start), rows)
        yield start, end
        start = end


class GroupedProduct(torch.nn.Module):
    """A grouped product. `get_blocks` makes its weights [experts, N, K] of the parameter, whose matrices are [K, N] if
    `is_exchanged`.
    """

    def __init__(
        self, get_blocks: Callable[[torch.Tensor], BlockTensor], is_exchanged: bool, dtype: torch.dtype, target: str
    ):
        super().__init__()
        self.get_blocks, self.is_exchanged, self.dtype, self.target = get_blocks, is_exchanged, dtype, target

    def forward(self, x: torch.Tensor, weight: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad):
            return RecordedGroups.apply(x, weight, ends, self)
        return multiply_groups(x, self.get_blocks(weight), ends, self.dtype, self.target)


class RecordedGroups(torch.autograd.Function):
    """The product where gradients are recorded: straight through the quantiser for the weights."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, ends: torch.Tensor, product: GroupedProduct
    ) -> torch.Tensor:
        ctx.save_for_backward(x, ends)
        ctx.blocks, ctx.product, ctx.weight_type = product.get_blocks(weight), product, weight.dtype
        return multiply_groups(x, ctx.blocks, ends, product.dtype, product.target)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Optional[torch.Tensor], ...]:
        x, ends = ctx.saved_tensors
        weights = torch.from_numpy(ctx.blocks.dequantize(unrotate=True))
        flat, gradient = x.float(), gradient.float()
        of_x, of_weights = torch.zeros_like(flat), torch.zeros_like(weights)
        for expert, (start, end) in enumerate(split(ends, len(flat))):
            of_x[start:end] = gradient[start:end] @ weights[expert]
            of_weights[expert] = gradient[start:end].t() @ flat[start:end]
        if ctx.product.is_exchanged:
            of_weights = of_weights.transpose(1, 2)
        return of_x.to(x.dtype), of_weights.to(ctx.weight_type), None, None


# --- graphs -------------------------------------------------------------------------

NAMES = ("self", "mat2", "offs", "bias", "out_dtype")
EXCHANGES = ((-2, -1), (-1, -2), (1, 2), (2, 1))
# Older versions of PyTorch lack them.
FUNCTIONS = tuple(
    getattr(module, name)
    for module, name in ((torch, "_grouped_mm"), (torch.nn.functional, "grouped_mm"))
    if hasattr(module, name)
)


def get_operands(args: Any, kwargs: Any) -> dict[str, Any]:
    """The operands of either function by the names of the operator."""
    given = dict(zip(NAMES, args), **kwargs)
    return {**given, **{new: given[old] for old, new in (("mat_a", "self"), ("mat_b", "mat2")) if old in given}}


def find_parameter(node: Any, parameters: set[Any]) -> tuple[Any, bool]:
    """The parameter that a weight is, and whether its matrices are [K, N]; None if it is none."""
    if node in parameters:
        return node, True
    is_exchange = isinstance(node, torch.fx.Node) and node.op == "call_method" and node.target == "transpose"
    if is_exchange and node.args[0] in parameters and tuple(node.args[1:]) in EXCHANGES:
        return node.args[0], False
    return None, False


def explain_refusal(operands: dict[str, Any], parameter: Any) -> str:
    """Why a product stays as it is; empty if it becomes ours."""
    if parameter is None:
        return "its weight is no parameter"
    if operands.get("offs") is None or operands.get("bias") is not None:
        return "it has no ends of groups, or a bias"
    x, weight = (node.meta.get("example_value") for node in (operands["self"], parameter))
    if not isinstance(x, torch.Tensor) or not isinstance(weight, torch.Tensor):
        return "an operand is not known to be a tensor"
    if x.device.type != "cpu":
        return f"it runs on '{x.device}'"
    if x.dtype not in TYPES or weight.dtype not in TYPES:
        return f"it has operands of {x.dtype} and {weight.dtype}"
    if x.dim() != 2 or weight.dim() != 3 or 0 in weight.shape:
        return f"it has operands of shapes {tuple(x.shape)} and {tuple(weight.shape)}"
    return ""
