#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs random programs and compares every way of running them.

Each program runs with --check, where its inputs are arguments; then with its inputs
as constants, which the folders see, and through bytecode. All must agree in every bit
of every result (any NaN equals any NaN). With --chip all of these run on a simulated
GPU, and programs without products also on the CPU. A program that fails is reduced to
the part that one value needs, and stays in its folder with its inputs.

  random_programs.py --mx-run build/bin/mx-run --seed 1 --count 100
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "reference"))

from generator import Generator
from npy_file import read_npy, write_npy
from program import Block, Program

LONGEST_RUN = 120  # seconds


class Failure(Exception):
    """What went wrong, and the command that shows it."""


def run(command: list[str]) -> None:
    """Runs a tool; fails with its last lines."""
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
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().split("\n")
        notable = [x for x in lines if "mismatch: " in x or "error: " in x] or lines[-8:]
        raise Failure(
            f"{shlex.join(command)}\nexited with {done.returncode}:\n" + "\n".join(notable[:8])
        )


def with_one_nan(descr: str, data: bytes, is_bf16: bool) -> bytes:
    """Returns the bits of floats with one NaN for all."""
    size, infinity = (4, 0x7F800000) if descr == "<f4" else (2, 0x7F80 if is_bf16 else 0x7C00)
    words = [data[i : i + size] for i in range(0, len(data), size)]
    sign = 1 << (8 * size - 1)
    for i, word in enumerate(words):
        if int.from_bytes(word, "little") & ~sign > infinity:
            words[i] = b"\xff" * size
    return b"".join(words)


class Tester:
    """Runs programs in folders of their own."""

    def __init__(self, mx_run: Path, folder: Path, chip: str) -> None:
        """Finds mx-opt beside mx-run."""
        self.mx_run, self.mx_opt = str(mx_run), str(mx_run.parent / "mx-opt")
        self.folder = folder
        self.target = [f"--target={chip}", "--simulate"] if chip else []

    def outputs(self, program: Program, prefix: Path) -> list[bytes]:
        """Reads the results, with one NaN for all."""
        elements = []
        for value in program.outputs:
            if isinstance(value.type, Block):
                elements += ["i8", "i8"] + ["f32"] * value.type.fmt.tensor_scale
            else:
                elements.append(value.type.element)
        results = []
        for i, element in enumerate(elements):
            array = read_npy(Path(f"{prefix}{i}.npy"))
            data = array.data
            if element in ("f32", "bf16", "f16"):
                data = with_one_nan(array.descr, data, element == "bf16")
            results.append(repr(array.shape).encode() + data)
        return results

    def execute(self, program: Program, module: Path, name: str, *options: str) -> list[bytes]:
        """Runs a module and returns its results."""
        prefix = module.parent / f"{name}-out"
        count = program.count_results()
        outputs = [f"--output=@{prefix}{i}.npy" for i in range(count)]
        run([self.mx_run, str(module), "--function=f", *options, *outputs])
        return self.outputs(program, prefix)

    def compare(self, program: Program, folder: Path, thorough: bool) -> None:
        """Runs a program every way. Fails if two ways differ."""
        folder.mkdir(parents=True, exist_ok=True)
        inputs = []
        for i, array in enumerate(program.arrays()):
            write_npy(folder / f"in{i}.npy", array)
            inputs.append(f"--input=@{folder}/in{i}.npy")
        module, folded = folder / "program.mlir", folder / "folded.mlir"
        module.write_text(program.module(folded=False))
        folded.write_text(program.module(folded=True))
        checked = self.execute(program, module, "checked", "--check", *self.target, *inputs)

        def expect_same(what: str, path: Path, *options: str) -> None:
            for i, (a, b) in enumerate(zip(checked, self.execute(program, path, what, *options))):
                if a != b:
                    raise Failure(
                        f"result {i} of {path} is not that of {module}: compare "
                        f"{folder}/checked-out{i}.npy with {folder}/{what}-out{i}.npy"
                    )

        bytecode = folder / "folded.mlirbc"
        run([self.mx_opt, str(folded), "--emit-bytecode", "-o", str(bytecode)])
        expect_same("folded", bytecode, *self.target)
        if self.target and "matmul" not in module.read_text():
            expect_same("cpu", module, *inputs)
        if thorough:
            bytecode = folder / "program.mlirbc"
            run([self.mx_opt, str(module), "--emit-bytecode", "-o", str(bytecode)])
            expect_same("bytecode", bytecode, *self.target, *inputs)

    def reduce(self, program: Program, folder: Path) -> Program:
        """Returns the shortest part that fails and computes a single value."""
        values = [result for op in program.operations for result in op.results]
        parts = sorted((program.with_output(v) for v in values), key=lambda p: len(p.operations))
        for part in parts:
            try:
                self.compare(part, folder, thorough=True)
            except Failure:
                return part
        return program

    def test(self, seed: int, thorough: bool) -> str:
        """Tests one program. Returns a report if it fails."""
        folder = self.folder / str(seed)
        try:
            self.compare(Generator(seed).program, folder, thorough)
        except Failure:
            pass
        else:
            shutil.rmtree(folder)
            return ""
        small = self.reduce(Generator(seed).program, folder / "reduced")
        try:
            self.compare(small, folder / "reduced", thorough=True)
        except Failure as failure:
            return f"seed {seed}: {folder}/reduced/program.mlir\n{failure}"
        return f"seed {seed}: {folder}/program.mlir (only as a whole, or not every time)"


def main() -> int:
    """Runs the programs of consecutive seeds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the first program")
    parser.add_argument("--count", type=int, default=100, help="number of programs")
    parser.add_argument(
        "--mx-run", type=Path, default="build/bin/mx-run", help="mx-opt lies beside"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="programs at a time")
    parser.add_argument("--keep", type=Path, help="folder for programs that fail")
    parser.add_argument(
        "--quick", action="store_true", help="one run instead of two through bytecode"
    )
    parser.add_argument("--chip", default="", help="a GPU to simulate")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="mx-random-"))
    tester = Tester(arguments.mx_run.resolve(), folder, arguments.chip)
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    failures = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for report in pool.map(lambda seed: tester.test(seed, not arguments.quick), seeds):
            if report:
                failures += 1
                print(report, flush=True)
    print(f"{arguments.count} programs, {failures} failures")
    if not arguments.keep and failures == 0:
        shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
