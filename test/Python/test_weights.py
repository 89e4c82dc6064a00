# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Moments and GPTQ: the same bytes as the compiler's, and errors in the order that they should have."""

import mx
import numpy as np
import pytest


def make_layer(rows=24, columns=96, samples=700):
    """Weights, and activations that are correlated and have a few large channels."""
    random = np.random.default_rng(5)
    basis = np.linalg.qr(random.standard_normal((columns, columns)))[0]
    x = (random.standard_normal((samples, columns)) * np.arange(1, columns + 1) ** -0.5) @ basis
    x[:, [3, 40]] *= 10
    return random.standard_normal((rows, columns)).astype(np.float32), x.astype(np.float32)


def measure(x, weights, tensor):
    """The relative squared error of products."""
    exact = x.astype(np.float64) @ weights.T
    lost = x.astype(np.float64) @ tensor.dequantize(unrotate=True).T - exact
    return (lost**2).sum() / (exact**2).sum()


def gather(x):
    moments = mx.Moments(x.shape[-1])
    moments.add(x)
    return moments


def test_moments_are_sums_of_outer_products():
    _, x = make_layer()
    moments = mx.Moments(96)
    for rows in np.array_split(x, 9):
        moments.add(rows.reshape(1, -1, 96))
    exact = x.astype(np.float64).T @ x.astype(np.float64)
    assert moments.samples == 700
    np.testing.assert_allclose(moments.values, exact, rtol=1e-12, atol=1e-9)
    rotated = mx.rotate(x, 32).astype(np.float64)
    np.testing.assert_allclose(moments.rotated(32), rotated.T @ rotated, rtol=1e-5, atol=1e-3)


def test_many_rows_are_added_in_parts():
    moments = mx.Moments(4)
    for _ in range(3):
        moments.add(np.ones((mx.Moments.PENDING, 4), np.float32))
    assert np.array_equal(moments.values, np.full((4, 4), 3.0 * mx.Moments.PENDING))


@pytest.mark.parametrize(
    "format, rule", [("mxfp4", "even"), ("mxfp4", "mse"), ("nvfp4", "amax"), ("mxfp6_e2m3", "even")]
)
@pytest.mark.parametrize("rotation", [None, 32])
def test_gptq_lowers_the_error_of_products(format, rule, rotation):
    weights, x = make_layer()
    nearest = mx.quantize(weights, format, scale_rule=rule, rotation=rotation)
    result = mx.quantize_gptq(weights, gather(x), format, scale_rule=rule, rotation=rotation)
    assert result.damping == 0.01 and not result.is_nearest and result.dead_columns == 0
    assert result.tensor.type == nearest.type
    # Scales are chosen before.
    assert np.array_equal(result.tensor.scales, nearest.scales)
    assert measure(x, weights, result.tensor) < 0.7 * measure(x, weights, nearest)


def test_what_no_activation_reaches_becomes_zero():
    weights, x = make_layer()
    x[:, 5] = 0
    result = mx.quantize_gptq(weights, gather(x), "mxfp4")
    assert result.dead_columns == 1
    assert not result.tensor.dequantize()[:, 5].any()


def test_options_choose_rules_and_rotations():
    assert mx.WeightOptions("mxfp4").scale_rule == "even"
    assert mx.WeightOptions("mxfp4", method="mse").scale_rule == "mse"
    assert mx.WeightOptions("mxfp8_e4m3", method="mse").scale_rule == "rceil"
    both = mx.WeightOptions("nvfp4", method="mr-gptq")
    assert (both.scale_rule, both.rotation) == ("sweep", 16)
    assert mx.WeightOptions("mxfp4", method="mr-gptq", rotation=64, scale_rule="even").rotation == 64
    assert mx.WeightOptions("mxfp4", rotation=64).get_rotation(96) is None


def test_methods_are_ordered_by_their_error():
    weights, x = make_layer(columns=128)
    errors = []
    for method in ("rtn", "mse", "gptq", "mr-gptq"):
        tensor, note = mx.WeightOptions("mxfp4", method=method).quantize(weights, gather(x))
        assert note == ""
        errors.append(measure(x, weights, tensor))
    assert errors[0] > errors[1] > errors[2] > errors[3]


def test_weights_that_nothing_reached_are_rounded():
    weights, _ = make_layer()
    tensor, note = mx.WeightOptions("mxfp4", method="gptq").quantize(weights, mx.Moments(96))
    assert tensor == mx.quantize(weights, "mxfp4")
    assert note == "no activation was seen, so numbers were rounded to nearest"


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda w, m: mx.Moments(0), "expected at least one column, got 0"),
        (lambda w, m: m.add(np.ones((2, 3), np.float32)), "expected rows of 96 numbers, got an array of shape (2, 3)"),
        (lambda w, m: m.add(np.full((1, 96), np.nan, np.float32)), "expected finite activations, got NaN or infinity"),
        (lambda w, m: m.rotated(64), "expected columns that are a multiple of the rotation's 64, got 96"),
        (lambda w, m: mx.quantize_gptq(w[:, :32], m), "expected a matrix of 96 columns for its moments, got shape (24, 32)"),
        (lambda w, m: mx.quantize_gptq(w, m, scale_rule="amax"), "expected a rule for E8M0 scales"),
        (lambda w, m: mx.quantize_gptq(w, m, damping=-1), "expected a damping of at least 0, got -1.000000"),
        (lambda w, m: mx.WeightOptions(method="awq"), "expected the method 'rtn', 'mse', 'gptq', 'mr-gptq', got 'awq'"),
    ],
)  # fmt: skip
def test_arguments_are_checked(call, message):
    weights, x = make_layer()
    with pytest.raises(mx.Error) as error:
        call(weights, gather(x))
    assert message in str(error.value)
