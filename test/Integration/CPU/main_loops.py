#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Prints what the innermost loops of an object are made of, without running them.

Reads a disassembly by llvm-objdump (--no-show-raw-insn) from standard input. A loop is what
lies between a jump backwards and its target, innermost if no other loop lies in it. For each
with fused multiplications: how many instructions of each kind it has, and how many in all.
"""

from __future__ import annotations

import argparse
import re
import sys

LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
KINDS = (
    ("look-ups", r"vpshufb$|tbl$"),
    ("interleavings", r"vpunpck|zip[12]$"),
    ("blends", r"vp?blend"),
    ("products", r"vf(n?m)(add|sub)\d+ps$|vmulps$|fmla$|fmul$"),
    ("broadcasts", r"vbroadcast|dup$|ld1r$"),
    ("prefetches", r"prefetch|prfm$"),
)


def read_functions(text: str) -> list[list[tuple[int, str, str]]]:
    """Returns the instructions of each function: address, name, operands."""
    functions: list[list[tuple[int, str, str]]] = []
    for line in text.split("\n"):
        if re.match(r"^[0-9a-f]+ <.*>:$", line):
            functions.append([])
        match = LINE.match(line)
        if match and functions:
            functions[-1].append((int(match[1], 16), match[2], match[3]))
    return functions


def find_loops(function: list[tuple[int, str, str]]) -> list[tuple[int, int]]:
    """Returns the first and last address of each innermost loop."""
    loops = []
    for address, name, operands in function:
        target = re.search(r"(?:^|, )(?:0x)?([0-9a-f]+) <", operands)
        if re.match(r"j|b\.|[ct]bn?z$", name) and target and int(target[1], 16) < address:
            loops.append((int(target[1], 16), address))
    return [
        (begin, end)
        for begin, end in loops
        if not any(begin <= b and e <= end and (b, e) != (begin, end) for b, e in loops)
    ]


def describe(names: list[str]) -> str:
    """Counts the kinds."""
    counts = [f"{kind} {sum(bool(re.match(p, n)) for n in names)}" for kind, p in KINDS]
    return ", ".join([*counts, f"instructions {len(names)}"])


def main() -> None:
    """Prints a line for each loop."""
    argparse.ArgumentParser(description=__doc__.split("\n", 1)[0]).parse_args()
    for function in read_functions(sys.stdin.read()):
        for begin, end in find_loops(function):
            names = [name for address, name, _ in function if begin <= address <= end]
            if any(re.match(r"vfn?madd|fmla", name) for name in names):
                print("loop:", describe(names))


if __name__ == "__main__":
    main()
