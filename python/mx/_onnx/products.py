# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Matrix products.

A right side that was decoded from blocks along the contracted dimension is multiplied as it was before: `mx.matmul`.
"""

from __future__ import annotations

from typing import Optional

from onnx import TensorProto

from mx._onnx.elementwise import Arithmetic, convert
from mx._onnx.graph import Blocks, Node, Value, broadcast, elementwise, is_floating, operator, type_name
from mx._onnx.movement import reshape, transpose
from mx._onnx.sizes import Dim, Size, product
from mx._onnx.writer import NARROW, Writer, tensor_type


def check_operands(node: Node, a: Value, b: Value) -> None:
    if a.type != b.type or a.kind in NARROW or a.kind == "i1":
        node.fail(f"expected operands of one type with arithmetic, got {type_name(a.type)} and {type_name(b.type)}")


def match(node: Node, left: Size, right: Size) -> None:
    """The contracted dimension of both sides."""
    if left != right and not isinstance(left, Dim) and not isinstance(right, Dim):
        node.fail(f"expected equal sizes of the contracted dimension, got {left} and {right}")
    node.writer.require_equal(left, right, "sizes of the contracted dimension")


def get_blocks(b: Value, axis: int) -> Optional[Blocks]:
    """What a matrix was decoded from, if its blocks run along `axis`."""
    return b.blocks if b.blocks is not None and b.rank == 2 and b.blocks.axis == axis else None


def narrow_product(node: Node, type_: int) -> int:
    """The type that products are summed up in."""
    return TensorProto.FLOAT if type_ in (TensorProto.FLOAT16, TensorProto.BFLOAT16) else type_


def multiply_blocks(node: Node, a: Value, blocks: Blocks) -> Value:
    """[rows, K] by blocks of shape [K, N]."""
    writer = node.writer
    turned = blocks.transpose(writer, [1, 0])
    shape = (a.shape[0], turned.shape[0])
    init = writer.fill(shape, a.kind, writer.number(0, a.kind))
    result = Value(a.type, shape)
    result.ssa = writer.emit(
        f"mx.matmul ins({a.use(writer)}, {turned.use(writer)} : {a.text}, {turned.type}) outs({init} : {result.text})"
    )
    return result


def multiply_matrices(node: Node, a: Value, b: Value) -> Value:
    """[rows, K] by [K, N]."""
    match(node, a.shape[1], b.shape[0])
    if is_floating(a) and a.kind != "f64" and (blocks := get_blocks(b, 0)) is not None:
        return multiply_blocks(node, a, blocks)
    writer, type_ = node.writer, narrow_product(node, a.type)
    result = Value(type_, (a.shape[0], b.shape[1]))
    init = writer.fill(result.shape, result.kind, writer.number(0, result.kind))
    result.ssa = writer.emit(
        f"linalg.matmul ins({a.use(writer)}, {b.use(writer)} : {a.text}, {b.text}) outs({init} : {result.text}) "
        f"-> {result.text}"
    )
    return convert(node, result, a.type)


def multiply_batches(node: Node, a: Value, b: Value) -> Value:
    """[..., M, K] by [..., K, N] with batches that broadcast."""
    writer, type_ = node.writer, narrow_product(node, a.type)
    match(node, a.shape[-1], b.shape[-2])
    batch = broadcast(node, [a.shape[:-2], b.shape[:-2]])
    rank = len(batch)
    result = Value(type_, (*batch, a.shape[-2], b.shape[-1]))
    init = writer.fill(result.shape, result.kind, writer.number(0, result.kind))

    def operand(value: Value, last: list[str]) -> tuple[str, str, list[str]]:
        """Batches that are repeated are no dimensions of the operand."""
        first = rank - (value.rank - 2)
        kept = [i for i in range(value.rank - 2) if value.shape[i] != 1 or batch[first + i] == 1]
        smaller = [*(value.shape[i] for i in kept), *value.shape[-2:]]
        tensor = writer.view(value.use(writer), value.kind, value.shape, smaller)
        return tensor, tensor_type(smaller, value.kind), [*(f"d{first + i}" for i in kept), *last]

    def body(writer: Writer, x: str, y: str, so_far: str) -> str:
        m = Arithmetic(writer, result.kind)
        if a.kind != result.kind:
            x, y = (writer.emit(f"arith.extf {each} : {a.kind} to {result.kind}") for each in (x, y))
        return m.op("arith.add?", so_far, m.op("arith.mul?", x, y))

    rows, columns, inner = (f"d{rank + i}" for i in range(3))
    operands = [operand(a, [rows, inner]), operand(b, [inner, columns])]
    loops = range(rank + 2)
    result.ssa = writer.generic(
        result.shape, result.kind, operands, body, init=init, reduced=[rank + 2], rank=rank + 3, keep=loops
    )
    return convert(node, result, a.type)


@operator("MatMul")
def matmul(node: Node) -> Value:
    a, b = node.need(0), node.need(1)
    check_operands(node, a, b)
    if a.rank == 0 or b.rank == 0:
        node.fail("expected vectors or matrices, got a scalar")
    left, right = a, b
    if a.rank == 1:
        left = reshape(node, a, (1, *a.shape))
    if b.rank == 1:
        right = reshape(node, b, (*b.shape, 1))
    if right.rank == 2:
        rows = reshape(node, left, (product(left.shape[:-1]), left.shape[-1]))
        flat = multiply_matrices(node, rows, right)
        result = reshape(node, flat, (*left.shape[:-1], right.shape[-1]))
    else:
        result = multiply_batches(node, left, right)
    shape = list(result.shape)
    if b.rank == 1:
        shape.pop(-1)
    if a.rank == 1:
        shape.pop(-1 if b.rank == 1 else -2)
    return reshape(node, result, shape)


@operator("Gemm")
def gemm(node: Node) -> Value:
    a, b, c = node.need(0), node.need(1), node.get(2)
    check_operands(node, a, b)
    if a.rank != 2 or b.rank != 2:
        node.fail(f"expected matrices, got {a.rank} and {b.rank} dimensions")
    left = transpose(node, a, [1, 0]) if node.attribute("transA", 0) else a
    right = transpose(node, b, [1, 0]) if node.attribute("transB", 0) else b
    result = multiply_matrices(node, left, right)
    for name, operand in (("alpha", None), ("beta", c)):
        factor = node.attribute(name, 1.0)
        if name == "alpha":
            result = scale(node, result, factor)
        elif operand is not None and factor != 0:
            check_operands(node, result, operand)
            if broadcast(node, [result.shape, operand.shape]) != tuple(result.shape):
                node.fail(f"expected a bias that broadcasts to {list(result.shape)}, got {list(operand.shape)}")
            term = scale(node, operand, factor)
            result = elementwise(
                node, a.type, [result, term], lambda w, x, y: Arithmetic(w, a.kind).op("arith.add?", x, y)
            )
    return result


def scale(node: Node, x: Value, factor: float) -> Value:
    if factor == 1:
        return x

    def body(writer: Writer, element: str) -> str:
        m = Arithmetic(writer, x.kind)
        return m.op("arith.mul?", element, m.number(factor))

    return elementwise(node, x.type, [x], body)
