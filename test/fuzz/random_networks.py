#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs random networks in plain linalg before and after the passes that rotate.

A network is made of what rotations pass and what they stop at: products with constants,
sums, norms, gains, biases, slices, concatenations, heads, gathers of rows, activations.
Whatever is moved, its results stay the same but for rounding in f32. Quantising it must
not fail, and the compiled program must agree with the reference.

  random_networks.py --bin build/bin --seed 1 --count 100
"""

from __future__ import annotations

import argparse
import random
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Integration/Models"))

from linalg_builder import ZERO, Builder, Value
from linalg_models import ADD, MULTIPLY, SILU, rms_norm, softmax
from relative_error import read, relative_error

ROWS = (1, 2, 3, 6)
WIDTHS = (8, 16, 24, 32, 40, 48, 64, 96)
# Relative norm of a difference by rounding; a network amplifies it.
MOST_DIFFERENCE = 1e-4
LONGEST_RUN = 120  # seconds


class Failure(Exception):
    """What went wrong, and the command that shows it."""


class Network:
    """A random network of f32 values [rows, width]."""

    def __init__(self, seed: int) -> None:
        """Makes a network of some ten operations."""
        self.random = random.Random(seed)
        self.numbers = np.random.RandomState(seed % 2**32)
        form = self.random.choice(("transpose", "maps", "generic"))
        self.builder = Builder("f", self.random.choice(("constant", "resource")), form)
        self.weights: dict[tuple[int, ...], list[Value]] = {}
        self.values: list[Value] = []
        self.orders = 0
        # Few widths, so that there are pairs to add.
        self.widths = self.random.sample(WIDTHS, self.random.choice((1, 2, 3)))
        rows, width = self.random.choice(ROWS), self.random.choice(self.widths)
        for i in range(self.random.choice((1, 1, 2))):
            data = self.numbers.standard_normal((rows, width))
            self.values.append(self.builder.argument(f"x{i}", (rows, width), "f32", data))
        self.values.append(self.linear(self.values[0]))
        for _ in range(self.random.randint(4, 16)):
            self.values.append(self.step())
        self.values.append(self.linear(self.values[-1]))
        self.results = self.choose_results()

    # --- choices ----------------------------------------------------------------

    def pick(self) -> Value:
        """Chooses a value, of the last ones more often."""
        chance = self.random.random()
        return self.random.choice(self.values if chance < 0.2 else self.values[-2:])

    def constant(self, shape: tuple[int, ...], spread: float = 1.0) -> Value:
        """Makes a constant, or takes one of this shape that there is."""
        known = self.weights.setdefault(shape, [])
        if known and self.random.random() < 0.2:
            return self.random.choice(known)
        count = sum(len(values) for values in self.weights.values())
        data = self.numbers.standard_normal(shape) * spread
        known.append(self.builder.weight(f"w{count}", shape, "f32", data))
        return known[-1]

    def choose_results(self) -> list[Value]:
        """Chooses the last value and some others."""
        results = [self.values[-1]]
        others = [v for v in self.values[:-1] if not v.name.startswith("%x")]
        if others and self.random.random() < 0.4:
            results.append(self.random.choice(others))
        return results

    # --- operations -----------------------------------------------------------------

    def step(self) -> Value:
        """Applies an operation to values that there are."""
        steps = (
            [self.linear] * 8
            + [self.add] * 6
            + [self.norm, self.norm, self.scale, self.heads, self.gather, self.row_factor]
            + [self.gain, self.bias, self.slice, self.concat, self.mix_rows, self.round_trip]
            + [self.rows, self.fused, self.fused, self.part_of_weight]
            + [self.permute, self.by_turns]
            + [self.random.choice((self.silu, self.product, self.softmax, self.relu_sum))]
        )
        while True:
            result = self.random.choice(steps)(self.pick())
            if result is not None:
                return result

    def linear(self, x: Value) -> Value:
        """x · wᵀ."""
        out = self.random.choice(self.widths)
        weight = self.constant((out, x.shape[1]), x.shape[1] ** -0.5)
        return self.builder.linear(x, weight, f"site{len(self.values)}")

    def fused(self, x: Value) -> Value:
        """Columns of one product for several, perhaps with a bias, cut apart."""
        parts = [self.random.choice(self.widths) for _ in range(self.random.choice((2, 3)))]
        weight = self.constant((sum(parts), x.shape[1]), x.shape[1] ** -0.5)
        y = self.builder.linear(x, weight, f"fused{len(self.values)}")
        y = self.bias(y) if self.random.random() < 0.3 else y
        first = self.random.randrange(len(parts))
        offset, overlap = sum(parts[:first]), self.random.random() < 0.1
        slices = [self.builder.slice(y, offset, parts[first])]
        if first or overlap:
            slices.append(self.builder.slice(y, 0, parts[0]))
        self.values.append(slices[-1])
        return slices[0]

    def part_of_weight(self, x: Value) -> Value:
        """x · wᵀ, where w is part of a larger constant."""
        out, offset = self.random.choice(self.widths), self.random.randrange(4)
        table = self.constant((out + 4, x.shape[1]), x.shape[1] ** -0.5)
        b, shape = self.builder, (out, x.shape[1])
        text = f"tensor.extract_slice {table.name}[{offset}, 0] {list(shape)} [1, 1]"
        weight = b.add(f"{text} : {table.type} to tensor<{out}x{x.shape[1]}xf32>", shape, "f32")
        return b.linear(x, weight, f"part{len(self.values)}")

    def permute(self, x: Value) -> Value:
        """Columns in another order, there or also back."""
        order = self.numbers.permutation(x.shape[1])
        y = self.read_columns(x, order)
        if self.random.random() < 0.3:
            y = self.scale(y) if self.random.random() < 0.3 else y
            y = self.read_columns(y, np.argsort(order))
        return self.linear(y) if self.random.random() < 0.6 else y

    def read_columns(self, x: Value, order: np.ndarray) -> Value:
        """x[:, order]."""
        b = self.builder
        self.orders += 1
        index = b.constant(f"order{self.orders}", (x.shape[1],), "i64", order)
        body = f"""%i = linalg.index 0 : index
        %j = arith.index_cast %a : i64 to index
        %r = tensor.extract {x.name}[%i, %j] : {x.type}"""
        return b.generic([(index, (1,))], 2, b.empty(x.shape, "f32"), (0, 1), body)

    def by_turns(self, x: Value) -> Value:
        """Columns of several groups by turns."""
        rows, width = x.shape
        count = self.random.choice([n for n in (2, 3, 4) if width % n == 0] or [1])
        split = self.builder.reshape(x, (rows, count, width // count), [[0], [1, 2]])
        turned = self.builder.transpose(split, (0, 2, 1))
        y = self.builder.reshape(turned, (rows, width), [[0], [1, 2]])
        return self.linear(y) if self.random.random() < 0.6 else y

    def add(self, x: Value) -> Value | None:
        """A sum of two values."""
        others = [v for v in self.values[-6:] if v.shape == x.shape and v is not x]
        return self.builder.same(ADD, x, self.random.choice(others)) if others else None

    def norm(self, x: Value) -> Value:
        """RMSNorm with a gain."""
        return rms_norm(self.builder, x, self.constant((x.shape[1],)))

    def gain(self, x: Value) -> Value:
        """A factor for each column."""
        vector = self.constant((x.shape[1],))
        return self.builder.elementwise([(x, (0, 1)), (vector, (1,))], x.shape, MULTIPLY)

    def bias(self, x: Value) -> Value:
        """A term for each column."""
        vector = self.constant((x.shape[1],))
        return self.builder.elementwise([(x, (0, 1)), (vector, (1,))], x.shape, ADD)

    def silu(self, x: Value) -> Value:
        """An activation function."""
        return self.builder.same(SILU, x)

    def product(self, x: Value) -> Value | None:
        """A product of two values."""
        others = [v for v in self.values if v.shape == x.shape]
        return self.builder.same(MULTIPLY, x, self.random.choice(others))

    def scale(self, x: Value) -> Value:
        """A factor for all, or a division, or the negative."""
        factor = self.random.choice((0.5, -0.7, 1.3))
        bodies = (
            f"%k = arith.constant {factor} : {{f}}\n%r = arith.mulf %k, %a : {{f}}",
            f"%k = arith.constant {factor} : {{f}}\n%r = arith.divf %a, %k : {{f}}",
            "%r = arith.negf %a : {f}",
        )
        return self.builder.same(self.random.choice(bodies), x)

    def slice(self, x: Value) -> Value | None:
        """Some of the columns."""
        width = self.random.choice(WIDTHS)
        if width >= x.shape[1]:
            return None
        step = self.random.choice((1, 4, 8, 16))
        offset = self.random.randrange((x.shape[1] - width) // step + 1) * step
        return self.builder.slice(x, offset, width)

    def concat(self, x: Value) -> Value | None:
        """Columns of two values."""
        others = [v for v in self.values if v.shape[0] == x.shape[0]]
        other = self.random.choice(others)
        if x.shape[1] + other.shape[1] > 128:
            return None
        return self.builder.concat([x, other])

    def heads(self, x: Value) -> Value:
        """Heads apart, mixed over rows by one matrix each, and together again."""
        rows, width = x.shape
        count = self.random.choice([n for n in (1, 2, 3, 4) if width % n == 0])
        split = self.builder.reshape(x, (rows, count, width // count), [[0], [1, 2]])
        apart = self.builder.transpose(split, (1, 0, 2))
        if self.random.random() < 0.7:
            matrix = self.constant((count, rows, rows), rows**-0.5)
            apart = self.builder.matmul(
                "linalg.batch_matmul", matrix, apart, apart.shape, f"mix{len(self.values)}"
            )
        together = self.builder.transpose(apart, (1, 0, 2))
        return self.builder.reshape(together, (rows, width), [[0], [1, 2]])

    def mix_rows(self, x: Value) -> Value:
        """m · x, where the constant is on the left."""
        matrix = self.constant((x.shape[0], x.shape[0]), x.shape[0] ** -0.5)
        return self.builder.matmul("linalg.matmul", matrix, x, x.shape, f"rows{len(self.values)}")

    def gather(self, x: Value) -> Value:
        """Rows in another order."""
        count = x.shape[0]
        data = np.array([self.random.randrange(count) for _ in range(count)])
        b = self.builder
        index = b.constant(f"index{len(self.values)}", (count,), "i64", data)
        body = f"""%i = arith.index_cast %a : i64 to index
        %j = linalg.index 1 : index
        %r = tensor.extract {x.name}[%i, %j] : {x.type}"""
        return b.generic([(index, (0,))], 2, b.empty(x.shape, "f32"), (0, 1), body)

    def softmax(self, x: Value) -> Value:
        """Normalised exponentials."""
        return softmax(self.builder, x)

    def rows(self, x: Value) -> Value | None:
        """Part of a table of constants, or the first rows of a value twice."""
        if self.random.random() < 0.5:
            table = self.constant((x.shape[0] + 2, x.shape[1]))
            text = f"tensor.extract_slice {table.name}[1, 0] {list(x.shape)} [1, 1]"
            return self.builder.add(f"{text} : {table.type} to {x.type}", x.shape, "f32")
        body = "%r = arith.addf %a, %b : {f}"
        b = self.builder
        first = b.add(
            f"tensor.extract_slice {x.name}[0, 0] [1, {x.shape[1]}] [1, 1] : {x.type} to "
            f"tensor<{x.shape[1]}xf32>",
            (x.shape[1],),
            "f32",
        )
        return b.elementwise([(x, (0, 1)), (first, (1,))], x.shape, body)

    def round_trip(self, x: Value) -> Value:
        """A transpose there and back, with a factor in between."""
        turned = self.builder.transpose(x, (1, 0))
        body = "%k = arith.constant 1.5 : {f}\n%r = arith.mulf %a, %k : {f}"
        return self.builder.transpose(self.builder.same(body, turned), (1, 0))

    def row_factor(self, x: Value) -> Value:
        """A factor for each row, computed from another value."""
        source = self.random.choice([v for v in self.values if v.shape[0] == x.shape[0]])
        factor = self.builder.reduce(source, ZERO, "%r = arith.addf %a, %out : {f}")
        return self.builder.elementwise([(x, (0, 1)), (factor, (0,))], x.shape, MULTIPLY)

    def relu_sum(self, x: Value) -> Value:
        """A value and its positive part."""
        body = """%k = arith.constant 0.0 : {f}
        %p = arith.maximumf %a, %k : {f}
        %r = arith.addf %a, %p : {f}"""
        return self.builder.same(body, x)


class Tester:
    """Runs networks in folders of their own."""

    def __init__(self, tools: Path, folder: Path) -> None:
        """Finds the tools."""
        self.tools, self.folder = tools, folder

    def run(self, name: str, *arguments: str) -> None:
        """Runs a tool; fails with its first messages."""
        command = [str(self.tools / name), *arguments]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=LONGEST_RUN,
                check=False,
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"{shlex.join(command)}\nran longer than {LONGEST_RUN} s") from None
        if done.returncode:
            lines = (done.stdout + done.stderr).split("\n")
            notable = [x for x in lines if "error: " in x or "mismatch" in x] or lines[:8]
            text = "\n".join(line[:300] for line in notable[:4])
            raise Failure(f"{shlex.join(command)}\nexited with {done.returncode}:\n{text}")

    def execute(self, network: Network, program: Path, *options: str) -> list[np.ndarray]:
        """Runs a program and returns its results."""
        folder = program.parent
        inputs = [f"--input=@{folder}/x{i}.npy" for i in range(len(network.builder.inputs))]
        files = [folder / f"{program.stem}-y{i}.npy" for i in range(len(network.results))]
        outputs = [f"--output=@{file}" for file in files]
        self.run("mx-run", str(program), *inputs, *options, *outputs)
        return [read(str(file)) for file in files]

    def test(self, seed: int) -> str:
        """Tests one network. Returns a report if it fails."""
        network = Network(seed)
        folder = self.folder / str(seed)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "source.mlir").write_text(network.builder.module(network.results))
        for i, array in enumerate(network.builder.inputs):
            np.save(folder / f"x{i}.npy", array.astype("<f4"))
        choice = random.Random(seed)
        size = choice.choice((2, 4, 8, 16, 32))
        signs = choice.choice((0, 0, 5))
        raising = (f"--mx-raise-matmuls=policy={choice.choice(('all', 'constant-weights'))}",)
        raising += ("--cse",) * choice.randint(0, 1)
        source = str(folder / "source.mlir")
        try:
            plain = self.execute(network, folder / "source.mlir")
            rotate = f"--mx-fuse-rotations=insert={size} seed={signs}"
            program = folder / "rotated.mlir"
            self.run("mx-opt", source, *raising, rotate, "--mx-quantize", "-o", str(program))
            for a, b in zip(plain, self.execute(network, program)):
                error = relative_error(a, b) ** 0.5
                if not error <= MOST_DIFFERENCE and np.abs(a).max() > 1e-20:
                    raise Failure(f"{raising} {rotate}: {program} differs by {error:.1e}")
            formats = choice.choice(("mxfp4", "nvfp4", "mxfp4,nvfp4,keep bits=20"))
            activations = choice.choice(("keep", "auto", "mxfp4"))
            plans = f"--mx-choose-formats=formats={formats} activations={activations}"
            program = folder / "quantized.mlir"
            passes = (*raising, plans, "--mx-fuse-rotations", "--mx-quantize")
            self.run("mx-opt", source, *passes, "-o", str(program))
            self.execute(network, program, "--check")
        except Failure as failure:
            return f"seed {seed}: {failure}"
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        return ""


def main() -> int:
    """Runs the networks of consecutive seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the first network")
    parser.add_argument("--count", type=int, default=100, help="number of networks")
    parser.add_argument("--bin", type=Path, default="build/bin", help="folder of the tools")
    parser.add_argument("--jobs", type=int, default=2, help="networks at a time")
    parser.add_argument("--keep", type=Path, help="folder for networks that fail")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="mx-networks-"))
    tester = Tester(options.bin.resolve(), folder)
    seeds = range(options.seed, options.seed + options.count)
    failures = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for report in pool.map(tester.test, seeds):
            if report:
                failures += 1
                print(report, flush=True)
    print(f"{options.count} networks, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
