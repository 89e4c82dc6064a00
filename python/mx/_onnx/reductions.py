# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Sums and other reductions, softmax and normalisations.

f16 and bf16 are summed up in f32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Callable, Optional

import numpy as np
from onnx import TensorProto

from mx._onnx.elementwise import Arithmetic, convert
from mx._onnx.graph import TYPES, Node, Value, broadcast, elementwise, is_floating, operator, type_name
from mx._onnx.movement import reshape
from mx._onnx.sizes import product
from mx._onnx.writer import NARROW, Writer

Combine = Callable[[Arithmetic, str, str], str]


def reduce(node: Node, x: Value, axes: Sequence[int], start: float, combine: Combine) -> Value:
    """`x` without `axes`, combined from `start` on; the reduced dimensions have the size 1 afterwards."""
    writer = node.writer
    kept = [i for i in range(x.rank) if i not in axes]
    shape = [x.shape[i] for i in kept]
    init = writer.fill(shape, x.kind, writer.number(start, x.kind))

    def body(writer: Writer, element: str, so_far: str) -> str:
        return combine(Arithmetic(writer, x.kind, x.is_unsigned), so_far, element)

    operand = x.use(writer), x.text, [f"d{i}" for i in range(x.rank)]
    ssa = writer.generic(shape, x.kind, [operand], body, init=init, reduced=axes, rank=x.rank, keep=kept)
    return reshape(node, node.result(x.type, shape, ssa), [1 if i in axes else size for i, size in enumerate(x.shape)])


def add(m: Arithmetic, a: str, b: str) -> str:
    return m.op("arith.add?", a, b)


def lowest(x: Value) -> float:
    if is_floating(x):
        return -math.inf
    return 0 if x.is_unsigned else -(2 ** (int(x.kind[1:]) - 1))


def highest(x: Value) -> float:
    if is_floating(x):
        return math.inf
    return -1 if x.is_unsigned else 2 ** (int(x.kind[1:]) - 1) - 1


def widen(node: Node, x: Value) -> Value:
    return convert(node, x, TensorProto.FLOAT) if x.kind in ("f16", "bf16") else x


def apply(node: Node, x: Value, body: Callable[[Arithmetic, str], str]) -> Value:
    return elementwise(node, x.type, [x], lambda w, e: body(Arithmetic(w, x.kind, x.is_unsigned), e))


def count(node: Node, x: Value, axes: Sequence[int]) -> Value:
    """How many elements are reduced to one, in the type of `x`."""
    known = np.empty((), object)
    known[()] = product(x.shape[axis] for axis in axes)
    return convert(node, Value(TensorProto.INT64, (), known=known), x.type)


def divide(node: Node, x: Value, by: Value) -> Value:
    return elementwise(
        node, x.type, [x, by], lambda w, a, b: Arithmetic(w, x.kind, x.is_unsigned).op("arith.div_", a, b)
    )


def total(node: Node, x: Value, axes: Sequence[int]) -> Value:
    return reduce(node, x, axes, 0, add)


def square(m: Arithmetic, x: str) -> str:
    return m.op("arith.mul?", x, x)


def magnitude(m: Arithmetic, x: str) -> str:
    return m.op("math.absf" if m.kind[0] in "fb" else "math.absi", x)


def log_sum_exp(node: Node, x: Value, axes: Sequence[int]) -> Value:
    """ln of the sum of e^x, from the largest on, which does not overflow."""
    most = reduce(node, x, axes, lowest(x), Arithmetic.most)
    # Where all are -inf, or one is +inf, differences would be NaN.
    finite = apply(
        node, most, lambda m, e: m.select(m.compare("eq", m.op("math.absf", e), m.number(math.inf)), m.number(0), e)
    )
    powers = elementwise(node, x.type, [x, finite], lambda w, a, b: exp_difference(Arithmetic(w, x.kind), a, b))
    logs = apply(node, total(node, powers, axes), lambda m, e: m.op("math.log", e))
    return elementwise(node, x.type, [logs, finite], lambda w, a, b: add(Arithmetic(w, x.kind), a, b))


def exp_difference(m: Arithmetic, a: str, b: str) -> str:
    return m.op("math.exp", m.op("arith.subf", a, b))


REDUCTIONS: dict[str, Callable[[Node, Value, Sequence[int]], Value]] = {
    "ReduceSum": total,
    "ReduceMean": lambda n, x, a: divide(n, total(n, x, a), count(n, x, a)),
    "ReduceMax": lambda n, x, a: reduce(n, x, a, lowest(x), Arithmetic.most),
    "ReduceMin": lambda n, x, a: reduce(n, x, a, highest(x), Arithmetic.least),
    "ReduceProd": lambda n, x, a: reduce(n, x, a, 1, lambda m, p, q: m.op("arith.mul?", p, q)),
    "ReduceSumSquare": lambda n, x, a: total(n, apply(n, x, square), a),
    "ReduceL1": lambda n, x, a: total(n, apply(n, x, magnitude), a),
    "ReduceL2": lambda n, x, a: apply(n, total(n, apply(n, x, square), a), lambda m, e: m.op("math.sqrt", e)),
    "ReduceLogSum": lambda n, x, a: apply(n, total(n, x, a), lambda m, e: m.op("math.log", e)),
    "ReduceLogSumExp": log_sum_exp,
}
OF_FLOATS = ("ReduceL2", "ReduceLogSum", "ReduceLogSumExp")


@operator(*REDUCTIONS)
def reduction(node: Node) -> Value:
    given, name = node.need(0), node.proto.op_type
    axes = node.axes(given.rank)
    if given.kind in NARROW or (name in OF_FLOATS and not is_floating(given)):
        node.fail(f"expected another type of operand, got {type_name(given.type)}")
    if not axes and node.attribute("noop_with_empty_axes", 0):
        return REDUCTIONS[name](node, given, []) if name not in ("ReduceSum", "ReduceMax", "ReduceMin") else given
    axes = axes or list(range(given.rank))
    is_flag = given.kind == "i1"
    x = convert(node, given, TensorProto.UINT8) if is_flag else widen(node, given)
    result = convert(node, REDUCTIONS[name](node, x, axes), given.type)
    if node.attribute("keepdims", 1):
        return result
    return reshape(node, result, [size for i, size in enumerate(result.shape) if i not in axes])


@operator("CumSum")
def running_sum(node: Node) -> Value:
    """Each result by itself: quadratic, and meant for the positions of a sequence."""
    x = node.need(0)
    axis = node.check_axis(node.numbers(node.need(1), "axis")[0], x.rank)
    if node.attribute("reverse", 0) or node.attribute("exclusive", 0):
        node.fail("expected a sum forwards that includes its own element, got another")
    writer, rank = node.writer, x.rank
    init = writer.fill(x.shape, x.kind, writer.number(0, x.kind))

    def body(writer: Writer, element: str, so_far: str) -> str:
        m = Arithmetic(writer, x.kind)
        last, here = writer.emit(f"linalg.index {axis} : index"), writer.emit(f"linalg.index {rank} : index")
        inside = writer.emit(f"arith.cmpi ule, {here}, {last} : index")
        return m.select(inside, add(m, so_far, element), so_far)

    places = [f"d{rank if i == axis else i}" for i in range(rank)]
    operand = x.use(writer), x.text, places
    ssa = writer.generic(x.shape, x.kind, [operand], body, init=init, reduced=[rank], rank=rank + 1, keep=range(rank))
    return node.result(x.type, x.shape, ssa)


@operator("Softmax", "LogSoftmax")
def softmax(node: Node) -> Value:
    given = node.need(0)
    if not is_floating(given):
        node.fail(f"expected floating-point numbers, got {type_name(given.type)}")
    axes, x = [node.axis(-1, given.rank)], widen(node, given)
    most = reduce(node, x, axes, -math.inf, Arithmetic.most)
    if node.proto.op_type == "LogSoftmax":
        shifted = elementwise(node, x.type, [x, most], lambda w, a, b: Arithmetic(w, x.kind).op("arith.subf", a, b))
        powers = apply(node, shifted, lambda m, e: m.op("math.exp", e))
        logs = apply(node, total(node, powers, axes), lambda m, e: m.op("math.log", e))
        result = elementwise(
            node, x.type, [shifted, logs], lambda w, a, b: Arithmetic(w, x.kind).op("arith.subf", a, b)
        )
    else:
        powers = elementwise(node, x.type, [x, most], lambda w, a, b: exp_difference(Arithmetic(w, x.kind), a, b))
        result = divide(node, powers, total(node, powers, axes))
    return convert(node, result, given.type)


# --- normalisations ----------------------------------------------------------------


def normalise(node: Node, x: Value, axes: Sequence[int], mean: Optional[Value]) -> tuple[Value, Value]:
    """`x` less its mean, over the root of the mean of squares; and the reciprocal of that root."""
    epsilon = node.attribute("epsilon", 1e-5)
    if mean is not None:
        x = elementwise(node, x.type, [x, mean], lambda w, a, b: Arithmetic(w, x.kind).op("arith.subf", a, b))
    squares = divide(node, total(node, apply(node, x, square), axes), count(node, x, axes))

    def invert(m: Arithmetic, e: str) -> str:
        return m.op("arith.divf", m.number(1), m.op("math.sqrt", m.op("arith.addf", e, m.number(epsilon))))

    factor = apply(node, squares, invert)
    return elementwise(node, x.type, [x, factor], lambda w, a, b: Arithmetic(w, x.kind).op("arith.mulf", a, b)), factor


def check_norm(node: Node, x: Value, *parameters: Optional[Value]) -> None:
    for each in (x, *parameters):
        if each is not None and not is_floating(each):
            node.fail(f"expected floating-point numbers, got {type_name(each.type)}")
        if each is not None and broadcast(node, [x.shape, each.shape]) != tuple(x.shape):
            node.fail(f"expected parameters that broadcast to {list(x.shape)}, got the shape {list(each.shape)}")


def finish(node: Node, result: Value, type_: int, scale: Optional[Value], bias: Optional[Value]) -> Value:
    """Scale and bias, in the type of the result."""
    result = convert(node, result, type_)
    for name, parameter in (("arith.mulf", scale), ("arith.addf", bias)):
        if parameter is not None:
            operands = [result, convert(node, parameter, type_)]
            result = elementwise(node, type_, operands, partial(apply_pair, name, TYPES[type_]))
    return result


def apply_pair(name: str, kind: str, writer: Writer, a: str, b: str) -> str:
    return Arithmetic(writer, kind).op(name, a, b)


@operator("LayerNormalization")
def layer_norm(node: Node) -> list[Value]:
    given, scale, bias = node.need(0), node.need(1), node.get(2)
    check_norm(node, given, scale, bias)
    axes, x = list(range(node.axis(-1, given.rank), given.rank)), widen(node, given)
    mean = divide(node, total(node, x, axes), count(node, x, axes))
    result, factor = normalise(node, x, axes, mean)
    return [finish(node, result, given.type, scale, bias), mean, factor]


@operator("RMSNormalization", "SimplifiedLayerNormalization")
def rms_norm(node: Node) -> list[Value]:
    given, scale = node.need(0), node.need(1)
    check_norm(node, given, scale)
    axes, x = list(range(node.axis(-1, given.rank), given.rank)), widen(node, given)
    result, factor = normalise(node, x, axes, None)
    return [finish(node, result, given.type, scale, None), factor]
