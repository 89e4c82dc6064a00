# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""mx.quantize against the second implementation of docs/Numerics.md and against ml_dtypes."""

import sys
from pathlib import Path

import mx
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "reference"))

FORMATS = ("mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2")


def numbers(shape, seed=0, spread=4):
    generator = np.random.default_rng(seed)
    scale = np.exp2(generator.integers(-spread, spread, shape))
    return (generator.standard_normal(shape) * scale).astype(np.float32)


def test_the_block_of_the_clauses():
    block = np.zeros(32, np.float32)
    block[:4] = 0.0625, 0.375, 0.078125, 0.25
    tensor = mx.quantize(block, "mxfp4", scale_rule="floor")
    assert tensor.scales.tolist() == [0x7B]
    assert tensor.payload[:2].tolist() == [0x72, 0x62]
    assert tensor.dequantize()[:4].tolist() == [0.0625, 0.375, 0.0625, 0.25]
    assert tensor.type == "!mx.tensor<32, mxfp4, axis = 0>"
    assert tensor.nbytes == 17


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("axis", (0, 1))
def test_parts_are_shaped_as_documented(format, axis):
    array = numbers((33, 50))
    tensor = mx.quantize(array, format, axis=axis)
    blocks = tensor.format.block
    assert tensor.payload.shape == (33, (50 * tensor.format.element_bits + 7) // 8)
    assert tensor.scales.shape == ((-(-33 // blocks), 50) if axis == 0 else (33, -(-50 // blocks)))
    assert tensor.dequantize().shape == array.shape
    # Eight bits, or four, of something within one binade of the largest.
    error = np.abs(tensor.dequantize() - array).max() / np.abs(array).max()
    assert error <= 0.25


@pytest.mark.parametrize("format", FORMATS)
def test_values_come_back_as_the_reference_decodes_them(format):
    reference = pytest.importorskip("mx_reference")
    tensor = mx.quantize(numbers((3, 40), seed=5), format)
    codes = mx.decode_elements(np.arange(2**tensor.format.element_bits, dtype=np.uint8), tensor.format.element)
    names = {"f4E2M1FN": "E2M1", "f6E2M3FN": "E2M3", "f6E3M2FN": "E3M2", "f8E4M3FN": "E4M3", "f8E5M2": "E5M2"}
    element = getattr(reference, names[tensor.format.element])
    for code, value in enumerate(codes):
        assert str(float(value)) == str(reference.decode_element(element, code))
    # The values are those of the parts (N1.4), each taken apart by hand.
    named = reference.NAMED_FORMATS[format]
    decoded, bits = tensor.dequantize(np.float64), tensor.format.element_bits
    for row in range(3):
        stream = int.from_bytes(tensor.payload[row].tobytes(), "little")
        for column in range(40):
            code = stream >> bits * column & (1 << bits) - 1
            scale = int(tensor.scales[row, column // named.block])
            assert reference.decode_value(named, code, scale, tensor.tensor_scale) == decoded[row, column]


@pytest.mark.parametrize("format", FORMATS)
def test_codes_are_those_of_the_reference(format):
    reference = pytest.importorskip("mx_reference")
    array = numbers((2, 40), seed=6)
    tensor = mx.quantize(array, format)
    options = reference.Options(rule=tensor.format.default_rule)
    expected = reference.quantize(reference.NAMED_FORMATS[format], options, [float(x) for x in array.flat], (2, 40), 1)
    assert bytes(expected.payload) == tensor.payload.tobytes()
    assert bytes(expected.scales) == tensor.scales.tobytes()
    assert expected.tensor_scale == tensor.tensor_scale


def test_other_types_of_numbers_are_exact():
    array = numbers((4, 32)).astype(np.float16)
    expected = mx.quantize(array.astype(np.float32), "mxfp4")
    assert mx.quantize(array, "mxfp4") == expected
    assert mx.quantize(array.astype(np.float64), "mxfp4") == expected
    assert mx.quantize(array.astype(">f4"), "mxfp4") == expected
    assert mx.quantize(array.tolist(), "mxfp4") == expected


def test_order_in_memory_does_not_matter():
    array = numbers((64, 48))
    expected = mx.quantize(array, "nvfp4")
    for view in (np.asfortranarray(array), np.pad(array, 3)[3:-3, 3:-3], array[::-1][::-1]):
        assert mx.quantize(view, "nvfp4") == expected
    assert mx.quantize(array.T, "nvfp4", axis=0).dequantize().T.tolist() == expected.dequantize().tolist()


def test_stochastic_rounding_depends_on_its_seed():
    array = numbers((8, 64))
    one = mx.quantize(array, "mxfp4", rounding="stochastic", seed=1)
    assert one == mx.quantize(array, "mxfp4", rounding="stochastic", seed=1)
    assert one != mx.quantize(array, "mxfp4", rounding="stochastic", seed=2)
    mean = np.mean([mx.quantize(array, rounding="stochastic", seed=i).dequantize() for i in range(400)], axis=0)
    nearest = mx.quantize(array, scale_rule="rceil").dequantize()
    assert np.abs(mean - array).mean() < np.abs(nearest - array).mean() / 3


def test_rotations_come_undone():
    array = numbers((4, 64))
    for rotation in (16, mx.Rotation(4, (1, -1, 1, 1))):
        tensor = mx.quantize(array, "mxfp8_e4m3", rotation=rotation, seed=3)
        assert np.abs(tensor.dequantize(unrotate=True) - array).max() < 0.1 * np.abs(array).max()
        assert np.array_equal(mx.quantize(mx.rotate(array, tensor.rotation), "mxfp8_e4m3").payload, tensor.payload)
    signs = mx.quantize(array, rotation=16, seed=3).rotation.signs
    assert signs is not None and set(signs) == {1, -1}
    assert mx.quantize(array, rotation=16).rotation == mx.Rotation(16)
    back = mx.rotate(mx.rotate(array, 8, axis=0 - 1), 8, inverse=True)
    assert np.abs(back - array).max() < 1e-5 * np.abs(array).max()


def test_nan_and_infinity():
    array = np.ones((2, 32), np.float32)
    array[0, 3] = np.inf
    assert np.isnan(mx.quantize(array).dequantize()[0]).all()
    assert np.isfinite(mx.quantize(array, scale_rule="floor", satfinite=True).dequantize()).all()
    array[0, 3] = np.nan
    assert np.isnan(mx.quantize(array, satfinite=True).dequantize()[0]).all()
    assert mx.quantize(array) == mx.quantize(array)


def test_empty_arrays():
    tensor = mx.quantize(np.zeros((0, 32), np.float32), "nvfp4")
    assert tensor.payload.shape == (0, 16) and tensor.tensor_scale == 1
    assert tensor.dequantize().shape == (0, 32)
    assert "dense<>" in tensor.to_mlir()


# --- ml_dtypes ------------------------------------------------------------------

ELEMENTS = {
    "f4E2M1FN": "float4_e2m1fn",
    "f6E2M3FN": "float6_e2m3fn",
    "f6E3M2FN": "float6_e3m2fn",
    "f8E4M3FN": "float8_e4m3fn",
    "f8E5M2": "float8_e5m2",
}


@pytest.mark.parametrize("element", ELEMENTS)
def test_elements_are_those_of_ml_dtypes(element):
    """Every f16 number that does not saturate, which ml_dtypes does in other ways (N2.2)."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    if not hasattr(ml_dtypes, ELEMENTS[element]):
        pytest.skip(f"ml_dtypes {ml_dtypes.__version__} has no {ELEMENTS[element]}")
    dtype = np.dtype(getattr(ml_dtypes, ELEMENTS[element]))
    largest = float(ml_dtypes.finfo(dtype).max)
    values = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)
    values = values[np.abs(values) <= largest]
    assert len(values) > 1000
    codes = mx.encode_elements(values, element)
    assert np.array_equal(codes, values.astype(dtype).view(np.uint8))
    decoded = mx.decode_elements(codes, element)
    assert np.array_equal(decoded.view(np.uint32), values.astype(dtype).astype(np.float32).view(np.uint32))


def test_bf16_is_that_of_ml_dtypes():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = numbers((4, 64)).astype(ml_dtypes.bfloat16)
    tensor = mx.quantize(array, "nvfp4")
    assert tensor == mx.quantize(array.astype(np.float32), "nvfp4")
    narrow = tensor.dequantize("bfloat16")
    assert narrow.dtype == ml_dtypes.bfloat16
    # f64 holds every value exactly, so that this rounds once.
    assert np.array_equal(narrow, tensor.dequantize(np.float64).astype(ml_dtypes.bfloat16))


# --- errors -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, message",
    [
        ({"format": "fp4"}, "expected a format ('mxfp4', 'nvfp4', 'mxfp6_e2m3', 'mxfp6_e3m2', 'mxfp8_e4m3', 'mxfp8_e5m2'), got 'fp4'"),
        ({"scale_rule": "best"}, "expected a scale rule ('floor', "),
        ({"scale_rule": "amax"}, "expected a rule for E8M0 scales (floor, ceil, rceil, even, mse), got 'amax'"),
        ({"rounding": "up"}, "expected the rounding 'nearest_even' or 'stochastic', got 'up'"),
        ({"rounding": "stochastic", "scale_rule": "even"}, "expected a rule that cannot clip for stochastic rounding"),
        ({"rounding": "stochastic", "random_bits": 24}, "expected 1 to 23 random bits, got 24"),
        ({"axis": 2}, "expected an axis from -2 to 1, got 2"),
        ({"rotation": 3}, "expected the size of a rotation to be a power of two from 2 to 256, got 3"),
        ({"rotation": 256}, "expected the size of axis 1 to be a multiple of the rotation's 256, got 32"),
        ({"seed": -1}, "expected a seed from 0 to 2^64 - 1, got -1"),
    ],
)  # fmt: skip
def test_arguments_are_checked(options, message):
    with pytest.raises(mx.Error) as error:
        mx.quantize(np.zeros((2, 32), np.float32), **options)
    assert message in str(error.value)


def test_types_are_checked():
    for array in (
        np.zeros(32, np.int32),
        np.zeros(32, bool),
        np.zeros(32, complex),
        np.zeros(32, "U3"),
        ["a"],
        None,
        [object()],
    ):
        with pytest.raises(TypeError):
            mx.quantize(array)
    with pytest.raises(mx.Error, match="expected an array of at least one dimension, got a number"):
        mx.quantize(np.float32(3))
    with pytest.raises(mx.Error, match="expected a block that is a whole number of bytes"):
        mx.Format("f4E2M1FN", "f8E8M0FNU", 3)
    with pytest.raises(mx.Error, match="expected an element type"):
        mx.Format("f4", "f8E8M0FNU", 32)
    with pytest.raises(mx.Error, match="expected a scale type"):
        mx.Format("f4E2M1FN", "f8", 32)
    with pytest.raises(TypeError, match="expected the type float32"):
        mx.quantize(np.zeros(32, np.float32)).dequantize(np.int8)
