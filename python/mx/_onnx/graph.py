# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Values and nodes of a model while it becomes MLIR, and the table of operators.

A value is an SSA name, or a constant that has not been written yet. Constants and the sizes of shapes are moved about
here, so that what a shape is computed from never reaches the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable, NoReturn, Optional, Union

import numpy as np
import onnx
from onnx import TensorProto

from mx._blocks import BlockTensor
from mx._errors import Error
from mx._formats import Format
from mx._onnx.sizes import Dim, Size, product
from mx._onnx.writer import Writer, is_float, tensor_type

# Element types: how MLIR calls them. Integers of 4 bits are computed in bytes.
TYPES: dict[int, str] = {
    TensorProto.FLOAT: "f32", TensorProto.FLOAT16: "f16", TensorProto.BFLOAT16: "bf16", TensorProto.DOUBLE: "f64",
    TensorProto.BOOL: "i1", TensorProto.INT8: "i8", TensorProto.UINT8: "i8", TensorProto.INT16: "i16",
    TensorProto.UINT16: "i16", TensorProto.INT32: "i32", TensorProto.UINT32: "i32", TensorProto.INT64: "i64",
    TensorProto.UINT64: "i64", TensorProto.INT4: "i8", TensorProto.UINT4: "i8",
    TensorProto.FLOAT4E2M1: "f4E2M1FN", TensorProto.FLOAT8E4M3FN: "f8E4M3FN", TensorProto.FLOAT8E5M2: "f8E5M2",
}  # fmt: skip
# Those that older versions of the onnx package do not know.
for _name, _kind in (("FLOAT8E8M0", "f8E8M0FNU"), ("FLOAT6E2M3", "f6E2M3FN"), ("FLOAT6E3M2", "f6E3M2FN")):
    if hasattr(TensorProto, _name):
        TYPES[getattr(TensorProto, _name)] = _kind
UNSIGNED = (
    TensorProto.UINT4,
    TensorProto.UINT8,
    TensorProto.UINT16,
    TensorProto.UINT32,
    TensorProto.UINT64,
    TensorProto.BOOL,
)
# Beyond these, a constant is not computed here, and a value is no program that anybody can run.
MOST_FOLDED, MOST_ELEMENTS, MOST_DIMENSIONS = 4096, 2**40, 16


def type_name(type_: int) -> str:
    """The name that ONNX has for an element type."""
    return TensorProto.DataType.Name(type_) if type_ in TensorProto.DataType.values() else str(type_)


@dataclass(frozen=True)
class Blocks:
    """What a value was decoded from: `source` is a constant of codes and scales, or an SSA value of `!mx.tensor`."""

    source: Union[str, tuple[np.ndarray, np.ndarray]]
    shape: tuple[Size, ...]
    format: Format
    axis: int
    tensor_scale: float = 1.0

    @property
    def type(self) -> str:
        sizes = "".join("?x" if isinstance(size, Dim) else f"{size}x" for size in self.shape)
        return f"!mx.tensor<{sizes[:-1]}, {self.format}, axis = {self.axis}>"

    def transpose(self, writer: Writer, order: Sequence[int]) -> Blocks:
        """The same with its dimensions in another order."""
        shape, axis = tuple(self.shape[i] for i in order), list(order).index(self.axis)
        if not isinstance(self.source, str):
            codes, scales = (part.transpose(order) for part in self.source)
            return replace(self, source=(codes, scales), shape=shape, axis=axis)
        if list(order) == list(range(len(order))):
            return self
        result = replace(self, shape=shape, axis=axis)
        text = f"mx.transpose {self.source} permutation = {list(order)} : {self.type} to {result.type}"
        return replace(result, source=writer.emit(text))

    def use(self, writer: Writer) -> str:
        """The `!mx.tensor`."""
        if isinstance(self.source, str):
            return self.source
        codes, scales = self.source
        tensor = BlockTensor(
            pack(codes, self.format.element_bits), np.ascontiguousarray(scales), codes.shape, self.format, self.axis,
            self.tensor_scale,
        )  # fmt: skip
        text = tensor.to_mlir("").split(" = ", 1)[1]
        if text not in writer.constants:
            writer.constants[text] = writer.name()
            writer.header.append(f"{writer.constants[text]} = {text}")
        return writer.constants[text]


def pack(codes: np.ndarray, bits: int) -> np.ndarray:
    """Canonical bytes of codes of one byte each (N8.1)."""
    if bits == 8:
        return np.ascontiguousarray(codes)
    each = np.unpackbits(np.ascontiguousarray(codes)[..., None], axis=-1, bitorder="little")[..., :bits]
    return np.packbits(each.reshape(*codes.shape[:-1], -1), axis=-1, bitorder="little")


@dataclass(eq=False)
class Value:
    """A tensor: `type` as ONNX counts them; at least one of `ssa`, `known` and `blocks` is there.

    `known` is a constant, or, of type `object`, whole numbers of which some are sizes that only a call knows.
    `scaled` is what a value was multiplied from, if those were the scales of blocks: their codes, and a factor.
    """

    type: int
    shape: tuple[Size, ...]
    ssa: Optional[str] = None
    known: Optional[np.ndarray] = None
    blocks: Optional[Blocks] = None
    scaled: Optional[tuple[Value, float]] = None

    @property
    def kind(self) -> str:
        return TYPES[self.type]

    @property
    def text(self) -> str:
        """The type of MLIR."""
        return tensor_type(self.shape, self.kind)

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_unsigned(self) -> bool:
        return self.type in UNSIGNED

    def use(self, writer: Writer) -> str:
        """The SSA name."""
        if self.ssa is None:
            outer, writer.location = writer.location, writer.location
            if self.known is not None:
                self.ssa = write_known(writer, self)
            elif self.blocks is not None:
                self.ssa = writer.emit(f"mx.dequantize {self.blocks.use(writer)} : {self.blocks.type} to {self.text}")
            writer.location = outer
        assert self.ssa is not None
        return self.ssa


def write_known(writer: Writer, value: Value) -> str:
    known = value.known
    assert known is not None
    if known.dtype == object:
        if any(isinstance(each, Dim) for each in known.flat):
            kind = value.kind
            scalars = [
                writer.emit(f"arith.index_cast {each.ssa} : index to {kind}")
                if isinstance(each, Dim)
                else writer.number(each, kind)
                for each in known.flat
            ]
            return writer.emit(f"tensor.from_elements {', '.join(scalars)} : {value.text}")
        known = known.astype(np.int64 if value.kind == "i64" else np.int32)
    widths = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8}
    if value.kind in widths and known.dtype.itemsize != widths[value.kind]:
        known = known.astype(f"i{widths[value.kind]}")
    return writer.dense(known, value.kind)


class Node:
    """A node with its inputs; `None` stands for one that is left out."""

    def __init__(
        self, proto: onnx.NodeProto, writer: Writer, inputs: list[Optional[Value]], opset: int, label: str, reader: Any
    ):
        self.proto, self.writer, self.inputs, self.opset, self.label = proto, writer, inputs, opset, label
        self.reader = reader
        self.attributes = {each.name: each for each in proto.attribute}
        self.notes: list[str] = []

    def fail(self, text: str) -> NoReturn:
        raise Error(f"{self.label}: {text}")

    def read_tensor(self, tensor: onnx.TensorProto) -> np.ndarray:
        """The elements of a tensor that is an attribute."""
        array: np.ndarray = self.reader.read(tensor, self.label)
        return array

    def note(self, text: str) -> None:
        """Says what was decided, as a remark of the program."""
        self.notes.append(f"{self.label}: remark: {text}")

    def get(self, index: int) -> Optional[Value]:
        return self.inputs[index] if index < len(self.inputs) else None

    def need(self, index: int) -> Value:
        value = self.get(index)
        if value is None:
            self.fail(f"expected at least {index + 1} inputs, got {sum(each is not None for each in self.inputs)}")
        return value

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute of the type that `default` has: int, float, str, or a list of int (default ())."""
        given = self.attributes.get(name)
        if given is None:
            return default
        value = onnx.helper.get_attribute_value(given)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        wanted = {int: (int,), float: (float, int), str: (str,), tuple: (list,), type(None): (int, list)}[type(default)]
        if not isinstance(value, wanted):
            self.fail(f"expected another type of attribute '{name}', got {type(value).__name__}")
        return value

    def axis(self, default: int, rank: int, name: str = "axis") -> int:
        return self.check_axis(self.attribute(name, default), rank)

    def check_axis(self, axis: int, rank: int) -> int:
        if not -rank <= axis < rank:
            self.fail(f"expected an axis from {-rank} to {rank - 1}, got {axis}")
        return axis % rank

    def integers(self, value: Value, what: str) -> list[Size]:
        """The numbers of an input that says a shape, axes and the like."""
        if value.known is None:
            self.fail(
                f"expected '{what}' to be known before the program runs, got a value that is computed from others"
            )
        if value.kind not in ("i64", "i32") or value.rank > 1:
            self.fail(f"expected '{what}' to be a list of whole numbers, got {value.text}")
        return [each if isinstance(each, Dim) else int(each) for each in value.known.reshape(-1)]

    def numbers(self, value: Value, what: str) -> list[int]:
        found = self.integers(value, what)
        for each in found:
            if isinstance(each, Dim):
                self.fail(f"expected '{what}' to be numbers, got the size '{each}'")
        return [int(each) for each in found if not isinstance(each, Dim)]

    def axes(self, rank: int, index: int = 1) -> Optional[list[int]]:
        """The axes of an input or, in older opsets, of an attribute; None if neither is there."""
        given = self.get(index)
        if given is not None:
            found = self.numbers(given, "axes")
        elif "axes" in self.attributes:
            found = list(self.attribute("axes", ()))
        else:
            return None
        axes = sorted(self.check_axis(axis, rank) for axis in found)
        if len(set(axes)) < len(axes):
            self.fail(f"expected axes that differ, got {found}")
        return axes

    def result(self, type_: int, shape: Sequence[Size], ssa: str) -> Value:
        return Value(type_, tuple(shape), ssa)

    def constant(self, type_: int, known: np.ndarray) -> Value:
        return Value(type_, known.shape, known=known)


Handler = Callable[[Node], Union[Value, list[Value]]]
OPERATORS: dict[str, Handler] = {}


def operator(*names: str) -> Callable[[Handler], Handler]:
    """Registers what an operator of ONNX becomes."""

    def register(handler: Handler) -> Handler:
        for name in names:
            OPERATORS[name] = handler
        return handler

    return register


def check_size(node: Node, value: Value) -> None:
    """Nothing that is computed may be larger than any machine has room for."""
    known = [size for size in value.shape if not isinstance(size, Dim)]
    # An empty tensor may not hide a size that nothing can count to.
    if any(not 0 <= s <= MOST_ELEMENTS for s in (*known, product(known))) or value.rank > MOST_DIMENSIONS:
        node.fail(f"expected a result of at most 2^40 elements in 16 dimensions, got the shape {list(value.shape)}")


def broadcast(node: Node, shapes: Sequence[Sequence[Size]]) -> tuple[Size, ...]:
    """The common shape. Sizes of which one is not known must be equal when the program runs."""
    rank = max(map(len, shapes))
    result: list[Size] = []
    for axis in range(rank):
        common: Size = 1
        for shape in shapes:
            position = axis - rank + len(shape)
            size = shape[position] if position >= 0 else 1
            if size == common or size == 1:
                continue
            if common == 1:
                common = size
            elif isinstance(size, Dim) or isinstance(common, Dim):
                node.writer.require_equal(common, size, "sizes")
                common = common if not isinstance(common, Dim) else size
            else:
                node.fail(f"expected shapes that broadcast, got {' and '.join(str(list(each)) for each in shapes)}")
        result.append(common)
    return tuple(result)


def align(writer: Writer, value: Value, shape: Sequence[Size]) -> tuple[str, str, list[str]]:
    """An operand of a loop over `shape`: name, type and map. Dimensions that are repeated are taken out of it."""
    first = len(shape) - value.rank
    kept = [i for i in range(value.rank) if value.shape[i] != 1 or shape[first + i] == 1]
    smaller = [value.shape[i] for i in kept]
    tensor = writer.view(value.use(writer), value.kind, value.shape, smaller)
    return tensor, tensor_type(smaller, value.kind), [f"d{first + i}" for i in kept]


def elementwise(
    node: Node, type_: int, values: Sequence[Value], body: Callable[..., str], shape: Optional[Sequence[Size]] = None
) -> Value:
    """`body` on the elements of values that broadcast."""
    shape = broadcast(node, [value.shape for value in values]) if shape is None else tuple(shape)
    operands = [align(node.writer, value, shape) for value in values]
    return node.result(type_, shape, node.writer.generic(shape, TYPES[type_], operands, body))


def is_floating(value: Value) -> bool:
    return is_float(value.kind)
