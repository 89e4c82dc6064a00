#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Assembles the kernels of every row for GPUs and prints what they are made of.

assemble_kernels.py [--chips CHIP...] [--opcodes]

A program for each row and each of its formats is compiled to a cubin, which ptxas makes;
its performance warnings (C75xx) are errors of mx-compile. A kernel fails if it spills, or
if its main loop touches local memory (LDL, STL). A chip that lacks a row's instructions
uses another row, which is assembled too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

REPORT = Path(__file__).resolve().parent.parent.parent / "utils" / "sass-report.py"
CHIPS = ("sm_80", "sm_86", "sm_89", "sm_90a", "sm_100a", "sm_103a", "sm_120a", "sm_121a")

PRODUCTS = (
    ("mxfp4", "mxfp4"),
    ("nvfp4", "nvfp4"),
    ("mxfp8_e4m3", "mxfp4"),
    ("bf16", "mxfp4"),
    ("bf16", "nvfp4"),
    ("f16", "mxfp4"),
    ("bf16", "mxfp8_e4m3"),
    ("f32", "mxfp4"),
    ("mxfp4", "f32"),
    ("f32", "mxfp8_e4m3"),
    ("f16", "mxfp8_e4m3"),
)
GROUPED = (("mxfp4", "mxfp4"), ("bf16", "mxfp4"), ("f32", "mxfp4"))
ENCODED = (("mxfp4", "even"), ("nvfp4", "amax"), ("mxfp8_e4m3", "rceil"))
DEPTH = 2880


def side(kind: str, shape: str, axis: int) -> str:
    """The type of one side of a product."""
    plain = kind in ("f32", "bf16", "f16")
    return f"tensor<{shape}x{kind}>" if plain else f"!mx.tensor<{shape}, {kind}, axis = {axis}>"


def programs() -> dict[str, str]:
    """The text of each program, by name."""
    texts = {}
    for lhs, rhs in PRODUCTS:
        a, b, c = side(lhs, f"?x{DEPTH}", 1), side(rhs, f"?x{DEPTH}", 1), "tensor<?x?xbf16>"
        texts[f"{lhs} x {rhs}"] = f"""func.func @f(%a: {a}, %b: {b}, %c: {c}) -> {c} {{
  %0 = mx.matmul ins(%a, %b : {a}, {b}) outs(%c : {c})
  return %0 : {c}
}}"""
    for lhs, rhs in GROUPED:
        a, b, c = side(lhs, f"?x{DEPTH}", 1), side(rhs, f"32x?x{DEPTH}", 2), "tensor<?x?xbf16>"
        texts[f"grouped {lhs} x {rhs}"] = f"""func.func @f(%a: {a}, %b: {b}, %e: tensor<32xi32>, %c: {c}) -> {c} {{
  %0 = mx.grouped_matmul ins(%a, %b, %e : {a}, {b}, tensor<32xi32>) outs(%c : {c})
  return %0 : {c}
}}"""
    for kind, rule in ENCODED:
        x, y = f"tensor<?x{DEPTH}xbf16>", side(kind, f"?x{DEPTH}", 1)
        texts[f"{kind} and back"] = f"""func.func @f(%x: {x}) -> {x} {{
  %0 = mx.quantize %x scale_rule({rule}) : {x} to {y}
  %1 = mx.dequantize %0 : {y} to {x}
  return %1 : {x}
}}"""
    a, b = side("mxfp4", f"?x{DEPTH}", 1), side("mxfp4", f"{DEPTH}x{DEPTH}", 1)
    c, y = f"tensor<?x{DEPTH}xf32>", a
    texts["product and its codes"] = f"""func.func @f(%a: {a}, %b: {b}, %m: index) -> {y} {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%m) : {c}
  %c = linalg.fill ins(%zero : f32) outs(%e : {c}) -> {c}
  %0 = mx.matmul ins(%a, %b : {a}, {b}) outs(%c : {c})
  %1 = mx.quantize %0 scale_rule(even) : {c} to {y}
  return %1 : {y}
}}"""
    x = f"tensor<?x{DEPTH}xbf16>"
    texts["rotation"] = f"""func.func @f(%x: {x}) -> {x} {{
  %0 = mx.rotate %x by hadamard<32> along 1 : {x}
  return %0 : {x}
}}"""
    return texts


def assemble(text: str, chip: str, folder: Path) -> list[dict]:
    """Returns the reports of the kernels; ends with the compiler's messages if it fails."""
    source, cubin = folder / "program.mlir", folder / "program.cubin"
    source.write_text(text)
    for command in (
        ["mx-compile", str(source), f"--target={chip}", "-o", str(cubin)],
        [sys.executable, str(REPORT), "--json", str(cubin)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{text}\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> int:
    """Prints a line for each kernel; fails if one is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chips", nargs="+", default=CHIPS)
    parser.add_argument("--opcodes", action="store_true", help="also print the instructions of main loops")
    arguments = parser.parse_args()
    kernels = failures = 0
    with tempfile.TemporaryDirectory() as name:
        for chip in arguments.chips:
            for title, text in programs().items():
                for kernel in assemble(text, chip, Path(name)):
                    loop = kernel.get("loop", {"product_share": 0, "opcodes": {}})
                    local = sum(loop["opcodes"].get(op, 0) for op in ("LDL", "STL"))
                    good = not local and not kernel["stack"]
                    kernels, failures = kernels + 1, failures + (not good)
                    print(
                        f"{chip} {title}: {kernel['kernel']}: {kernel['registers']} registers, "
                        f"{kernel['stack']} bytes of stack, {loop['product_share']:.0%} products in the main loop"
                        f"{'' if good else ': SPILLS'}"
                    )
                    if arguments.opcodes:
                        print("   ", " ".join(f"{op}:{n}" for op, n in sorted(loop["opcodes"].items(), key=lambda x: -x[1])))
    print(f"{kernels} kernels, {failures} failures")
    return int(failures != 0)


if __name__ == "__main__":
    sys.exit(main())
