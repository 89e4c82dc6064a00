# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Operators that work on each element by itself."""

from __future__ import annotations

import math
from typing import Any, Callable, Optional

import numpy as np
from onnx import TensorProto

from mx._onnx.graph import MOST_FOLDED, TYPES, Node, Value, elementwise, is_floating, operator, type_name
from mx._onnx.sizes import Dim
from mx._onnx.writer import NARROW, Writer, is_float


class Arithmetic:
    """Scalar operations of one type, signed or not, as MLIR spells them."""

    def __init__(self, writer: Writer, kind: str, is_unsigned: bool = False):
        self.writer, self.kind, self.is_unsigned = writer, kind, is_unsigned

    def op(self, name: str, *operands: str) -> str:
        """`name` with the suffix of the type, unless it is of the math dialect."""
        if name.startswith("arith.") and name[-1] == "_":
            suffix = "f" if is_float(self.kind) else ("ui" if self.is_unsigned else "si")
            name = name[:-1] + suffix
        elif name.startswith("arith.") and name[-1] == "?":
            name = name[:-1] + ("f" if is_float(self.kind) else "i")
        return self.writer.emit(f"{name} {', '.join(operands)} : {self.kind}")

    def number(self, value: float) -> str:
        return self.writer.number(value, self.kind)

    def compare(self, predicate: str, a: str, b: str) -> str:
        """`predicate`: eq, ne, lt, le, gt or ge; a comparison with NaN holds for ne alone."""
        if is_float(self.kind):
            return self.writer.emit(
                f"arith.cmpf {'u' if predicate == 'ne' else 'o'}{predicate}, {a}, {b} : {self.kind}"
            )
        sign = "" if predicate in ("eq", "ne") else "u" if self.is_unsigned else "s"
        return self.writer.emit(f"arith.cmpi {sign}{predicate}, {a}, {b} : {self.kind}")

    def select(self, condition: str, a: str, b: str) -> str:
        return self.writer.emit(f"arith.select {condition}, {a}, {b} : {self.kind}")

    def most(self, a: str, b: str) -> str:
        return self.op("arith.maximumf" if is_float(self.kind) else "arith.max_", a, b)

    def least(self, a: str, b: str) -> str:
        return self.op("arith.minimumf" if is_float(self.kind) else "arith.min_", a, b)


# --- two and more operands ---------------------------------------------------------


def modulo(m: Arithmetic, a: str, b: str) -> str:
    """The remainder with the sign of the divisor."""
    rest = m.op("arith.rem_", a, b)
    if m.is_unsigned:
        return rest
    zero = m.number(0)
    differs = m.writer.emit(f"arith.xori {m.compare('lt', rest, zero)}, {m.compare('lt', b, zero)} : i1")
    wrong = m.writer.emit(f"arith.andi {differs}, {m.compare('ne', rest, zero)} : i1")
    result = m.select(wrong, m.op("arith.add?", rest, b), rest)
    if not is_float(m.kind):
        return result
    return m.select(m.compare("eq", rest, zero), m.op("math.copysign", zero, b), result)


BINARY: dict[str, Callable[[Arithmetic, str, str], str]] = {
    "Add": lambda m, a, b: m.op("arith.add?", a, b),
    "Sub": lambda m, a, b: m.op("arith.sub?", a, b),
    "Mul": lambda m, a, b: m.op("arith.mul?", a, b),
    "Div": lambda m, a, b: m.op("arith.div_", a, b),
    "Max": lambda m, a, b: m.most(a, b),
    "Min": lambda m, a, b: m.least(a, b),
    "Sum": lambda m, a, b: m.op("arith.add?", a, b),
    "Mod": modulo,
    "And": lambda m, a, b: m.op("arith.andi", a, b),
    "Or": lambda m, a, b: m.op("arith.ori", a, b),
    "Xor": lambda m, a, b: m.op("arith.xori", a, b),
    "BitwiseAnd": lambda m, a, b: m.op("arith.andi", a, b),
    "BitwiseOr": lambda m, a, b: m.op("arith.ori", a, b),
    "BitwiseXor": lambda m, a, b: m.op("arith.xori", a, b),
}
PREDICATES = {"Equal": "eq", "Less": "lt", "LessOrEqual": "le", "Greater": "gt", "GreaterOrEqual": "ge"}

# What is computed of sizes and of whole numbers before the program runs; of sizes, only the first five.
FOLDED: dict[str, Callable[..., Any]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": lambda a, b: (
        a // b if isinstance(a, Dim) or isinstance(b, Dim) else abs(a) // abs(b) * sign_of(a) * sign_of(b)
    ),
    "Equal": lambda a, b: a == b,
    "Less": lambda a, b: a < b,
    "LessOrEqual": lambda a, b: a <= b,
    "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b,
    "Max": max,
    "Min": min,
    "Mod": lambda a, b: a % b,
    "And": lambda a, b: a and b,
    "Or": lambda a, b: a or b,
}
OF_SIZES = ("Add", "Sub", "Mul", "Div", "Equal")


def sign_of(number: int) -> int:
    return -1 if number < 0 else 1


def is_countable(value: Value) -> bool:
    """Whether a value is a small constant of whole numbers, sizes or flags."""
    return value.known is not None and value.known.size <= MOST_FOLDED and value.kind in ("i64", "i32", "i1")


def fits(known: np.ndarray, kind: str) -> bool:
    """Whether whole numbers are those of a type."""
    limit = 2 ** (int(kind[1:]) - 1)
    return all(isinstance(each, Dim) or -limit <= each < limit for each in known.flat)


def fold(node: Node, values: list[Value], type_: int) -> Optional[Value]:
    """The result for small constants of whole numbers."""
    name = node.proto.op_type
    function = FOLDED.get(name)
    if function is None or len(values) != 2 or not all(map(is_countable, values)) or node.attribute("fmod", 0):
        return None
    try:
        a, b = np.broadcast_arrays(*(value.known.astype(object) for value in values))  # type: ignore[union-attr]
    except ValueError:
        return None
    has_sizes = any(isinstance(each, Dim) for each in (*a.flat, *b.flat))
    if has_sizes and name not in OF_SIZES:
        return None
    if name in ("Div", "Mod") and any(not isinstance(each, Dim) and each == 0 for each in b.flat):
        return None
    found = np.empty(a.shape, object)
    for index in np.ndindex(a.shape):
        found[index] = function(a[index], b[index])
    if type_ == TensorProto.BOOL:
        return node.constant(type_, found.astype(bool))
    return node.constant(type_, found) if fits(found, TYPES[type_]) else None


def check_same(node: Node, values: list[Value]) -> None:
    for value in values[1:]:
        if value.type != values[0].type:
            node.fail(f"expected operands of one type, got {type_name(values[0].type)} and {type_name(value.type)}")
    if values[0].kind in NARROW:
        node.fail(f"expected operands with arithmetic, got {type_name(values[0].type)}")


@operator(*BINARY)
def binary(node: Node) -> Value:
    values = [node.need(i) for i in range(len(node.inputs))]
    check_same(node, values)
    first = node.need(0)
    if not values[1:] and node.proto.op_type not in ("Max", "Min", "Sum"):
        node.fail("expected two inputs, got one")
    if (folded := fold(node, values, first.type)) is not None:
        return folded
    name = node.proto.op_type
    logical = name in ("And", "Or", "Xor")
    if logical != (first.kind == "i1") or (name.startswith("Bitwise") and is_floating(first)):
        node.fail(f"expected another type of operands, got {type_name(first.type)}")
    is_fmod = name == "Mod" and (node.attribute("fmod", 0))

    def body(writer: Writer, *elements: str) -> str:
        m = Arithmetic(writer, first.kind, first.is_unsigned)
        result = elements[0]
        for element in elements[1:]:
            result = m.op("arith.rem_", result, element) if is_fmod else BINARY[name](m, result, element)
        return result

    return elementwise(node, first.type, values, body)


@operator("Mean")
def mean(node: Node) -> Value:
    values = [node.need(i) for i in range(len(node.inputs))]
    check_same(node, values)

    def body(writer: Writer, *elements: str) -> str:
        m = Arithmetic(writer, values[0].kind)
        result = elements[0]
        for element in elements[1:]:
            result = m.op("arith.addf", result, element)
        return m.op("arith.divf", result, m.number(len(values)))

    return elementwise(node, values[0].type, values, body)


@operator(*PREDICATES)
def compare(node: Node) -> Value:
    values = [node.need(0), node.need(1)]
    check_same(node, values)
    if (folded := fold(node, values, TensorProto.BOOL)) is not None:
        return folded

    def body(writer: Writer, a: str, b: str) -> str:
        arithmetic = Arithmetic(writer, values[0].kind, values[0].is_unsigned)
        return arithmetic.compare(PREDICATES[node.proto.op_type], a, b)

    return elementwise(node, TensorProto.BOOL, values, body)


@operator("Where")
def where(node: Node) -> Value:
    condition, a, b = node.need(0), node.need(1), node.need(2)
    check_same(node, [a, b])
    if condition.kind != "i1":
        node.fail(f"expected a condition of BOOL, got {type_name(condition.type)}")
    if all(v.known is not None and v.known.size <= MOST_FOLDED for v in (condition, a, b)) and a.kind in ("i64", "i32"):
        return node.constant(a.type, np.where(condition.known, a.known, b.known))  # type: ignore[arg-type]
    return elementwise(node, a.type, [condition, a, b], lambda w, c, x, y: Arithmetic(w, a.kind).select(c, x, y))


@operator("Pow")
def power(node: Node) -> Value:
    base, exponent = node.need(0), node.need(1)
    if not is_floating(base) and not is_floating(exponent):
        if base.type != exponent.type:
            exponent = convert(node, exponent, base.type)
        return elementwise(
            node, base.type, [base, exponent], lambda w, a, b: Arithmetic(w, base.kind).op("math.ipowi", a, b)
        )
    type_ = base.type if is_floating(base) else exponent.type
    operands = [convert(node, base, type_), convert(node, exponent, type_)]
    result = elementwise(node, type_, operands, lambda w, a, b: Arithmetic(w, TYPES[type_]).op("math.powf", a, b))
    return convert(node, result, base.type)


@operator("Clip")
def clip(node: Node) -> Value:
    x, low, high = node.need(0), node.get(1), node.get(2)
    bounds = [bound for bound in (low, high) if bound is not None]
    check_same(node, [x, *bounds])
    if any(bound.shape for bound in bounds):
        node.fail(f"expected bounds that are scalars, got the shape {list(bounds[0].shape)}")

    def body(writer: Writer, element: str, *given: str) -> str:
        m, rest = Arithmetic(writer, x.kind, x.is_unsigned), list(given)
        if low is not None:
            element = m.most(element, rest.pop(0))
        return m.least(element, rest.pop(0)) if high is not None else element

    return elementwise(node, x.type, [x, *bounds], body)


@operator("PRelu")
def prelu(node: Node) -> Value:
    x, slope = node.need(0), node.need(1)
    check_same(node, [x, slope])

    def body(writer: Writer, a: str, b: str) -> str:
        m = Arithmetic(writer, x.kind, x.is_unsigned)
        return m.select(m.compare("lt", a, m.number(0)), m.op("arith.mul?", a, b), a)

    return elementwise(node, x.type, [x, slope], body)


# --- one operand -------------------------------------------------------------------

Body = Callable[[Arithmetic, str, Node], str]


def sigmoid(m: Arithmetic, x: str) -> str:
    """1 / (1 + e^-x)."""
    one = m.number(1)
    return m.op("arith.divf", one, m.op("arith.addf", one, m.op("math.exp", m.op("arith.negf", x))))


def softplus(m: Arithmetic, x: str) -> str:
    """ln(1 + e^x), as max(x, 0) + ln(1 + e^-|x|), which does not overflow."""
    tail = m.op("math.log1p", m.op("math.exp", m.op("arith.negf", m.op("math.absf", x))))
    return m.op("arith.addf", m.most(x, m.number(0)), tail)


def expm1_below(m: Arithmetic, x: str, alpha: float, scale: float = 1.0) -> str:
    """`x` above zero, `alpha (e^x - 1)` below."""
    low = m.op("arith.mulf", m.number(alpha), m.op("math.expm1", x))
    return m.op("arith.mulf", m.number(scale), m.select(m.compare("gt", x, m.number(0)), x, low))


def gelu(m: Arithmetic, x: str, node: Node) -> str:
    approximate = node.attribute("approximate", "none")
    half = m.op("arith.mulf", m.number(0.5), x)
    if approximate == "tanh":
        cube = m.op("arith.mulf", m.number(0.044715), m.op("arith.mulf", x, m.op("arith.mulf", x, x)))
        inner = m.op("arith.mulf", m.number(math.sqrt(2 / math.pi)), m.op("arith.addf", x, cube))
        return m.op("arith.mulf", half, m.op("arith.addf", m.number(1), m.op("math.tanh", inner)))
    if approximate != "none":
        node.fail(f"expected the approximation 'none' or 'tanh', got '{approximate}'")
    erf = m.op("math.erf", m.op("arith.mulf", x, m.number(1 / math.sqrt(2))))
    return m.op("arith.mulf", half, m.op("arith.addf", m.number(1), erf))


def hard_sigmoid(m: Arithmetic, x: str, alpha: float, beta: float) -> str:
    line = m.op("arith.addf", m.op("arith.mulf", m.number(alpha), x), m.number(beta))
    return m.most(m.number(0), m.least(m.number(1), line))


def celu(m: Arithmetic, x: str, alpha: float) -> str:
    zero = m.number(0)
    low = m.op("arith.mulf", m.number(alpha), m.op("math.expm1", m.op("arith.divf", x, m.number(alpha))))
    return m.op("arith.addf", m.most(zero, x), m.least(zero, low))


def sign(m: Arithmetic, x: str, node: Node) -> str:
    zero = m.number(0)
    low = zero if m.is_unsigned else m.select(m.compare("lt", x, zero), m.number(-1), x if is_float(m.kind) else zero)
    return m.select(m.compare("gt", x, zero), m.number(1), low)


def absolute(m: Arithmetic, x: str, node: Node) -> str:
    if is_float(m.kind):
        return m.op("math.absf", x)
    return x if m.is_unsigned else m.op("math.absi", x)


def negate(m: Arithmetic, x: str, node: Node) -> str:
    return m.op("arith.negf", x) if is_float(m.kind) else m.op("arith.subi", m.number(0), x)


def leaky(m: Arithmetic, x: str, node: Node) -> str:
    low = m.op("arith.mulf", m.number(node.attribute("alpha", 0.01)), x)
    return m.select(m.compare("lt", x, m.number(0)), low, x)


def thresholded(m: Arithmetic, x: str, node: Node) -> str:
    return m.select(m.compare("gt", x, m.number(node.attribute("alpha", 1.0))), x, m.number(0))


def complement(m: Arithmetic, x: str, node: Node) -> str:
    return m.op("arith.xori", x, m.number(1 if m.kind == "i1" else -1))


FUNCTIONS = {
    "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Sin": "sin", "Cos": "cos", "Tan": "tan", "Asin": "asin",
    "Acos": "acos", "Atan": "atan", "Sinh": "sinh", "Cosh": "cosh", "Tanh": "tanh", "Asinh": "asinh",
    "Acosh": "acosh", "Atanh": "atanh", "Erf": "erf", "Floor": "floor", "Ceil": "ceil", "Round": "roundeven",
}  # fmt: skip
UNARY: dict[str, Body] = {
    "Reciprocal": lambda m, x, n: m.op("arith.divf", m.number(1), x),
    "Sigmoid": lambda m, x, n: sigmoid(m, x),
    "Relu": lambda m, x, n: m.most(x, m.number(0)),
    "LeakyRelu": leaky,
    "ThresholdedRelu": thresholded,
    "Elu": lambda m, x, n: expm1_below(m, x, n.attribute("alpha", 1.0)),
    "Selu": lambda m, x, n: expm1_below(
        m, x, n.attribute("alpha", 1.6732632423543772), n.attribute("gamma", 1.0507009873554805)
    ),
    "Celu": lambda m, x, n: celu(m, x, n.attribute("alpha", 1.0)),
    "Softplus": lambda m, x, n: softplus(m, x),
    "Softsign": lambda m, x, n: m.op("arith.divf", x, m.op("arith.addf", m.number(1), m.op("math.absf", x))),
    "HardSigmoid": lambda m, x, n: hard_sigmoid(m, x, n.attribute("alpha", 0.2), n.attribute("beta", 0.5)),
    "HardSwish": lambda m, x, n: m.op("arith.mulf", x, hard_sigmoid(m, x, 1 / 6, 0.5)),
    "Mish": lambda m, x, n: m.op("arith.mulf", x, m.op("math.tanh", softplus(m, x))),
    "Swish": lambda m, x, n: m.op(
        "arith.mulf", x, sigmoid(m, m.op("arith.mulf", m.number(n.attribute("alpha", 1.0)), x))
    ),
    "Gelu": gelu,
    "Sign": sign,
    "Abs": absolute,
    "Neg": negate,
    "Not": complement,
    "BitwiseNot": complement,
}
FOR_INTEGERS = ("Relu", "Sign", "Abs", "Neg", "Not", "BitwiseNot")


@operator(*FUNCTIONS, *UNARY)
def unary(node: Node) -> Value:
    x, name = node.need(0), node.proto.op_type
    if (not is_floating(x) and name not in FOR_INTEGERS) or x.kind in NARROW or (name == "Not") != (x.kind == "i1"):
        node.fail(f"expected another type of operand, got {type_name(x.type)}")
    if name == "Not" and is_countable(x):
        return node.constant(x.type, ~x.known)  # type: ignore[operator]
    if name == "Neg" and x.known is not None and x.kind in ("i64", "i32") and x.known.size <= MOST_FOLDED:
        return node.constant(x.type, np.negative(x.known.astype(object)))

    def body(writer: Writer, element: str) -> str:
        m = Arithmetic(writer, x.kind, x.is_unsigned)
        return m.op(f"math.{FUNCTIONS[name]}", element) if name in FUNCTIONS else UNARY[name](m, element, node)

    return elementwise(node, x.type, [x], body)


@operator("IsNaN", "IsInf")
def classify(node: Node) -> Value:
    x = node.need(0)
    if not is_floating(x):
        node.fail(f"expected floating-point numbers, got {type_name(x.type)}")

    def body(writer: Writer, element: str) -> str:
        m = Arithmetic(writer, x.kind)
        if node.proto.op_type == "IsNaN":
            return m.compare("ne", element, element)
        flags = [writer.number(0, "i1")]
        for attribute, limit in (("detect_positive", math.inf), ("detect_negative", -math.inf)):
            if node.attribute(attribute, 1):
                flags.append(m.compare("eq", element, m.number(limit)))
        result = flags[0]
        for flag in flags[1:]:
            result = writer.emit(f"arith.ori {result}, {flag} : i1")
        return result

    return elementwise(node, TensorProto.BOOL, [x], body)


# --- conversions -------------------------------------------------------------------


def convert_scalar(writer: Writer, x: str, source: Value, target: int) -> str:
    """`x`, an element of `source`, in another type."""
    given, wanted = source.kind, TYPES[target]

    def op(name: str) -> str:
        return writer.emit(f"arith.{name} {x} : {given} to {wanted}")

    if given == wanted:
        return x
    if wanted == "i1":
        return Arithmetic(writer, given).compare("ne", x, writer.number(0, given))
    if is_float(given) and is_float(wanted):
        wide = {"f16": 1, "bf16": 1, "f32": 2, "f64": 3}
        if wide[given] == wide[wanted]:
            x = writer.emit(f"arith.extf {x} : {given} to f32")
            return writer.emit(f"arith.truncf {x} : f32 to {wanted}")
        return op("extf" if wide[given] < wide[wanted] else "truncf")
    is_unsigned = target in (TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64)
    if is_float(given):
        # Through 64 bits, so that negative numbers wrap as those of other libraries do.
        wide_name = "i64" if wanted != "i64" or not is_unsigned else wanted
        to_wide = writer.emit(
            f"arith.{'fptoui' if is_unsigned and wanted == 'i64' else 'fptosi'} {x} : {given} to {wide_name}"
        )
        return to_wide if wanted == wide_name else writer.emit(f"arith.trunci {to_wide} : {wide_name} to {wanted}")
    if is_float(wanted):
        return op("uitofp" if source.is_unsigned else "sitofp")
    if int(given[1:]) > int(wanted[1:]):
        return op("trunci")
    return op("extui" if source.is_unsigned else "extsi")


def convert(node: Node, x: Value, target: int) -> Value:
    """Elements of another type."""
    if x.type == target:
        return x
    if target not in TYPES:
        node.fail(f"expected a type that mx has, got {type_name(target)}")
    wanted = TYPES[target]
    known = x.known
    if known is not None and is_countable(x) and x.kind != "i1" and wanted in ("i64", "i32") and fits(known, wanted):
        return node.constant(target, known)
    if x.kind in NARROW or wanted in NARROW:
        return convert_narrow(node, x, target)
    if target in (TensorProto.INT4, TensorProto.UINT4) or x.type in (TensorProto.INT4, TensorProto.UINT4):
        node.fail(f"expected types of at least 8 bits, got {type_name(x.type)} and {type_name(target)}")
    return elementwise(node, target, [x], lambda w, element: convert_scalar(w, element, x, target))


def convert_narrow(node: Node, x: Value, target: int) -> Value:
    """From and to floats of at most 8 bits: N1 and N2, through f32."""
    wanted = TYPES[target]
    if x.kind in NARROW:
        wide = decode(node, x)
        result = convert(node, wide, target)
        if target == TensorProto.FLOAT:
            result.scaled = (x, 1.0)
        return result
    if wanted == "f8E8M0FNU" or x.kind == "f64":
        node.fail(f"expected a conversion that mx has, got one from {type_name(x.type)} to {type_name(target)}")
    if node.attribute("saturate", 1) != 1:
        node.fail("expected saturate = 1, got 0")
    return encode(node, convert(node, x, TensorProto.FLOAT), target)


def decode(node: Node, x: Value) -> Value:
    """The numbers of codes, as f32."""
    text = x.text.replace(x.kind, "f32")
    ssa = node.writer.emit(f"arith.extf {x.use(node.writer)} : {x.text} to {text}")
    return node.result(TensorProto.FLOAT, x.shape, ssa)


def encode(node: Node, x: Value, target: int) -> Value:
    """The codes of f32 numbers: nearest, ties to even, saturating (N2.1, N2.2)."""
    text = x.text.replace("f32", TYPES[target])
    ssa = node.writer.emit(f"arith.truncf {x.use(node.writer)} : {x.text} to {text}")
    return node.result(target, x.shape, ssa)


@operator("Cast")
def cast(node: Node) -> Value:
    return convert(node, node.need(0), node.attribute("to", 0))


@operator("CastLike")
def cast_like(node: Node) -> Value:
    return convert(node, node.need(0), node.need(1).type)
