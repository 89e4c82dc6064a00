# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""A backend of torch.compile: products with block-scaled weights.

>>> model = torch.compile(model, backend="mx", options={"format": "nvfp4", "rotation": 16})   # doctest: +SKIP

Products by parameters (torch.nn.Linear, torch.nn.functional.linear, torch.nn.functional.grouped_mm) become kernels of
mx, as do products of two sides that are block-scaled already (torch.nn.functional.scaled_mm); everything else runs as it
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

from mx import torch_grouped
from mx._blocks import BlockTensor
from mx._errors import Error
from mx._weights import WeightOptions
from mx.torch_calibration import Calibration
from mx.torch_products import TYPES, multiply
from mx.torch_scaled import ScaledProduct, claim_scaled

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

    def find_moments(self, weight: torch.Tensor) -> Any:
        """What is known of the activations of a weight; an error where it must be and is not."""
        if not self.weights.needs_moments or self.calibration is None:
            return None
        moments = self.calibration.find(weight)
        if moments is None:
            name = self.calibration.get_name(weight)
            what = repr(name) if name else f"a weight of shape {tuple(weight.shape)} that it does not know"
            raise Error(f"expected a calibration with moments of {what}, got none")
        return moments


class CachedBlocks:
    """Blocks of a parameter, made by `make` at the first call and whenever the parameter has changed."""

    def __init__(self, make: Callable[[torch.Tensor], tuple[BlockTensor, str]], name: str):
        self.make, self.name = make, name
        self.lock = threading.Lock()
        self.key: Any = None
        self.source: Callable[[], Optional[torch.Tensor]] = lambda: None
        self.blocks: Optional[BlockTensor] = None

    def __call__(self, weight: torch.Tensor) -> BlockTensor:
        # Tensors of inference mode have no version: they may have changed.
        key = None if weight.is_inference() else (weight.data_ptr(), weight._version, weight.shape, weight.stride())
        with self.lock:
            # Another tensor may lie where one was that is gone.
            is_same = self.source() is weight and key is not None and key == self.key
            if self.blocks is None or not is_same:
                self.blocks, note = self.make(weight)
                if note:
                    logger.info("%s: %s", self.name, note)
                self.key, self.source = key, weakref.ref(weight)
            return self.blocks


class QuantizedLinear(torch.nn.Module):
    """torch.nn.functional.linear with weights that are quantised once."""

    def __init__(self, get_blocks: CachedBlocks, dtype: torch.dtype, target: str):
        super().__init__()
        self.get_blocks, self.dtype, self.target = get_blocks, dtype, target

    def product(self, x: torch.Tensor, weight: torch.Tensor, bias: Optional[torch.Tensor]) -> torch.Tensor:
        return multiply(x, self.get_blocks(weight), bias, self.dtype, self.target)

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

# What becomes of a product: why it stays as it is (else ""), the module that computes it, and that one's operands.
Claim = tuple[str, Optional[torch.nn.Module], tuple[Any, ...]]


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


def get_type(node: torch.fx.Node, fallback: torch.dtype) -> torch.dtype:
    """The element type of a result."""
    example = node.meta.get("example_value")
    return example.dtype if isinstance(example, torch.Tensor) else fallback


class Claims:
    """Says which calls of a graph become ours."""

    def __init__(self, graph: torch.fx.GraphModule, inputs: Any, options: Options):
        self.graph, self.options = graph, options
        self.parameters = find_parameters(graph, inputs)

    def claim(self, node: torch.fx.Node) -> Optional[Claim]:
        """None for a call that is no product."""
        if node.op != "call_function":
            return None
        if node.target is linear:
            return self.claim_linear(node)
        if node.target in torch_grouped.FUNCTIONS:
            return self.claim_grouped(node)
        return claim_scaled(node, self.options.target)

    def claim_linear(self, node: torch.fx.Node) -> Claim:
        operands, options = get_operands(node), self.options
        if reason := explain_refusal(self.graph, operands, self.parameters):
            return reason, None, ()

        def make(weight: torch.Tensor) -> tuple[BlockTensor, str]:
            return options.weights.quantize(weight, options.find_moments(weight))

        blocks = CachedBlocks(make, node.name)
        return "", QuantizedLinear(blocks, get_type(node, torch.float32), options.target), operands

    def claim_grouped(self, node: torch.fx.Node) -> Claim:
        operands, options = torch_grouped.get_operands(node.args, node.kwargs), self.options
        parameter, is_exchanged = torch_grouped.find_parameter(operands["mat2"], self.parameters)
        if reason := torch_grouped.explain_refusal(operands, parameter):
            return reason, None, ()

        def make(weight: torch.Tensor) -> tuple[BlockTensor, str]:
            matrices = weight.detach().transpose(1, 2) if is_exchanged else weight.detach()
            moments = options.find_moments(weight)
            return torch_grouped.quantize_experts(options.weights, matrices.float().contiguous().numpy(), moments)

        product = torch_grouped.GroupedProduct(
            CachedBlocks(make, node.name), is_exchanged, get_type(node, torch.bfloat16), options.target
        )
        return "", product, (operands["self"], parameter, operands["offs"])

    def describe(self, module: torch.nn.Module, operands: tuple[Any, ...]) -> str:
        """What becomes of a product that is ours."""
        if isinstance(module, ScaledProduct):
            return "block-scaled on both sides"
        weights, example = self.options.weights, operands[1].meta.get("example_value")
        columns = 0
        if isinstance(example, torch.Tensor):
            columns = example.shape[-2 if getattr(module, "is_exchanged", False) else -1]
        rotated = ", rotated" if columns and weights.get_rotation(columns) else ""
        method = "" if weights.method == "rtn" else f", {weights.method}"
        return f"{weights.format} by {weights.scale_rule}{rotated}{method}"


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
    claims = Claims(graph, inputs, Options.of(options))
    for node in list(graph.graph.nodes):
        claimed = claims.claim(node)
        if claimed is None:
            continue
        reason, module, operands = claimed
        if module is None:
            logger.info("%s stays as it is: %s", node.name, reason)
            continue
        name = f"mx_{node.name}"
        graph.add_submodule(name, module)
        with graph.graph.inserting_before(node):
            call = graph.graph.call_module(name, operands)
        call.meta = dict(node.meta)
        node.replace_all_uses_with(call)
        graph.graph.erase_node(node)
        logger.info("%s: %s", node.name, claims.describe(module, operands))
    graph.recompile()
    return graph.forward
