# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Conversions between layouts: each against its picture (N8), and back."""

import mx
import numpy as np
import pytest


def make(format, shape=(3, 128)):
    return mx.quantize(np.random.default_rng(1).standard_normal(shape).astype(np.float32), format)


def codes_of(tensor):
    low, high = tensor.payload & 15, tensor.payload >> 4
    return np.stack([low, high], -1).reshape(tensor.shape)


def test_gpt_oss_shares_memory():
    tensor = make("mxfp4")
    blocks, scales = tensor.to_gpt_oss()
    assert blocks.shape == (3, 4, 16) and scales.shape == (3, 4)
    assert np.shares_memory(blocks, tensor.payload) and np.shares_memory(scales, tensor.scales)
    back = mx.BlockTensor.from_gpt_oss(blocks, scales)
    assert back == tensor and np.shares_memory(back.payload, tensor.payload)


def test_ggml_mxfp4():
    tensor = make("mxfp4")
    structs = tensor.to_ggml()
    assert structs.shape == (3, 4 * 17)
    codes = codes_of(tensor)
    for row in range(3):
        for block in range(4):
            struct = structs[row, 17 * block : 17 * (block + 1)]
            assert struct[0] == tensor.scales[row, block]
            assert np.array_equal(struct[1:] & 15, codes[row, 32 * block : 32 * block + 16])
            assert np.array_equal(struct[1:] >> 4, codes[row, 32 * block + 16 : 32 * block + 32])
    assert mx.BlockTensor.from_ggml(structs, "mxfp4") == tensor


def test_ggml_nvfp4():
    tensor = make("nvfp4")
    structs = tensor.to_ggml()
    assert structs.shape == (3, 2 * 36)
    codes = codes_of(tensor)
    assert np.array_equal(structs[1, :4], tensor.scales[1, :4])
    assert np.array_equal(structs[1, 4:12] & 15, codes[1, :8])
    assert np.array_equal(structs[1, 4:12] >> 4, codes[1, 8:16])
    assert mx.BlockTensor.from_ggml(structs, "nvfp4", tensor.tensor_scale) == tensor


@pytest.mark.parametrize("shape", [(130, 160), (2, 5, 64), (1, 32)])
def test_scale_tiles(shape):
    tensor = make("mxfp4", shape)
    tiles = tensor.to_scale_tiles()
    rows, columns = tensor.scales.shape[-2:]
    first = tiles.reshape(-1, tiles.shape[-1])[0]
    scales = tensor.scales.reshape(-1, rows, columns)[0]
    across = -(-columns // 4)
    for row in range(rows):
        for column in range(columns):
            tile = row // 128 * across + column // 4
            place = row % 32 * 16 + row % 128 // 32 * 4 + column % 4
            assert first[512 * tile + place] == scales[row, column]
    assert mx.BlockTensor.from_scale_tiles(tensor.payload, tiles, shape) == tensor


def test_constants_of_mlir_are_the_same_tensor():
    for format, rotation in (("mxfp4", None), ("nvfp4", 4), ("mxfp6_e2m3", mx.Rotation(4, (1, 1, -1, 1)))):
        tensor = mx.quantize(np.random.default_rng(2).standard_normal((2, 32)), format, rotation=rotation)
        program = mx.compile(
            f"func.func @f() -> {tensor.type} {{\n  {tensor.to_mlir('w')}\n  return %w : {tensor.type}\n}}"
        )
        parts = program()
        assert len(parts) == len(tensor.parts)
        for part, expected in zip(parts, tensor.parts):
            assert np.array_equal(np.asarray(part).view(expected.dtype), expected)


def test_tensors_that_a_layout_has_no_place_for():
    for tensor, call, message in (
        (make("nvfp4"), "to_gpt_oss", "expected the format 'mxfp4' for gpt-oss, got 'nvfp4'"),
        (make("mxfp8_e4m3"), "to_ggml", "expected the format 'mxfp4' or 'nvfp4' for ggml, got 'mxfp8_e4m3'"),
        (make("mxfp4", (3, 40)), "to_ggml", "expected blocks along the last dimension and a multiple of 32 elements"),
        (make("nvfp4", (3, 32)), "to_ggml", "a multiple of 64 elements for ggml, got axis 1 of (3, 32)"),
        (make("mxfp4", (32,)), "to_scale_tiles", "expected a matrix for tiles of scales, got one dimension"),
    ):
        with pytest.raises(mx.Error) as error:
            getattr(tensor, call)()
        assert message in str(error.value)
    with pytest.raises(mx.Error, match="expected rows of structs of 17 bytes"):
        mx.BlockTensor.from_ggml(np.zeros(16, np.uint8), "mxfp4")
    with pytest.raises(mx.Error, match="expected blocks of 16 bytes"):
        mx.BlockTensor.from_gpt_oss(np.zeros((2, 8), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(mx.Error, match="expected tiles of shape"):
        mx.BlockTensor.from_scale_tiles(np.zeros((1, 16), np.uint8), np.zeros(3, np.uint8), (1, 32))


def test_parts_must_belong_together():
    tensor = make("mxfp4")
    with pytest.raises(mx.Error, match="expected scales of shape"):
        mx.BlockTensor(tensor.payload, tensor.scales[:2], tensor.shape)
    with pytest.raises(mx.Error, match="expected payload of shape"):
        mx.BlockTensor(tensor.payload, tensor.scales, (3, 96))
    with pytest.raises(mx.Error, match="expected a tensor scale of 1 for 'mxfp4', got 2.0"):
        mx.BlockTensor(tensor.payload, tensor.scales, tensor.shape, tensor_scale=2)
    with pytest.raises(TypeError, match="expected an array of bytes, got float32"):
        mx.BlockTensor(tensor.payload.astype(np.float32), tensor.scales, tensor.shape)
