#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Checks the memory that quantising large weights takes.

A chain of matmuls with bf16 weights, given as bytecode, is quantised and written as
bytecode: 16 weights of 128 MiB, and 64 of 32 MiB. However many weights there are, memory
may be four times the largest and 512 MiB more:

* for mx-compile, the largest resident set, with what is mapped of files;
* for mx-opt, what it allocates. (Its main function, MLIR's, reads all of its input once,
  in search of comments about errors, so all pages are resident for a while.)

  check_memory.py --bin build/bin
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20
PASSES = ("--mx-raise-matmuls", "--mx-choose-formats", "--mx-fuse-rotations", "--mx-quantize")
FLAGS = ("--quantize=accuracy", "--stop-after=quantize")
SPLITS = ("16x8192", "64x4096")


def write_chain(path: Path, count: int, size: int) -> None:
    """Writes x · w0ᵀ · w1ᵀ … with square weights that have no data yet."""
    weight, rows = f"tensor<{size}x{size}xbf16>", f"tensor<16x{size}xbf16>"
    lines = [f"func.func @chain(%x0: {rows}) -> {rows} {{"]
    lines.append("  %zero = arith.constant 0.0 : bf16")
    for i in range(count):
        lines += [
            f"  %w{i} = arith.constant dense_resource<w{i}> : {weight}",
            f"  %e{i} = tensor.empty() : {rows}",
            f"  %f{i} = linalg.fill ins(%zero : bf16) outs(%e{i} : {rows}) -> {rows}",
            f"  %x{i + 1} = linalg.matmul indexing_maps = ["
            "affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, "
            f"affine_map<(m, n, k) -> (m, n)>] ins(%x{i}, %w{i} : {rows}, {weight}) "
            f"outs(%f{i} : {rows}) -> {rows}",
        ]
    path.write_text("\n".join([*lines, f"  return %x{count} : {rows}", "}", ""]))


def read_allocated(process: int) -> int:
    """Returns the bytes that a process has resident and that are of no file."""
    try:
        with open(f"/proc/{process}/status") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass  # It has ended.
    return 0


def peak(command: list[str], allocated_only: bool) -> int:
    """Runs a command and returns the most bytes that it had in memory."""
    child = subprocess.Popen(command)
    most = 0
    while True:
        process, status, usage = os.wait4(child.pid, os.WNOHANG)
        if process:
            break
        most = max(most, read_allocated(child.pid))
        time.sleep(0.02)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: exit code {child.returncode}")
    return most if allocated_only else usage.ru_maxrss * 1024


def check(name: str, command: list[str], result: Path, limit: int, allocated: bool) -> bool:
    """Measures a command."""
    begin = time.monotonic()
    used = peak([*command, "-o", str(result)], allocated)
    seconds = time.monotonic() - begin
    verdict = "" if used <= limit else ", TOO MUCH"
    written = f"{seconds:.0f} s, {result.stat().st_size / MIB:.0f} MiB written"
    memory = f"{used / MIB:.0f} MiB in memory, limit {limit / MIB:.0f} MiB"
    print(f"{name}: {written}, at most {memory}{verdict}", flush=True)
    result.unlink()
    return used <= limit


def check_split(tools: Path, count: int, size: int) -> bool:
    """Makes `count` weights and measures both tools."""
    limit = 4 * 2 * size**2 + 512 * MIB
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, weights, result = folder / "in.mlir", folder / "in.mlirbc", folder / "out.mlirbc"
        write_chain(text, count, size)
        subprocess.run([tools / "mx-make-weights", text, weights], check=True)
        print(f"{count} weights, {weights.stat().st_size / MIB:.0f} MiB", flush=True)
        passes = [str(tools / "mx-opt"), str(weights), *PASSES, "--emit-bytecode"]
        good = check("mx-opt", passes, result, limit, allocated=True)
        driver = [str(tools / "mx-compile"), str(weights), *FLAGS]
        return check("mx-compile", driver, result, limit, allocated=False) and good


def main() -> int:
    """Makes the weights and measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", type=Path, default="build/bin", help="folder of the tools")
    text = "so many weights of so many rows and columns; may be repeated"
    parser.add_argument("--split", action="append", metavar="COUNTxSIZE", help=text)
    options = parser.parse_args()
    splits = [map(int, split.split("x")) for split in options.split or SPLITS]
    return 0 if all([check_split(options.bin, *split) for split in splits]) else 1


if __name__ == "__main__":
    sys.exit(main())
