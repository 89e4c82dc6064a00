# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes functions in the `linalg` that frontends for PyTorch emit.

Norms, softmax, activations and rotary positions are linalg.generic with arith and math in
the body; matmuls start from linalg.fill and sum in f32, whatever the element type; views
are tensor.expand_shape and collapse_shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SPLATS = {"f32": "1.250000e-02", "bf16": "1.245120e-02"}
ZERO = "0.000000e+00"
RESOURCE_ALIGNMENT = 64


@dataclass(frozen=True)
class Value:
    """An SSA value of tensor type."""

    name: str
    shape: tuple[int, ...]
    element: str

    @property
    def type(self) -> str:
        """Returns the type as text."""
        return tensor_type(self.shape, self.element)


def tensor_type(shape: tuple[int, ...], element: str) -> str:
    """Returns a type as text."""
    return f"tensor<{'x'.join([*map(str, shape), element])}>"


def to_bytes(array: np.ndarray, element: str) -> bytes:
    """Returns numbers as the bytes of an element type; bf16 rounds to nearest even."""
    if element == "i64":
        return array.astype("<i8").tobytes()
    single = np.ascontiguousarray(array, dtype="<f4")
    if element == "f32":
        return single.tobytes()
    bits = single.view("<u4").astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def round_to(array: np.ndarray, element: str) -> np.ndarray:
    """Returns the numbers that an element type holds, in f64."""
    data = to_bytes(array, element)
    if element == "bf16":
        wide = np.frombuffer(data, dtype="<u2").astype("<u4") << 16
        return wide.view("<f4").astype(np.float64).reshape(array.shape)
    return np.frombuffer(data, dtype="<f4").astype(np.float64).reshape(array.shape)


@dataclass
class Builder:
    """A function that is being written. `weights` says how weights come in: as
    `constant` (dense), `resource` (a blob after the module), `splat` or `argument`.
    `linear_form` says how x · wᵀ is written: `transpose`, `maps` or `generic`."""

    name: str
    weights: str = "constant"
    linear_form: str = "transpose"
    arguments: list[Value] = field(default_factory=list)
    inputs: list[np.ndarray | None] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    resources: dict[str, bytes] = field(default_factory=dict)
    maps: dict[str, str] = field(default_factory=dict)
    count: int = 0

    # --- values ---------------------------------------------------------------

    def fresh(self) -> str:
        """Returns a new name."""
        self.count += 1
        return f"%{self.count - 1}"

    def add(self, text: str, shape: tuple[int, ...], element: str) -> Value:
        """Appends an operation with one result."""
        value = Value(self.fresh(), tuple(shape), element)
        self.lines.append(f"{value.name} = {text}")
        return value

    def argument(
        self, name: str, shape: tuple[int, ...], element: str, data: np.ndarray | None
    ) -> Value:
        """Appends an argument and remembers what is passed for it."""
        value = Value(f"%{name}", tuple(shape), element)
        self.arguments.append(value)
        self.inputs.append(data)
        return value

    def constant(
        self, name: str, shape: tuple[int, ...], element: str, data: np.ndarray | None
    ) -> Value:
        """Makes a dense constant."""
        value = Value(f"%{name}", tuple(shape), element)
        if data is None:
            body = f"dense<{SPLATS[element]}>"
        else:
            body = f'dense<"0x{to_bytes(data, element).hex().upper()}">'
        self.lines.append(f"{value.name} = arith.constant {body} : {value.type}")
        return value

    def weight(
        self, name: str, shape: tuple[int, ...], element: str, data: np.ndarray | None
    ) -> Value:
        """Makes a weight in the way that was asked for."""
        if self.weights == "argument":
            return self.argument(name, shape, element, data)
        if self.weights == "splat" or data is None:
            return self.constant(name, shape, element, None)
        if self.weights == "constant":
            return self.constant(name, shape, element, data)
        value = Value(f"%{name}", tuple(shape), element)
        key = f"{self.name}_{name}"
        self.resources[key] = to_bytes(data, element)
        self.lines.append(f"{value.name} = arith.constant dense_resource<{key}> : {value.type}")
        return value

    # --- operations -------------------------------------------------------------

    def map(self, dims: int, results: tuple[int | str, ...]) -> str:
        """Returns the alias of an affine map; its results are dimensions or text."""
        names = [f"d{i}" for i in range(dims)]
        shown = [names[r] if isinstance(r, int) else r for r in results]
        text = f"affine_map<({', '.join(names)}) -> ({', '.join(shown)})>"
        return self.maps.setdefault(text, f"#map{len(self.maps)}")

    def empty(self, shape: tuple[int, ...], element: str) -> Value:
        """Makes a tensor without numbers."""
        return self.add(f"tensor.empty() : {tensor_type(shape, element)}", shape, element)

    def fill(self, number: str, shape: tuple[int, ...], element: str) -> Value:
        """Makes a tensor of one number by linalg.fill."""
        scalar = self.fresh()
        self.lines.append(f"{scalar} = arith.constant {number} : {element}")
        empty = self.empty(shape, element)
        return self.add(
            f"linalg.fill ins({scalar} : {element}) outs({empty.name} : {empty.type}) "
            f"-> {empty.type}",
            shape,
            element,
        )

    def generic(
        self,
        operands: list[tuple[Value, tuple[int | str, ...]]],
        loops: int,
        output: Value,
        output_dims: tuple[int, ...],
        body: str,
        location: str = "",
    ) -> Value:
        """Writes a linalg.generic. Operand i is %a, %b, … in `body`, the output %out, and
        what is yielded %r, or %a if `body` is empty; `{f}` is the element type of the
        output. A loop that the output does not have is a reduction."""
        kinds = ["parallel" if d in output_dims else "reduction" for d in range(loops)]
        maps = [self.map(loops, dims) for _, dims in operands] + [self.map(loops, output_dims)]
        names = [chr(ord("a") + i) for i in range(len(operands))]
        scalars = [f"%{n}: {v.element}" for n, (v, _) in zip(names, operands)]
        scalars.append(f"%out: {output.element}")
        sources = (
            f"ins({', '.join(v.name for v, _ in operands)} : "
            f"{', '.join(v.type for v, _ in operands)}) "
            if operands
            else ""
        )
        iterators = ", ".join(f'"{kind}"' for kind in kinds)
        text = (
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], "
            f"iterator_types = [{iterators}]}} "
            f"{sources}outs({output.name} : {output.type}) {{\n"
            f"  ^bb0({', '.join(scalars)}):\n"
        )
        for line in body.split("\n") if body else []:
            text += f"    {line.strip().replace('{f}', output.element)}\n"
        result = "%r" if body else "%a"
        text += f"    linalg.yield {result} : {output.element}\n  }} -> {output.type}{location}"
        return self.add(text, output.shape, output.element)

    def elementwise(
        self,
        operands: list[tuple[Value, tuple[int | str, ...]]],
        shape: tuple[int, ...],
        body: str,
        element: str = "",
    ) -> Value:
        """Writes a linalg.generic without reduction into a new tensor."""
        element = element or operands[0][0].element
        empty = self.empty(shape, element)
        return self.generic(operands, len(shape), empty, tuple(range(len(shape))), body)

    def same(self, body: str, *operands: Value, element: str = "") -> Value:
        """Writes an elementwise operation on values of one shape."""
        dims = tuple(range(len(operands[0].shape)))
        return self.elementwise([(v, dims) for v in operands], operands[0].shape, body, element)

    def reduce(self, value: Value, init: str, body: str) -> Value:
        """Reduces the last dimension."""
        output = self.fill(init, value.shape[:-1], value.element)
        dims = tuple(range(len(value.shape)))
        return self.generic([(value, dims)], len(dims), output, dims[:-1], body)

    def cast(self, value: Value, element: str) -> Value:
        """Converts to another float type; nothing if it is the same."""
        if value.element == element:
            return value
        name = "extf" if element == "f32" else "truncf"
        return self.same(
            f"%r = arith.{name} %a : {value.element} to {element}", value, element=element
        )

    def transpose(self, value: Value, permutation: tuple[int, ...]) -> Value:
        """Permutes dimensions by linalg.transpose."""
        shape = tuple(value.shape[p] for p in permutation)
        empty = self.empty(shape, value.element)
        return self.add(
            f"linalg.transpose ins({value.name} : {value.type}) outs({empty.name} : {empty.type}) "
            f"permutation = {list(permutation)}",
            shape,
            value.element,
        )

    def reshape(self, value: Value, shape: tuple[int, ...], groups: list[list[int]]) -> Value:
        """Collapses or expands dimensions; `groups` are indices of the longer shape."""
        result = tensor_type(shape, value.element)
        if len(shape) < len(value.shape):
            text = f"tensor.collapse_shape {value.name} {groups} : {value.type} into {result}"
        else:
            text = (
                f"tensor.expand_shape {value.name} {groups} output_shape {list(shape)} : "
                f"{value.type} into {result}"
            )
        return self.add(text, shape, value.element)

    def slice(self, value: Value, offset: int, size: int, stride: int = 1) -> Value:
        """Takes a slice of the last dimension."""
        rank = len(value.shape)
        shape = (*value.shape[:-1], size)
        offsets = [*([0] * (rank - 1)), offset]
        strides = [*([1] * (rank - 1)), stride]
        return self.add(
            f"tensor.extract_slice {value.name}{offsets} {list(shape)} {strides} : "
            f"{value.type} to {tensor_type(shape, value.element)}",
            shape,
            value.element,
        )

    def concat(self, values: list[Value]) -> Value:
        """Joins two values along the last dimension."""
        first = values[0]
        axis = len(first.shape) - 1
        shape = (*first.shape[:-1], sum(v.shape[-1] for v in values))
        names, types = ", ".join(v.name for v in values), ", ".join(v.type for v in values)
        result = tensor_type(shape, first.element)
        text = f"tensor.concat dim({axis}) {names} : ({types}) -> {result}"
        return self.add(text, shape, first.element)

    # --- products -----------------------------------------------------------------

    def matmul(self, op: str, a: Value, b: Value, shape: tuple[int, ...], name: str) -> Value:
        """Writes a named matmul that sums in f32 and rounds to the operands' type."""
        init = self.fill(ZERO, shape, "f32")
        product = self.add(
            f"{op} ins({a.name}, {b.name} : {a.type}, {b.type}) "
            f'outs({init.name} : {init.type}) -> {init.type} loc("{name}")',
            shape,
            "f32",
        )
        return self.cast(product, a.element)

    def contraction(self, rows: Value, weight: Value, init: Value, name: str) -> Value:
        """Writes rows · weightᵀ as a linalg.generic."""
        operands = [(rows, (0, 2)), (weight, (1, 2))]
        body = "%p = arith.mulf %a, %b : f32\n%r = arith.addf %out, %p : f32"
        if rows.element != "f32":
            casts = [f"%{x}{x} = arith.extf %{x} : {rows.element} to f32" for x in "ab"]
            body = "\n".join([*casts, body.replace("%a, %b", "%aa, %bb")])
        return self.generic(operands, 3, init, (0, 1), body, f' loc("{name}")')

    def linear(self, rows: Value, weight: Value, name: str) -> Value:
        """Writes rows · weightᵀ for a weight [out, in], in the form that was asked for."""
        shape = (rows.shape[0], weight.shape[0])
        if self.linear_form == "transpose":
            return self.matmul("linalg.matmul", rows, self.transpose(weight, (1, 0)), shape, name)
        if self.linear_form == "maps":
            maps = ", ".join(self.map(3, dims) for dims in ((0, 2), (1, 2), (0, 1)))
            op = f"linalg.matmul indexing_maps = [{maps}]"
            return self.matmul(op, rows, weight, shape, name)
        product = self.contraction(rows, weight, self.fill(ZERO, shape, "f32"), name)
        return self.cast(product, rows.element)

    def grouped_matmul(self, rows: Value, weight: Value, ends: Value, name: str) -> Value:
        """Writes mx.grouped_matmul for a weight [experts, out, in]."""
        init = self.fill(ZERO, (rows.shape[0], weight.shape[1]), "f32")
        product = self.add(
            f"mx.grouped_matmul ins({rows.name}, {weight.name}, {ends.name} : {rows.type}, "
            f'{weight.type}, {ends.type}) outs({init.name} : {init.type}) loc("{name}")',
            init.shape,
            "f32",
        )
        return self.cast(product, rows.element)

    # --- the result --------------------------------------------------------------

    def function(self, results: list[Value]) -> str:
        """Returns the function."""
        arguments = ", ".join(f"{v.name}: {v.type}" for v in self.arguments)
        types = ", ".join(v.type for v in results)
        body = "".join(f"  {line}\n" for line in self.lines)
        return (
            f"func.func @{self.name}({arguments}) -> ({types}) {{\n{body}"
            f"  return {', '.join(v.name for v in results)} : {types}\n}}\n"
        )

    def module(self, results: list[Value]) -> str:
        """Returns the function with its maps and the data of its resources."""
        text = "".join(f"{alias} = {map}\n" for map, alias in self.maps.items())
        text += self.function(results)
        if self.resources:
            alignment = RESOURCE_ALIGNMENT.to_bytes(4, "little").hex()
            entries = ",\n".join(
                f'      {key}: "0x{alignment}{data.hex().upper()}"'
                for key, data in self.resources.items()
            )
            text += (
                f"\n{{-#\n  dialect_resources: {{\n    builtin: {{\n{entries}\n    }}\n  }}\n#-}}\n"
            )
        return text
