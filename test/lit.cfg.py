# The .mlir tests. Tools are found through PATH: ours first, then LLVM's. What
# the machine offers is detected here once and named as a feature, so that a
# test says `REQUIRES: x86-avx512f` and a skipped test is counted.
import ctypes
import os
import platform
import shutil
import subprocess

import lit.formats

config.name = "mx"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
# `unit` is a suite of its own; the others are run by utils/test.sh.
config.excludes = ["Consume", "Inputs", "reference", "sweep"]
config.test_source_root = os.path.join(config.mx_source, "test")
config.test_exec_root = os.path.join(config.mx_build, "test")

config.environment["PATH"] = os.pathsep.join(
    [
        os.path.join(config.mx_build, "bin"),
        config.llvm_tools,
        config.environment["PATH"],
    ]
)
# `--param tools=FOLDER` runs the tests with other tools of the same names.
if "tools" in lit_config.params:
    config.environment["PATH"] = lit_config.params["tools"] + os.pathsep + config.environment["PATH"]
for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TMPDIR", "CUDA_PATH", "CUDA_HOME", "MX_CHIP"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]


def python_with_numpy():
    """The Python that runs models in numpy: ours, or the system's; "" if neither can."""
    for python in (config.python, "/usr/bin/python3"):
        try:
            if subprocess.call([python, "-c", "import numpy"], stderr=subprocess.DEVNULL) == 0:
                return python
        except OSError:
            pass
    return ""


numpy = python_with_numpy()
if numpy:
    config.available_features.add("numpy")


def packages_of(python):
    """The packages of other projects that a Python has, of those that tests compare with."""
    wanted = {
        "safetensors": ("safetensors", "numpy"),
        "gguf": ("gguf",),
        "compressed-tensors": ("compressed_tensors", "safetensors", "torch"),
        "torchao": ("torchao", "safetensors", "torch"),
    }
    code = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))"
    return [name for name, parts in wanted.items() if subprocess.call([python, "-c", code, *parts]) == 0]


# `--param oracles=PYTHON` or MX_ORACLE_PYTHON names a Python with such packages.
oracle_python = lit_config.params.get("oracles", os.environ.get("MX_ORACLE_PYTHON", config.python))
for package in packages_of(oracle_python):
    config.available_features.add("python-" + package)

libraries = os.path.join(config.mx_build, "lib")
config.substitutions += [
    ("%mx_plugin", os.path.join(libraries, "MXPlugin" + config.module_suffix)),
    ("%mx_gptq_shim", os.path.join(libraries, "libmx_gptq_shim" + config.shared_suffix)),
    ("%mx_numerics_shim", os.path.join(libraries, "libmx_numerics_shim" + config.shared_suffix)),
    ("%mx_source", config.mx_source),
    ("%mx_build", config.mx_build),
    ("%fake_driver", os.path.join(libraries, "fake-driver")),
    ("%mx_lib", libraries),
    ("%oracle_python", oracle_python),
    ("%python", config.python),
    ("%numpy", numpy),
    ("%cc", config.c_compiler),
]

try:
    ctypes.CDLL("libomp.so.5")
    config.available_features.add("openmp")
except OSError:
    pass

# --- features -----------------------------------------------------------------

CPU_FEATURES = {
    "avx2": "x86-avx2",
    "fma": "x86-fma",
    "avx512f": "x86-avx512f",
    "avx512_vnni": "x86-avx512-vnni",
    "avx512_bf16": "x86-avx512-bf16",
    "avx512_vbmi": "x86-avx512-vbmi",
    "amx_bf16": "x86-amx-bf16",
    "amx_int8": "x86-amx-int8",
    "asimddp": "aarch64-dotprod",
    "i8mm": "aarch64-i8mm",
    "bf16": "aarch64-bf16",
}


def cpu_flags():
    """The words of the first flags line of /proc/cpuinfo."""
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.lower().startswith(("flags", "features")):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
config.available_features.add("target-" + machine)
prefix = "x86-" if machine == "x86_64" else machine + "-"
for flag in cpu_flags():
    feature = CPU_FEATURES.get(flag, "")
    if feature.startswith(prefix):
        config.available_features.add(feature)
if "AArch64" in config.llvm_targets.split(";"):
    config.available_features.add("llvm-aarch64")
    # Programs of AArch64 are linked and run.
    if machine != "aarch64" and shutil.which("qemu-aarch64") and shutil.which("aarch64-linux-gnu-gcc"):
        config.available_features.add("qemu-aarch64")
if machine == "x86_64" and shutil.which("qemu-x86_64"):
    config.available_features.add("qemu-x86_64")
if os.path.exists("/dev/full"):
    config.available_features.add("full-device")
for folder in (os.environ.get("CUDA_PATH", ""), os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"):
    if os.access(os.path.join(folder, "bin", "ptxas"), os.X_OK):
        config.available_features.add("ptxas")
        config.substitutions.append(("%cuda", folder))
        break
try:
    ctypes.CDLL("libcuda.so.1")
except OSError:
    config.available_features.add("no-gpu-driver")
if config.mx_sanitize:
    config.available_features.add("sanitizer")
else:
    # An uninstrumented program cannot load an instrumented library.
    config.available_features.add("plugin")
