#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Compiles products for GPUs, and packs them with what checks and times them.

    bench/gpu/build_kit.py --chips=sm_90a,sm_120a -o kit.tar

The kit needs neither mx nor a compiler where it runs: a machine with an NVIDIA
driver, PyTorch and Triton. Unpack it there and start run_kit.py.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from kit_formats import BLOCKED, KINDS, PLAIN
from kit_library import Failed, Library
from kit_manifest import VERSION, check_pair, parse_sizes
from kit_variants import list_variants

SCRIPTS = [*sorted(HERE.glob("kit_*.py")), HERE / "run_kit.py", HERE / "report.py", HERE.parent / "tables.py"]
SCRIPTS.append(HERE.parent / "roofline.py")
PAIRS = "bf16*mxfp4,bf16*nvfp4,mxfp4*mxfp4,nvfp4*nvfp4"
LAYERS = "8192x8192,28672x8192"
ROWS = "1,2,4,8,16,64,128,512,2048,4096"


def describe_product(lhs, rhs, n, k, result, tuning):
    """Returns the program: the product of any number of rows, into memory of the
    caller. `tuning` is what it says about tiles."""
    types = [f"tensor<?x{k}x{lhs}>" if lhs in PLAIN else f"!mx.tensor<?x{k}, {lhs}, axis = 1>"]
    types.append(f"!mx.tensor<{n}x{k}, {rhs}, axis = 1>" if rhs in BLOCKED else f"tensor<{n}x{k}x{rhs}>")
    whole, memory = f"tensor<?x{n}x{result}>", f"memref<?x{n}x{result}>"
    return f"""module attributes {{mx.tuning = {json.dumps(tuning)}}} {{
func.func @product(%a: {types[0]}, %b: {types[1]}, %memory: {memory}) {{
  %first = arith.constant 0 : index
  %rows = memref.dim %memory, %first : {memory}
  %none = arith.constant 0.0 : {result}
  %empty = tensor.empty(%rows) : {whole}
  %zeros = linalg.fill ins(%none : {result}) outs(%empty : {whole}) -> {whole}
  %c = mx.matmul ins(%a, %b : {types[0]}, {types[1]}) outs(%zeros : {whole})
  bufferization.materialize_in_destination %c in restrict writable %memory : ({whole}, {memory}) -> ()
  return
}}
}}
"""


def compile_product(arguments, folder, chip, pair, layer, variant=None, tuning=()):
    """Compiles one product; returns its entry of the manifest."""
    lhs, rhs = pair
    n, k = layer
    spelled = [lhs, rhs, f"{n}x{k}", *([variant["tile"], f"stages{variant['stages']}"] if variant else [])]
    name = "_".join([chip, *spelled])
    source, library = folder / f"{name}.mlir", folder / f"{name}.so"
    source.write_text(describe_product(lhs, rhs, n, k, arguments.result, list(tuning)))
    command = [arguments.mx_compile, source, f"--target={chip}", "-o", library]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    source.unlink()
    if done.returncode:
        raise Failed(f"expected {name} to compile, got:\n{done.stderr}")
    about = Library(library, "product").read_text("mx_gpu_kernels")
    return {
        "name": " ".join([f"{lhs}*{rhs}", *spelled[2:], chip]), "variant": variant, "chip": chip, "lhs": lhs, "rhs": rhs, "n": n, "k": k,
        "result": arguments.result, "rows": arguments.rows, "library": library.name, "function": "product",
        "sha256": hashlib.sha256(library.read_bytes()).hexdigest(), "image": about["image"], "kernels": about["kernels"],
    }  # fmt: skip


def build(arguments, folder):
    """Fills the folder."""
    version = subprocess.run([arguments.mx_compile, "--version"], capture_output=True, text=True, check=True)
    cases = []
    for chip in arguments.chips.split(","):
        for pair in arguments.pairs.split(","):
            sides = check_pair(pair)
            variants = list_variants(chip, *sides) if arguments.variants else [(None, ())]
            for layer in arguments.layers:
                for variant, tuning in variants:
                    cases.append(compile_product(arguments, folder, chip, sides, layer, variant, tuning))
                    print(f"{cases[-1]['name']}: {cases[-1]['image']}", flush=True)
    manifest = {"version": VERSION, "compiler": version.stdout.split("\n")[0], "cases": cases}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    for script in SCRIPTS:
        shutil.copy(script, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="output", type=Path, required=True, metavar="FOLDER|FILE.tar", help="the kit")
    parser.add_argument("--chips", default="sm_90a,sm_120a")
    parser.add_argument("--pairs", default=PAIRS, help=f"formats of both sides, of {', '.join(KINDS)} (default {PAIRS})")
    parser.add_argument("--layers", default=LAYERS, help=f"rows of weights by K (default {LAYERS})")
    parser.add_argument("--rows", default=ROWS, help=f"of activations (default {ROWS})")
    parser.add_argument("--result", choices=("bf16", "f16", "f32"), default="bf16")
    parser.add_argument("--variants", action="store_true", help="each tile and number of stages by itself, for tune.py")
    parser.add_argument("--mx-compile", default="mx-compile", metavar="FILE")
    arguments = parser.parse_args()
    try:
        arguments.layers = parse_sizes(arguments.layers, 2)
        arguments.rows = [rows for (rows,) in parse_sizes(arguments.rows, 1)]
        if arguments.output.suffix != ".tar":
            arguments.output.mkdir(parents=True)
            return build(arguments, arguments.output)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / arguments.output.stem
            folder.mkdir()
            build(arguments, folder)
            with tarfile.open(arguments.output, "w") as archive:
                archive.add(folder, folder.name)
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
