#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Runs the tests of the Python package in a build folder.

Needs numpy, pytest and the extension, which in turn needs Python's headers and pybind11; says what is missing. Tests
that compare with ml_dtypes or torch are skipped, with their reason, where these are not installed. The last line is
`N passed, N failed, N skipped`.
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def find_missing(build):
    """What keeps every test from running."""
    missing = [name for name in ("numpy", "pytest") if importlib.util.find_spec(name) is None]
    if not list((build / "python/mx").glob("_mx*.so")):
        missing.append("the extension (python3-dev, pybind11-dev)")
    return missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=Path, help="the build folder")
    parser.add_argument("arguments", nargs="*", help="arguments of pytest")
    options = parser.parse_args()
    missing = find_missing(options.build.resolve())
    if missing:
        print(f"not run: {', '.join(missing)} missing, for {sys.executable}")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    environment = dict(os.environ, PYTHONPATH=str(options.build.resolve() / "python"), PYTHONDONTWRITEBYTECODE="1")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        *(options.arguments or [str(HERE)]),
    ]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    # A crash of the interpreter leaves no counts.
    failed = failed or int(done.returncode != 0)
    print(f"{counts.get('passed', 0)} passed, {failed} failed, {counts.get('skipped', 0)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
