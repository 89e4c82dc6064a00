#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Builds a wheel of the Python package that needs no LLVM where it is installed.

    utils/bundle-wheel.py build [--output=build/dist]

The wheel of `pip wheel .` needs the libraries of LLVM and MLIR where they were;
auditwheel, with patchelf, puts them and all that they need into it, under names of
their own. Then the wheel is installed in a new environment, demo/layer.py is run, and no
library of LLVM from elsewhere may be in the process. Needs auditwheel, patchelf, and what
`pip install .` needs. The last line is `N passed, N failed, N skipped`.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Everything that is loaded must come from the wheel, from Python and its packages, or be of the C library.
CHECK = """
import re, runpy, sys
from pathlib import Path
runpy.run_path(sys.argv[1])
import mx
home = str(Path(mx.__file__).resolve().parent.parent)
loaded = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
ours = {path for path in loaded if re.search("LLVM|MLIR|libMX", path)}
wrong = sorted(path for path in ours if not path.startswith(home))
assert len(ours) >= 3, f"expected LLVM, MLIR and MXC to be loaded, got {sorted(ours)}"
assert not wrong, f"expected libraries of the wheel, got {wrong}"
print("loaded from the wheel:", ", ".join(sorted(Path(path).name for path in ours)))
"""


def run(command, **options):
    print("+", *map(str, command), flush=True)
    return subprocess.run([str(part) for part in command], check=False, **options).returncode == 0


def find_missing():
    """What keeps the wheel from being made."""
    missing = [name for name in ("auditwheel", "setuptools", "wheel", "numpy") if not importlib.util.find_spec(name)]
    return missing + ([] if shutil.which("patchelf") else ["patchelf"])


def build_wheel(build, folder, output):
    """The finished wheel, or None."""
    environment = dict(os.environ, MX_BUILD_DIR=str(build))
    plain, done = Path(folder, "plain"), Path(folder, "bundled")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-index", "--no-build-isolation", "--no-deps", "-w", plain, ROOT]
    if not run(pip, env=environment, cwd=folder):
        return None
    repair = [sys.executable, "-m", "auditwheel", "repair", "--plat", "auto", "-w", done, *plain.glob("mx-*.whl")]
    if not run(repair, cwd=folder):
        return None
    output.mkdir(parents=True, exist_ok=True)
    (wheel,) = done.glob("mx-*.whl")
    return Path(shutil.copy(wheel, output))


def check_wheel(wheel, folder):
    """Installs the wheel beside the packages that are there, and runs a program."""
    python = f"{folder}/venv/bin/python"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL", "LD_"))}
    return (
        run([sys.executable, "-m", "venv", "--system-site-packages", f"{folder}/venv"], env=clean)
        and run([python, "-m", "pip", "install", "--no-index", "--no-deps", "--force-reinstall", wheel], env=clean)
        and run([python, "-c", CHECK, ROOT / "demo/layer.py"], env=clean, cwd=folder)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("build", type=Path, help="the build folder to take libMXC from")
    parser.add_argument("--output", type=Path, default=ROOT / "build/dist", help="where the wheel goes")
    options = parser.parse_args()
    if missing := find_missing():
        print(f"not run: {', '.join(missing)} missing, for {sys.executable}\n0 passed, 0 failed, 1 skipped")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(options.build.resolve(), folder, options.output.resolve())
        if wheel is None:
            print("0 passed, 1 failed, 0 skipped")
            return 1
        print(f"{wheel}: {wheel.stat().st_size / 2**20:.0f} MiB")
        is_right = check_wheel(wheel, folder)
    print(f"{1 + is_right} passed, {int(not is_right)} failed, 0 skipped")
    return int(not is_right)


if __name__ == "__main__":
    sys.exit(main())
