# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""mx.calibrate, mx.quantize_model and the methods of the backend."""

import json

import mx
import numpy as np
import pytest

torch = pytest.importorskip("torch")


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.up = torch.nn.Linear(64, 128)
        self.drop = torch.nn.Dropout(0.5)
        self.down = torch.nn.Linear(128, 32, bias=False)

    def forward(self, x, *, scale=1.0):
        return self.down(self.drop(torch.nn.functional.gelu(self.up(x)))) * scale


def make_network():
    torch.manual_seed(2)
    torch._dynamo.reset()
    return Network().eval()


def make_batches(count=6, rows=64):
    generator = torch.Generator().manual_seed(3)
    mixing = torch.randn(64, 64, generator=generator)
    return [torch.randn(rows, 64, generator=generator) @ mixing for _ in range(count)]


def get_error(model, exact, x):
    with torch.no_grad():
        return ((model(x) - exact(x)).norm() / exact(x).norm()).item()


def test_moments_are_those_of_the_activations():
    model, batches = make_network(), make_batches()
    model.train()
    calibration = mx.calibrate(model, batches)
    assert list(calibration) == ["up.weight", "down.weight"] and len(calibration) == 2
    assert model.training and model.drop.training
    x = torch.cat(batches).double()
    np.testing.assert_allclose(calibration["up.weight"].values, (x.T @ x).numpy(), rtol=1e-9, atol=1e-6)
    assert calibration["down.weight"].samples == 6 * 64
    assert calibration.find(model.up.weight) is calibration["up.weight"]
    assert calibration.find(torch.nn.Parameter(torch.zeros(3))) is None
    other = make_network()
    assert calibration.bind(other).find(other.up.weight) is calibration["up.weight"]
    with pytest.raises(mx.Error, match="expected a weight that was seen, got 'up'"):
        calibration["up"]


@pytest.mark.parametrize("wrap", [lambda x: (x,), lambda x: [x], lambda x: {"x": x, "scale": 2.0}])
def test_batches_are_arguments_or_keywords(wrap):
    model, batches = make_network(), make_batches(2)
    expected = mx.calibrate(model, batches)
    given = mx.calibrate(torch.compile(model, backend="mx"), map(wrap, batches))
    assert np.array_equal(given["down.weight"].values, expected["down.weight"].values)


def test_batches_are_checked():
    model = make_network()
    with pytest.raises(mx.Error, match="expected batches that reach a product by a parameter, got none"):
        mx.calibrate(model, [])
    with pytest.raises(mx.Error, match="expected finite activations, got NaN or infinity"):
        mx.calibrate(model, [torch.full((1, 64), float("nan"))])


@pytest.mark.parametrize("format", ["mxfp4", "nvfp4"])
def test_the_backend_quantises_by_every_method(format):
    model, batches = make_network(), make_batches()
    calibration, x = mx.calibrate(model, batches), make_batches(7)[-1]
    errors = {}
    for method in ("rtn", "gptq", "mr-gptq"):
        torch._dynamo.reset()
        options = {"format": format, "method": method, "calibration": calibration}
        compiled = torch.compile(model, backend="mx", options=options)
        errors[method] = get_error(compiled, model, x)
        # The weights are those of the method, and no others.
        copy = make_network()
        with torch.no_grad():
            for layer, name in ((copy.up, "up.weight"), (copy.down, "down.weight")):
                blocks, _ = mx.WeightOptions(format, method=method).quantize(layer.weight, calibration[name])
                layer.weight.copy_(torch.from_numpy(blocks.dequantize(unrotate=True)))
            assert (compiled(x) - copy(x)).norm() <= 3e-6 * copy(x).norm()
    assert errors["rtn"] > errors["gptq"]
    assert errors["rtn"] > errors["mr-gptq"]


def test_the_backend_asks_for_what_it_needs():
    model, batches = make_network(), make_batches(1)
    calibration = mx.calibrate(model, batches)
    for options, message in (
        ({"method": "gptq"}, "expected a calibration for the method 'gptq', got none"),
        ({"method": "best"}, "expected the method 'rtn'"),
        ({"calibration": 3}, "expected an mx.Calibration, got int"),
    ):
        torch._dynamo.reset()
        with pytest.raises(Exception) as error, torch.no_grad():
            torch.compile(model, backend="mx", options=options)(batches[0])
        assert message in str(error.value)
    torch._dynamo.reset()
    other = Network()
    compiled = torch.compile(other, backend="mx", options={"method": "gptq", "calibration": calibration})
    with pytest.raises(mx.Error, match="expected a calibration with moments of a weight of shape"), torch.no_grad():
        compiled(batches[0])
    calibration.bind(other)
    with torch.no_grad():
        assert compiled(batches[0]).shape == (64, 32)


@pytest.mark.parametrize(
    "format, method", [("mxfp4", "rtn"), ("nvfp4", "gptq"), ("mxfp4", "mr-gptq"), ("mxfp6_e3m2", "rtn")]
)
def test_models_are_quantised_in_place(format, method):
    model, batches = make_network(), make_batches()
    exact, x = make_network(), make_batches(7)[-1]
    calibration = mx.calibrate(model, batches)
    report = mx.quantize_model(model, format, method=method, calibration=calibration)
    assert type(model.up).__name__ == "BlockLinear" and model.up.payload.dtype == torch.uint8
    assert [name for name, _ in model.named_parameters()] == ["up.bias"]
    with torch.no_grad():
        for layer in ("up", "down"):
            plain = getattr(exact, layer)
            plain.weight.copy_(torch.from_numpy(getattr(model, layer).blocks.dequantize(unrotate=True)))
        expected = exact(x)
        assert (model(x) - expected).norm() <= 3e-6 * expected.norm()
        # Every backend takes the layers as they are.
        assert torch.equal(torch.compile(model, backend="eager", fullgraph=True)(x), model(x))
    assert [line.name for line in report.layers] == ["up.weight", "down.weight"]
    assert report.layers[0].format == format and report.layers[0].method == method
    # GPTQ trades the error of the weight for that of products.
    assert 0 < report.layers[0].output_error < 0.02 and 0 < report.layers[0].error < 0.05
    assert "2 weights" in str(report) and "up.weight" in str(report)
    assert json.loads(report.to_json())["layers"][1]["rows"] == 32
    # The state dict has the bytes, and another model takes them.
    other = make_network()
    mx.quantize_model(other, format, rotation=report.layers[0].rotation)
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        assert torch.equal(other(x), model(x))


def test_gradients_reach_activations_and_biases():
    model, exact = make_network(), make_network()
    mx.quantize_model(model, "nvfp4", rotation=16)
    with torch.no_grad():
        for layer in ("up", "down"):
            plain = getattr(exact, layer)
            plain.weight.copy_(torch.from_numpy(getattr(model, layer).blocks.dequantize(unrotate=True)))
    gradients = []
    for each in (model, exact):
        x = make_batches(1)[0].requires_grad_()
        each(x).square().sum().backward()
        gradients.append((x.grad, each.up.bias.grad))
    for left, right in zip(*gradients):
        assert (left - right).norm() <= 1e-5 * right.norm()


def test_what_stays_is_said():
    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(32, 64)
            self.wide = torch.nn.Linear(64, 64).double()
            self.inner = torch.nn.Linear(64, 64)
            self.head = torch.nn.Linear(64, 32, bias=False)
            self.head.weight = self.embed.weight
            self.router = torch.nn.Linear(64, 4)

    report = mx.quantize_model(Tied(), "mxfp4", skip=["*router"])
    assert [line.name for line in report.layers] == ["inner.weight"]
    assert report.kept == {
        "wide.weight": "it has the type torch.float64",
        "head.weight": "its weight has other users",
        "router.weight": "it is skipped",
    }
    assert "router.weight stays as it is: it is skipped" in str(report)
    assert abs(report.bits_per_weight - 4.25) < 1e-9


def test_nothing_changes_if_anything_is_wrong():
    model = make_network()
    calibration = mx.calibrate(model.up, [torch.randn(4, 64)])
    with pytest.raises(mx.Error, match="expected moments of 'up.weight' for the method 'gptq', got none"):
        mx.quantize_model(model, "mxfp4", method="gptq", calibration=calibration)
    assert type(model.up) is torch.nn.Linear
    with pytest.raises(mx.Error, match="expected a model with layers inside, got a layer"):
        mx.quantize_model(model.up, "mxfp4")
