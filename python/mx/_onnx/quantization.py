# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""QuantizeLinear and DequantizeLinear.

Codes with E8M0 scales for blocks, and FP4 codes whose UE4M3 scales have themselves been multiplied by one number
(NVFP4), are block-scaled tensors of mx, and stay them. Everything else is decoded element by element.
"""

from __future__ import annotations

from typing import Optional

import numpy as np
from onnx import TensorProto

from mx._errors import Error
from mx._formats import ELEMENTS, Format
from mx._onnx.elementwise import Arithmetic, convert, convert_scalar, decode, encode
from mx._onnx.graph import TYPES, Blocks, Node, Value, elementwise, is_floating, operator, type_name
from mx._onnx.movement import reshape
from mx._onnx.sizes import Dim, Size, product
from mx._onnx.writer import NARROW, Writer

# Integers that can be quantised to: least and most.
RANGES: dict[int, tuple[int, int]] = {
    TensorProto.INT8: (-128, 127), TensorProto.UINT8: (0, 255), TensorProto.INT16: (-32768, 32767),
    TensorProto.UINT16: (0, 65535), TensorProto.INT4: (-8, 7), TensorProto.UINT4: (0, 15),
}  # fmt: skip
LARGEST = {"f4E2M1FN": 6.0, "f6E2M3FN": 7.5, "f6E3M2FN": 28.0, "f8E4M3FN": 448.0, "f8E5M2": 57344.0}


def spread(node: Node, x: Value, scale: Value) -> tuple[tuple[str, str, list[str]], Optional[int], int]:
    """How an element finds its scale: an operand of a loop over `x`; and the axis and the length of blocks, if any."""
    writer, block = node.writer, node.attribute("block_size", 0)
    if scale.rank == 0 or (scale.rank == 1 and scale.shape[0] == 1 and not block):
        single = reshape(node, scale, ())
        return (single.use(writer), single.text, []), None, 0
    axis = node.axis(1, x.rank)
    if not block:
        if scale.rank != 1:
            node.fail(f"expected one scale, or one for each of dimension {axis}, got the shape {list(scale.shape)}")
        check_count(node, x.shape[axis], scale.shape[0], 1)
        return (scale.use(writer), scale.text, [f"d{axis}"]), None, 0
    if block < 0 or scale.rank != x.rank:
        node.fail(f"expected scales of {x.rank} dimensions in blocks of at least 1, got {scale.rank} and {block}")
    for i in range(x.rank):
        check_count(node, x.shape[i], scale.shape[i], block if i == axis else 1)
    places = [f"d{i} floordiv {block}" if i == axis else f"d{i}" for i in range(x.rank)]
    return (scale.use(writer), scale.text, places), axis, block


def is_alike(zero: Value, scale: Value) -> bool:
    """Whether there is a zero point for each scale."""
    return zero.shape == scale.shape or (product(zero.shape) == 1 and product(scale.shape) == 1)


def check_count(node: Node, size: Size, scales: Size, block: int) -> None:
    """Whether there is a scale for each block."""
    wanted = (size + (block - 1)) // block if block > 1 else size
    if wanted != scales and not isinstance(wanted, Dim) and not isinstance(scales, Dim):
        node.fail(f"expected {wanted} scales for {size} elements in blocks of {block}, got {scales}")
    node.writer.require_equal(wanted, scales, "numbers of blocks and of scales")


def find_format(node: Node, x: Value, scale: Value, block: int) -> Optional[tuple[Format, Value, float]]:
    """The format that codes and scales make up, the codes of the scales, and the tensor scale."""
    codes, tensor_scale = (scale.scaled[0], scale.scaled[1]) if scale.scaled is not None else (scale, 1.0)
    if x.kind not in ELEMENTS or codes.kind not in ("f8E8M0FNU", "f8E4M3FN") or not block:
        return None
    has_tensor_scale = codes.kind == "f8E4M3FN"
    if not has_tensor_scale and tensor_scale != 1.0:
        return None
    if has_tensor_scale and (codes.known is None or (codes.known.view(np.uint8) & 0x80).any()):
        return None  # Scales of mx have no sign.
    try:
        return Format(x.kind, codes.kind, block, has_tensor_scale), codes, tensor_scale
    except Error:
        return None


def make_blocks(node: Node, x: Value, scale: Value) -> Optional[Blocks]:
    """Codes and scales as one block-scaled value, if they are one."""
    block = node.attribute("block_size", 0)
    found = find_format(node, x, scale, block)
    if found is None or x.rank == 0:
        return None
    format_, codes, tensor_scale = found
    axis = node.axis(1, x.rank)
    if codes.rank != x.rank:
        node.fail(f"expected scales of {x.rank} dimensions, got {codes.rank}")
    for i in range(x.rank):
        check_count(node, x.shape[i], codes.shape[i], block if i == axis else 1)
    if x.known is not None and codes.known is not None:
        parts = x.known.view(np.uint8), codes.known.view(np.uint8)
        return Blocks(parts, x.shape, format_, axis, tensor_scale)
    writer = node.writer
    blocks = Blocks("", x.shape, format_, axis, tensor_scale)
    operands, types = f"{x.use(writer)}, {codes.use(writer)}", f"{x.text}, {codes.text}"
    if format_.tensor_scale:
        factor = writer.constant(f"dense<{tensor_scale!r}>", "tensor<f32>")
        operands += f" tensor_scale({factor})"
    return Blocks(writer.emit(f"mx.bundle {operands} : {types} to {blocks.type}"), x.shape, format_, axis, tensor_scale)


@operator("DequantizeLinear")
def dequantize(node: Node) -> Value:
    x, scale, zero = node.need(0), node.need(1), node.get(2)
    default = scale.type if is_floating(scale) else TensorProto.FLOAT
    type_ = node.attribute("output_dtype", 0) or default
    if TYPES.get(type_) not in ("f32", "f16", "bf16") or not (is_floating(scale) or scale.kind == "f8E8M0FNU"):
        node.fail(f"expected scales and a result of floating-point numbers, got {type_name(scale.type)}")
    if is_floating(x) or x.kind == "f8E8M0FNU" or x.kind in ("i1", "i64"):
        node.fail(f"expected codes, got {type_name(x.type)}")
    if zero is not None and (zero.type != x.type or not is_alike(zero, scale)):
        node.fail(f"expected zero points like the scales, of {type_name(x.type)}, got {zero.text}")
    has_zero = zero is not None and not (
        zero.known is not None and not zero.known.view(f"i{zero.known.itemsize}").any()
    )
    if not has_zero and (blocks := make_blocks(node, x, scale)) is not None:
        return Value(type_, x.shape, blocks=blocks)
    result = scale_elements(node, x, scale, zero if has_zero else None, type_)
    remember_chain(node, result, x, scale)
    return result


def remember_chain(node: Node, result: Value, x: Value, scale: Value) -> None:
    """Codes times one number may be the scales of another DequantizeLinear."""
    if x.kind == "f8E4M3FN" and scale.known is not None and scale.known.size == 1 and result.type == TensorProto.FLOAT:
        if scale.type == TensorProto.FLOAT and scale.known.reshape(-1)[0] > 0:
            result.scaled = (x, float(scale.known.reshape(-1)[0]))


def scale_elements(node: Node, x: Value, scale: Value, zero: Optional[Value], type_: int) -> Value:
    """(x - zero) * scale, in f32."""
    if x.kind in ELEMENTS and node.attribute("block_size", 0):
        node.note(f"decoded element by element: no format has scales of {type_name(scale.type)}")
    factors = widen_scale(node, scale)
    operand, _, _ = spread(node, x, factors)
    values = decode(node, x) if x.kind in NARROW else x
    writer = node.writer
    operands = [(values.use(writer), values.text, [f"d{i}" for i in range(x.rank)]), operand]
    if zero is not None:
        wide = decode(node, zero) if zero.kind in NARROW else zero
        operands.append(spread(node, x, wide)[0])

    def body(writer: Writer, element: str, factor: str, *offset: str) -> str:
        m = Arithmetic(writer, "f32")
        if values.kind == "f32":
            if offset:
                element = m.op("arith.subf", element, offset[0])
        else:
            wide = Value(TensorProto.INT32, ())
            element, *offset = (  # type: ignore[assignment]
                convert_scalar(writer, each, values, TensorProto.INT32) for each in (element, *offset)
            )
            if offset:
                element = Arithmetic(writer, "i32").op("arith.subi", element, offset[0])
            element = convert_scalar(writer, element, wide, TensorProto.FLOAT)
        return m.op("arith.mulf", element, factor)

    ssa = writer.generic(x.shape, "f32", operands, body)
    return convert(node, node.result(TensorProto.FLOAT, x.shape, ssa), type_)


def widen_scale(node: Node, scale: Value) -> Value:
    return decode(node, scale) if scale.kind in NARROW else convert(node, scale, TensorProto.FLOAT)


@operator("QuantizeLinear")
def quantize(node: Node) -> Value:
    x, scale, zero = node.need(0), node.need(1), node.get(2)
    type_ = zero.type if zero is not None else node.attribute("output_dtype", 0) or TensorProto.UINT8
    is_code = TYPES.get(type_) in ELEMENTS
    if not is_floating(x) or x.kind == "f64" or not (type_ in RANGES or is_code):
        node.fail(
            f"expected floating-point numbers and a type of codes, got {type_name(x.type)} and {type_name(type_)}"
        )
    if not (is_floating(scale) or scale.kind == "f8E8M0FNU") or node.attribute("precision", 0) not in (0, 1):
        node.fail(f"expected scales of floating-point numbers, divided by in f32, got {type_name(scale.type)}")
    if zero is not None and not is_alike(zero, scale):
        node.fail(f"expected zero points like the scales, got {zero.text}")
    if is_code and node.attribute("saturate", 1) != 1:
        node.fail("expected saturate = 1, got 0")
    values, factors, writer = convert(node, x, TensorProto.FLOAT), widen_scale(node, scale), node.writer
    operands = [(values.use(writer), values.text, [f"d{i}" for i in range(x.rank)]), spread(node, x, factors)[0]]
    if zero is not None:
        wide = decode(node, zero) if zero.kind in NARROW else convert_zero(node, zero)
        operands.append(spread(node, x, wide)[0])

    def body(writer: Writer, element: str, factor: str, *offset: str) -> str:
        m = Arithmetic(writer, "f32")
        quotient = m.op("arith.divf", element, factor)
        if is_code:
            return m.op("arith.addf", quotient, offset[0]) if offset else quotient
        rounded = m.op("math.roundeven", quotient)
        if offset:
            rounded = m.op("arith.addf", rounded, offset[0])
        least, most = RANGES[type_]
        return m.least(m.most(rounded, m.number(least)), m.number(most))

    numbers = node.result(TensorProto.FLOAT, x.shape, writer.generic(x.shape, "f32", operands, body))
    if is_code:
        return encode(node, numbers, type_)
    integers = elementwise(
        node, type_, [numbers], lambda w, e: narrow(w, w.emit(f"arith.fptosi {e} : f32 to i32"), TYPES[type_])
    )
    return integers


def narrow(writer: Writer, element: str, kind: str) -> str:
    return writer.emit(f"arith.trunci {element} : i32 to {kind}")


def convert_zero(node: Node, zero: Value) -> Value:
    """Zero points as f32 numbers."""
    return elementwise(node, TensorProto.FLOAT, [zero], lambda w, e: convert_scalar(w, e, zero, TensorProto.FLOAT))
