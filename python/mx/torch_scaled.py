# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""PyTorch's own products of block-scaled matrices: `_scaled_mm` and torch.nn.functional.scaled_mm.

Both sides come as bytes with a scale for each block: FP4 or FP8 with E8M0 scales of 32 elements (MX), or FP4 with E4M3
scales of 16 (NVFP4), and for NVFP4 perhaps a factor of the whole matrix. The scales lie in tiles of 128 x 4 (N8.5).
PyTorch runs them on GPUs only; here they run everywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Optional

import torch

from mx._arrays import as_bytes
from mx._blocks import BlockTensor
from mx._errors import Error
from mx._formats import Format
from mx._programs import Program, compile

# Older versions of PyTorch lack some of the types and functions.
ELEMENTS = {
    getattr(torch, name): element
    for name, element in (
        ("float4_e2m1fn_x2", "f4E2M1FN"),
        ("float8_e4m3fn", "f8E4M3FN"),
        ("float8_e5m2", "f8E5M2"),
    )
    if hasattr(torch, name)
}
E8M0, E4M3 = getattr(torch, "float8_e8m0fnu", None), torch.float8_e4m3fn
V1, V2 = torch._scaled_mm, getattr(torch, "_scaled_mm_v2", None)
# Numbers of torch.nn.functional.ScalingType and SwizzleType, as graphs hold them.
TENSOR_WISE, BLOCKS_OF_16, BLOCKS_OF_32 = 0, 2, 3
IN_TILES = 1
V1_NAMES = ("self", "mat2", "scale_a", "scale_b", "bias", "scale_result", "out_dtype", "use_fast_accum")
V2_NAMES = (
    "self", "mat2", "scale_a", "recipe_a", "swizzle_a", "scale_b", "recipe_b", "swizzle_b",
    "bias", "out_dtype", "contraction_dim", "use_fast_accum",
)  # fmt: skip


def make_format(element: torch.dtype, scale: torch.dtype, has_factor: bool) -> Format:
    """The format of a side."""
    if scale == E8M0:
        return Format(ELEMENTS[element], "f8E8M0FNU", 32, has_factor)
    return Format(ELEMENTS[element], "f8E4M3FN", 16, has_factor)


def make_side(payload: torch.Tensor, scales: torch.Tensor, factor: Optional[torch.Tensor]) -> BlockTensor:
    """A side whose elements lie along the last dimension."""
    format = make_format(payload.dtype, scales.dtype, factor is not None)
    shape = (payload.shape[0], payload.shape[1] * 8 // format.element_bits)
    factor_of_all = 1.0 if factor is None else factor.item()
    side = BlockTensor.from_scale_tiles(as_bytes(payload), scales.reshape(-1), shape, format, factor_of_all)
    if format.scale != "f8E8M0FNU" and (side.scales >= 0x80).any():
        raise Error("expected scales without a sign for a block-scaled product, got negative ones")
    return side


@functools.lru_cache(maxsize=None)
def compile_scaled(rows: int, columns: int, left: str, right: str, target: str) -> Program:
    """A product of any number of block-scaled rows with `rows` x `columns` others, plus a bias."""
    a, b, y = f"!mx.tensor<?x{columns}, {left}>", f"!mx.tensor<{rows}x{columns}, {right}>", f"tensor<?x{rows}xf32>"
    bias = f"tensor<{rows}xf32>"
    return compile(
        f"""
        func.func @scaled(%a: {a}, %b: {b}, %bias: {bias}, %count: index) -> {y} {{
          %empty = tensor.empty(%count) : {y}
          %init = linalg.broadcast ins(%bias : {bias}) outs(%empty : {y}) dimensions = [0]
          %y = mx.matmul ins(%a, %b : {a}, {b}) outs(%init : {y})
          return %y : {y}
        }}""",
        target=target,
        name="<scaled>",
    )


def multiply_blocks(
    a: BlockTensor, b: BlockTensor, bias: Optional[torch.Tensor], dtype: torch.dtype, target: str
) -> torch.Tensor:
    """a·bᵀ plus a bias in f32, rounded to `dtype`."""
    rows, columns = b.shape
    program = compile_scaled(rows, columns, a.type_suffix, b.type_suffix, target)
    start = torch.zeros(rows) if bias is None else bias.detach().float()
    return program(a, b, start, a.shape[0]).to(dtype)


class ScaledProduct(torch.nn.Module):
    """A product of two block-scaled matrices, the second of which is given transposed."""

    def __init__(self, dtype: torch.dtype, target: str):
        super().__init__()
        self.dtype, self.target = dtype, target

    def forward(
        self, a: torch.Tensor, b: torch.Tensor, scales_a: Sequence[torch.Tensor], scales_b: Sequence[torch.Tensor],
        bias: Optional[torch.Tensor] = None,
    ) -> torch.Tensor:  # fmt: skip
        left, right = (
            make_side(payload, scales[0], scales[1] if len(scales) > 1 else None)
            for payload, scales in ((a, scales_a), (b.t(), scales_b))
        )
        return multiply_blocks(left, right, bias, self.dtype, self.target)


# --- graphs -------------------------------------------------------------------------


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def read_call(node: torch.fx.Node) -> Optional[dict[str, Any]]:
    """The operands of either function by their names in V2_NAMES; None for another function."""
    if node.target is V1:
        given = dict(zip(V1_NAMES, node.args), **node.kwargs)
        return {**given, "version": 1}
    if V2 is not None and node.target is V2:
        return {**dict(zip(V2_NAMES, node.args), **node.kwargs), "version": 2}
    return None


def example_of(operand: Any) -> Optional[torch.Tensor]:
    example = operand.meta.get("example_value") if isinstance(operand, torch.fx.Node) else None
    return example if isinstance(example, torch.Tensor) else None


def explain_refusal(call: dict[str, Any]) -> str:
    """Why a product stays PyTorch's; empty if it becomes ours."""
    for side, name in (("self", "scale_a"), ("mat2", "scale_b")):
        matrix, scales = example_of(call[side]), [example_of(each) for each in as_list(call[name])]
        if matrix is None or scales[0] is None:
            return "an operand is not known to be a tensor"
        if matrix.device.type != "cpu":
            return f"it runs on '{matrix.device}'"
        kind = scales[0].dtype
        element = ELEMENTS.get(matrix.dtype)
        if element is None or kind not in (E8M0, E4M3) or (kind == E4M3 and element != "f4E2M1FN"):
            return f"it has elements of {matrix.dtype} and scales of {kind}"
        if 0 in matrix.shape or not isinstance(matrix.shape[1] if side == "self" else matrix.shape[0], int):
            return f"it has a matrix of shape {tuple(matrix.shape)}"
        if len(scales) > 2 or (len(scales) == 2 and kind == E8M0):
            return f"it has {len(scales)} scales for a matrix"
    if call.get("scale_result") is not None or call.get("contraction_dim"):
        return "it scales its result, or contracts other dimensions"
    return "" if call["version"] == 1 else explain_other_scales(call)


def explain_other_scales(call: dict[str, Any]) -> str:
    """Why scales with a recipe are not those of blocks; empty if they are."""
    block = {E8M0: BLOCKS_OF_32, E4M3: BLOCKS_OF_16}
    for name, recipe, swizzle in (("scale_a", "recipe_a", "swizzle_a"), ("scale_b", "recipe_b", "swizzle_b")):
        scales = as_list(call[name])
        first = example_of(scales[0])
        wanted = [block.get(first.dtype) if first is not None else None, TENSOR_WISE][: len(scales)]
        if [int(each) for each in as_list(call[recipe])] != wanted:
            return "its scales are not those of blocks"
        if [int(each) for each in as_list(call[swizzle])][:1] != [IN_TILES]:
            return "its scales do not lie in tiles"
    return ""


def claim_scaled(node: torch.fx.Node, target: str) -> Optional[tuple[str, Optional[torch.nn.Module], tuple[Any, ...]]]:
    """None for another function; else why the product stays as it is, or the module that computes it, and its operands."""
    call = read_call(node)
    if call is None:
        return None
    if reason := explain_refusal(call):
        return reason, None, ()
    result = example_of(node)
    dtype = call.get("out_dtype") or (result.dtype if result is not None else torch.bfloat16)
    scales = (as_list(call["scale_a"]), as_list(call["scale_b"]))
    operands = (call["self"], call["mat2"], *scales, call.get("bias"))
    return "", ScaledProduct(dtype, target), operands
