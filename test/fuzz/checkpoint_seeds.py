#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes the first inputs of mx-fuzz-checkpoint into a folder.

  checkpoint_seeds.py FOLDER
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path


def header(tensors: dict[str, tuple[str, list[int], int]], metadata: dict[str, str] | None = None) -> bytes:
    """An input of the first kind: a header, and how many bytes of data follow."""
    entries: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, (kind, shape, size) in tensors.items():
        entries[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    return b"\0" + struct.pack("<H", end) + json.dumps(entries).encode()


def gguf(kind: int, columns: int, size: int) -> bytes:
    """An input of the third kind, without its first four bytes."""
    entry = struct.pack("<Q", 8) + b"x.weight" + struct.pack("<IQQIQ", 2, columns, 1, kind, 0)
    value = struct.pack("<Q", 1) + b"k" + struct.pack("<IQ", 8, 1) + b"v"
    text = struct.pack("<IQQ", 3, 1, 1) + value + entry
    return b"\2" + text + bytes(-(len(text) + 4) % 32 + size)


def main() -> int:
    """Writes the files."""
    packed = {"x.weight_packed": ("U8", [2, 16], 32), "x.weight_scale": ("F8_E4M3", [2, 2], 4), "x.weight_global_scale": ("F32", [1], 4)}
    modelopt = {"x.weight": ("U8", [1, 16], 16), "x.weight_scale": ("F8_E4M3", [1, 2], 2), "x.weight_scale_2": ("F32", [], 4)}
    seeds = [
        header({"x.weight": ("BF16", [2, 64], 256), "n": ("F32", [1], 4)}, {"format": "pt"}),
        header({"e_blocks": ("U8", [2, 2, 1, 16], 64), "e_scales": ("U8", [2, 2, 1], 4)}),
        header(packed),
        header(modelopt),
        header({"x._weight_qdata": ("U8", [1, 16], 16), "x._weight_scale": ("F8_E8M0", [1, 1], 1)}, {"x.weight": "{}"}),
        b"\1" + json.dumps({"metadata": {"total_size": 4}, "weight_map": {"t": "a-1.safetensors"}}).encode(),
        gguf(39, 32, 17),
        gguf(40, 64, 36),
        gguf(0, 4, 16),
        b"\3" + struct.pack("<Q", 2) + b"{}",
    ]
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
