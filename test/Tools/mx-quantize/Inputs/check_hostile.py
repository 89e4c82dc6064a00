#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Gives mx-quantize files of strangers (hostile_files.py), one process each.

Each must be refused: exit status 1, one message that begins with the path of the file
and says what was expected and what was got, in plain characters; within 100 ms of
processor time and 64 MiB of memory over those that the program takes to say its
version, besides the size of the file; and nothing may be left beside the input.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from hostile_files import make_all

LIMIT_SECONDS = float(os.environ.get("MX_HOSTILE_SECONDS", "0.1"))
LIMIT_BYTES = 64 << 20
ATTEMPTS = 20
SYSTEM = r"(No such file or directory|Not a directory|File name too long)"


def run(command: list[str], errors: Path) -> tuple[int, float, int]:
    """Runs a command; returns its status, processor time and most memory."""
    with errors.open("wb") as stream:
        child = subprocess.Popen(command, stderr=stream, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def count_bytes(path: Path) -> int:
    """The size of a file, or of the files of a folder."""
    return sum(p.lstat().st_size for p in path.iterdir()) if path.is_dir() else path.stat().st_size


def check(folder: Path, path: Path, base: tuple[int, float, int]) -> list[str]:
    """Tries one file; returns complaints."""
    before, size = sorted(folder.iterdir()), count_bytes(path)
    errors = folder.parent / "errors"
    output = folder / "out"
    for _ in range(ATTEMPTS):
        command = ["mx-quantize", str(path), "-o", str(output), "--format=auto", "--progress=none"]
        status, seconds, memory = run(command, errors)
        if seconds - base[1] <= LIMIT_SECONDS:
            break
        time.sleep(0.1)  # Other processes may have made it slow.
    text = errors.read_bytes().decode("utf-8", "replace")
    message = re.escape(f"mx-quantize: error: {path}") + r"[^\n]*: (.*expected .*, got .*|" + SYSTEM + r")\n"
    wrong = []
    if status != 1 or not re.fullmatch(message, text) or not text.rstrip("\n").isprintable():
        wrong.append(f"status {status}, {text[:300]!r}")
    if seconds - base[1] > LIMIT_SECONDS:
        wrong.append(f"took {seconds - base[1]:.3f} s")
    if memory - base[2] - size > LIMIT_BYTES:
        wrong.append(f"took {(memory - base[2]) >> 20} MiB")
    if sorted(folder.iterdir()) != before:
        wrong.append("left something behind")
    return wrong


def main() -> int:
    """Tries all files in a folder of their own."""
    scratch = Path(sys.argv[1])
    # The first run also reads the program from the disk.
    base = [run(["mx-quantize", "--version"], scratch / "errors") for _ in range(2)][-1]
    bad = count = 0
    classes = make_all()
    for name, files in classes.items():
        for number, (title, write) in enumerate(files.items()):
            folder = scratch / f"{name.replace(' ', '-')}-{number}"
            folder.mkdir()
            path = folder / ("x.gguf" if name.startswith("gguf") else "x.safetensors")
            if name in ("paths", "shards", "map", "sizes", "index", "folder"):
                path = folder / "model"
            write(path)
            count += 1
            for complaint in check(folder, path, base):
                bad += 1
                print(f"{name}: {title[:60]}: {complaint}", file=sys.stderr)
    print(f"{count} files in {len(classes)} classes, {bad} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
