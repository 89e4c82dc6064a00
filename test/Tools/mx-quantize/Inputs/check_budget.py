#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Spends budgets on three weights, and compares with the best of all combinations.

Errors are measured by test/reference/mx_reference.py. The choice must fit the budget and
have the least error of those that do; what the lines say must be what is in the file.
"""

from __future__ import annotations

import itertools
import json
import random
import struct
import subprocess
import sys
from pathlib import Path

from checkpoint_files import FORMATS, read_weight, ref, write_safetensors

ROWS, COLUMNS = 4, 64
COUNT = ROWS * COLUMNS
RULES = {"mxfp4": "even", "nvfp4": "amax"}
OTHERS = ("mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2")


def make_weights() -> dict[str, list[float]]:
    """Even numbers, normal ones (a name with "norm" would be skipped), and some with outliers."""
    draw = random.Random(3)
    lists = {
        "even": [draw.uniform(-1, 1) for _ in range(COUNT)],
        "bell": [draw.gauss(0, 1) for _ in range(COUNT)],
        "wild": [draw.gauss(0, 1) * (50 if i % 32 == 0 else 1) for i in range(COUNT)],
    }
    return {name: list(struct.unpack(f"<{COUNT}f", struct.pack(f"<{COUNT}f", *v))) for name, v in lists.items()}


def measure(form: str, values: list[float]) -> float:
    """The relative squared error."""
    tensor = ref.quantize(FORMATS[form], ref.Options(RULES.get(form, "even")), values, (ROWS, COLUMNS), 1)
    decoded = ref.dequantize(tensor, ref.F32)
    return sum((x - y) ** 2 for x, y in zip(values, decoded)) / sum(x * x for x in values)


def count_bits(form: str) -> float:
    fmt = FORMATS[form]
    return COUNT * float(ref.bits_per_value(fmt)) + (32 if fmt.tensor_scale else 0)


def run(*arguments: object) -> list[dict]:
    done = subprocess.run(["mx-quantize", *map(str, arguments)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    folder, weights = Path(sys.argv[1]), make_weights()
    source = folder / "in.safetensors"
    write_safetensors(
        source, {f"{n}.weight": ("F32", [ROWS, COLUMNS], struct.pack(f"<{COUNT}f", *v)) for n, v in weights.items()}
    )
    forms = ("plain", "mxfp4", "nvfp4", *OTHERS)
    errors = {(n, f): measure(f, v) if f != "plain" else 0.0 for n, v in weights.items() for f in forms}
    bits = {f: count_bits(f) if f != "plain" else 32.0 * COUNT for f in forms}
    for budget in (4.25, 4.5, 5, 6.3, 7, 8.3, 20, 32):
        output = folder / f"{budget}.safetensors"
        events = run(source, "-o", output, "--convention=mx", f"--budget={budget}", "--progress=json")
        chosen = {e["tensor"].removesuffix(".weight"): e for e in events if "tensor" in e}
        took = {name: event.get("format", "plain") for name, event in chosen.items()}
        least = min(
            sum(errors[pair] for pair in zip(weights, combination))
            for combination in itertools.product(forms, repeat=len(weights))
            if sum(bits[form] for form in combination) <= budget * COUNT * len(weights)
        )
        assert sum(bits[form] for form in took.values()) <= budget * COUNT * len(weights), (budget, took)
        got = sum(errors[pair] for pair in took.items())
        assert abs(got - least) <= 1e-6 * max(least, 1e-9), (budget, took, got, least)
        for name, form in took.items():
            if form == "plain":
                assert chosen[name]["reason"] == "the budget allows it", chosen[name]
                continue
            assert abs(chosen[name]["error"] / errors[name, form] - 1) < 1e-5, chosen[name]
            assert read_weight(output, name, "mx", form).shape == (ROWS, COLUMNS)
        print(f"{budget}: {', '.join(took.values())}")


if __name__ == "__main__":
    main()
