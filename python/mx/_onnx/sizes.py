# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Sizes of dimensions that only a call knows, as products of symbols.

Two sizes are the same if they are the same product: a batch that one name stands for, or what was computed from it in
the same way. Each is an SSA value of type `index` as well. An unknown size counts as different from every number; what
depends on that is checked when the program runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Callable, Optional, Union


class Dim:
    """`coefficient` times the product of `symbols`; `emit` writes an operation on indices and returns its name."""

    def __init__(self, emit: Callable[..., str], symbols: Iterable[str], coefficient: int, ssa: str):
        self.emit, self.symbols, self.coefficient, self.ssa = emit, tuple(sorted(symbols)), coefficient, ssa

    @property
    def key(self) -> str:
        """A name that no other size has."""
        return "*".join(([] if self.coefficient == 1 else [str(self.coefficient)]) + list(self.symbols))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Dim) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key

    def _compute(self, operation: str, other: Any, is_reversed: bool = False) -> Dim:
        left, right = (other, self) if is_reversed else (self, other)
        ssa = self.emit(operation, left, right)
        return Dim(self.emit, [f"({left} {operation} {right})"], 1, ssa)

    def __mul__(self, other: Any) -> Size:
        if isinstance(other, Dim):
            ssa = self.emit("arith.muli", self, other)
            return Dim(self.emit, self.symbols + other.symbols, self.coefficient * other.coefficient, ssa)
        if int(other) in (0, 1):
            return self if int(other) else 0
        return Dim(self.emit, self.symbols, self.coefficient * int(other), self.emit("arith.muli", self, int(other)))

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Size:
        return self if not isinstance(other, Dim) and int(other) == 0 else self._compute("arith.addi", other)

    __radd__ = __add__

    def __neg__(self) -> Size:
        return self._compute("arith.subi", 0, True)

    def __sub__(self, other: Any) -> Size:
        if self == other:
            return 0
        return self if not isinstance(other, Dim) and int(other) == 0 else self._compute("arith.subi", other)

    def __rsub__(self, other: Any) -> Size:
        return self._compute("arith.subi", other, True)

    def __floordiv__(self, other: Any) -> Size:
        quotient = divide(self, other)
        return self._compute("arith.floordivsi", other) if quotient is None else quotient

    def __rfloordiv__(self, other: Any) -> Size:
        return self._compute("arith.floordivsi", other, True)


Size = Union[int, Dim]


def product(sizes: Iterable[Size]) -> Size:
    """The number of elements."""
    result: Size = 1
    for size in sizes:
        result = result * size
    return result


def split(size: Size) -> tuple[int, Counter[str]]:
    return (size.coefficient, Counter(size.symbols)) if isinstance(size, Dim) else (size, Counter())


def divide(whole: Size, part: Size) -> Optional[Size]:
    """`whole / part` if that is a product again, whatever the symbols stand for."""
    (number, symbols), (divisor, others) = split(whole), split(part)
    if divisor == 0 or number % divisor or others - symbols:
        return None
    rest = symbols - others
    if not rest:
        return number // divisor
    assert isinstance(whole, Dim)
    ssa = whole.ssa if part == 1 else whole.emit("arith.divui", whole, part)
    return Dim(whole.emit, rest.elements(), number // divisor, ssa)


def group(source: Sequence[Size], target: Sequence[Size]) -> Optional[list[tuple[list[int], list[int]]]]:
    """Consecutive dimensions of two shapes that hold the same elements, as few as can be; None if that is not known."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(source) and j < len(target):
        left, right = [i], [j]
        a, b = split(source[i]), split(target[j])
        i, j = i + 1, j + 1
        while a != b:
            is_less = b[0] % a[0] == 0 and not a[1] - b[1]
            if is_less and i < len(source):
                left.append(i)
                a, i = multiply(a, split(source[i])), i + 1
            elif not is_less and j < len(target):
                right.append(j)
                b, j = multiply(b, split(target[j])), j + 1
            else:
                return None
        groups.append((left, right))
    if any(split(size) != (1, Counter()) for size in (*source[i:], *target[j:])):
        return None
    if groups:
        groups[-1][0].extend(range(i, len(source)))
        groups[-1][1].extend(range(j, len(target)))
    return groups or [(list(range(len(source))), list(range(len(target))))]


def multiply(a: tuple[int, Counter[str]], b: tuple[int, Counter[str]]) -> tuple[int, Counter[str]]:
    return a[0] * b[0], a[1] + b[1]
