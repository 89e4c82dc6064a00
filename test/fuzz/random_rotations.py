#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs random programs before and after mx-fuse-rotations and compares their results.

A program mixes what rotations commute with (sums, norms, gathers, slices, products)
with what they do not, and asks for rotations here and there: by products, by mx.rotate
and by its inverse, of two sizes, with and without signs. In real arithmetic the pass
changes nothing; what differs are roundings of f32. A program that fails stays in its
folder.

  random_rotations.py --tools build/bin --seed 1 --count 100
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from npy_file import read_npy
from random_bodies import Body

LONGEST_RUN = 120  # seconds
TOLERANCE = 1e-5  # of the norm of a result
ROWS = 8
ROTATIONS = ["4", "8", "4, signs = [1, -1, -1, 1]"]


@dataclass(frozen=True)
class Value:
    """An SSA value, a tensor of f32."""

    name: str
    shape: tuple[int, ...]

    @property
    def type(self) -> str:
        """Returns the type as text."""
        return f"tensor<{'x'.join(map(str, self.shape))}xf32>"


def identity(rank: int) -> str:
    """Returns an identity map."""
    dims = ", ".join(f"d{i}" for i in range(rank))
    return f"affine_map<({dims}) -> ({dims})>"


def pick(rank: int, *dims: int) -> str:
    """Returns a map that picks dimensions."""
    names = ", ".join(f"d{i}" for i in range(rank))
    return f"affine_map<({names}) -> ({', '.join(f'd{i}' for i in dims)})>"


@dataclass
class Generator:
    """A program that is being written. Numbers stay near 1, so that errors do too."""

    random: random.Random
    lines: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    arguments: list[Value] = field(default_factory=list)
    favourite: str = ROTATIONS[0]
    results: int = 0
    count: int = 0

    # --- writing ----------------------------------------------------------------

    def add(self, text: str, shape: tuple[int, ...]) -> Value:
        """Appends an operation with one result."""
        value = Value(f"%{self.count}", shape)
        self.count += 1
        self.lines.append(f"{value.name} = {text}")
        return value

    def constant(self, *shape: int) -> Value:
        """Makes a constant of random numbers."""

        def numbers(dims: tuple[int, ...]) -> str:
            if not dims:
                return f"{self.random.uniform(-1, 1):.3e}"
            return f"[{', '.join(numbers(dims[1:]) for _ in range(dims[0]))}]"

        value = Value("", shape)
        return self.add(f"arith.constant dense<{numbers(shape)}> : {value.type}", shape)

    def splat(self, number: float, shape: tuple[int, ...]) -> Value:
        """Makes a constant of one number."""
        value = Value("", shape)
        return self.add(f"arith.constant dense<{number:.3e}> : {value.type}", shape)

    def generic(
        self, inputs: list[Value], maps: list[str], init: Value, reduced: int, body: str
    ) -> Value:
        """Appends linalg.generic; `body` computes %r from %a, %b … and %o."""
        loops = max(m.split(")")[0].count("d") for m in maps)
        kinds = ['"parallel"'] * (loops - reduced) + ['"reduction"'] * reduced
        names = ["%a", "%b", "%c"][: len(inputs)]
        head = ", ".join(f"{name}: f32" for name in [*names, "%o"])
        ins = (
            f"ins({', '.join(v.name for v in inputs)} : {', '.join(v.type for v in inputs)}) "
            if inputs
            else ""
        )
        return self.add(
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], "
            f"iterator_types = [{', '.join(kinds)}]}} {ins}"
            f"outs({init.name} : {init.type}) {{\n^bb0({head}):\n{body}\n"
            f"linalg.yield %r : f32\n}} -> {init.type}",
            init.shape,
        )

    def choose(self, test: Callable[[Value], bool] = lambda _: True) -> Value:
        """Returns one of the values, rather a late one."""
        found = [v for v in self.values if test(v)] or [self.argument((ROWS, 16))]
        return found[max(self.random.randrange(len(found)), self.random.randrange(len(found)))]

    def choose_rotation(self) -> str:
        """Returns a rotation, mostly the same one."""
        if self.random.random() < 0.8:
            return self.favourite
        return self.random.choice(ROTATIONS)

    def argument(self, shape: tuple[int, ...]) -> Value:
        """Adds an argument of the function."""
        value = Value(f"%x{len(self.arguments)}", shape)
        self.arguments.append(value)
        self.values.append(value)
        return value

    def normed(self, x: Value) -> Value:
        """Divides by the root of the mean square along the last dimension."""
        rank, length = len(x.shape), x.shape[-1]
        zero = self.splat(0.0, x.shape[:-1])
        rows = pick(rank, *range(rank - 1))
        squares = self.generic(
            [x],
            [identity(rank), rows],
            zero,
            1,
            "%p = arith.mulf %a, %a : f32\n%r = arith.addf %o, %p : f32",
        )
        empty = self.add(f"tensor.empty() : {x.type}", x.shape)
        return self.generic(
            [x, squares],
            [identity(rank), rows, identity(rank)],
            empty,
            0,
            f"%n = arith.constant {float(length):.1f} : f32\n%e = arith.constant 0.1 : f32\n"
            "%m = arith.divf %b, %n : f32\n%s = arith.addf %m, %e : f32\n"
            "%q = math.rsqrt %s : f32\n%r = arith.mulf %a, %q : f32",
        )

    # --- operations -------------------------------------------------------------

    def sum(self) -> Value:
        """Adds two tensors, or a tensor and a bias."""
        x = self.choose()
        y = self.choose(lambda v: v.shape == x.shape)
        name = self.random.choice(["arith.addf", "arith.subf"])
        if self.random.random() < 0.3:
            rank = len(x.shape)
            return self.generic(
                [x, self.constant(x.shape[-1])],
                [identity(rank), pick(rank, rank - 1), identity(rank)],
                self.add(f"tensor.empty() : {x.type}", x.shape),
                0,
                f"%r = {name} %a, %b : f32",
            )
        return self.add(f"{name} {x.name}, {y.name} : {x.type}", x.shape)

    def scale(self) -> Value:
        """Multiplies by one number, or by one for each row."""
        x = self.choose()
        factor = self.splat(self.random.uniform(0.5, 1.5), x.shape)
        if self.random.random() < 0.5:
            row = self.constant(x.shape[0])
            empty = self.add(f"tensor.empty() : {x.type}", x.shape)
            dims = ", ".join(map(str, range(1, len(x.shape))))
            factor = self.add(
                f"linalg.broadcast ins({row.name} : {row.type}) outs({empty.name} : {x.type}) "
                f"dimensions = [{dims}]",
                x.shape,
            )
        return self.add(f"arith.mulf {x.name}, {factor.name} : {x.type}", x.shape)

    def gain(self) -> Value:
        """Normalises a tensor, with a gain."""
        return self.gained(self.choose())

    def gained(self, x: Value) -> Value:
        """Normalises and multiplies each channel by a constant."""
        x = self.normed(x)
        rank = len(x.shape)
        return self.generic(
            [x, self.constant(x.shape[-1])],
            [identity(rank), pick(rank, rank - 1), identity(rank)],
            self.add(f"tensor.empty() : {x.type}", x.shape),
            0,
            "%r = arith.mulf %a, %b : f32",
        )

    def nonlinear(self) -> Value:
        """Applies a function, or multiplies two tensors."""
        x = self.choose()
        if self.random.random() < 0.5:
            return self.add(f"math.tanh {x.name} : {x.type}", x.shape)
        y = self.choose(lambda v: v.shape == x.shape)
        product = self.add(f"arith.mulf {x.name}, {y.name} : {x.type}", x.shape)
        return self.add(f"math.tanh {product.name} : {x.type}", x.shape)

    def read(self, x: Value) -> tuple[Value, str]:
        """Returns something that a body with the loops of `x` can read, and how."""
        rank = len(x.shape)
        axis = self.random.randrange(rank)
        vector = (x.shape[axis],)
        number = self.random.uniform(-1, 1)
        kind = self.random.randrange(6)
        if kind == 0:
            return self.choose(lambda v: v.shape == x.shape), identity(rank)
        if kind == 1:
            return self.constant(*vector), pick(rank, axis)
        if kind == 2:
            return self.splat(number, x.shape), identity(rank)
        return self.splat(number, (x.shape[-1],)), pick(rank, rank - 1)

    def body(self) -> Value:
        """Computes something of numbers at the same position, or a sum of it over rows."""
        x = self.choose()
        rank = len(x.shape)
        read = [(x, identity(rank)), self.read(x), self.read(x)][: self.random.choice([2, 2, 3])]
        read = [(v, m) for v, m in read if m != identity(rank) or v.shape == x.shape]
        inputs, maps = [v for v, _ in read], [m for _, m in read]
        text = str(Body(self.random, ["%a", "%b", "%c"][: len(inputs)]))
        if self.random.random() < 0.7:
            empty = self.add(f"tensor.empty() : {x.type}", x.shape)
            return self.normed(self.generic(inputs, [*maps, identity(rank)], empty, 0, text))
        rows = pick(rank, *range(rank - 1))
        text = text.replace("%r =", "%t =") + "\n%r = arith.addf %o, %t : f32"
        sums = self.generic(inputs, [*maps, rows], self.splat(0.0, x.shape[:-1]), 1, text)
        sums = self.add(f"math.tanh {sums.name} : {sums.type}", sums.shape)
        empty = self.add(f"tensor.empty() : {x.type}", x.shape)
        scaled = "%r = arith.mulf %a, %b : f32"
        maps = [identity(rank), rows, identity(rank)]
        return self.generic([x, sums], maps, empty, 0, scaled)

    def product(self) -> Value:
        """Multiplies by a weight: by mx.matmul with a plan or none, or by linalg."""
        x = self.choose(lambda v: len(v.shape) == 2)
        if self.random.random() < 0.4:
            others = [v for v in self.values if v.shape[1:] == x.shape[1:] and v != x]
        else:
            others = []
        n = self.random.choice([8, 16, 24])
        weight = self.random.choice(others) if others else self.constant(n, x.shape[-1])
        return self.normed(self.matmul(x, weight))

    def matmul(self, x: Value, weight: Value) -> Value:
        """Contracts the last dimension of two tensors."""
        shape = (x.shape[0], weight.shape[0])
        zero = self.splat(0.0, shape)
        if self.random.random() < 0.3:
            return self.generic(
                [x, weight],
                [pick(3, 0, 2), pick(3, 1, 2), pick(3, 0, 1)],
                zero,
                1,
                "%p = arith.mulf %a, %b : f32\n%r = arith.addf %o, %p : f32",
            )
        plans = ["", "{mx.plan = #mx.plan<keep>}"]
        if x.shape[-1] % 8 == 0:
            rotation = f"rotation = hadamard<{self.choose_rotation()}>"
            plans += [f"{{mx.plan = #mx.plan<keep, {rotation}>}}"] * 6
        return self.add(
            f"mx.matmul ins({x.name}, {weight.name} : {x.type}, {weight.type}) "
            f"outs({zero.name} : {zero.type}) {self.random.choice(plans)}",
            shape,
        )

    def rotate(self) -> Value:
        """Rotates along an axis, or back."""
        rotation = self.choose_rotation()
        size = int(rotation.split(",")[0])
        x = self.choose(lambda v: any(d % size == 0 for d in v.shape))
        axis = self.random.choice([i for i, d in enumerate(x.shape) if d % size == 0])
        inverse = self.random.choice(["", " inverse"])
        rotated = self.add(
            f"mx.rotate {x.name} by hadamard<{rotation}> along {axis}{inverse} : {x.type}", x.shape
        )
        if self.random.random() < 0.5:
            return rotated
        return self.add(f"math.tanh {rotated.name} : {x.type}", x.shape)

    def transpose(self) -> Value:
        """Permutes dimensions."""
        x = self.choose()
        order = list(range(len(x.shape)))
        self.random.shuffle(order)
        result = Value("", tuple(x.shape[i] for i in order))
        empty = self.add(f"tensor.empty() : {result.type}", result.shape)
        return self.add(
            f"linalg.transpose ins({x.name} : {x.type}) outs({empty.name} : {result.type}) "
            f"permutation = {order}",
            result.shape,
        )

    def reshape(self) -> Value:
        """Splits the last dimension or joins the last two."""
        x = self.choose()
        if len(x.shape) == 3:
            result = Value("", (x.shape[0], x.shape[1] * x.shape[2]))
            return self.add(
                f"tensor.collapse_shape {x.name} [[0], [1, 2]] : {x.type} into {result.type}",
                result.shape,
            )
        part = self.random.choice([d for d in (4, 8, 6, x.shape[1]) if x.shape[1] % d == 0])
        result = Value("", (x.shape[0], x.shape[1] // part, part))
        return self.add(
            f"tensor.expand_shape {x.name} [[0], [1, 2]] output_shape {list(result.shape)} : "
            f"{x.type} into {result.type}",
            result.shape,
        )

    def slice(self) -> Value:
        """Takes a part of one dimension."""
        x = self.choose()
        axis = self.random.randrange(len(x.shape))
        length = self.random.choice([d for d in (4, 8, 12, x.shape[axis]) if d <= x.shape[axis]])
        step = self.random.choice([1, 4])
        offset = self.random.randrange(0, x.shape[axis] - length + 1, step)
        sizes = [length if i == axis else d for i, d in enumerate(x.shape)]
        offsets = [offset if i == axis else 0 for i in range(len(sizes))]
        result = Value("", tuple(sizes))
        return self.add(
            f"tensor.extract_slice {x.name}{offsets} {sizes} {[1] * len(sizes)} : {x.type} "
            f"to {result.type}",
            result.shape,
        )

    def concat(self) -> Value:
        """Joins two tensors along a dimension."""
        x = self.choose(lambda v: max(v.shape) < 48)
        axis = self.random.randrange(len(x.shape))

        def others(shape: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(d for i, d in enumerate(shape) if i != axis)

        y = self.choose(
            lambda v: len(v.shape) == len(x.shape) and others(v.shape) == others(x.shape)
        )
        if len(y.shape) != len(x.shape) or others(y.shape) != others(x.shape):
            y = x
        shape = list(x.shape)
        shape[axis] += y.shape[axis]
        result = Value("", tuple(shape))
        return self.add(
            f"tensor.concat dim({axis}) {x.name}, {y.name} : ({x.type}, {y.type}) -> {result.type}",
            result.shape,
        )

    def gather(self) -> Value:
        """Reads rows of a table, which is constant or not."""
        x = self.choose(lambda v: len(v.shape) == 2)
        if self.random.random() < 0.6:
            x = self.constant(ROWS, 16)
        result = Value("", (ROWS, x.shape[1]))
        empty = self.add(f"tensor.empty() : {result.type}", result.shape)
        return self.generic(
            [],
            [identity(2)],
            empty,
            0,
            "%i = linalg.index 0 : index\n%j = linalg.index 1 : index\n"
            f"%last = arith.constant {x.shape[0] - 1} : index\n"
            "%k = arith.minui %i, %last : index\n"
            f"%r = tensor.extract {x.name}[%k, %j] : {x.type}",
        )

    def pad(self) -> Value:
        """Adds zeros along a dimension."""
        x = self.choose(lambda v: max(v.shape) < 48)
        axis = self.random.randrange(len(x.shape))
        low = [self.random.choice([0, 2, 4]) if i == axis else 0 for i in range(len(x.shape))]
        high = [self.random.choice([0, 4, 8]) if i == axis else 0 for i in range(len(x.shape))]
        result = Value("", tuple(d + a + b for d, a, b in zip(x.shape, low, high, strict=True)))
        indices = ", ".join(f"%i{i}: index" for i in range(len(x.shape)))
        return self.add(
            f"tensor.pad {x.name} low{low} high{high} {{\n^bb0({indices}):\n"
            f"%z = arith.constant 0.0 : f32\ntensor.yield %z : f32\n}} : {x.type} to {result.type}",
            result.shape,
        )

    def attention(self) -> Value:
        """Mixes rows of a tensor by weights that depend on others."""
        x = self.choose(lambda v: len(v.shape) == 2)
        rank3 = [pick(3, 0, 2), pick(3, 2, 1), pick(3, 0, 1)]
        weights = self.constant(ROWS, x.shape[0])
        return self.generic(
            [weights, x],
            rank3,
            self.splat(0.0, (ROWS, x.shape[1])),
            1,
            "%p = arith.mulf %a, %b : f32\n%r = arith.addf %o, %p : f32",
        )

    def layer(self) -> Value:
        """Adds what a layer makes of a tensor: norm, product, tanh, product."""
        x = self.choose(lambda v: len(v.shape) == 2 and v.shape[1] % 8 == 0)
        length = x.shape[-1]
        y = self.gained(x) if self.random.random() < 0.7 else x
        h = self.matmul(y, self.constant(16, length))
        h = self.add(f"math.tanh {h.name} : {h.type}", h.shape)
        y = self.matmul(h, self.constant(length, 16))
        scaled = self.add(
            f"arith.mulf {y.name}, {self.splat(0.25, y.shape).name} : {y.type}", y.shape
        )
        return self.add(f"arith.addf {x.name}, {scaled.name} : {x.type}", x.shape)

    # --- programs ---------------------------------------------------------------

    def write(self, length: int) -> str:
        """Returns a program of `length` steps. It starts at tables and ends in products
        with weights, mostly, so that it pays to move rotations all the way."""
        self.favourite = self.random.choice(ROTATIONS)
        self.argument((ROWS, 16))
        for _ in range(2):
            self.values.append(self.gather())
        steps = [self.sum] * 5 + [self.product] * 4 + [self.rotate] * 5 + [self.gain] * 2
        steps += [self.layer] * 6 + [self.scale, self.transpose, self.reshape, self.slice]
        steps += [self.concat, self.gather, self.pad, self.attention] + [self.body] * 4
        if self.random.random() < 0.5:
            steps.append(self.nonlinear)
        for _ in range(length):
            value = self.random.choice(steps)()
            if self.random.random() < 0.2:
                value = self.normed(value)
            self.values.append(value)
        returned = [
            self.finish(v) for v in [self.values[-1], *self.random.sample(self.values[3:], 2)]
        ]
        header = ", ".join(f"{v.name}: {v.type}" for v in self.arguments)
        types = ", ".join(v.type for v in returned)
        body = "\n".join(self.lines)
        names = ", ".join(v.name for v in returned)
        self.results = len(returned)
        return f"func.func @f({header}) -> ({types}) {{\n{body}\nreturn {names} : {types}\n}}\n"

    def finish(self, x: Value) -> Value:
        """Contracts the last dimension of a result with a constant, mostly."""
        if self.random.random() < 0.2:
            return x
        rank = len(x.shape)
        return self.generic(
            [x, self.constant(x.shape[-1])],
            [identity(rank), pick(rank, rank - 1), pick(rank, *range(rank - 1))],
            self.splat(0.0, x.shape[:-1]),
            1,
            "%p = arith.mulf %a, %b : f32\n%r = arith.addf %o, %p : f32",
        )


# --- running --------------------------------------------------------------------


def run(command: list[str]) -> None:
    """Runs a tool; fails with what it says."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_RUN, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().split("\n")[:4]
        raise RuntimeError(f"{' '.join(command)}\nexited with {done.returncode}: {said}")


def compare(expected: Path, got: Path) -> None:
    """Fails if two results differ by more than roundings."""
    want, have = read_npy(expected), read_npy(got)
    pairs = list(zip(want.numbers(), have.numbers(), strict=True))
    norm = sum(a * a for a, _ in pairs) ** 0.5
    error = sum((a - b) ** 2 for a, b in pairs) ** 0.5
    if want.shape != have.shape or not error <= TOLERANCE * max(norm, 1.0):
        raise RuntimeError(f"{got}: differs by {error:.3e}, with a norm of {norm:.3e}")


def check(tools: Path, seed: int, folder: Path) -> str:
    """Runs one program; returns what went wrong, or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = Generator(random.Random(seed))
    source = folder / "plain.mlir"
    source.write_text(generator.write(generator.random.randrange(6, 24)))
    try:
        # mx-quantize takes plans without rotations only.
        dropped = source.read_text()
        for rotation in ROTATIONS:
            dropped = dropped.replace(f", rotation = hadamard<{rotation}>", "")
        (folder / "dropped.mlir").write_text(dropped)
        mx_opt = str(tools / "mx-opt")
        option = f"--mx-fuse-rotations=seed={seed % 3}"
        # Packed, so that mx-run finds no rotations to move.
        rest = ["--mx-quantize", "--mx-select-kernels", "--mx-pack-layouts", "-o"]
        run([mx_opt, str(folder / "dropped.mlir"), *rest, str(folder / "1.mlir")])
        run([mx_opt, str(source), option, *rest, str(folder / "2.mlir")])
        for program in ("1", "2"):
            command = [str(tools / "mx-run"), str(folder / f"{program}.mlir")]
            for index, argument in enumerate(generator.arguments):
                shape = "x".join(map(str, argument.shape))
                command.append(f"--input={shape}xf32=random({index + 1})")
            for index in range(generator.results):
                command.append(f"--output=@{folder / f'{program}-{index}.npy'}")
            run(command)
        for index in range(generator.results):
            compare(folder / f"1-{index}.npy", folder / f"2-{index}.npy")
    except (RuntimeError, subprocess.TimeoutExpired) as failure:
        return f"seed {seed}: {failure}"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return ""


def main() -> int:
    """Runs programs with consecutive seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tools", type=Path, required=True, help="folder of mx-opt and mx-run")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first program")
    parser.add_argument("--count", type=int, default=100, help="how many programs")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--keep", type=Path, help="where to keep programs that fail")
    options = parser.parse_args()
    keep = options.keep or Path(tempfile.mkdtemp(prefix="mx-rotations-"))
    with ThreadPoolExecutor(options.jobs) as pool:
        seeds = range(options.seed, options.seed + options.count)
        found = list(pool.map(lambda s: check(options.tools, s, keep / str(s)), seeds))
    failures = [text for text in found if text]
    print("\n".join(failures))
    print(f"{options.count} programs, {len(failures)} failures")
    return min(len(failures), 1)


if __name__ == "__main__":
    sys.exit(main())
