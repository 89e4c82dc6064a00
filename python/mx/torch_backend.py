# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""A backend of torch.compile: linear layers with block-scaled weights.

>>> model = torch.compile(model, backend="mx", options={"format": "nvfp4", "rotation": 16})   # doctest: +SKIP

Products by parameters (torch.nn.Linear, torch.nn.functional.linear) become kernels of mx; everything else runs as it
did. Weights are quantised at the first call and again when they have changed, so that load_state_dict and optimisers
work: the module keeps its parameters. (Operations in place on a parameter's `.data` go unnoticed, by PyTorch as well.)
Activations stay as they are; products are computed in f32 and rounded to the type that PyTorch would give.

Where gradients are recorded, the backward pass uses the quantised weights for the gradient of the activations, and
passes that of the weights straight through the quantiser.

Options:
  format: of the weights, a name or an mx.Format (default "mxfp4").
  method: "rtn" (default), "mse", "gptq" or "mr-gptq".
  scale_rule: as for mx.quantize (default: Format.default_rule, for "mse" and "mr-gptq" Format.searching_rule).
  rotation: multiply activations and weights by a Hadamard matrix of this size along the contracted dimension; layers
    that it does not divide are not rotated (default: none, for "mr-gptq" the block of the format).
  seed: draws the signs of rotations; 0 for none (default).
  calibration: what mx.calibrate gave for this model; needed by "gptq" and "mr-gptq".
  target: as for mx.compile (default "native").

The logger "mx.torch" says at level INFO what became of each product, and why.
"""

from __future__ import annotations

import functools
import logging
import threading
import weakref
from dataclasses import dataclass, fields
from typing import Any, Callable, Optional

import torch
from torch.nn.functional import linear

from mx._blocks import BlockTensor
from mx._errors import Error
from mx._weights import Moments, WeightOptions
from mx.torch_calibration import Calibration
from mx.torch_products import TYPES, multiply

logger = logging.getLogger("mx.torch")


@dataclass(frozen=True)
class Options:
    """The options of the backend, checked."""

    weights: WeightOptions
    calibration: Optional[Calibration] = None
    target: str = "native"

    @staticmethod
    def of(options: Optional[dict[str, Any]]) -> Options:
        of_weights = [field.name for field in fields(WeightOptions)]
        names = [*of_weights, "calibration", "target"]
        given = dict(options or {})
        for name in given:
            if name not in names:
                raise Error(f"expected an option of the backend ({', '.join(map(repr, names))}), got {name!r}")
        weights = WeightOptions(**{name: given.pop(name) for name in of_weights if name in given})
        checked = Options(weights, **given)
        if not isinstance(checked.calibration, (Calibration, type(None))):
            raise TypeError(f"expected an mx.Calibration, got {type(checked.calibration).__name__}")
        if weights.needs_moments and checked.calibration is None:
            raise Error(f"expected a calibration for the method {weights.method!r}, got none")
        return checked

    def find_moments(self, weight: torch.Tensor) -> Optional[Moments]:
        """What is known of the activations of a weight; an error where it must be and is not."""
        if not self.weights.needs_moments or self.calibration is None:
            return None
        moments = self.calibration.find(weight)
        if moments is None:
            name = self.calibration.get_name(weight)
            what = repr(name) if name else f"a weight of shape {tuple(weight.shape)} that it does not know"
            raise Error(f"expected a calibration with moments of {what}, got none")
        return moments


class QuantizedLinear(torch.nn.Module):
    """torch.nn.functional.linear with weights that are quantised once."""

    def __init__(self, name: str, options: Options, dtype: torch.dtype):
        super().__init__()
        self.name, self.options, self.dtype = name, options, dtype
        self.lock = threading.Lock()
        self.key: Any = None
        self.source: Callable[[], Optional[torch.Tensor]] = lambda: None
        self.blocks: Optional[BlockTensor] = None

    def get_blocks(self, weight: torch.Tensor) -> BlockTensor:
        """The weights in blocks, made anew where they are not those of the last call."""
        # Tensors of inference mode have no version: they may have changed.
        key = None if weight.is_inference() else (weight.data_ptr(), weight._version, weight.shape, weight.stride())
        with self.lock:
            # Another tensor may lie where one was that is gone.
            is_same = self.source() is weight and key is not None and key == self.key
            if self.blocks is None or not is_same:
                self.blocks, note = self.options.weights.quantize(weight, self.options.find_moments(weight))
                if note:
                    logger.info("%s: %s", self.name, note)
                self.key, self.source = key, weakref.ref(weight)
            return self.blocks

    def product(self, x: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor]) -> torch.Tensor:
        return multiply(x, self.get_blocks(weight), bias, self.dtype, self.options.target)

    def forward(self, x: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor] = None) -> torch.Tensor:
        if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (x, weight, bias)):
            return RecordedLinear.apply(x, weight, bias, self)
        return self.product(x, weight, bias)


class RecordedLinear(torch.autograd.Function):
    """The product where gradients are recorded."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: Any, layer: QuantizedLinear) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.blocks, ctx.weight_type = layer.get_blocks(weight), weight.dtype
        ctx.bias_type = None if bias is None else bias.dtype
        return layer.product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Optional[torch.Tensor], ...]:
        (x,) = ctx.saved_tensors
        of_x = of_weight = of_bias = None
        flat = gradient.reshape(-1, gradient.shape[-1]).float()
        if ctx.needs_input_grad[0]:
            weight = torch.from_numpy(ctx.blocks.dequantize(unrotate=True))
            of_x = (flat @ weight).reshape(x.shape).to(x.dtype)
        if ctx.needs_input_grad[1]:
            of_weight = (flat.t() @ x.reshape(-1, x.shape[-1]).float()).to(ctx.weight_type)
        if ctx.bias_type is not None and ctx.needs_input_grad[2]:
            of_bias = flat.sum(0).to(ctx.bias_type)
        return of_x, of_weight, of_bias, None


# --- graphs -----------------------------------------------------------------------


def get_operands(node: torch.fx.Node) -> tuple[Any, Any, Any]:
    """Input, weight and bias of a call of `linear`."""
    names = ("input", "weight", "bias")
    given = dict(zip(names, node.args), **node.kwargs)
    return given["input"], given["weight"], given.get("bias")


def explain_refusal(graph: torch.fx.GraphModule, operands: tuple[Any, Any, Any], parameters: set[Any]) -> str:
    """Why a product stays as it is; empty if it becomes ours."""
    x, weight, bias = operands
    if weight not in parameters:
        return "its weight is no parameter"
    for operand in (x, weight, bias):
        example = operand.meta.get("example_value") if isinstance(operand, torch.fx.Node) else None
        if operand is None:
            continue
        if example is None and operand.op == "get_attr":
            example = functools.reduce(getattr, operand.target.split("."), graph)
        if not isinstance(example, torch.Tensor):
            return "an operand is not known to be a tensor"
        if example.device.type != "cpu":
            return f"it runs on '{example.device}'"
        if example.dtype not in TYPES:
            return f"it has operands of {example.dtype}"
        if operand is weight and (example.dim() != 2 or 0 in example.shape):
            return f"its weight has the shape {tuple(example.shape)}"
    return ""


def find_parameters(graph: torch.fx.GraphModule, inputs: Any) -> set[torch.fx.Node]:
    """The nodes that stand for parameters of the module, whether they are inputs of the graph or its own."""
    placeholders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    found = {node for node, value in zip(placeholders, inputs) if isinstance(value, torch.nn.Parameter)}
    own = {node for node in graph.graph.nodes if node.op == "get_attr"}
    return found | own


def compile_graph(
    graph: torch.fx.GraphModule, inputs: Any, *, options: Optional[dict[str, Any]] = None, mode: Any = None
) -> Callable[..., Any]:
    """What torch.compile calls with each graph that it has found: returns the graph with our kernels in it.

    Raises mx.Error for options that make no sense, which torch.compile passes on as its BackendCompilerFailed.
    """
    if mode is not None:
        raise Error(f"expected no mode for the backend 'mx', got {mode!r}")
    checked = Options.of(options)
    parameters = find_parameters(graph, inputs)
    for node in list(graph.graph.nodes):
        if node.op != "call_function" or node.target is not linear:
            continue
        operands = get_operands(node)
        if reason := explain_refusal(graph, operands, parameters):
            logger.info("%s stays as it is: %s", node.name, reason)
            continue
        example = node.meta.get("example_value")
        dtype = example.dtype if isinstance(example, torch.Tensor) else torch.float32
        name = f"mx_{node.name}"
        graph.add_submodule(name, QuantizedLinear(node.name, checked, dtype))
        with graph.graph.inserting_before(node):
            call = graph.graph.call_module(name, operands)
        call.meta = dict(node.meta)
        node.replace_all_uses_with(call)
        graph.graph.erase_node(node)
        columns = operands[1].meta["example_value"].shape[1] if "example_value" in operands[1].meta else 0
        rotated = ", rotated" if columns and checked.weights.get_rotation(columns) else ""
        weights = checked.weights
        method = "" if weights.method == "rtn" else f", {weights.method}"
        logger.info("%s: %s by %s%s%s", node.name, weights.format, weights.scale_rule, rotated, method)
    graph.recompile()
    return graph.forward
