#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Installs the Python package with pip, without a network, and uses it from outside.

Takes the first Python that has what that needs: setuptools, wheel, numpy, venv and Python's headers; says what is
missing where none has. The last line is `N passed, N failed, N skipped`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDS = """
import importlib.util, os, sysconfig
missing = [name for name in ("setuptools", "wheel", "numpy", "venv", "ensurepip") if not importlib.util.find_spec(name)]
if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
    missing.append("Python.h")
if not importlib.util.find_spec("pybind11") and not os.path.exists("/usr/include/pybind11"):
    missing.append("pybind11")
print(" ".join(missing))
"""
ENTRY_POINT = """
from importlib.metadata import distribution
points = [(point.group, point.name, point.value) for point in distribution("mx").entry_points]
assert points == [("torch_dynamo_backends", "mx", "mx.torch_backend:compile_graph")], points
"""


def find_python():
    """A Python that can build wheels, or None."""
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
        if os.path.exists(python):
            missing = subprocess.run(
                [python, "-c", NEEDS], stdout=subprocess.PIPE, text=True, check=True
            ).stdout.strip()
            if not missing:
                return python
            print(f"{python} cannot build the package: {missing} missing")
    return None


def run(command, **options):
    print("+", *map(str, command), flush=True)
    return subprocess.run([str(part) for part in command], **options).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=Path, help="the build folder to take libMXC from")
    build = parser.parse_args().build.resolve()
    python = find_python()
    if python is None:
        print("0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
        environment["MX_BUILD_DIR"] = str(build)
        install = ["pip", "install", "--no-index", "--no-build-isolation", "--no-deps", ROOT]
        steps = [
            [python, "-m", "venv", "--system-site-packages", f"{folder}/venv"],
            [f"{folder}/venv/bin/python", "-m", *install],
            [f"{folder}/venv/bin/python", ROOT / "demo/layer.py"],
            [f"{folder}/venv/bin/python", "-c", ENTRY_POINT],
        ]
        done = 0
        for step in steps:
            if not run(step, cwd=folder, env=environment):
                break
            done += 1
    print(f"{done} passed, {int(done < len(steps))} failed, 0 skipped")
    return int(done < len(steps))


if __name__ == "__main__":
    sys.exit(main())
