# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Products of a mixture of experts in the backend of torch.compile."""

import logging

import mx
import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mx.torch_grouped")
if not hasattr(torch.nn.functional, "grouped_mm"):
    pytest.skip("needs torch.nn.functional.grouped_mm", allow_module_level=True)

EXPERTS, ROWS, COLUMNS = 3, 48, 64


class Experts(torch.nn.Module):
    def __init__(self, is_exchanged):
        super().__init__()
        shape = (EXPERTS, COLUMNS, ROWS) if is_exchanged else (EXPERTS, ROWS, COLUMNS)
        self.weight = torch.nn.Parameter(torch.randn(shape))
        self.is_exchanged = is_exchanged

    def forward(self, x, ends):
        weight = self.weight if self.is_exchanged else self.weight.transpose(-2, -1)
        return torch.nn.functional.grouped_mm(torch.nn.functional.silu(x), weight, offs=ends)


def make_experts(is_exchanged, dtype=torch.bfloat16):
    torch.manual_seed(4)
    torch._dynamo.reset()
    return Experts(is_exchanged).to(dtype)


def make_input(rows=17):
    generator = torch.Generator().manual_seed(5)
    mixing = torch.randn(COLUMNS, COLUMNS, generator=generator)
    x = (torch.randn(rows, COLUMNS, generator=generator) @ mixing).bfloat16()
    # The second group is empty.
    return x, torch.tensor([5, 5, rows], dtype=torch.int32)


def get_matrices(model):
    """The weights [experts, rows, columns]."""
    weight = model.weight.detach()
    return (weight.transpose(1, 2) if model.is_exchanged else weight).float().contiguous()


def multiply(x, ends, matrices):
    hidden, result, start = torch.nn.functional.silu(x).float(), torch.zeros(len(x), ROWS), 0
    for end, matrix in zip(ends.tolist(), matrices):
        result[start:end] = hidden[start:end] @ matrix.t()
        start = end
    return result


@pytest.mark.parametrize("is_exchanged", [True, False])
@pytest.mark.parametrize(
    "options",
    [{"format": "mxfp4"}, {"format": "nvfp4", "method": "mse"}, {"format": "mxfp4", "rotation": 32, "seed": 3}],
)
def test_groups_are_multiplied_by_quantised_matrices(is_exchanged, options, caplog):
    model, (x, ends) = make_experts(is_exchanged), make_input()
    checked = mx.WeightOptions(**options)
    rotation = checked.get_rotation(COLUMNS)
    blocks = mx.quantize(get_matrices(model), checked.format, scale_rule=checked.scale_rule, rotation=rotation)
    expected = multiply(x, ends, torch.from_numpy(blocks.dequantize(unrotate=True)))
    with caplog.at_level(logging.INFO, "mx.torch"), torch.no_grad():
        y = torch.compile(model, backend="mx", options=options)(x, ends)
    assert y.dtype == torch.bfloat16
    assert (y.float() - expected).norm() <= 2**-8 * expected.norm()
    assert f"{checked.format} by {checked.scale_rule}" in caplog.text
    with torch.no_grad():
        assert not torch.equal(y, model(x, ends))


def test_each_expert_has_moments_of_its_own():
    model, (x, ends) = make_experts(False), make_input(400)
    calibration = mx.calibrate(model, [(x, ends), (x, ends)])
    moments = calibration["weight"]
    assert [each.samples for each in moments] == [10, 0, 790]
    rows = torch.nn.functional.silu(x[5:]).double()
    np.testing.assert_allclose(moments[2].values, 2 * (rows.T @ rows).numpy(), rtol=1e-9, atol=1e-6)
    errors = {}
    for method in ("rtn", "gptq"):
        torch._dynamo.reset()
        options = {"format": "nvfp4", "method": method, "calibration": calibration}
        with torch.no_grad():
            y = torch.compile(model, backend="mx", options=options)(x, ends).float()
        exact = multiply(x, ends, get_matrices(model))
        errors[method] = ((y - exact)[5:].norm() / exact[5:].norm()).item()
    assert errors["gptq"] < 0.9 * errors["rtn"]


def test_gradients_pass_straight_through():
    model, (x, ends) = make_experts(True), make_input()
    matrices = torch.from_numpy(mx.quantize(get_matrices(model)).dequantize()).requires_grad_()
    left, right = x.clone().requires_grad_(), x.clone().requires_grad_()
    torch.compile(model, backend="mx")(left, ends).float().square().sum().backward()
    result, start = [], 0
    for end, matrix in zip(ends.tolist(), matrices):
        result.append(torch.nn.functional.silu(right[start:end]).float() @ matrix.t())
        start = end
    torch.cat(result).square().sum().backward()
    assert (left.grad - right.grad).float().norm() <= 2**-6 * right.grad.float().norm()
    expected = matrices.grad.transpose(1, 2)
    assert (model.weight.grad.float() - expected).norm() <= 2**-6 * expected.norm()


def test_what_is_not_ours_stays(caplog):
    torch._dynamo.reset()
    x, ends = make_input()
    weight = torch.randn(EXPERTS, COLUMNS, ROWS, dtype=torch.bfloat16)
    with caplog.at_level(logging.INFO, "mx.torch"):
        y = torch.compile(lambda *args: torch.nn.functional.grouped_mm(args[0], args[1], offs=args[2]), backend="mx")
        assert torch.equal(y(x, weight, ends), torch.nn.functional.grouped_mm(x, weight, offs=ends))
    assert "stays as it is: its weight is no parameter" in caplog.text
