# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What a kit says about itself, and the arguments that name parts of it."""

import hashlib
import json

from kit_formats import KINDS
from kit_library import Failed

VERSION = 1
KEYS = ("name", "chip", "lhs", "rhs", "n", "k", "result", "rows", "library", "function", "sha256")
# K of every format is a multiple of it.
UNIT = 32


def check_pair(text):
    """Returns the formats of `LHS*RHS`."""
    pair = text.split("*")
    if len(pair) != 2 or not set(pair) <= set(KINDS):
        raise Failed(f"expected two formats of {', '.join(KINDS)} as 'bf16*mxfp4', got '{text}'")
    return pair


def parse_sizes(text, count):
    """Returns tuples of `count` positive numbers of a text like '64x32,8x64'; the
    last of two is K."""
    sizes = []
    for part in text.split(","):
        numbers = [int(word) if word.isdecimal() else 0 for word in part.split("x")]
        if len(numbers) != count or min(numbers) < 1 or (count > 1 and numbers[-1] % UNIT):
            wanted = "positive numbers" if count == 1 else f"rows by K, a multiple of {UNIT}, such as '8192x8192'"
            raise Failed(f"expected {wanted}, got '{part}'")
        sizes.append(tuple(numbers))
    return sizes


def read_manifest(folder):
    """Returns the cases of a kit. Raises Failed where something of it is not as it
    was built."""
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Failed(f"expected a kit in '{folder}', got {error}") from error
    if not isinstance(manifest, dict) or manifest.get("version") != VERSION:
        raise Failed(f"{path}: expected version {VERSION}, got '{manifest if not isinstance(manifest, dict) else manifest.get('version')}'")
    for case in manifest["cases"]:
        if missing := [key for key in KEYS if key not in case]:
            raise Failed(f"{path}: expected '{missing[0]}' of every case, got none")
        library = folder / case["library"]
        found = hashlib.sha256(library.read_bytes()).hexdigest() if library.is_file() else "no file"
        if found != case["sha256"]:
            raise Failed(f"{library}: expected SHA-256 {case['sha256']}, got {found}")
    return manifest


def capability_of(chip):
    """Returns ten times the compute capability of a chip's name, and whether later
    GPUs run its code too."""
    digits = chip.removeprefix("sm_").rstrip("af")
    if not chip.startswith("sm_") or not digits.isdecimal():
        raise Failed(f"expected a chip such as 'sm_90a', got '{chip}'")
    return int(digits), chip[-1] not in "af"


def fits(case, capability):
    """Whether a GPU of this compute capability runs the case."""
    number, later = capability_of(case["chip"])
    return capability == number or (later and capability > number) or (case["chip"].endswith("f") and capability // 10 == number // 10 and capability > number)
