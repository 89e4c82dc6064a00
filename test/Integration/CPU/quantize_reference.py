#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Quantises by compiled code and by the exact reference, and compares every byte.

quantize_reference.py sources     every source type to every named format
quantize_reference.py stochastic  stochastic rounding along every axis
"""

from __future__ import annotations

import math
import random
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / "reference"), str(TESTS / "fuzz")]

import mx_reference as mx
from comparison_inputs import Blocks
from npy_file import Array, make_array, read_npy, write_npy

FROM_BITS = {"f32": mx.f32_from_bits, "bf16": mx.bf16_from_bits, "f16": mx.f16_from_bits}
DESCRS = {"f32": "<f4", "bf16": "<u2", "f16": "<f2"}


@dataclass(frozen=True)
class Case:
    """One mx.quantize of an argument."""

    source: int
    format: str
    axis: int
    options: mx.Options

    def text(self, name: str, type: str, shape: tuple[int, ...]) -> tuple[str, str]:
        """Returns the operation and its result type."""
        result = f"!mx.tensor<{'x'.join(map(str, shape))}, {self.format}, axis = {self.axis}>"
        text = f"  {name} = mx.quantize %x{self.source} scale_rule({self.options.rule})"
        if self.options.stochastic:
            text += f" rounding(stochastic) seed(%seed) random_bits({self.options.random_bits})"
        return (
            f"{text}{' satfinite' if self.options.satfinite else ''} : {type} to {result}\n",
            result,
        )


def make_source(
    kind: str, shape: tuple[int, ...], blocks: Blocks, tame: bool
) -> tuple[Array, list[float]]:
    """Makes numbers, each kind of block of comparison_inputs.py among them."""
    count = math.prod(shape)
    bits: list[int] = []
    while len(bits) < count:
        length = min(16, count - len(bits))
        bits += blocks.ordinary(length) if tame else blocks.block(mx.E2M1, length)
    if kind == "f32":
        data = struct.pack(f"<{count}I", *bits)
    elif kind == "bf16":
        bits = [b >> 16 for b in bits]
        data = struct.pack(f"<{count}H", *bits)
    else:
        bits = [mx.f16_to_bits(mx.narrow(mx.f32_from_bits(b), mx.F16)) for b in bits]
        data = struct.pack(f"<{count}H", *bits)
    return Array(DESCRS[kind], shape, data), [FROM_BITS[kind](b) for b in bits]


def run(*command: str) -> None:
    """Runs a tool; ends with its messages if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def compare(
    sources: list[tuple[str, Array, list[float]]], cases: list[Case], seed: int, folder: Path
) -> int:
    """Runs all cases in one program, compiled when `seed` is 0. Returns how many differ."""
    types = [f"tensor<{'x'.join(map(str, array.shape))}x{kind}>" for kind, array, _ in sources]
    arguments = [f"%x{i}: {type}" for i, type in enumerate(types)]
    lines, results, outputs = "", [], []
    for i, case in enumerate(cases):
        shape = sources[case.source][1].shape
        line, result = case.text(f"%q{i}", types[case.source], shape)
        lines += line
        results.append(result)
        parts = 3 if mx.NAMED_FORMATS[case.format].tensor_scale else 2
        outputs += [f"{folder}/{i}.{part}.npy" for part in range(parts)]
    names = ", ".join(f"%q{i}" for i in range(len(cases)))
    module = folder / "program.mlir"
    module.write_text(
        f"func.func @f({', '.join(arguments)}, %seed: i64) -> ({', '.join(results)}) {{\n"
        f"{lines}  return {names} : {', '.join(results)}\n}}\n"
    )
    # Compiled once for all seeds.
    library = module.with_suffix(".so")
    if seed == 0:
        run("mx-compile", str(module), "-o", str(library))
    command = ["mx-run", str(library)]
    for i, (_, array, _) in enumerate(sources):
        write_npy(folder / f"in{i}.npy", array)
        command.append(f"--input=@{folder}/in{i}.npy")
    write_npy(folder / "seed.npy", make_array("<i8", (), [seed]))
    command += [f"--input=@{folder}/seed.npy", *(f"--output=@{path}" for path in outputs)]
    run(*command)
    failures = 0
    for i, case in enumerate(cases):
        _, array, numbers = sources[case.source]
        fmt = mx.NAMED_FORMATS[case.format]
        expected = mx.quantize(fmt, case.options, numbers, array.shape, case.axis)
        got = [read_npy(Path(f"{folder}/{i}.{part}.npy")).data for part in range(2)]
        same = got == [expected.payload, bytes(expected.scales)]
        if fmt.tensor_scale:
            scale = read_npy(Path(f"{folder}/{i}.2.npy")).data
            same = same and scale == struct.pack("<f", expected.tensor_scale)
        if not same:
            print(f"{sources[case.source][0]}, shape {array.shape}: {case}: differs")
            failures += 1
    return failures


def test_sources(folder: Path) -> None:
    """Quantises each source type to each format, with everything that floats can be."""
    blocks = Blocks(1)
    sources = [(kind, *make_source(kind, (5, 77), blocks, tame=False)) for kind in FROM_BITS]
    rules = {
        mx.E8M0: ("floor", "ceil", "rceil", "even", "mse"),
        mx.UE4M3: ("amax", "four_over_six_mse"),
    }
    failures = count = 0
    for source in sources:
        cases = [
            Case(
                0,
                name,
                1 - i % 2,
                mx.Options(rules[fmt.scale][i % len(rules[fmt.scale])], satfinite=i % 3 == 0),
            )
            for i, (name, fmt) in enumerate(mx.NAMED_FORMATS.items())
        ]
        count += len(cases)
        failures += compare([source], cases, 0, folder)
    print(f"sources: {count} tensors, {failures} failures")


def test_stochastic(folder: Path) -> None:
    """N5: the random number belongs to the element's index, whatever the axis."""
    blocks, rng = Blocks(2), random.Random(2)
    failures = count = 0
    for seed in (0, 1, -1, rng.getrandbits(63)):
        x = make_source("f32", (6, 50), blocks, tame=True)
        y = make_source("bf16", (4, 34, 3), blocks, tame=True)
        cases = [
            Case(
                source,
                name,
                axis,
                mx.Options(rule, stochastic=True, random_bits=bits, seed=seed % 2**64),
            )
            for source, name, axis, rule, bits in (
                (0, "mxfp4", 0, "rceil", 16),
                (0, "mxfp4", 1, "ceil", 23),
                (0, "nvfp4", 0, "amax", 8),
                (1, "mxfp8_e4m3", 1, "rceil", 16),
                (1, "nvfp4", 0, "amax", 1),
                (1, "mxfp6_e3m2", 2, "ceil", 4),
            )
        ]
        count += len(cases)
        sources = [("f32", *x), ("bf16", *y)]
        failures += compare(sources, cases, seed, folder)
    print(f"stochastic: {count} tensors, {failures} failures")


def main() -> None:
    """Runs what the command line asks for."""
    tests = {"sources": test_sources, "stochastic": test_stochastic}
    with tempfile.TemporaryDirectory() as name:
        tests[sys.argv[1]](Path(name))


if __name__ == "__main__":
    main()
