#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Measures mx-quantize on a large checkpoint, beside reading and writing the same bytes.

Weights of bf16 in several files become NVFP4 and MXFP4. Memory may be four times the
largest tensor and 512 MiB more; time is compared with that of reading all of the input
and writing as many bytes as the output has, and making them last.

  check_checkpoint.py --bin build/bin [--gib 8] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20
ROWS, COLUMNS, PER_FILE = 8192, 8192, 8
PIECE = 4 * MIB


def make_piece() -> bytes:
    """Numbers that are about normally distributed, as bf16."""
    draw = random.Random(1)
    words = [struct.unpack("<I", struct.pack("<f", draw.gauss(0, 0.02)))[0] >> 16 for _ in range(1 << 16)]
    return struct.pack(f"<{len(words)}H", *words) * (PIECE // MIB * 8)


def make_model(folder: Path, gib: int) -> int:
    """Writes the input; returns the bytes of its tensors."""
    size, piece, shards = ROWS * COLUMNS * 2, make_piece(), {}
    files = gib * 1024 * MIB // (size * PER_FILE)
    for number in range(files):
        name = f"model-{number + 1:05}-of-{files:05}.safetensors"
        names = [f"layers.{number}.{n}.weight" for n in range(PER_FILE)]
        places = {key: {"dtype": "BF16", "shape": [ROWS, COLUMNS], "data_offsets": [n * size, (n + 1) * size]} for n, key in enumerate(names)}
        header = json.dumps(places).encode()
        with (folder / name).open("wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            for _ in range(size * PER_FILE // PIECE):
                file.write(piece)
        shards |= dict.fromkeys(names, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    return size * PER_FILE * files


def measure(command: list[str]) -> tuple[float, float, int]:
    """Runs a command; returns seconds, seconds of processors, and most bytes in memory."""
    begin = time.monotonic()
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)}: exit code {child.returncode}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def copy_bytes(folder: Path, target: Path, count: int) -> float:
    """Reads a folder, writes so many bytes, and makes them last; returns seconds."""
    begin, written = time.monotonic(), 0
    with target.open("wb") as out:
        for path in sorted(folder.iterdir()):
            with path.open("rb", buffering=0) as file:
                while data := file.read(PIECE):
                    part = data[: min(len(data), count - written)]
                    written += out.write(part)
        out.flush()
        os.fsync(out.fileno())
    target.unlink()
    return time.monotonic() - begin


def main() -> int:
    """Makes the input and measures both formats."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default="build/bin", help="folder of the tools")
    parser.add_argument("--gib", type=int, default=8, help="size of the checkpoint (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    options = parser.parse_args()
    good, limit = True, 4 * ROWS * COLUMNS * 2 + 512 * MIB
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder, output = Path(name) / "in", Path(name) / "out"
        folder.mkdir()
        total = make_model(folder, options.gib)
        for form in ("nvfp4", "mxfp4"):
            command = [str(options.bin / "mx-quantize"), str(folder), "-o", str(output), f"--format={form}", "--progress=none"]
            seconds, busy, memory = measure(command)
            size = sum(path.stat().st_size for path in output.iterdir())
            shutil.rmtree(output)
            plain = copy_bytes(folder, output, size)
            good = good and memory <= limit
            speed = f"{seconds:.1f} s ({total / MIB / seconds:.0f} MiB/s, {busy:.1f} s of processors)"
            print(f"{form}: {total // MIB} MiB to {size // MIB} MiB in {speed}; the same bytes alone {plain:.1f} s; "
                  f"{memory / MIB:.0f} MiB in memory, limit {limit // MIB}", flush=True)  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
