#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Quantises a weight by every convention, and converts each result to every other.

Codes, scales and tensor scales must be those of test/reference/mx_reference.py, bit
for bit. A conversion must give exactly the same values, or be refused where the
formats do not allow that.
"""

from __future__ import annotations

import itertools
import random
import struct
import subprocess
import sys
from pathlib import Path

from checkpoint_files import CONVENTIONS, FORMATS, read_weight, ref, write_safetensors

STEM = "model.layers.0.mlp.down_proj"
ROWS, COLUMNS = 5, 128
RULES = {"rtn": ("even", "amax", "abs3"), "mse": ("mse", "sweep", "abs3")}
MX = ("mxfp4", "nvfp4")


def make_values(seed: int) -> list[float]:
    """bf16 numbers with blocks of zeros, powers of two, and wide ranges."""
    draw = random.Random(seed)
    values = [draw.gauss(0, 1) * 2.0 ** draw.randint(-4, 4) for _ in range(ROWS * COLUMNS)]
    values[0:32] = [0.0, -0.0] * 16
    values[32:64] = [2.0 ** (k % 5) for k in range(32)]
    values[64:80] = [0.0] * 16
    return [ref.bf16_from_bits(ref.bf16_to_bits(ref.f32_from_bits(ref.f32_to_bits(v)))) for v in round_f32(values)]


def round_f32(values: list[float]) -> list[float]:
    """The nearest f32 numbers."""
    return list(struct.unpack(f"<{len(values)}f", struct.pack(f"<{len(values)}f", *values)))


def run(source: Path, output: Path, *options: str) -> str:
    """Runs mx-quantize; returns its error, or nothing."""
    command = ["mx-quantize", source, "-o", output, "--progress=none", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if done.stderr else 0), done
    return done.stderr


def expect(form: str, rule: str, values: list[float], scale: float) -> ref.BlockTensor:
    """What the reference makes of the values under a tensor scale."""
    options = ref.Options(rule, tensor_scale=None if form == "mxfp4_abs3" else scale)
    return ref.quantize(FORMATS[form], options, values, (ROWS, COLUMNS), 1)


def is_best_scale(form: str, rule: str, values: list[float], scale: float, divides: bool) -> bool:
    """Whether the tensor scale is that of N4.1, or the nearest that has a reciprocal (N8.6)."""
    wanted = ref.compute_tensor_scale(FORMATS[form], ref.Options(rule), values)
    if scale == wanted or not divides:
        return scale == wanted
    middle = ref.f32_to_bits(ref.f32_div(1.0, wanted))
    near = [ref.f32_div(1.0, ref.f32_from_bits(middle + step)) for step in (-2, -1, 0, 1, 2)]
    return wanted not in near and scale == near[2]


def check_quantised(folder: Path, convention: str, form: str, method: str) -> list[str]:
    """Quantises by one convention and method."""
    values, row = make_values(1), CONVENTIONS[convention, form]
    output = folder / f"{convention}-{form}-{method}.{row.file}"
    error = run(folder / "in.safetensors", output, f"--convention={convention}", f"--format={form}", f"--method={method}")
    if error:
        return [f"{output.name}: {error}"]
    got = read_weight(output, STEM, convention, form)
    rule = RULES[method][1 if form == "nvfp4" else 2 if form == "mxfp4_abs3" else 0]
    wanted = expect(form, rule, values, got.tensor_scale)
    wrong = [part for part in ("codes", "scales", "tensor_scale") if getattr(got, part) != getattr(wanted, part)]
    if row.tensor_scale and not is_best_scale(form, rule, values, got.tensor_scale, row.divides):
        wrong.append(f"choice of {got.tensor_scale}")
    return [f"{output.name}: {part} differ" for part in wrong]


def is_possible(before: str, after: str) -> bool:
    """Whether these weights can change their format so."""
    return before == after or (before, after) == MX


def check_conversion(folder: Path, before: tuple[str, str], after: tuple[str, str]) -> list[str]:
    """Converts from one convention to another."""
    row = CONVENTIONS[after]
    source = folder / f"{before[0]}-{before[1]}-rtn.{CONVENTIONS[before].file}"
    output = folder / f"{source.stem}-to-{after[0]}-{after[1]}.{row.file}"
    options = [f"--convention={after[0]}", f"--format={after[1]}", "--allow-rounding"]
    error = run(source, output, *options[:2])
    if before[1] != after[1] and {before[1], after[1]} != set(MX):
        return [] if "can become exactly" in error else [f"{output.name}: expected a refusal, got {error!r}"]
    if before[1] == "nvfp4" and after[1] == "mxfp4":
        return [] if "power of two" in error else [f"{output.name}: expected a refusal, got {error!r}"]
    if error and row.divides and "--allow-rounding" in error:
        # N8.6: this tensor scale has no reciprocal.
        scale = read_weight(source, STEM, *before).tensor_scale
        near = ref.f32_to_bits(ref.f32_div(1.0, scale))
        found = any(ref.f32_div(1.0, ref.f32_from_bits(near + step)) == scale for step in (-1, 0, 1))
        return [f"{output.name}: {error}"] if found or run(source, output, *options) else []
    if error:
        return [f"{output.name}: {error}"]
    old, new = (ref.decode_all(read_weight(path, STEM, *which)) for path, which in ((source, before), (output, after)))
    same = all(a == b and ref.is_negative(float(a)) == ref.is_negative(float(b)) for a, b in zip(old, new, strict=True))
    return [] if same else [f"{output.name}: values differ"]


def main() -> int:
    """Checks everything, in a folder of its own."""
    folder = Path(sys.argv[1])
    bits = [ref.bf16_to_bits(value) for value in make_values(1)]
    data = struct.pack(f"<{len(bits)}H", *bits)
    write_safetensors(folder / "in.safetensors", {STEM + ".weight": ("BF16", [ROWS, COLUMNS], data)})
    wrong = []
    for (convention, form), method in itertools.product(CONVENTIONS, RULES):
        wrong += check_quantised(folder, convention, form, method)
    pairs = list(itertools.permutations(CONVENTIONS, 2))
    # All that can be done, and some that cannot.
    pairs = [pair for n, pair in enumerate(pairs) if n % 8 == 0 or is_possible(pair[0][1], pair[1][1])]
    for before, after in pairs:
        wrong += check_conversion(folder, before, after)
    print("\n".join(wrong) or f"{2 * len(CONVENTIONS)} weights and {len(pairs)} conversions are right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
