# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Builds the package mx: libMXC with CMake, the extension with the compiler of Python, and puts both into the wheel.

CMake works in `build`, or in the folder MX_BUILD_DIR, which is configured if it is not yet; what is built there is used
as it is. The wheel needs the LLVM and MLIR libraries that it was built with, where they are installed.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("MX_BUILD_DIR", ROOT / "build")).resolve()
# What setuptools leaves behind; pip runs in the checkout.
SCRATCH = Path("build/wheel")
VERSION = re.search(r"project\(MX VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]


def pybind11_folders():
    """Where pybind11's headers are, beside the system's own folders."""
    try:
        import pybind11
    except ImportError:
        return []
    return [pybind11.get_include()]


class BuildWithLibrary(build_ext):
    """Builds libMXC first, and lays it beside the extension, which looks for it there."""

    def build_extension(self, extension):
        if not (BUILD / "CMakeCache.txt").exists():
            configure = [str(ROOT / "utils/configure.sh"), "-B", str(BUILD), "-DMX_BUILD_TESTS=OFF"]
            subprocess.run(configure, check=True)
        subprocess.run(["cmake", "--build", str(BUILD), "--target", "MXC"], check=True)
        super().build_extension(extension)
        soname = f"libMXC.so.{'.'.join(VERSION.split('.')[:2])}"
        shutil.copyfile(BUILD / "lib" / soname, Path(self.get_ext_fullpath(extension.name)).parent / soname)


SCRATCH.mkdir(parents=True, exist_ok=True)
setup(
    version=VERSION,
    cmdclass={"build_ext": BuildWithLibrary},
    options={"build": {"build_base": str(SCRATCH)}, "egg_info": {"egg_base": str(SCRATCH)}},
    ext_modules=[
        Extension(
            "mx._mx",
            sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("python/src/*.cpp")),
            depends=["python/src/Arguments.h", "python/src/Bindings.h"],
            include_dirs=[str(ROOT / "include"), *pybind11_folders()],
            library_dirs=[str(BUILD / "lib")],
            libraries=["MXC"],
            extra_compile_args=["-std=c++17", "-fvisibility=hidden"],
            extra_link_args=["-Wl,-rpath,$ORIGIN"],
            language="c++",
        )
    ],
)
