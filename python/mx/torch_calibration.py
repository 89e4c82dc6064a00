# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Recording the activations that reach the weights of a model.

>>> calibration = mx.calibrate(model, batches)   # doctest: +SKIP

The model runs as it is, without gradients and in evaluation mode; each product by a parameter (torch.nn.Linear,
torch.nn.functional.linear, torch.nn.functional.grouped_mm) is seen on its way to PyTorch and adds its rows to the
moments of that parameter.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

import torch
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

from mx import torch_grouped
from mx._errors import Error
from mx._weights import Moments


def get_module(model: torch.nn.Module) -> torch.nn.Module:
    """The module itself where torch.compile has wrapped it."""
    return getattr(model, "_orig_mod", model)


class Calibration:
    """Moments of the activations of weights, by the names of these; a tuple with those of each expert for the weights
    of a grouped product.

    A weight is found by its name, or as the parameter that was seen; `bind` makes those of another model known, e.g.
    of a copy, or of the same one after its parameters were replaced.
    """

    def __init__(self) -> None:
        self._moments: dict[str, Any] = {}
        self._names: dict[int, tuple[weakref.ref[torch.Tensor], str]] = {}

    def bind(self, model: torch.nn.Module) -> Calibration:
        """Takes the parameters of `model` for those of the same name. Returns itself."""
        for name, parameter in get_module(model).named_parameters():
            self._names[id(parameter)] = (weakref.ref(parameter), name)
        return self

    def get_name(self, weight: torch.Tensor) -> Optional[str]:
        """The name of a parameter; None if it is unknown."""
        reference, name = self._names.get(id(weight), (None, None))
        return name if reference is not None and reference() is weight else None

    def find(self, weight: torch.Tensor) -> Any:
        """What was recorded for a parameter; None if there is nothing."""
        name = self.get_name(weight)
        return self._moments.get(name) if name is not None else None

    def __contains__(self, name: str) -> bool:
        return name in self._moments

    def __getitem__(self, name: str) -> Any:
        if name not in self._moments:
            raise Error(f"expected a weight that was seen, got {name!r}")
        return self._moments[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._moments)

    def __len__(self) -> int:
        return len(self._moments)

    def __repr__(self) -> str:
        return f"<mx.Calibration of {len(self)} weights>"


class Recorder(TorchFunctionMode):
    """Sees the calls of `linear`."""

    def __init__(self, calibration: Calibration):
        super().__init__()
        self.calibration = calibration

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is linear:
            given = dict(zip(("input", "weight"), args), **(kwargs or {}))
            self.record(given["input"], given["weight"])
        elif func in torch_grouped.FUNCTIONS:
            given = torch_grouped.get_operands(args, kwargs or {})
            self.record_groups(given["self"], given["mat2"], given.get("offs"))
        return func(*args, **(kwargs or {}))

    def record(self, x: torch.Tensor, weight: torch.Tensor) -> None:
        name = self.calibration.get_name(weight)
        if name is None:
            return
        moments = self.calibration._moments
        if name not in moments:
            moments[name] = Moments(x.shape[-1])
        moments[name].add(x.detach().cpu())

    def record_groups(self, x: torch.Tensor, weight: torch.Tensor, ends: Optional[torch.Tensor]) -> None:
        # The weight itself, or one whose dimensions are exchanged.
        parameter = weight if weight._base is None else weight._base
        name = self.calibration.get_name(parameter)
        if name is None or ends is None or x.dim() != 2 or weight.dim() != 3:
            return
        moments = self.calibration._moments
        if name not in moments:
            moments[name] = tuple(Moments(x.shape[-1]) for _ in range(len(weight)))
        rows = x.detach().cpu()
        for each, (start, end) in zip(moments[name], torch_grouped.split(ends, len(rows))):
            each.add(rows[start:end])


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode, and afterwards the mode that each module had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def calibrate(model: torch.nn.Module, batches: Iterable[Any]) -> Calibration:
    """Runs `model` on each of `batches` and records what GPTQ must know of its activations.

    Args:
      model: a module, or what torch.compile made of one.
      batches: a mapping is passed as keywords, a tuple or list as arguments, everything else as the only argument. Rows
        of padding count like others, so batches had better have none.

    Raises mx.Error where an activation is not finite, and if no product by a parameter was seen.
    """
    module = get_module(model)
    calibration = Calibration().bind(module)
    with evaluating(module), torch.no_grad(), Recorder(calibration):
        for batch in batches:
            if isinstance(batch, Mapping):
                module(**batch)
            elif isinstance(batch, (tuple, list)):
                module(*batch)
            else:
                module(batch)
    if not len(calibration):
        raise Error("expected batches that reach a product by a parameter, got none")
    return calibration
