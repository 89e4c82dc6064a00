# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Random bodies of structured operations: sums, products, choices of the same few numbers.

What commutes with a rotation is decided from such bodies, and a number that is a term here
and a factor there is where that goes wrong most easily.
"""

from __future__ import annotations

import random

LARGEST = 3.0


class Body:
    """The lines of a body that computes %r from numbers of f32."""

    def __init__(self, source: random.Random, numbers: list[str]) -> None:
        """Writes some three operations; the last ones use what came before."""
        self.random = source
        self.numbers = list(numbers)
        self.other = self.numbers[-1]
        self.lines: list[str] = []
        for _ in range(source.randrange(1, 5)):
            self.numbers.append(self.step())
        self.lines.append(f"%r = arith.addf {self.numbers[-1]}, {self.zero()} : f32")

    def __str__(self) -> str:
        """Returns the lines."""
        return "\n".join(self.lines)

    def add(self, text: str) -> str:
        """Appends an operation and returns its result."""
        name = f"%s{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        return name

    def zero(self) -> str:
        """Makes the constant 0."""
        return self.add("arith.constant 0.0 : f32")

    def constant(self) -> str:
        """Makes a constant, or chooses a number that there is."""
        if self.random.random() < 0.5:
            return self.random.choice(self.numbers)
        return self.add(f"arith.constant {self.random.uniform(-1, 1):.3e} : f32")

    def condition(self) -> str:
        """Compares two numbers."""
        return self.add(f"arith.cmpf olt, {self.constant()}, {self.constant()} : f32")

    def step(self) -> str:
        """Writes one operation on the last number and another, often the same as before."""
        last = self.numbers[-1]
        if self.random.random() < 0.5:
            self.other = self.random.choice(self.numbers)
        other = self.other
        kind = self.random.choice("aaaaammmmcnsfd")
        if kind == "a":
            name = self.random.choice(["arith.addf", "arith.subf"])
            return self.add(f"{name} {last}, {other} : f32")
        if kind == "m":
            return self.add(f"arith.mulf {last}, {other} : f32")
        if kind == "c":
            return self.add(f"arith.mulf {last}, {self.constant()} : f32")
        if kind == "n":
            return self.add(f"arith.negf {other} : f32")
        if kind == "s":
            chosen = self.random.choice([self.zero(), other])
            return self.add(f"arith.select {self.condition()}, {last}, {chosen} : f32")
        if kind == "f":
            return self.add(f"math.fma {last}, {self.constant()}, {other} : f32")
        divisor = self.add(f"arith.constant {self.random.uniform(1, LARGEST):.3e} : f32")
        return self.add(f"arith.divf {last}, {divisor} : f32")
