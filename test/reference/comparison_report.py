# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What compare_reference.py has found, and how it is printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import mx_reference as mx


class Report:
    """Counts comparisons for each group of clauses and keeps each group's first mismatch."""

    def __init__(self) -> None:
        """Starts with nothing compared."""
        self.compared: Counter[str] = Counter()
        self.mismatched: Counter[str] = Counter()
        self.first: dict[str, str] = {}

    def check(self, group: str, describe: Callable[[], str], expected: object, got: object) -> None:
        """Compares one result."""
        self.compared[group] += 1
        if expected == got:
            return
        self.mismatched[group] += 1
        if group not in self.first:
            self.first[group] = f"expected {show(expected)}, got {show(got)}: {describe()}"

    def check_each(
        self,
        group: str,
        describe: Callable[[int], str],
        expected: Sequence[object],
        got: Sequence[object],
    ) -> None:
        """Compares results one by one."""
        self.check(group, lambda: describe(-1) + " (count)", len(expected), len(got))
        self.compared[group] += len(expected) - 1
        if list(expected) == list(got):
            return
        for i, (want, have) in enumerate(zip(expected, got)):
            if want != have:
                self.compared[group] -= 1
                self.check(group, lambda: describe(i), want, have)

    def print(self) -> int:
        """Prints all groups and the total, and returns the number of mismatches."""
        for group in sorted(self.compared):
            counts = f"{self.compared[group]:9} comparisons, {self.mismatched[group]} mismatches"
            print(f"{group:40} {counts}")
            if group in self.first:
                print(f"    {self.first[group]}")
        mismatches = self.mismatched.total()
        print(f"{self.compared.total()} comparisons, {mismatches} mismatches")
        return mismatches


def show(value: object) -> str:
    """Returns a result in hexadecimal."""
    if isinstance(value, bool) or not isinstance(value, (int, bytes, list, tuple)):
        return str(value)
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, bytes):
        return value.hex()
    return "[" + " ".join(show(item) for item in value) + "]"


def name_format(fmt: mx.BlockFormat) -> str:
    """Returns a format in a few words."""
    tensor_scale = " with tensor scale" if fmt.tensor_scale else ""
    return f"{fmt.element.name} {fmt.scale} block {fmt.block}{tensor_scale}"


def name_options(options: mx.Options) -> str:
    """Returns options in a few words."""
    words = [options.rule]
    if options.stochastic:
        words.append(f"stochastic seed {options.seed:#x} random bits {options.random_bits}")
    if options.satfinite:
        words.append("satfinite")
    if options.tensor_scale is not None:
        words.append(f"tensor scale {mx.f32_to_bits(options.tensor_scale):#x}")
    return " ".join(words)
