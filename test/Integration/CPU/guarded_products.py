#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Calls compiled products on processors of several kinds, between guard pages.

  guarded_products.py PROCESSOR...   e.g. x86-64-v3 cortex-a57

Each program becomes a library, which a small program in C calls (Inputs/call_entry.c), of
another kind of machine in qemu. Its arrays end where a page begins that may not be
touched. Numbers of the exact domain (N7.3) must give the exact bits; random bytes, with
every scale and NaN among them, the same bits on all processors.
"""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from matmul_pairs import Case, product_text, run, type_text
from npy_file import Array

CALLER = Path(__file__).resolve().parent / "Inputs" / "call_entry.c"
ARM_ROOT = "/usr/aarch64-linux-gnu"
# Kinds of sides; sizes of M, N and K, which are unknown to the program: K is that of whole bytes.
PRODUCTS = [
    (("f32", "mxfp4"), [(1, 3, 32), (1, 33, 608), (3, 17, 96), (7, 16, 46), (0, 5, 32)]),
    (("bf16", "mxfp4"), [(1, 17, 96), (17, 3, 2880), (8, 16, 64)]),
    (("f16", "nvfp4"), [(1, 16, 48), (5, 40, 288), (6, 3, 34)]),
    (("bf16", "nvfp4"), [(1, 17, 2880), (13, 17, 80)]),
    (("mxfp8_e4m3", "mxfp4"), [(1, 5, 64), (9, 33, 96)]),
    (("mxfp4", "mxfp8_e4m3"), [(3, 5, 64)]),
]


def is_arm(processor: str) -> bool:
    """Whether LLVM's processor of this name is one of AArch64."""
    return not processor.startswith("x86-64")


class Caller:
    """Calls libraries for one processor."""

    def __init__(self, folder: Path, processor: str) -> None:
        """Builds the program that calls them."""
        self.processor, self.folder = processor, folder
        self.path = folder / f"call-{processor}"
        compiler = "aarch64-linux-gnu-gcc" if is_arm(processor) else "cc"
        self.emulator = ["qemu-aarch64", "-L", ARM_ROOT] if is_arm(processor) else []
        run(compiler, "-O1", "-o", self.path, CALLER, "-ldl")

    def compile(self, module: Path) -> Path:
        """Makes a library."""
        library = module.with_suffix(f".{self.processor}.so")
        run("mx-compile", module, f"--target={self.processor}", "-o", library)
        return library

    def call(self, library: Path, arrays: list[Array]) -> bytes:
        """Calls the function `f`. Returns the f32 numbers of its matrix."""
        arguments = []
        for i, array in enumerate(arrays):
            path = self.folder / f"in{i}.bin"
            path.write_bytes(array.data)
            sizes = "x".join(map(str, array.shape))
            arguments.append(f"{path}:{sizes}")
        output = self.folder / "out.bin"
        run(*self.emulator, self.path, library, "f", 4, output, *arguments)
        return output.read_bytes()


def randomize(arrays: list[Array], rng: random.Random) -> list[Array]:
    """Puts any bytes in place of blocks and scales; keeps plain numbers and tensor scales."""
    return [
        Array(a.descr, a.shape, rng.randbytes(len(a.data))) if a.descr == "|u1" else a for a in arrays
    ]


def without_nan_bits(data: bytes) -> list[int]:
    """Returns the bits of f32 numbers; a NaN is any NaN."""
    bits = struct.unpack(f"<{len(data) // 4}I", data)
    return [0x7FC00000 if b & 0x7FFFFFFF > 0x7F800000 else b for b in bits]


def check_product(callers: list[Caller], folder: Path, row: int) -> tuple[int, int]:
    """Compiles one program and calls it in several shapes. Returns calls and failures."""
    kinds, sizes = PRODUCTS[row]
    count = failures = 0
    types = [type_text(kind, ("?", "?")) for kind in (*kinds, "f32")]
    module = folder / f"{row}.mlir"
    module.write_text(
        f"func.func @f(%a: {types[0]}, %b: {types[1]}, %c_init: {types[2]}) -> {types[2]} {{\n"
        f"{product_text('%c', '%a', '%b', types)}  return %c : {types[2]}\n}}\n"
    )
    libraries = [caller.compile(module) for caller in callers]
    for seed, (m, n, k) in enumerate(sizes):
        case = Case(kinds, (), m, n, k, seed)
        exact = [*case.lhs.arrays, *case.rhs.arrays, case.init]
        expected = struct.pack(f"<{len(case.expected)}f", *case.expected)
        random_arrays = randomize(exact, random.Random(seed))
        results = []
        for caller, library in zip(callers, libraries, strict=True):
            count += 2
            if caller.call(library, exact) != expected:
                failures += 1
                print(f"{case.name} on {caller.processor}: differs from the exact result", file=sys.stderr)
            results.append(without_nan_bits(caller.call(library, random_arrays)))
        if any(result != results[0] for result in results):
            failures += 1
            print(f"{case.name}: random bytes give other bits on another processor", file=sys.stderr)
    return count, failures


def main() -> int:
    """Calls everything on the processors of the command line."""
    count = failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        callers = [Caller(folder, processor) for processor in sys.argv[1:]]
        for row in range(len(PRODUCTS)):
            calls, failed = check_product(callers, folder, row)
            count, failures = count + calls, failures + failed
    print(f"{', '.join(sys.argv[1:])}: {count} calls, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
