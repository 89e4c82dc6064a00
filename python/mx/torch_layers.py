# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Linear layers that hold block-scaled weights and nothing else, and models that are made of them.

>>> report = mx.quantize_model(model, format="nvfp4", method="mr-gptq", calibration=calibration)   # doctest: +SKIP

The layers call the operator `mx::linear`, which every backend of torch.compile takes as it is. Their state dict holds
the bytes (`payload`, `scales`, `tensor_scale`), so that a model that was quantised in the same way can load it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Optional, Union

import torch

from mx._blocks import BlockTensor
from mx._errors import Error
from mx._formats import Format, Rotation
from mx._reports import LayerReport, QuantizationReport, measure_layer
from mx._weights import WeightOptions
from mx.torch_calibration import Calibration, get_module
from mx.torch_products import TYPES, multiply

# --- the operator -------------------------------------------------------------------


def make_blocks(
    payload: torch.Tensor, scales: torch.Tensor, tensor_scale: Optional[torch.Tensor],
    columns: int, element: str, scale: str, block: int, rotation: int, seed: int,
) -> BlockTensor:  # fmt: skip
    """The tensor of the operator's operands."""
    format = Format(element, scale, block, tensor_scale is not None)
    turned = Rotation.drawn(rotation, seed) if rotation else None
    factor = 1.0 if tensor_scale is None else tensor_scale.item()
    return BlockTensor(payload, scales, (payload.shape[0], columns), format, 1, factor, turned)


@torch.library.custom_op("mx::linear", mutates_args=())
def block_linear(
    x: torch.Tensor, payload: torch.Tensor, scales: torch.Tensor, tensor_scale: Optional[torch.Tensor],
    bias: Optional[torch.Tensor], columns: int, element: str, scale: str, block: int, rotation: int, seed: int,
    target: str,
) -> torch.Tensor:  # fmt: skip
    """torch.nn.functional.linear with the block-scaled weights [rows, columns] of these parts (N8.1)."""
    blocks = make_blocks(payload, scales, tensor_scale, columns, element, scale, block, rotation, seed)
    return multiply(x, blocks, bias, x.dtype, target)


@block_linear.register_fake
def _(x: torch.Tensor, payload: torch.Tensor, *_: Any) -> torch.Tensor:
    return x.new_empty((*x.shape[:-1], payload.shape[0]))


def keep_for_gradient(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.save_for_backward(*inputs[1:4])
    ctx.kind, ctx.bias_type = inputs[5:11], None if inputs[4] is None else inputs[4].dtype


def pass_gradient(ctx: Any, gradient: torch.Tensor) -> tuple[Optional[torch.Tensor], ...]:
    """Through the quantised weights to the activations, and to the bias."""
    weight = torch.from_numpy(make_blocks(*ctx.saved_tensors, *ctx.kind).dequantize(unrotate=True))
    of_x = (gradient.float() @ weight).to(gradient.dtype)
    flat = gradient.reshape(-1, gradient.shape[-1]).float()
    of_bias = None if ctx.bias_type is None else flat.sum(0).to(ctx.bias_type)
    return (of_x, None, None, None, of_bias, *[None] * 7)


block_linear.register_autograd(pass_gradient, setup_context=keep_for_gradient)

# --- layers -------------------------------------------------------------------------


class BlockLinear(torch.nn.Module):
    """A linear layer whose weight is an mx.BlockTensor [rows, columns]. Only its bias is a parameter."""

    payload: torch.Tensor
    scales: torch.Tensor
    tensor_scale: Optional[torch.Tensor]

    def __init__(
        self, blocks: BlockTensor, bias: Optional[torch.nn.Parameter] = None, *, seed: int = 0, target: str = "native"
    ):
        super().__init__()
        rows, columns = blocks.shape
        self.out_features, self.in_features = rows, columns
        self.format, self.rotation, self.seed, self.target = blocks.format, blocks.rotation, seed, target
        self.register_buffer("payload", torch.from_numpy(blocks.payload))
        self.register_buffer("scales", torch.from_numpy(blocks.scales))
        has_scale = blocks.format.tensor_scale
        self.register_buffer("tensor_scale", torch.tensor(blocks.tensor_scale) if has_scale else None)
        self.register_parameter("bias", bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = self.rotation.size if self.rotation else 0
        return block_linear(
            x, self.payload, self.scales, self.tensor_scale, self.bias, self.in_features,
            self.format.element, self.format.scale, self.format.block, size, self.seed, self.target,
        )  # fmt: skip

    @property
    def blocks(self) -> BlockTensor:
        """The weight."""
        size = self.rotation.size if self.rotation else 0
        return make_blocks(
            self.payload, self.scales, self.tensor_scale, self.in_features,
            self.format.element, self.format.scale, self.format.block, size, self.seed,
        )  # fmt: skip

    def extra_repr(self) -> str:
        rotation = f", rotation={self.rotation.size}" if self.rotation else ""
        return f"in_features={self.in_features}, out_features={self.out_features}, format={self.format}{rotation}"


# --- models -------------------------------------------------------------------------


def explain_refusal(name: str, layer: torch.nn.Linear, skip: Sequence[str], uses: dict[int, int]) -> str:
    """Why a layer stays as it is; empty if it becomes ours."""
    weight = layer.weight
    if any(fnmatchcase(name, pattern) for pattern in skip):
        return "it is skipped"
    if type(layer) is not torch.nn.Linear:
        return f"it is a {type(layer).__name__}"
    if uses[id(weight)] > 1:
        return "its weight has other users"
    if weight.device.type != "cpu":
        return f"it is on '{weight.device}'"
    if weight.dtype not in TYPES:
        return f"it has the type {weight.dtype}"
    return "" if weight.numel() else "it is empty"


def count_users(model: torch.nn.Module) -> dict[int, int]:
    """How many modules have each parameter."""
    users: dict[int, int] = {}
    for module in model.modules():
        for parameter in module._parameters.values():
            users[id(parameter)] = users.get(id(parameter), 0) + 1
    return users


def quantize_layer(
    name: str, layer: torch.nn.Linear, options: WeightOptions, calibration: Optional[Calibration], target: str
) -> tuple[BlockLinear, LayerReport]:
    moments = None
    if options.needs_moments:
        if calibration is None or name not in calibration:
            raise Error(f"expected moments of {name!r} for the method {options.method!r}, got none")
        moments = calibration[name]
    weight = layer.weight.detach().float().numpy()
    blocks, note = options.quantize(weight, moments)
    if moments is None and calibration is not None and name in calibration:
        moments = calibration[name]
    line = measure_layer(name, weight, blocks, str(options.scale_rule), options.method, moments, note)
    return BlockLinear(blocks, layer.bias, seed=options.seed, target=target), line


def quantize_model(
    model: torch.nn.Module,
    format: Union[str, Format] = "mxfp4",
    *,
    method: str = "rtn",
    scale_rule: Optional[str] = None,
    rotation: Optional[int] = None,
    seed: int = 0,
    calibration: Optional[Calibration] = None,
    skip: Sequence[str] = (),
    target: str = "native",
) -> QuantizationReport:
    """Puts an mx.torch_layers.BlockLinear in the place of each torch.nn.Linear in `model`, and says what was lost.

    Args:
      format, scale_rule, rotation, seed, method: see docs/Python.md, PyTorch.
      calibration: what mx.calibrate gave for this model; the methods of GPTQ need it, others only measure with it.
      skip: patterns of names of layers that stay, such as "lm_head" or "*.router".
      target: as for mx.compile.

    Nothing is changed if anything is wrong.
    """
    options = WeightOptions(format, scale_rule, rotation, seed, method)
    module = get_module(model)
    users, kept = count_users(module), {}
    made: list[tuple[str, BlockLinear, LayerReport]] = []
    for name, layer in module.named_modules():
        if not isinstance(layer, torch.nn.Linear):
            continue
        if reason := explain_refusal(name, layer, skip, users):
            kept[f"{name}.weight"] = reason
        elif not name:
            raise Error("expected a model with layers inside, got a layer")
        else:
            made.append((name, *quantize_layer(f"{name}.weight", layer, options, calibration, target)))
    for name, replacement, _ in made:
        module.set_submodule(name, replacement)
    return QuantizationReport(tuple(line for _, _, line in made), kept)
