#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes a small model of two files into a folder: plain weights, an embedding, a norm."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

from checkpoint_files import Tensor, write_safetensors


def f32(shape: list[int], count: int) -> Tensor:
    """A tensor of small multiples of 1/4."""
    return "F32", shape, struct.pack(f"<{count}f", *((n % 23 - 11) / 4 for n in range(count)))


def main() -> int:
    """Writes index, shards and configuration."""
    folder = Path(sys.argv[1])
    folder.mkdir()
    first = {"model.embed_tokens.weight": f32([8, 32], 256), "model.layers.0.mlp.up_proj.weight": f32([4, 32], 128)}
    second = {"model.layers.0.mlp.down_proj.weight": f32([2, 64], 128), "model.layers.0.odd.weight": f32([2, 9], 18),
              "model.norm.weight": f32([32], 32)}  # fmt: skip
    shards = {"a-1.safetensors": first, "a-2.safetensors": second}
    for name, tensors in shards.items():
        write_safetensors(folder / name, tensors, {"format": "pt"})
    index = {"metadata": {}, "weight_map": {key: name for name, tensors in shards.items() for key in tensors}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text('{"model_type": "x", "quantization_config": {"old": 1}}')
    (folder / "tokenizer.json").write_text('{"t": 1}')
    (folder / "pytorch_model.bin").write_text("no")
    return 0


if __name__ == "__main__":
    sys.exit(main())
