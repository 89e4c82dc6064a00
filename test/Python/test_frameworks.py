# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Arrays of other libraries, in and out."""

import mx
import numpy as np
import pytest

DOUBLE = """func.func @double(%x: tensor<?xT>) -> tensor<?xT> {
  %0 = linalg.add ins(%x, %x : tensor<?xT>, tensor<?xT>) outs(%x : tensor<?xT>) -> tensor<?xT>
  return %0 : tensor<?xT>
}"""


def test_tensors_of_torch_go_in_and_come_out():
    torch = pytest.importorskip("torch")
    tensor = torch.arange(64, dtype=torch.float32).reshape(2, 32)
    assert mx.quantize(tensor) == mx.quantize(tensor.numpy())
    assert mx.quantize(tensor.to(torch.bfloat16), "nvfp4") == mx.quantize(tensor.numpy(), "nvfp4")
    assert mx.quantize(tensor.t(), axis=0) == mx.quantize(tensor.numpy().T, axis=0)
    assert mx.quantize(tensor.clone().requires_grad_(), "mxfp4") == mx.quantize(tensor.numpy())
    decoded = mx.quantize(tensor).dequantize(torch.bfloat16)
    assert decoded.dtype == torch.bfloat16
    assert torch.equal(decoded.float(), torch.from_numpy(mx.quantize(tensor).dequantize()))
    with pytest.raises(TypeError, match="expected floating-point numbers, got int32"):
        mx.quantize(tensor.int())


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_programs_give_tensors_of_torch(kind):
    torch = pytest.importorskip("torch")
    program = mx.compile(DOUBLE.replace("T", {"float": "f", "bfloat": "bf"}[kind.rstrip("0123456789")] + kind[-2:]))
    tensor = torch.arange(9, dtype=getattr(torch, kind))
    result = program(tensor)
    assert isinstance(result, torch.Tensor) and torch.equal(result, 2 * tensor)
    assert torch.equal(program(tensor[::2]), 2 * tensor[::2])


def test_packed_tensors_of_torch_are_parts():
    torch = pytest.importorskip("torch")
    if not hasattr(torch, "float4_e2m1fn_x2") or not hasattr(torch, "float8_e8m0fnu"):
        pytest.skip(f"torch {torch.__version__} has no packed FP4")
    tensor = mx.quantize(np.random.default_rng(0).standard_normal((4, 64)))
    payload = torch.from_numpy(tensor.payload).view(torch.float4_e2m1fn_x2)
    scales = torch.from_numpy(tensor.scales).view(torch.float8_e8m0fnu)
    again = mx.BlockTensor(payload, scales, tensor.shape)
    assert again == tensor and np.shares_memory(again.payload, tensor.payload)
    assert np.array_equal(
        scales.float().numpy().reshape(-1), np.exp2(tensor.scales.reshape(-1).astype(np.float32) - 127)
    )


def test_bf16_of_ml_dtypes_goes_in_and_comes_out():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    program = mx.compile(DOUBLE.replace("T", "bf16"))
    array = np.arange(9).astype(ml_dtypes.bfloat16)
    result = program(array)
    assert result.dtype == ml_dtypes.bfloat16 and np.array_equal(result, array + array)
    with pytest.raises(mx.Error, match="expected f32, got bf16"):
        mx.compile(DOUBLE.replace("T", "f32"))(array)
    scales = np.array([[1.0]], np.float32).astype(ml_dtypes.float8_e8m0fnu)
    tensor = mx.BlockTensor(np.zeros((1, 16), np.uint8), scales, (1, 32))
    assert tensor.scales.tolist() == [[127]]


def test_anything_that_speaks_dlpack_is_an_array():
    class Other:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    array = np.linspace(-1, 1, 64, dtype=np.float32)
    assert mx.quantize(Other(array)) == mx.quantize(array)
    assert np.array_equal(mx.compile(DOUBLE.replace("T", "f32"))(Other(array)), 2 * array)


def test_rows_are_read_where_they_are():
    from mx import _arrays

    array = np.ones((4, 32), np.float32)
    assert np.shares_memory(_arrays.to_f32(array), array)
    part = np.zeros((1, 16), np.uint8)
    tensor = mx.BlockTensor(part, np.zeros((1, 1), np.uint8), (1, 32))
    assert np.shares_memory(tensor.payload, part)
