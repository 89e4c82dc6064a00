# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Values, operations and programs, and how they are written as MLIR.

A program knows the sizes that its dimensions have when it runs, whatever its types
say: a type may hide any of them behind a `?`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import mx_reference as mx
from npy_file import Array

ELEMENT_TYPES = {
    "E2M1": "f4E2M1FN",
    "E2M3": "f6E2M3FN",
    "E3M2": "f6E3M2FN",
    "E4M3": "f8E4M3FN",
    "E5M2": "f8E5M2",
}
SCALE_TYPES = {mx.E8M0: "f8E8M0FNU", mx.UE4M3: "f8E4M3FN"}
DESCRS = {
    "f32": "<f4",
    "bf16": "<u2",
    "f16": "<f2",
    "i8": "|u1",
    "i32": "<i4",
    "i64": "<i8",
    "index": "<i8",
    "i1": "|b1",
}


def shape_text(sizes: tuple[int, ...], dynamic: tuple[bool, ...]) -> str:
    """Returns `4x?x32`."""
    return "x".join("?" if hidden else str(size) for size, hidden in zip(sizes, dynamic))


@dataclass(frozen=True)
class Plain:
    """The type of a builtin tensor, or of a scalar if it has no rank to show."""

    element: str
    sizes: tuple[int, ...]
    dynamic: tuple[bool, ...]
    scalar: bool = False

    def __str__(self) -> str:
        """Returns the MLIR type."""
        if self.scalar:
            return self.element
        shape = shape_text(self.sizes, self.dynamic)
        return f"tensor<{shape}{'x' if shape else ''}{self.element}>"

    def static(self) -> Plain:
        """Returns the type that hides no size."""
        return replace(self, dynamic=(False,) * len(self.sizes))


@dataclass(frozen=True)
class Rotation:
    """N6.1: a rotation, with or without signs."""

    size: int
    signs: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Returns `hadamard<4, signs = [1, -1, 1, 1]>`."""
        signs = f", signs = [{', '.join(map(str, self.signs))}]" if self.signs else ""
        return f"hadamard<{self.size}{signs}>"


@dataclass(frozen=True)
class Block:
    """A block-scaled type."""

    fmt: mx.BlockFormat
    sizes: tuple[int, ...]
    dynamic: tuple[bool, ...]
    axis: int
    rotation: Rotation | None = None

    def format_text(self) -> str:
        """Returns the name of the format, or spells it out."""
        for name, fmt in mx.NAMED_FORMATS.items():
            if fmt == self.fmt:
                return name
        flag = ", tensor_scale" if self.fmt.tensor_scale else ""
        element, scale = ELEMENT_TYPES[self.fmt.element.name], SCALE_TYPES[self.fmt.scale]
        return f"format<element = {element}, scale = {scale}, block = {self.fmt.block}{flag}>"

    def __str__(self) -> str:
        """Returns the MLIR type."""
        rotation = f", rotation = {self.rotation}" if self.rotation else ""
        shape = shape_text(self.sizes, self.dynamic)
        return f"!mx.tensor<{shape}, {self.format_text()}, axis = {self.axis}{rotation}>"

    def payload(self, packed: bool) -> Plain:
        """Returns the type of the payload, as bytes or as elements."""
        if not packed:
            return Plain(ELEMENT_TYPES[self.fmt.element.name], self.sizes, self.dynamic)
        last = mx.packed_bytes(self.sizes[-1], self.fmt.element.bits)
        return Plain("i8", (*self.sizes[:-1], last), self.dynamic)

    def scales(self, packed: bool) -> Plain:
        """Returns the type of the scales, as bytes or as numbers."""
        sizes = list(self.sizes)
        sizes[self.axis] = mx.block_count(self.fmt, sizes[self.axis])
        element = "i8" if packed else SCALE_TYPES[self.fmt.scale]
        return Plain(element, tuple(sizes), self.dynamic)

    def survives_boundary(self) -> bool:
        """N8.1: whether the bytes of a dynamic last dimension tell its size."""
        bits = self.fmt.element.bits
        last = self.sizes[-1]
        return not self.dynamic[-1] or mx.packed_bytes(last, bits) * 8 // bits == last


Type = Plain | Block
TENSOR_SCALE = Plain("f32", (), ())


@dataclass(frozen=True)
class Value:
    """An SSA value."""

    name: str
    type: Type


@dataclass(frozen=True)
class Input:
    """A value from outside, with its array or the arrays of its parts."""

    value: Value
    arrays: tuple[Array, ...]


@dataclass(frozen=True)
class Operation:
    """Lines of MLIR, the values they make, and those they use."""

    results: tuple[Value, ...]
    operands: tuple[Value, ...]
    text: str
    callee: str = ""


def dense_text(array: Array, type: Plain) -> str:
    """Returns an elements attribute with exactly the bits of an array."""
    static = type.static()
    if not array.data:
        return f"dense<> : {static}"
    if type.element == "index":
        return f"dense<{[int(x) for x in array.numbers()]}> : {static}"
    return f'dense<"0x{array.data.hex().upper()}"> : {static}'


def plain_constant(name: str, array: Array, type: Plain) -> list[str]:
    """Returns the lines that make a builtin constant."""
    if type.scalar:
        text = int(array.numbers()[0])
        literal = ("true" if text else "false") if type.element == "i1" else f"{text} : {type}"
        return [f"{name} = arith.constant {literal}"]
    if not any(type.dynamic):
        return [f"{name} = arith.constant {dense_text(array, type)}"]
    return [
        f"{name}_static = arith.constant {dense_text(array, type)}",
        f"{name} = tensor.cast {name}_static : {type.static()} to {type}",
    ]


def block_constant(name: str, arrays: tuple[Array, ...], type: Block) -> list[str]:
    """Returns the lines that make a block-scaled constant."""
    payload, scales = type.payload(packed=True), type.scales(packed=True)
    if not any(type.dynamic):
        scale = ""
        if len(arrays) > 2:
            scale = f", tensor_scale = 0x{arrays[2].data[::-1].hex().upper()} : f32"
        return [
            f"{name} = mx.constant <payload = {dense_text(arrays[0], payload)}, "
            f"scales = {dense_text(arrays[1], scales)}{scale}> : {type}"
        ]
    lines = plain_constant(f"{name}_payload", arrays[0], payload)
    lines += plain_constant(f"{name}_scales", arrays[1], scales)
    scale = ""
    if len(arrays) > 2:
        lines += plain_constant(f"{name}_scale", arrays[2], TENSOR_SCALE)
        scale = f" tensor_scale({name}_scale)"
    return [
        *lines,
        f"{name} = mx.bundle {name}_payload, {name}_scales{scale} : {payload}, {scales} to {type}",
    ]


@dataclass
class Program:
    """A function `f` and the functions that it calls."""

    inputs: list[Input] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)

    def with_output(self, output: Value) -> Program:
        """Returns the part of the program that one value needs."""
        needed = {output.name}
        operations = []
        for operation in reversed(self.operations):
            if needed & {result.name for result in operation.results}:
                operations.insert(0, operation)
                needed |= {operand.name for operand in operation.operands}
        inputs = [source for source in self.inputs if source.value.name in needed]
        return Program(inputs, operations, [output])

    def arrays(self) -> list[Array]:
        """Returns what is passed to `f`, in order."""
        return [array for source in self.inputs for array in source.arrays]

    def count_results(self) -> int:
        """Returns how many arrays `f` gives back."""
        return sum(
            2 + value.type.fmt.tensor_scale if isinstance(value.type, Block) else 1
            for value in self.outputs
        )

    def module(self, folded: bool) -> str:
        """Returns the MLIR, with its inputs as arguments or as constants."""
        lines = [op.callee for op in self.operations if op.callee]
        arguments = (
            ""
            if folded
            else ", ".join(f"{source.value.name}: {source.value.type}" for source in self.inputs)
        )
        types = ", ".join(str(value.type) for value in self.outputs)
        lines.append(f"func.func @f({arguments}) -> ({types}) {{")
        if folded:
            for source in self.inputs:
                name, type = source.value.name, source.value.type
                if isinstance(type, Block):
                    lines += ["  " + line for line in block_constant(name, source.arrays, type)]
                else:
                    lines += ["  " + line for line in plain_constant(name, source.arrays[0], type)]
        lines += ["  " + op.text for op in self.operations]
        names = ", ".join(value.name for value in self.outputs)
        return "\n".join([*lines, f"  return {names} : {types}", "}", ""])
