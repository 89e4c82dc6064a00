# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""torch.compile(model, backend="mx")."""

import logging
import subprocess
import sys
import threading

import mx
import pytest

torch = pytest.importorskip("torch")
backend = pytest.importorskip("mx.torch_backend")
products = pytest.importorskip("mx.torch_products")


class Network(torch.nn.Module):
    def __init__(self, bias=True):
        super().__init__()
        self.up = torch.nn.Linear(64, 96, bias=bias)
        self.down = torch.nn.Linear(96, 8, bias=bias)

    def forward(self, x):
        return self.down(torch.nn.functional.gelu(self.up(x)))


def make_network(**options):
    torch.manual_seed(1)
    torch._dynamo.reset()
    return Network(**options)


def quantize_parameters(model, format, **options):
    """The same network with weights that have been quantised and decoded."""
    copy = Network(bias=model.up.bias is not None)
    copy.load_state_dict(model.state_dict())
    with torch.no_grad():
        for layer in (copy.up, copy.down):
            blocks = mx.quantize(layer.weight, format, **options)
            layer.weight.copy_(torch.from_numpy(blocks.dequantize(unrotate=True)))
    return copy


def assert_close(left, right):
    """Products of f32 in two orders; the rotation rounds activations once more."""
    assert left.shape == right.shape and left.dtype == right.dtype
    assert (left - right).norm() <= 2e-6 * right.norm()


@pytest.mark.parametrize("format", ["mxfp4", "nvfp4", "mxfp6_e3m2", "mxfp8_e4m3"])
@pytest.mark.parametrize("bias", [True, False])
def test_layers_are_those_of_the_quantised_weights(format, bias):
    model = make_network(bias=bias)
    compiled = torch.compile(model, backend="mx", options={"format": format})
    x = torch.randn(5, 64)
    with torch.no_grad():
        assert_close(compiled(x), quantize_parameters(model, format)(x))
        assert not torch.equal(compiled(x), model(x))


@pytest.mark.parametrize("seed", [0, 7])
def test_rotations_lie_on_both_sides(seed):
    model = make_network()
    compiled = torch.compile(model, backend="mx", options={"format": "mxfp4", "rotation": 32, "seed": seed})
    x = torch.randn(3, 64)
    with torch.no_grad():
        assert_close(compiled(x), quantize_parameters(model, "mxfp4", rotation=32, seed=seed)(x))


def test_one_program_serves_every_batch():
    model = make_network()
    products.compile_linear.cache_clear()
    graphs = []

    def counting(graph, inputs, **options):
        graphs.append(graph)
        return backend.compile_graph(graph, inputs, **options)

    compiled = torch.compile(model, backend=counting)
    expected = quantize_parameters(model, "mxfp4")
    with torch.no_grad():
        for rows in (3, 4, 9, 1024, 7):
            x = torch.randn(rows, 64)
            assert_close(compiled(x), expected(x))
        assert_close(compiled(torch.randn(2, 3, 64)).reshape(6, 8)[:0], torch.zeros(0, 8))
    # One graph for the first size, one for all others, one for the other rank.
    assert len(graphs) == 3
    assert products.compile_linear.cache_info().misses == 2


def test_a_dynamic_batch_is_one_graph():
    model, graphs = make_network(), []

    def counting(graph, inputs, **options):
        graphs.append(graph)
        return backend.compile_graph(graph, inputs, **options)

    compiled = torch.compile(model, backend=counting, dynamic=True)
    with torch.no_grad():
        for rows in (3, 4, 9):
            compiled(torch.randn(rows, 64))
    assert len(graphs) == 1


def test_narrow_types_are_rounded_once_at_the_end():
    model = make_network().to(torch.bfloat16)
    compiled = torch.compile(model, backend="mx")
    x = torch.randn(5, 64, dtype=torch.bfloat16)
    with torch.no_grad():
        y = compiled(x)
        weights = [torch.from_numpy(mx.quantize(p.weight).dequantize()) for p in (model.up, model.down)]
        hidden = (x.float() @ weights[0].t() + model.up.bias.float()).bfloat16()
        expected = torch.nn.functional.gelu(hidden).float() @ weights[1].t() + model.down.bias.float()
    assert y.dtype == torch.bfloat16
    assert (y.float() - expected).abs().max() <= 2**-7 * expected.abs().max()


def test_state_dicts_stay_usable():
    model = make_network()
    compiled = torch.compile(model, backend="mx")
    x = torch.randn(5, 64)
    other = Network()
    with torch.no_grad():
        before = compiled(x)
        assert set(model.state_dict()) == set(other.state_dict())
        model.load_state_dict(other.state_dict())
        assert_close(compiled(x), quantize_parameters(other, "mxfp4")(x))
        model.up.weight.mul_(1.5)
        assert_close(compiled(x), quantize_parameters(model, "mxfp4")(x))
        model.load_state_dict(make_network().state_dict())
        assert torch.equal(compiled(x), before)
        for _ in range(5):
            # Other tensors, which may lie where the last ones were.
            model.load_state_dict({name: torch.randn_like(p) for name, p in model.state_dict().items()}, assign=True)
            assert_close(compiled(x), quantize_parameters(model, "mxfp4")(x))


def test_gradients_pass_straight_through_the_quantiser():
    model = make_network()
    expected = quantize_parameters(model, "mxfp4", rotation=16)
    compiled = torch.compile(model, backend="mx", options={"rotation": 16})
    x, y = torch.randn(5, 64, requires_grad=True), torch.randn(5, 8)
    ((compiled(x) - y) ** 2).sum().backward()
    gradients = [x.grad.clone()] + [p.grad for p in model.parameters()]
    x.grad = None
    ((expected(x) - y) ** 2).sum().backward()
    for left, right in zip(gradients, [x.grad] + [p.grad for p in expected.parameters()]):
        assert (left - right).norm() <= 1e-5 * right.norm()
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(40):
        optimiser.zero_grad()
        loss = ((compiled(x.detach()) - y) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_inference_mode_and_weights_made_there():
    with torch.inference_mode():
        model = make_network()
        compiled = torch.compile(model, backend="mx")
        x = torch.randn(2, 64)
        first = compiled(x)
        model.up.weight.mul_(2)
        assert not torch.equal(compiled(x), first)


def test_the_rest_runs_as_it_did(caplog):
    class Mixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution = torch.nn.Conv1d(2, 2, 3)
            self.wide = torch.nn.Linear(8, 8).double()
            self.last = torch.nn.Linear(8, 4)

        def forward(self, x, w):
            x = self.convolution(x)
            x = self.wide(x.double()).float()
            return torch.nn.functional.linear(self.last(x), w)

    torch._dynamo.reset()
    model = Mixed()
    x, w = torch.randn(3, 2, 10), torch.randn(5, 4)
    with caplog.at_level(logging.INFO, "mx.torch"), torch.no_grad():
        y = torch.compile(model, backend="mx", options={"rotation": 16})(x, w)
        hidden = model.wide(model.convolution(x).double()).float()
        last = torch.from_numpy(mx.quantize(model.last.weight).dequantize())
        expected = (hidden @ last.t() + model.last.bias) @ w.t()
    assert (y - expected).norm() <= 2e-6 * expected.norm()
    text = caplog.text
    assert "stays as it is: it has operands of torch.float64" in text
    assert "stays as it is: its weight is no parameter" in text
    # 8 columns are not rotated by 16.
    assert "mxfp4 by even\n" in text


def test_threads_share_a_model():
    model = make_network()
    compiled = torch.compile(model, backend="mx")
    x = torch.randn(5, 64)
    with torch.no_grad():
        expected = compiled(x)
    problems = []

    def work():
        with torch.no_grad():
            for _ in range(20):
                if not torch.equal(compiled(x), expected):
                    problems.append("another result")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


@pytest.mark.parametrize(
    "options, message",
    [
        ({"formats": "mxfp4"}, "expected an option of the backend ('format', 'scale_rule', 'rotation', 'seed', 'method', 'calibration', 'target')"),
        ({"format": "fp4"}, "expected a format ("),
        ({"format": "nvfp4", "scale_rule": "even"}, "expected a rule for UE4M3 scales"),
        ({"rotation": 3}, "expected the size of a rotation to be a power of two"),
        ({"seed": -1}, "expected a seed from 0 to 2^64 - 1, got -1"),
        ({"target": "mill"}, "expected the target 'cpu'"),
    ],
)  # fmt: skip
def test_options_are_checked(options, message):
    compiled = torch.compile(make_network(), backend="mx", options=options)
    with pytest.raises(Exception) as error, torch.no_grad():
        compiled(torch.randn(1, 64))
    assert message in str(error.value)


def test_the_backend_is_found_without_an_import():
    code = (
        "import torch, sys; assert 'mx' not in sys.modules; print('mx' in torch._dynamo.list_backends(exclude_tags=()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr
