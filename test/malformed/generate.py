#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs mx-opt on modules that are wrong, or right but odd, one process each.

A malformed module (corpus.py, `malformed`) must be refused: exit status 1 and at
least one error that names a place. An odd one (`odd`) may be accepted or refused,
and is then run through each of PASSES, all under the same rule. Neither may crash,
nor take longer than the limit. The exit status is 1 if anything is otherwise.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

# The source tree stays as it is.
sys.dont_write_bytecode = True
import corpus  # noqa: E402

PASSES: tuple[tuple[str, ...], ...] = (
    (),
    ("--canonicalize",),
    ("--mx-pack-layouts",),
    ("--mx-import", "--canonicalize", "--mx-select-kernels", "--mx-pack-layouts", "--canonicalize"),
    ("--mx-choose-formats", "--mx-fuse-rotations", "--mx-quantize", "--mx-fold-tensor-scale", "--canonicalize"),
    ("--mx-fuse-rotations=insert=32", "--mx-quantize", "--mx-select-kernels", "--mx-pack-layouts"),
    ("--emit-bytecode", "-o", os.devnull),
)
LOCATED = re.compile(r"^[^\n:]+:\d+:\d+: error: \S|^[^\n]*loc\([^\n]*error: \S", re.MULTILINE)


def run(tool: str, path: Path, options: Sequence[str], limit: float, refused: bool) -> str:
    """Runs the tool on one module; returns what is wrong with the outcome, or an empty string."""
    try:
        done = subprocess.run([tool, str(path), *options], capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return f"took longer than {limit} s"
    errors = done.stderr.decode("utf-8", "replace")
    if done.returncode not in (0, 1) or "Stack dump" in errors or "Sanitizer" in errors or "runtime error" in errors:
        return f"ended with status {done.returncode}: {errors[:2000]}"
    if done.returncode == 0:
        return "was accepted" if refused else ""
    return "" if LOCATED.search(errors) else f"was refused without a place: {errors[:500]}"


def check(tool: str, folder: Path, name: str, text: bytes, limit: float, refused: bool) -> list[str]:
    """Returns the complaints about one module."""
    path = folder / f"{name}.mlir"
    path.write_bytes(text)
    complaints = []
    for options in PASSES[:1] if refused else PASSES:
        wrong = run(tool, path, options, limit, refused)
        if wrong:
            complaints.append(f"{name} {' '.join(options)}: {wrong}")
    return complaints


def main() -> int:
    """Runs the whole corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default="mx-opt", help="the program to run (default: %(default)s)")
    parser.add_argument("--limit", type=float, default=10, help="seconds for one run (default: %(default)s)")
    parser.add_argument("--filter", default="", help="run only the modules whose names contain this")
    parser.add_argument("--keep", type=Path, help="write the modules to this folder and leave them there")
    options = parser.parse_args()
    modules = [(name, text, True) for name, text in corpus.malformed().items()]
    modules += [(name, text, False) for name, text in corpus.odd().items()]
    modules = [module for module in modules if options.filter in module[0]]
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [
            pool.submit(check, options.tool, folder, name, text, options.limit, refused)
            for name, text, refused in modules
        ]
        complaints = [complaint for job in jobs for complaint in job.result()]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    refused = sum(1 for module in modules if module[2])
    print(f"{refused} malformed and {len(modules) - refused} odd modules, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
