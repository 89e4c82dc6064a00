#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs blocks of language models through the passes and compares their results.

compare_programs.py exactness BLOCK...   rotated programs compute what the others do
compare_programs.py errors BLOCK...      FP4 weights cost less if they are rotated
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from linalg_models import save, write_block
from references import SIZES
from relative_error import read, relative_error

RAISE = ["--mx-raise-matmuls", "--cse"]
KEPT = [*RAISE, "--mx-quantize"]
ROTATED = [
    [*RAISE, "--mx-fuse-rotations=insert=32", "--mx-quantize"],
    [*RAISE, "--mx-fuse-rotations=insert=16 seed=7", "--mx-quantize"],
]
# Relative norm of the difference that rounding in f32 may make.
EXACT = 1e-6
# Relative squared error of a block whose weights alone are in FP4, each with an error of
# 0.012 to 0.016: some products follow one another, and residuals keep a part exact.
LEAST_ERROR, MOST_ERROR = 0.002, 0.1


def run(*command: str) -> None:
    """Runs a tool; ends with its messages if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


class Block:
    """A block in a folder, with its inputs."""

    def __init__(self, name: str, size: str, folder: Path) -> None:
        """Writes the block in f32."""
        module = write_block(name, SIZES[size], "f32", "resource")
        self.folder, self.expected = folder, module.expected
        (folder / "source.mlir").write_text(module.text)
        self.inputs = []
        for i, array in enumerate(module.inputs):
            save(folder / f"x{i}.npy", array, "f32")
            self.inputs.append(f"--input=@{folder}/x{i}.npy")

    def result(self, passes: list[str]) -> np.ndarray:
        """Returns what the block computes after some passes."""
        program, output = self.folder / "program.mlirbc", self.folder / "y.npy"
        source = str(self.folder / "source.mlir")
        run("mx-opt", source, *passes, "--emit-bytecode", "-o", str(program))
        run("mx-run", str(program), *self.inputs, f"--output=@{output}")
        return read(str(output))


def test_exactness(name: str, folder: Path) -> bool:
    """Compares rotated programs with the plain one and with the model in f64."""
    block = Block(name, "tiny", folder)
    plain = block.result(KEPT)
    results = [block.result(passes) for passes in ROTATED]
    errors = [relative_error(plain, result) ** 0.5 for result in results]
    errors += [relative_error(block.expected, result) ** 0.5 for result in [plain, *results]]
    good = max(errors) <= EXACT and max(errors[:2]) > 0.0
    print(f"{name}: at most {max(errors):.1e}{'' if good else ', FAILED'}")
    return good


def test_errors(name: str, folder: Path) -> bool:
    """Compares MXFP4 with and without rotation, and NVFP4, with the model in f64."""
    block = Block(name, "small", folder)
    errors = []
    for choice in ("formats=mxfp4 rotation=off", "formats=mxfp4 rotation=32", "formats=nvfp4"):
        passes = [*RAISE, f"--mx-choose-formats={choice}", "--mx-fuse-rotations", "--mx-quantize"]
        errors.append(relative_error(block.expected, block.result(passes)))
    plain, rotated, nvfp4 = errors
    good = LEAST_ERROR < nvfp4 and nvfp4 < rotated < plain < MOST_ERROR
    print(
        f"{name}: mxfp4 {plain:.4f}, rotated {rotated:.4f}, nvfp4 {nvfp4:.4f}"
        f"{'' if good else ', FAILED'}"
    )
    return good


def main() -> int:
    """Runs what the command line asks for."""
    what, *names = sys.argv[1:]
    tests = {"exactness": test_exactness, "errors": test_errors}
    failures = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            failures += not tests[what](name, Path(folder))
    print(f"{what}: {len(names)} blocks, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
