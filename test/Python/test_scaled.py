# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""PyTorch's products of two block-scaled sides in the backend of torch.compile."""

import logging

import mx
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mx.torch_scaled")
if not hasattr(torch, "_scaled_mm_v2"):
    pytest.skip("needs torch._scaled_mm_v2", allow_module_level=True)
from torch.nn.functional import ScalingType, SwizzleType  # noqa: E402

TYPES = {
    "mxfp4": (torch.float4_e2m1fn_x2, torch.float8_e8m0fnu, ScalingType.BlockWise1x32),
    "nvfp4": (torch.float4_e2m1fn_x2, torch.float8_e4m3fn, ScalingType.BlockWise1x16),
    "mxfp8_e4m3": (torch.float8_e4m3fn, torch.float8_e8m0fnu, ScalingType.BlockWise1x32),
    "mxfp8_e5m2": (torch.float8_e5m2, torch.float8_e8m0fnu, ScalingType.BlockWise1x32),
}


def make_sides(format, rows=(20, 48), columns=96, **options):
    torch.manual_seed(6)
    torch._dynamo.reset()
    return [mx.quantize(torch.randn(count, columns), format, **options) for count in rows]


def to_torch(side, format):
    """Payload and scales as PyTorch has them."""
    element, scale, _ = TYPES[format]
    scales = side.to_scale_tiles()
    return torch.from_numpy(side.payload).view(element), torch.from_numpy(scales).view(scale)


def multiply(sides, bias=None):
    left, right = (torch.from_numpy(side.dequantize()) for side in sides)
    return left @ right.t() + (0 if bias is None else bias.float())


def assert_close(y, expected):
    assert (y.float() - expected).norm() <= 2**-8 * expected.norm()


@pytest.mark.parametrize("format", TYPES)
@pytest.mark.parametrize("has_bias", [False, True])
def test_the_first_interface_takes_tiles(format, has_bias, caplog):
    sides = make_sides(format, tensor_scale=1.0) if format == "nvfp4" else make_sides(format)
    (a, scales_a), (b, scales_b) = (to_torch(side, format) for side in sides)
    bias = torch.randn(48).bfloat16() if has_bias else None

    def product(a, b, scales_a, scales_b, bias):
        y = torch._scaled_mm(a, b.t(), scale_a=scales_a, scale_b=scales_b, bias=bias, out_dtype=torch.bfloat16)
        return torch.relu(y)

    with caplog.at_level(logging.INFO, "mx.torch"):
        y = torch.compile(product, backend="mx", fullgraph=True)(a, b, scales_a, scales_b, bias)
    assert y.dtype == torch.bfloat16
    assert_close(y, torch.relu(multiply(sides, bias)))
    assert "block-scaled on both sides" in caplog.text


@pytest.mark.parametrize("format", TYPES)
def test_the_second_interface_names_its_scales(format):
    sides = make_sides(format)
    recipe = TYPES[format][2]
    has_factor = format == "nvfp4"
    swizzle = SwizzleType.SWIZZLE_32_4_4

    def product(a, b, scales_a, scales_b):
        recipes = [recipe, ScalingType.TensorWise] if has_factor else [recipe]
        swizzles = [swizzle, SwizzleType.NO_SWIZZLE] if has_factor else [swizzle]
        return torch.nn.functional.scaled_mm(
            a, b.t(), scales_a, recipes, scales_b, recipes, swizzles, swizzles, output_dtype=torch.float32
        )

    (a, scales_a), (b, scales_b) = (to_torch(side, format) for side in sides)
    factors = [[torch.tensor(side.tensor_scale)] if has_factor else [] for side in sides]
    y = torch.compile(product, backend="mx")(a, b, [scales_a, *factors[0]], [scales_b, *factors[1]])
    assert y.dtype == torch.float32
    expected = multiply(sides)
    assert (y - expected).norm() <= 2e-6 * expected.norm()


def test_scales_of_nvfp4_have_no_sign():
    sides = make_sides("nvfp4", tensor_scale=1.0)
    sides[0].scales[3, 2] |= 0x80
    (a, scales_a), (b, scales_b) = (to_torch(side, "nvfp4") for side in sides)
    compiled = torch.compile(
        lambda a, b, s, t: torch._scaled_mm(a, b.t(), scale_a=s, scale_b=t, out_dtype=torch.bfloat16), backend="mx"
    )
    with pytest.raises(mx.Error, match="expected scales without a sign for a block-scaled product, got negative ones"):
        compiled(a, b, scales_a, scales_b)


def test_other_scales_stay_with_pytorch(caplog):
    torch._dynamo.reset()
    a, b = (torch.randn(rows, 32).to(torch.float8_e4m3fn) for rows in (16, 32))
    one = torch.ones(())

    def product(a, b, one):
        return torch._scaled_mm(a, b.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)

    with caplog.at_level(logging.INFO, "mx.torch"):
        assert torch.equal(torch.compile(product, backend="mx")(a, b, one), product(a, b, one))
    assert "stays as it is: it has elements of torch.float8_e4m3fn and scales of torch.float32" in caplog.text
