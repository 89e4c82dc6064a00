# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Products of PyTorch's tensors with block-scaled ones, as compiled programs. One program serves every number of rows."""

from __future__ import annotations

import functools
from typing import Optional

import torch

from mx._blocks import BlockTensor
from mx._formats import Rotation
from mx._programs import Program, compile

# What activations, weights and biases may be.
TYPES = (torch.float32, torch.bfloat16, torch.float16)


@functools.lru_cache(maxsize=None)
def compile_linear(rows: int, columns: int, suffix: str, rotation: Optional[Rotation], target: str) -> Program:
    """A product of any number of activations with `rows` x `columns` weights, plus a bias."""
    w, x, y = f"!mx.tensor<{rows}x{columns}, {suffix}>", f"tensor<?x{columns}xf32>", f"tensor<?x{rows}xf32>"
    bias, source, rotate = f"tensor<{rows}xf32>", "%x", ""
    if rotation is not None:
        source, rotate = "%r", f"%r = mx.rotate %x by {rotation} along 1 : {x}"
    return compile(
        f"""
        func.func @linear(%x: {x}, %w: {w}, %bias: {bias}) -> {y} {{
          %c0 = arith.constant 0 : index
          %count = tensor.dim %x, %c0 : {x}
          %empty = tensor.empty(%count) : {y}
          %init = linalg.broadcast ins(%bias : {bias}) outs(%empty : {y}) dimensions = [0]
          {rotate}
          %y = mx.matmul ins({source}, %w : {x}, {w}) outs(%init : {y})
          return %y : {y}
        }}""",
        target=target,
        name="<linear>",
    )


def multiply(
    x: torch.Tensor, blocks: BlockTensor, bias: Optional[torch.Tensor], dtype: torch.dtype, target: str
) -> torch.Tensor:
    """x·wᵀ plus a bias in f32, rounded to `dtype`."""
    rows, columns = blocks.shape
    program = compile_linear(rows, columns, blocks.type_suffix, blocks.rotation, target)
    start = torch.zeros(rows) if bias is None else bias.detach().float()
    result = program(x.detach().reshape(-1, columns).float().contiguous(), blocks, start)
    return result.reshape(*x.shape[:-1], rows).to(dtype)
