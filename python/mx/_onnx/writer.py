# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes the body of a function of MLIR: linalg, tensor, arith, math and mx.

A tensor is its SSA name, its shape and its element type; nothing here knows ONNX.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Callable, Optional

import numpy as np

from mx._onnx.sizes import Dim, Size, group, product

FLOATS = ("f16", "bf16", "f32", "f64")
NARROW = ("f4E2M1FN", "f6E2M3FN", "f6E3M2FN", "f8E4M3FN", "f8E5M2", "f8E8M0FNU")


def is_float(kind: str) -> bool:
    return kind in FLOATS


def quote(text: str) -> str:
    """A string of MLIR."""
    plain = "".join(c if c.isprintable() and c.isascii() else "?" for c in text)
    return json.dumps(plain)


def tensor_type(shape: Sequence[Size], kind: str) -> str:
    return f"tensor<{''.join('?x' if isinstance(size, Dim) else f'{size}x' for size in shape)}{kind}>"


class Writer:
    """Lines of a function. Constants go to its beginning, once each."""

    def __init__(self) -> None:
        self.header: list[str] = []
        self.lines: list[str] = []
        self.constants: dict[str, str] = {}
        self.computed: dict[tuple[str, str, str], str] = {}
        self.count = 0
        self.location = ""

    # --- plain operations -------------------------------------------------------

    def name(self) -> str:
        self.count += 1
        return f"%{self.count}"

    def emit(self, operation: str) -> str:
        """`%n = operation` at the location of the present node."""
        name = self.name()
        self.lines.append(f"{name} = {operation}{self.location}")
        return name

    def constant(self, text: str, kind: str) -> str:
        """A constant such as `1.0 : f32`."""
        whole = f"arith.constant {text}" + (f" : {kind}" if kind != "i1" else "")
        if whole not in self.constants:
            self.constants[whole] = self.name()
            self.header.append(f"{self.constants[whole]} = {whole}")
        return self.constants[whole]

    def number(self, value: float, kind: str) -> str:
        """A scalar constant of type `kind`."""
        if kind == "i1":
            return self.constant("true" if value else "false", kind)
        if not is_float(kind):
            return self.constant(str(int(value)), kind)
        if kind in ("f64", "f32", "f16"):
            bits = np.array(value, {"f64": np.float64, "f32": np.float32, "f16": np.float16}[kind])
            return self.constant(f"0x{bits.tobytes()[::-1].hex().upper()}", kind)
        # The high half of f32, rounded to even.
        word = int(np.array(value, np.float32).view(np.uint32))
        rounded = word if np.isnan(value) else word + 0x7FFF + ((word >> 16) & 1)
        return self.constant(f"0x{rounded >> 16:04X}", kind)

    def index(self, size: Size) -> str:
        """A size as a value of type `index`."""
        return size.ssa if isinstance(size, Dim) else self.constant(str(size), "index")

    def compute(self, operation: str, left: Size, right: Size) -> str:
        """An operation on indices, once for each pair of operands."""
        key = operation, self.index(left), self.index(right)
        if key not in self.computed:
            self.computed[key] = self.emit(f"{operation} {key[1]}, {key[2]} : index")
        return self.computed[key]

    def require(self, condition: str, text: str) -> None:
        """Stops the program with `text` unless the i1 `condition` holds."""
        self.lines.append(f"cf.assert {condition}, {quote(text)}{self.location}")

    def require_equal(self, left: Size, right: Size, what: str) -> None:
        if left != right:
            same = self.emit(f"arith.cmpi eq, {self.index(left)}, {self.index(right)} : index")
            self.require(same, f"expected {what} to be equal ({left} and {right}), got others")

    # --- tensors ---------------------------------------------------------------

    def empty(self, shape: Sequence[Size], kind: str) -> str:
        sizes = ", ".join(size.ssa for size in shape if isinstance(size, Dim))
        return self.emit(f"tensor.empty({sizes}) : {tensor_type(shape, kind)}")

    def fill(self, shape: Sequence[Size], kind: str, scalar: str) -> str:
        empty, text = self.empty(shape, kind), tensor_type(shape, kind)
        return self.emit(f"linalg.fill ins({scalar} : {kind}) outs({empty} : {text}) -> {text}")

    def dense(self, array: np.ndarray, kind: str) -> str:
        """A constant tensor with the bytes of `array`; i1 elements are bytes of 0 and 1."""
        text = tensor_type(array.shape, "i8" if kind == "i1" else kind)
        if array.size == 0:
            name = self.constant("dense<>", text)
        else:
            data = array.tobytes()
            first = data[: array.itemsize]
            if data == first * array.size:
                data = first
            name = self.constant(f'dense<"0x{data.hex().upper()}">', text)
        if kind != "i1":
            return name
        return self.emit(f"arith.trunci {name} : {text} to {tensor_type(array.shape, kind)}")

    def view(self, tensor: str, kind: str, source: Sequence[Size], target: Sequence[Size]) -> str:
        """The same elements in another shape. Equal numbers of elements are checked where they are not known."""
        source, target = list(source), list(target)
        if source == target:
            return tensor
        if 0 in source or 0 in target:
            self.require_equal(product(source), product(target), "numbers of elements")
            return self.empty(target, kind)
        if not source:
            types = f"{tensor_type([], kind)} into {tensor_type([1], kind)}"
            one = self.emit(f"tensor.expand_shape {tensor} [] output_shape [1] : {types}")
            return self.view(one, kind, [1], target)
        if not target:
            one = self.view(tensor, kind, source, [1])
            return self.emit(f"tensor.collapse_shape {one} [] : {tensor_type([1], kind)} into {tensor_type([], kind)}")
        groups = group(source, target)
        if groups is None:
            groups = [(list(range(len(source))), list(range(len(target))))]
            self.require_equal(product(source), product(target), "numbers of elements")
        # Where a check made them equal, one side may know a number that the other does not.
        given = [product(source[i] for i in left) for left, _ in groups]
        wanted = [product(target[j] for j in right) for _, right in groups]
        if len(groups) < len(source):
            types = f"{tensor_type(source, kind)} into {tensor_type(given, kind)}"
            tensor = self.emit(f"tensor.collapse_shape {tensor} {[left for left, _ in groups]} : {types}")
        if (before := tensor_type(given, kind)) != (after := tensor_type(wanted, kind)):
            tensor = self.emit(f"tensor.cast {tensor} : {before} to {after}")
        if len(groups) < len(target):
            types = f"{after} into {tensor_type(target, kind)}"
            shape = f"output_shape [{self._list(target)}]"
            tensor = self.emit(f"tensor.expand_shape {tensor} {[right for _, right in groups]} {shape} : {types}")
        return tensor

    def transpose(self, tensor: str, kind: str, shape: Sequence[Size], order: Sequence[int]) -> str:
        if list(order) == list(range(len(shape))):
            return tensor
        target = [shape[axis] for axis in order]
        into = self.empty(target, kind)
        return self.emit(
            f"linalg.transpose ins({tensor} : {tensor_type(shape, kind)}) outs({into} : "
            f"{tensor_type(target, kind)}) permutation = {list(order)}"
        )

    def slice(
        self, tensor: str, kind: str, shape: Sequence[Size], offsets: Sequence[Size], sizes: Sequence[Size],
        steps: Sequence[int],
    ) -> str:  # fmt: skip
        if 0 in sizes:
            return self.empty(sizes, kind)
        text = f"[{self._list(offsets)}] [{self._list(sizes)}] [{self._list(steps)}]"
        types = f"{tensor_type(shape, kind)} to {tensor_type(sizes, kind)}"
        return self.emit(f"tensor.extract_slice {tensor}{text} : {types}")

    def insert(
        self, tensor: str, kind: str, shape: Sequence[Size], into: str, whole: Sequence[Size],
        offsets: Sequence[Size],
    ) -> str:  # fmt: skip
        if 0 in shape:
            return into
        text = f"[{self._list(offsets)}] [{self._list(shape)}] [{self._list([1] * len(shape))}]"
        types = f"{tensor_type(shape, kind)} into {tensor_type(whole, kind)}"
        return self.emit(f"tensor.insert_slice {tensor} into {into}{text} : {types}")

    @staticmethod
    def _list(sizes: Sequence[Size]) -> str:
        return ", ".join(size.ssa if isinstance(size, Dim) else str(size) for size in sizes)

    def generic(
        self,
        shape: Sequence[Size],
        kind: str,
        inputs: Sequence[tuple[str, str, Sequence[str]]],
        body: Callable[..., str],
        *,
        init: Optional[str] = None,
        reduced: Sequence[int] = (),
        rank: Optional[int] = None,
        keep: Optional[Sequence[int]] = None,
    ) -> str:
        """A `linalg.generic` with one result.

        `inputs` are name, type and one affine expression for each dimension. Loops are those of the result, or `rank`
        of them, of which `keep` are the result's and `reduced` are summed up; `init` is what a sum starts from. `body`
        gets this writer, the elements, and last the element of `init` if there is one, and returns a scalar.
        """
        rank = len(shape) if rank is None else rank
        kept = range(len(shape)) if keep is None else keep
        text = tensor_type(shape, kind)
        into = self.empty(shape, kind) if init is None else init
        loops = ", ".join(f"d{i}" for i in range(rank))
        maps = [expressions for _, _, expressions in inputs] + [[f"d{i}" for i in kept]]
        written = ", ".join(f"affine_map<({loops}) -> ({', '.join(each)})>" for each in maps)
        iterators = ", ".join('"reduction"' if i in reduced else '"parallel"' for i in range(rank))
        names = [self.name() for _ in range(len(inputs) + 1)]
        kinds = [re.sub(r"^tensor<(?:[?\d]+x)*|>$", "", each) for _, each, _ in inputs] + [kind]
        outer, self.lines = self.lines, []
        result = body(self, *(names if init is not None else names[:-1]))
        inner, self.lines = self.lines, outer
        ins = ""
        if inputs:
            ins = f" ins({', '.join(n for n, _, _ in inputs)} : {', '.join(t for _, t, _ in inputs)})"
        arguments = ", ".join(f"{n}: {k}" for n, k in zip(names, kinds))
        name = self.name()
        self.lines.append(
            f"{name} = linalg.generic {{indexing_maps = [{written}], iterator_types = [{iterators}]}}{ins} "
            f"outs({into} : {text}) {{\n^bb0({arguments}):\n  "
            + "\n  ".join([*inner, f"linalg.yield {result} : {kind}"])
            + f"\n}} -> {text}{self.location}"
        )
        return name
