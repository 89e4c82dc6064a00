#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes statistics of sites whose first column no activation reaches.

  make_statistics.py FILE SITE COLUMNS ...
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from checkpoint_files import Tensor, write_safetensors


def main() -> int:
    """Writes a calibration file."""
    tensors: dict[str, Tensor] = {}
    for site, count in zip(sys.argv[2::2], map(int, sys.argv[3::2])):
        moments = [float(row == column != 0) for row in range(count) for column in range(count)]
        tensors[site + ".samples"] = ("I64", [1], struct.pack("<q", 9))
        tensors[site + ".hessian"] = ("F32", [count, count], struct.pack(f"<{len(moments)}f", *moments))
    write_safetensors(Path(sys.argv[1]), tensors, {"format": "mx-calibration", "version": "1"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
