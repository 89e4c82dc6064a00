#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs blocks of language models on a CPU and on a simulated GPU and compares the results.

compare_targets.py CHIP BLOCK...   each block as it is, and with its matmuls in FP4

The same numbers are rounded the same way; what differs is the order of sums in products, and
functions such as exp, which are polynomials on a GPU.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from math import sqrt
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Models"))

from linalg_models import save, write_block
from references import SIZES
from relative_error import read, relative_error

# Relative norm of the difference: that between two ways of rounding in f32, through a network.
EXACT = 1e-6


def run(program: Path, *arguments: str) -> None:
    """Runs mx-run; ends with its messages if it fails."""
    done = subprocess.run(("mx-run", str(program), *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")


def compare(name: str, chip: str, folder: Path) -> list[float]:
    """Returns the difference of a block without and with FP4."""
    module = write_block(name, SIZES["tiny"], "f32", "resource")
    program = folder / "program.mlir"
    program.write_text(module.text)
    inputs = []
    for i, array in enumerate(module.inputs):
        save(folder / f"x{i}.npy", array, "f32")
        inputs.append(f"--input=@{folder}/x{i}.npy")
    errors = []
    for flags in [], ["--quantize=accuracy"]:
        cpu, gpu = folder / "cpu.npy", folder / "gpu.npy"
        run(program, *inputs, *flags, f"--output=@{cpu}")
        run(program, *inputs, *flags, f"--output=@{gpu}", f"--target={chip}", "--simulate")
        errors.append(sqrt(relative_error(read(str(cpu)), read(str(gpu)))))
    return errors


def main() -> int:
    """Prints the differences of each block; fails if one is too large."""
    chip, *blocks = sys.argv[1:]
    failed = False
    for name in blocks:
        with tempfile.TemporaryDirectory() as folder:
            errors = compare(name, chip, Path(folder))
        good = all(error <= EXACT for error in errors)
        failed |= not good
        print(f"{name} on {chip}: {errors[0]:.1e} as it is, {errors[1]:.1e} in FP4: {'equal' if good else 'DIFFERENT'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
