#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes a weight of gpt-oss's experts, by its original names; or one of ModelOpt."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from checkpoint_files import Tensor, write_safetensors


def main() -> int:
    """Writes one file."""
    experts: dict[str, Tensor] = {
        "block.3.mlp.mlp1_weight.blocks": ("U8", [2, 2, 1, 16], bytes(range(64))),
        "block.3.mlp.mlp1_weight.scales": ("U8", [2, 2, 1], b"\x7f\x80\x81\x7e"),
        "block.3.mlp.mlp1_bias": ("BF16", [2, 2], bytes(8)),
        "block.3.attn.qkv.weight": ("BF16", [1, 2], bytes(4)),
    }
    static: dict[str, Tensor] = {
        "x.weight": ("U8", [1, 16], bytes(range(16))),
        "x.weight_scale": ("F8_E4M3", [1, 2], b"\x38\x38"),
        "x.weight_scale_2": ("F32", [], struct.pack("<f", 0.5)),
        "x.input_scale": ("F32", [], struct.pack("<f", 0.25)),
    }
    write_safetensors(Path(sys.argv[-1]), static if "--modelopt" in sys.argv else experts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
