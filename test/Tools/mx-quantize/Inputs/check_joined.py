#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Quantises layers that loaders join, and experts that are stored with rows for columns.

q, k and v, and gate and up, must get the tensor scale of all of them together where the
convention wants that, and their own elsewhere. Experts of gpt-oss must become what the
transposed numbers become.
"""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from pathlib import Path

from checkpoint_files import CONVENTIONS, FORMATS, read_weight, ref, write_safetensors

LAYERS = {"q_proj": 1.0, "k_proj": 3.0, "v_proj": 0.5, "o_proj": 7.0, "gate_proj": 2.0, "up_proj": 5.0, "down_proj": 9.0}
GROUPS = [{"q_proj", "k_proj", "v_proj"}, {"gate_proj", "up_proj"}]
ROWS, COLUMNS = 3, 64
EXPERTS, INNER, OUTER = 2, 64, 5


def draw(seed: int, count: int, width: float) -> list[float]:
    numbers = random.Random(seed)
    values = [numbers.gauss(0, width) for _ in range(count)]
    return list(struct.unpack(f"<{count}f", struct.pack(f"<{count}f", *values)))


def pack(values: list[float]) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def run(*arguments: object) -> list[dict]:
    done = subprocess.run(["mx-quantize", *map(str, arguments)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_scales(folder: Path, convention: str, joins: bool) -> int:
    """Returns how many layers were right."""
    values = {name: draw(seed, ROWS * COLUMNS, width) for seed, (name, width) in enumerate(LAYERS.items())}
    tensors = {f"m.0.{name}.weight": ("F32", [ROWS, COLUMNS], pack(values[name])) for name in LAYERS}
    source, output = folder / "layers.safetensors", folder / f"{convention}.safetensors"
    write_safetensors(source, tensors)
    events = run(source, "-o", output, f"--convention={convention}", "--format=nvfp4", "--progress=json")
    for name in LAYERS:
        group = next((each for each in GROUPS if name in each and joins), {name})
        pool = [value for each in sorted(group) for value in values[each]]
        got = read_weight(output, f"m.0.{name}", convention, "nvfp4")
        wanted = ref.compute_tensor_scale(FORMATS["nvfp4"], ref.Options("amax"), pool)
        if CONVENTIONS[convention, "nvfp4"].divides:
            wanted = ref.f32_div(1.0, ref.f32_div(1.0, wanted))
        assert abs(got.tensor_scale / wanted - 1) < 1e-6, (convention, name, got.tensor_scale, wanted)
        options = ref.Options("amax", tensor_scale=got.tensor_scale)
        again = ref.quantize(FORMATS["nvfp4"], options, values[name], (ROWS, COLUMNS), 1)
        assert (got.codes, got.scales) == (again.codes, again.scales), (convention, name)
        event = next(each for each in events if each.get("tensor") == f"m.0.{name}.weight")
        joined = [f"m.0.{each}.weight" for each in sorted(group)] if len(group) > 1 else []
        assert event.get("scale_with", []) == joined, event
    return len(LAYERS)


def check_experts(folder: Path, convention: str, stem: str) -> int:
    """Returns how many weights were right."""
    name, count = "model.layers.4.mlp.experts.gate_up_proj", EXPERTS * INNER * OUTER
    values = draw(9, count, 1.0)
    source, output = folder / "experts.safetensors", folder / f"{convention}.safetensors"
    write_safetensors(source, {name: ("F32", [EXPERTS, INNER, OUTER], pack(values))})
    events = run(source, "-o", output, f"--convention={convention}", "--progress=json")
    assert [each["transposed"] for each in events if each["event"] == "quantize"] == [True], events
    turned = [
        values[(expert * INNER + column) * OUTER + row]
        for expert in range(EXPERTS)
        for row in range(OUTER)
        for column in range(INNER)
    ]
    wanted = ref.quantize(FORMATS["mxfp4"], ref.Options("even"), turned, (EXPERTS, OUTER, INNER), 2)
    got = read_weight(output, stem, convention, "mxfp4")
    assert (got.codes, got.scales) == (wanted.codes, wanted.scales), convention
    return 1


def main() -> None:
    folder = Path(sys.argv[1])
    conventions = {"compressed-tensors": True, "modelopt": True, "torchao": False, "mx": False}
    layers = sum(check_scales(folder, name, joins) for name, joins in conventions.items())
    experts = check_experts(folder, "gpt-oss", "model.layers.4.mlp.experts.gate_up_proj")
    experts += check_experts(folder, "gpt-oss-original", "block.4.mlp.mlp1_weight")
    print(f"{layers} layers and {experts} experts are right")


if __name__ == "__main__":
    main()
