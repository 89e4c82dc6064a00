# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Makes random programs that are valid by construction.

A step takes a value that exists already and applies one of the operations that accept
its type. Operands that are missing (the other side of a product, initial values, group
ends, seeds) become inputs, or results of further operations.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable

import mx_reference as mx
from comparison_inputs import Blocks
from npy_file import Array, make_array
from program import (
    DESCRS,
    TENSOR_SCALE,
    Block,
    Input,
    Operation,
    Plain,
    Program,
    Rotation,
    Type,
    Value,
)

AXIS_SIZES = (1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 31, 32, 33, 40, 45, 48, 64, 65, 96, 100, 130)
OTHER_SIZES = (1, 1, 2, 3, 4, 5, 7)
BLOCKS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 20, 24, 32, 48, 64, 128)
MOST_ELEMENTS = 700
PLAIN_TYPES = ("f32", "f32", "bf16", "f16")


class Generator:
    """The program being made, and one source of randomness."""

    def __init__(self, seed: int, steps: int = 6) -> None:
        """Makes a program of up to about `steps` operations."""
        self.random = random.Random(seed)
        self.blocks = Blocks(seed)
        self.program = Program()
        self.values: list[Value] = []
        self.used: set[str] = set()
        self.count = 0
        for _ in range(self.random.choice((1, 1, 2))):
            self.start()
        enough = self.random.randint(2, steps)
        for _ in range(10 * steps):  # A step may find nothing to do.
            if len(self.program.operations) < enough:
                self.step()
        self.choose_outputs()

    # --- names and choices ---------------------------------------------------

    def chance(self, probability: float) -> bool:
        """Returns true with a probability."""
        return self.random.random() < probability

    def name(self) -> str:
        """Returns a new name."""
        self.count += 1
        return f"%v{self.count}"

    def add(self, type: Type, operands: list[Value], text: str, callee: str = "") -> Value:
        """Appends an operation of one result; in `text`, $ stands for the result."""
        result = Value(self.name(), type)
        text = text.replace("$", result.name)
        self.program.operations.append(Operation((result,), tuple(operands), text, callee))
        self.used |= {operand.name for operand in operands}
        self.values.append(result)
        return result

    def hidden(self, rank: int) -> tuple[bool, ...]:
        """Chooses which sizes of a type are dynamic."""
        if self.chance(0.5):
            return (False,) * rank
        return tuple(self.chance(0.5) for _ in range(rank))

    def vary(self, dynamic: tuple[bool, ...]) -> tuple[bool, ...]:
        """Sometimes hides or shows a size that a neighbouring type shows or hides."""
        if self.chance(0.8):
            return dynamic
        return tuple(hidden != self.chance(0.5) for hidden in dynamic)

    def sizes(self, rank: int, axis: int) -> tuple[int, ...]:
        """Chooses sizes, of which that of `axis` is the interesting one."""
        while True:
            sizes = [self.random.choice(OTHER_SIZES) for _ in range(rank)]
            sizes[axis] = self.random.choice(AXIS_SIZES)
            if self.chance(0.05):
                sizes[self.random.randrange(rank)] = 0
            if math.prod(sizes) <= MOST_ELEMENTS:
                return tuple(sizes)

    def format(self) -> mx.BlockFormat:
        """Chooses a format, with or without a name."""
        if self.chance(0.55):
            return self.random.choice(list(mx.NAMED_FORMATS.values()))
        while True:
            element = self.random.choice(mx.ELEMENT_FORMATS)
            scale = self.random.choice(mx.SCALE_FORMATS)
            block = self.random.choice(BLOCKS)
            fmt = mx.BlockFormat(element, scale, block, self.chance(0.4))
            if mx.is_valid_format(fmt):
                return fmt

    def rotation(self, length: int) -> Rotation | None:
        """Chooses a rotation that divides `length`."""
        options = [h for h in (2, 4, 8, 16, 32, 64, 128) if length % h == 0]
        if not options:
            return None
        size = self.random.choice(options)
        signs = tuple(self.random.choice((1, -1)) for _ in range(size))
        # Signs that are all positive are the rotation without signs.
        has_signs = self.chance(0.5) and -1 in signs
        return Rotation(size, signs if has_signs else ())

    # --- inputs -------------------------------------------------------------

    def numbers(self, element: str, sizes: tuple[int, ...]) -> Array:
        """Chooses numbers: mostly tame, so that not everything is NaN; else anything."""
        count = math.prod(sizes)
        tame = self.chance(0.65)
        bits: list[int] = []
        while len(bits) < count:
            length = min(count - len(bits), self.random.randint(1, 64))
            grid = self.random.choice(mx.ELEMENT_FORMATS)
            if not tame:
                bits += self.blocks.block(grid, length)
            elif self.chance(0.8):
                spread = [self.random.gauss(0, 1) for _ in range(length)]
                bits += self.blocks.scaled(spread, self.random.randint(-3, 3))
            else:
                points = [self.random.choice(mx.positive_values(grid)) for _ in range(length)]
                signs = [self.random.choice((0, 0x80000000)) for _ in range(length)]
                bits += [b | s for b, s in zip(self.blocks.scaled(points, 0), signs, strict=True)]
        if element == "f32":
            data = struct.pack(f"<{count}I", *bits)
        elif element == "bf16":
            data = struct.pack(f"<{count}H", *(b >> 16 for b in bits))
        else:
            narrow = [mx.narrow(mx.f32_from_bits(b), mx.F16) for b in bits]
            data = b"".join(mx.f16_to_bits(x).to_bytes(2, "little") for x in narrow)
        return Array(DESCRS[element], sizes, data)

    def add_input(self, type: Type, *arrays: Array) -> Value:
        """Appends an input."""
        value = Value(self.name(), type)
        self.program.inputs.append(Input(value, arrays))
        return value

    def plain_input(self, sizes: tuple[int, ...], element: str = "") -> Value:
        """Appends a tensor of numbers."""
        element = element or self.random.choice(PLAIN_TYPES)
        type = Plain(element, sizes, self.hidden(len(sizes)))
        return self.add_input(type, self.numbers(element, sizes))

    def tensor_scale_input(self) -> Value:
        """Appends a tensor scale, which may be no positive finite number."""
        data = struct.pack("<I", mx.f32_to_bits(self.blocks.tensor_scale()))
        return self.add_input(TENSOR_SCALE, Array("<f4", (), data))

    def seed_input(self) -> Value:
        """Appends a seed."""
        seed = self.random.choice((0, 1, -1, self.random.randint(-(2**63), 2**63 - 1)))
        return self.add_input(Plain("i64", (), (), True), make_array("<i8", (), [seed]))

    def scale_byte(self, fmt: mx.BlockFormat, tame: bool) -> int:
        """Chooses a scale byte."""
        if not tame and self.chance(0.3):
            return self.random.choice((0, 1, 0x7E, 0x7F, 0x80, 0xFE, 0xFF))
        if fmt.scale == mx.E8M0:
            return self.random.randint(118, 134)
        return self.random.randint(0, 126)

    def block_parts(self, type: Block) -> list[Array]:
        """Chooses the arrays of a block-scaled value."""
        element, tame = type.fmt.element, self.chance(0.7)
        special = element.nan_codes | element.infinity_codes
        codes = [c for c in range(1 << element.bits) if not tame or c not in special]
        length, rows = type.sizes[-1], math.prod(type.sizes[:-1])
        data = b"".join(
            mx.pack_row([self.random.choice(codes) for _ in range(length)], element.bits)
            for _ in range(rows)
        )
        scales = type.scales(packed=True).sizes
        count = math.prod(scales)
        parts = [
            Array("|u1", type.payload(packed=True).sizes, data),
            Array("|u1", scales, bytes(self.scale_byte(type.fmt, tame) for _ in range(count))),
        ]
        if type.fmt.tensor_scale:
            scale = (
                self.random.choice((0.25, 1.0, 1.5, 3e-3)) if tame else self.blocks.tensor_scale()
            )
            parts.append(Array("<f4", (), struct.pack("<I", mx.f32_to_bits(scale))))
        return parts

    def block_input(
        self, sizes: tuple[int, ...], axis: int, fmt: mx.BlockFormat, rotation: Rotation | None
    ) -> Value:
        """Appends a block-scaled input."""
        type = Block(fmt, sizes, self.hidden(len(sizes)), axis, rotation)
        if not type.survives_boundary():
            type = Block(fmt, sizes, (*type.dynamic[:-1], False), axis, rotation)
        return self.add_input(type, *self.block_parts(type))

    def start(self) -> None:
        """Makes a value to begin with."""
        rank = self.random.choice((1, 2, 2, 2, 3, 3, 4))
        axis = rank - 1 if self.chance(0.6) else self.random.randrange(rank)
        sizes = self.sizes(rank, axis)
        if self.chance(0.5):
            self.values.append(self.plain_input(sizes))
            return
        rotation = self.rotation(sizes[axis]) if self.chance(0.3) else None
        self.values.append(self.block_input(sizes, axis, self.format(), rotation))

    # --- steps --------------------------------------------------------------

    def step(self) -> None:
        """Applies an operation to a value, rather a recent one."""
        value = self.values[-1] if self.chance(0.6) else self.random.choice(self.values)
        if isinstance(value.type, Block):
            options = [
                (4, self.dequantize),
                (2, self.transpose),
                (1, self.reshape),
                (1, self.rebundle),
                (5, self.matmul),
                (2, self.grouped_matmul),
                (0.6, self.conditional),
                (0.5, self.repeat),
                (0.6, self.call),
                (0.4, self.select),
            ]
        else:
            options = [
                (6, self.quantize),
                (1.5, self.rotate),
                (0.5, self.arithmetic),
                (0.5, self.cast),
                (0.5, self.convert),
                (0.3, self.conditional),
                (0.3, self.select),
                (0.4, self.transpose_plain),
                (0.4, self.slice),
            ]
        weights, steps = zip(*options)
        self.random.choices(steps, weights)[0](value)

    def choose_outputs(self) -> None:
        """Returns what nothing uses, and sometimes more."""
        produced = {result.name for op in self.program.operations for result in op.results}
        leaves = [v for v in self.values if v.name not in self.used and v.name in produced]
        others = [v for v in self.values if v not in leaves and self.chance(0.35)]
        self.program.outputs = (leaves + others)[:6] or self.values[-1:]
        needed = {v.name for v in self.program.outputs}
        for operation in self.program.operations:
            needed |= {operand.name for operand in operation.operands}
        self.program.inputs = [i for i in self.program.inputs if i.value.name in needed]

    # --- plain values ---------------------------------------------------------

    def quantize(self, value: Value) -> Value:
        """mx.quantize, with any option that the format allows."""
        source = value.type
        rank = len(source.sizes)
        axis = rank - 1 if self.chance(0.6) else self.random.randrange(rank)
        rotation = self.rotation(source.sizes[axis]) if self.chance(0.3) else None
        return self.quantize_as(value, axis, self.format(), rotation)

    def quantize_as(
        self, value: Value, axis: int, fmt: mx.BlockFormat, rotation: Rotation | None
    ) -> Value:
        """mx.quantize to a given format."""
        source, operands = value.type, [value]
        type = Block(fmt, source.sizes, self.vary(source.dynamic), axis, rotation)
        stochastic = self.chance(0.25)
        rules = [r for r in mx.SCALE_RULES if mx.is_valid_rule(fmt, r, stochastic)]
        rule = self.random.choice(rules)
        text = f"$ = mx.quantize {value.name}"
        if fmt.tensor_scale and rule != "abs3" and self.chance(0.3):
            operands.append(self.tensor_scale_input())
            text += f" tensor_scale({operands[-1].name})"
        if rotation and self.chance(0.7):
            text += " rotate"
        text += f" scale_rule({rule})"
        if stochastic:
            operands.append(self.seed_input())
            text += f" rounding(stochastic) seed({operands[-1].name})"
            if self.chance(0.4):
                text += f" random_bits({self.random.choice((1, 8, 22, 23))})"
        if self.chance(0.3):
            text += " satfinite"
        return self.add(type, operands, f"{text} : {source} to {type}")

    def rotate(self, value: Value) -> None:
        """mx.rotate, either way."""
        axis = self.random.randrange(len(value.type.sizes))
        rotation = self.rotation(value.type.sizes[axis])
        if rotation:
            inverse = " inverse" if self.chance(0.4) else ""
            self.add(
                value.type,
                [value],
                f"$ = mx.rotate {value.name} by {rotation} along {axis}{inverse} : {value.type}",
            )

    def arithmetic(self, value: Value) -> None:
        """Something that is not ours."""
        name = self.random.choice(("addf", "mulf", "subf", "maximumf"))
        self.add(value.type, [value], f"$ = arith.{name} {value.name}, {value.name} : {value.type}")

    def cast(self, value: Value) -> None:
        """tensor.cast, to more or less known sizes."""
        type = Plain(value.type.element, value.type.sizes, self.hidden(len(value.type.sizes)))
        if type != value.type:
            self.add(type, [value], f"$ = tensor.cast {value.name} : {value.type} to {type}")

    def convert(self, value: Value) -> None:
        """arith.extf or arith.truncf."""
        name, target = "extf", "f32"
        if value.type.element == "f32":
            name, target = "truncf", self.random.choice(("bf16", "f16"))
        type = Plain(target, value.type.sizes, value.type.dynamic)
        self.add(type, [value], f"$ = arith.{name} {value.name} : {value.type} to {type}")

    def transpose_plain(self, value: Value) -> None:
        """linalg.transpose of a static tensor."""
        rank = len(value.type.sizes)
        if any(value.type.dynamic) or rank < 2:
            return
        order = self.random.sample(range(rank), rank)
        sizes = tuple(value.type.sizes[dim] for dim in order)
        type = Plain(value.type.element, sizes, (False,) * rank)
        self.add(
            type,
            [value],
            f"$_init = tensor.empty() : {type}\n  $ = linalg.transpose "
            f"ins({value.name} : {value.type}) outs($_init : {type}) permutation = {order}",
        )

    def slice(self, value: Value) -> None:
        """tensor.extract_slice, which makes a view that is not contiguous."""
        rank = len(value.type.sizes)
        if 0 in value.type.sizes:  # No offset is within an empty dimension.
            return
        sizes = tuple(self.random.randint((size + 1) // 2, size) for size in value.type.sizes)
        offsets = [
            self.random.randint(0, a - b) for a, b in zip(value.type.sizes, sizes, strict=True)
        ]
        type = Plain(value.type.element, sizes, (False,) * rank)
        self.add(
            type,
            [value],
            f"$ = tensor.extract_slice {value.name}{offsets} {list(sizes)} "
            f"{[1] * rank} : {value.type} to {type}",
        )

    # --- block-scaled values --------------------------------------------------

    def dequantize(self, value: Value) -> Value:
        """mx.dequantize."""
        element = self.random.choice(PLAIN_TYPES)
        type = Plain(element, value.type.sizes, self.vary(value.type.dynamic))
        return self.add(type, [value], f"$ = mx.dequantize {value.name} : {value.type} to {type}")

    def transpose(self, value: Value) -> None:
        """mx.transpose."""
        source = value.type
        rank = len(source.sizes)
        order = self.random.sample(range(rank), rank)
        sizes, dynamic = zip(*((source.sizes[d], source.dynamic[d]) for d in order))
        type = Block(source.fmt, sizes, dynamic, order.index(source.axis), source.rotation)
        self.add(
            type,
            [value],
            f"$ = mx.transpose {value.name} permutation = {order} : {source} to {type}",
        )

    def reshape(self, value: Value) -> None:
        """mx.reshape."""
        source = value.type
        if any(source.dynamic) or source.axis != len(source.sizes) - 1:
            return
        rows, leading = math.prod(source.sizes[:-1]), []
        for _ in range(self.random.randint(0, 2)):
            leading.append(self.random.choice([d for d in range(1, 8) if rows % d == 0] or [1]))
            rows //= leading[-1]
        if rows != 1 or self.chance(0.5):
            leading.append(rows)
        sizes = (*leading, source.sizes[-1])
        type = Block(source.fmt, sizes, (False,) * len(sizes), len(sizes) - 1, source.rotation)
        self.add(type, [value], f"$ = mx.reshape {value.name} : {source} to {type}")

    def rebundle(self, value: Value) -> None:
        """mx.unbundle, then mx.bundle of the parts."""
        source = value.type
        packed = source.survives_boundary() and self.chance(0.5)
        parts = [source.payload(packed), source.scales(self.chance(0.5))]
        names = ["$_payload", "$_scales"]
        scale = cast = ""
        if source.fmt.tensor_scale:
            parts.append(TENSOR_SCALE)
            names.append("$_scale")
            scale = " tensor_scale($_scale)"
        types = ", ".join(map(str, parts))
        payload = Plain(parts[0].element, parts[0].sizes, self.vary(parts[0].dynamic))
        if payload != parts[0]:  # Otherwise the two operations fold.
            cast = f"\n  $_cast = tensor.cast $_payload : {parts[0]} to {payload}"
        name = "$_cast" if cast else "$_payload"
        self.add(
            source,
            [value],
            f"{', '.join(names)} = mx.unbundle {value.name} : {source} to {types}"
            f"{cast}\n  $ = mx.bundle {name}, $_scales{scale} : {payload}, {parts[1]} to {source}",
        )

    def requantized(self, value: Value) -> tuple[list[str], str]:
        """Returns lines that make another value of the same type, and its name."""
        type = value.type
        if isinstance(type, Plain):
            return [f"$_again = arith.addf {value.name}, {value.name} : {type}"], "$_again"
        plain = Plain("f32", type.sizes, type.dynamic)
        rules = [r for r in mx.SCALE_RULES if mx.is_valid_rule(type.fmt, r, False)]
        rule = self.random.choice(rules)
        return [
            f"$_plain = mx.dequantize {value.name} : {type} to {plain}",
            f"$_again = mx.quantize $_plain scale_rule({rule}) : {plain} to {type}",
        ], "$_again"

    def flag(self) -> Value:
        """Appends a boolean."""
        array = make_array("|b1", (), [self.random.randint(0, 1)])
        return self.add_input(Plain("i1", (), (), True), array)

    def conditional(self, value: Value) -> None:
        """scf.if that yields the value or another one."""
        flag, (lines, again) = self.flag(), self.requantized(value)
        body = "\n    ".join([*lines, f"scf.yield {again} : {value.type}"])
        self.add(
            value.type,
            [value, flag],
            f"$ = scf.if {flag.name} -> ({value.type}) {{\n    {body}"
            f"\n  }} else {{\n    scf.yield {value.name} : {value.type}\n  }}",
        )

    def select(self, value: Value) -> None:
        """arith.select between the value and another one."""
        if isinstance(value.type, Plain) and any(value.type.dynamic):
            return
        flag, (lines, again) = self.flag(), self.requantized(value)
        text = "\n  ".join(
            [*lines, f"$ = arith.select {flag.name}, {value.name}, {again} : {value.type}"]
        )
        self.add(value.type, [value, flag], text)

    def repeat(self, value: Value) -> None:
        """scf.for that carries the value."""
        carried = Value("$_carried", value.type)
        lines, again = self.requantized(carried)
        body = "\n    ".join([*lines, f"scf.yield {again} : {value.type}"])
        self.add(
            value.type,
            [value],
            "$_zero = arith.constant 0 : index\n  "
            f"$_one = arith.constant 1 : index\n  $_two = arith.constant 2 : index\n  "
            f"$ = scf.for $_i = $_zero to $_two step $_one iter_args($_carried = {value.name}) "
            f"-> ({value.type}) {{\n    {body}\n  }}",
        )

    def call(self, value: Value) -> None:
        """A call of a function on block-scaled values."""
        if not value.type.survives_boundary():
            return
        self.count += 1
        name = f"@callee{self.count}"
        lines, again = self.requantized(Value("%x", value.type))
        text = [line.replace("$", "%x") for line in lines]
        callee = "\n".join(
            [
                f"func.func private {name}(%x: {value.type}) -> {value.type} {{",
                *("  " + line for line in text),
                f"  return {again.replace('$', '%x')} : {value.type}",
                "}",
            ]
        )
        self.add(
            value.type,
            [value],
            f"$ = func.call {name}({value.name}) : ({value.type}) -> {value.type}",
            callee,
        )

    # --- products -------------------------------------------------------------

    def find(self, sizes: tuple[int, ...], accepts: Callable[[Type], bool]) -> Value | None:
        """Sometimes finds a value of the given sizes, so that it has several uses."""
        values = [v for v in self.values if v.type.sizes == sizes and accepts(v.type)]
        return self.random.choice(values) if values and self.chance(0.6) else None

    def other_side(self, side: Block, sizes: tuple[int, ...]) -> Value:
        """Makes the other operand of a product."""
        axis = len(sizes) - 1
        existing = self.find(
            sizes,
            lambda type: (
                isinstance(type, Plain) or (type.axis == axis and type.rotation == side.rotation)
            ),
        )
        if existing:
            return existing
        choice = self.random.random()
        if choice < 0.35:
            return self.plain_input(sizes)
        if choice < 0.7:
            return self.block_input(sizes, axis, self.format(), side.rotation)
        return self.quantize_as(self.plain_input(sizes), axis, self.format(), side.rotation)

    def initial(self, sizes: tuple[int, ...]) -> Value:
        """Makes or finds the initial value of a product."""
        existing = self.find(sizes, lambda type: isinstance(type, Plain))
        if existing:
            return existing
        return self.plain_input(sizes, self.random.choice(("f32", "f32", "f32", "bf16", "f16")))

    def matmul(self, value: Value) -> None:
        """mx.matmul, with the value on either side."""
        type = value.type
        rank = len(type.sizes)
        if rank < 2 or type.axis != rank - 1:
            return
        k, batch = type.sizes[-1], type.sizes[:-2]
        rows = type.sizes[-2] if self.chance(0.3) else self.random.choice((*OTHER_SIZES, 9))
        other = value
        if self.chance(0.95):
            other = self.other_side(type, (*batch, rows, k))
        if math.prod(batch) * type.sizes[-2] * other.type.sizes[-2] > MOST_ELEMENTS:
            return
        left = self.chance(0.5)
        lhs, rhs = (value, other) if left else (other, value)
        init = self.initial((*batch, lhs.type.sizes[-2], rhs.type.sizes[-2]))
        for _ in range(2 if self.chance(0.3) else 1):
            result = self.add(
                init.type,
                [lhs, rhs, init],
                f"$ = mx.matmul ins({lhs.name}, {rhs.name} : {lhs.type}, {rhs.type}) "
                f"outs({init.name} : {init.type})",
            )
            # A sum continued, or another use of what the first might have overwritten.
            if self.chance(0.5):
                init = result
            else:
                other = self.other_side(type, other.type.sizes)
                lhs, rhs = (value, other) if left else (other, value)

    def grouped_matmul(self, value: Value) -> None:
        """mx.grouped_matmul, with ends of every kind."""
        type = value.type
        rank = len(type.sizes)
        if rank not in (2, 3) or type.axis != rank - 1:
            return
        if rank == 3:
            lhs = self.other_side(type, (self.random.choice(OTHER_SIZES), type.sizes[-1]))
            rhs = value
        else:
            experts = self.random.choice((0, 1, 2, 3))
            lhs = value
            rhs = self.other_side(type, (experts, self.random.choice(OTHER_SIZES), type.sizes[-1]))
        rows = lhs.type.sizes[0]
        numbers = [self.random.randint(0, rows) for _ in range(rhs.type.sizes[0])]
        if self.chance(0.7):
            numbers.sort()
        else:
            numbers = [x + self.random.choice((0, -rows - 1, rows, 1000)) for x in numbers]
        element = self.random.choice(("i32", "i64", "index"))
        ends_type = Plain(element, (len(numbers),), self.hidden(1))
        ends = self.add_input(ends_type, make_array(DESCRS[element], (len(numbers),), numbers))
        init = self.initial((rows, rhs.type.sizes[1]))
        self.add(
            init.type,
            [lhs, rhs, ends, init],
            f"$ = mx.grouped_matmul ins({lhs.name}, {rhs.name}, {ends.name} : {lhs.type}, "
            f"{rhs.type}, {ends.type}) outs({init.name} : {init.type})",
        )
