#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Asks mx-quantize for what cannot be done exactly, or not at all.

Each case makes an input, runs the tool, and compares its message; nothing may be left
beside the input. Cases without a message must succeed.
"""

from __future__ import annotations

import fcntl
import json
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from checkpoint_files import Tensor, read_safetensors, write_safetensors

Maker = Callable[[Path], None]


def f32(*values: float) -> bytes:
    """The bytes of f32 numbers."""
    return struct.pack(f"<{len(values)}f", *values)


def plain(values: list[float], columns: int = 64, name: str = "x.weight") -> dict[str, Tensor]:
    """A plain weight with these numbers first, and ones."""
    rest = [1.0] * (2 * columns - len(values))
    return {name: ("F32", [2, columns], f32(*values, *rest))}


def mxfp4(exponents: list[int], codes: bytes = b"\x11" * 16) -> dict[str, Tensor]:
    """A weight of gpt-oss with blocks under these powers of two."""
    count = len(exponents)
    return {"e_blocks": ("U8", [1, count, 16], codes * count), "e_scales": ("U8", [1, count], bytes(k + 127 for k in exponents))}


def nvfp4(scales: bytes, tensor_scale: float, suffix: str = "2", **more: Tensor) -> dict[str, Tensor]:
    """A weight of ModelOpt."""
    count = len(scales)
    parts: dict[str, Tensor] = {"weight": ("U8", [1, 8 * count], b"\x11" * 8 * count)}
    parts["weight_scale"] = ("F8_E4M3", [1, count], scales)
    parts["weight_scale_" + suffix] = ("F32", [], f32(tensor_scale))
    return {"x." + name: part for name, part in (parts | more).items()}


def files(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Maker:
    """An input of one file."""
    return lambda folder: write_safetensors(folder / "in.safetensors", tensors, metadata)


def gguf_q8(folder: Path) -> None:
    """A GGUF file with a tensor of another quantised type."""
    entry = struct.pack("<Q", 1) + b"a" + struct.pack("<IQIQ", 1, 32, 8, 0)
    data = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + entry
    (folder / "in.gguf").write_bytes(data + bytes(-len(data) % 32 + 34))


def with_file(maker: Maker, name: str, text: str) -> Maker:
    """The same, with another file beside it."""

    def make(folder: Path) -> None:
        maker(folder)
        (folder / name).write_text(text)

    return make


def swizzled() -> Maker:
    """A weight of torchao with scales in tiles."""
    tensors: dict[str, Tensor] = {"x._weight_qdata": ("U8", [1, 16], bytes(16)), "x._weight_scale": ("F8_E8M0", [1, 1], b"\x7f")}
    return files(tensors, {"x.weight": json.dumps({"_type": "MXTensor", "_data": {"is_swizzled_scales": True}})})


NAN, INF = float("nan"), float("inf")
NV, MX = ("--convention=compressed-tensors", "--format=nvfp4"), ("--convention=gpt-oss", "--format=mxfp4")
TOUCHED = "expected the journal of this conversion, got that of another; remove it and '"
CASES: list[tuple[Maker, tuple[str, ...], str]] = [
    (files(plain([])), (), ""),
    (files(plain([])), ("--convention=x",), "expected a convention (gpt-oss, gpt-oss-original, compressed-tensors, modelopt, fp-quant, torchao, gguf, mx), got 'x'"),
    (files(plain([])), ("--format=x",), "expected a format of convention 'compressed-tensors' (nvfp4, mxfp4), got 'x'"),
    (files(plain([])), ("--convention=gpt-oss", "--format=nvfp4"), "expected a format of convention 'gpt-oss' (mxfp4), got 'nvfp4'"),
    (files(plain([])), ("--only=[",), "expected a regular expression, got '[' ("),
    (files(plain([])), ("--rule=floor",), "expected a rule for UE4M3 scales (amax, four_over_six_mse, four_over_six_mae, sweep), got 'floor'"),
    (files(plain([])), ("--convention=gguf",), "expected an output that ends in '.gguf', or a folder, for convention 'gguf', got '"),
    (files(plain([1, NAN])), (), "in.safetensors:82: tensor 'x.weight': expected finite numbers, got NaN in row 0, column 1"),
    (files(plain([0] * 70 + [-INF])), (), "in.safetensors:82: tensor 'x.weight': expected finite numbers, got infinity in row 1, column 6"),
    (files(plain([INF])), ("--convention=mx", "--format=mxfp4"), "expected finite numbers, got infinity in row 0, column 0"),
    (files(plain([NAN])), ("--method=none",), ""),
    (files({"a": ("U8", [2], b"ab")}), ("--convention=gguf", "-o=out.gguf"), "tensor 'a': expected a type that GGUF has, got 'U8 [2]'"),
    (gguf_q8, (), "tensor 'a': expected a type that safetensors has, got 'Q8_0 [32]'"),
    (files(mxfp4([0] * 3)), ("--convention=gguf", "--format=nvfp4", "-o=out.gguf"), "tensor 'e_blocks': expected rows of whole blocks of 64, got 96 columns"),
    (files(mxfp4([0]) | {"e.weight": ("U8", [1], b"a")}), ("--convention=modelopt",), "expected output tensors of different names, got 'e.weight' twice"),
    (files(mxfp4([8, -9])), NV, ""),
    (files(mxfp4([127, 110])), NV, ""),
    (files(mxfp4([-127, -127])), NV, ""),
    (files(mxfp4([9, -9])), NV, "tensor 'e_blocks': expected scales that span 17 powers of two, got those from 2^-9 to 2^9, which nvfp4 cannot hold exactly"),
    (files(mxfp4([100, -100], b"\x08" * 16)), NV, ""),
    (files(mxfp4([0])), ("--convention=fp-quant",), ""),
    (files(mxfp4([0])), ("--convention=fp-quant", "--format=mxfp4_abs3"), "tensor 'e_blocks': expected a format that mxfp4 can become exactly, got 'mxfp4_abs3'"),
    (files(mxfp4([0])), ("--convention=mx", "--format=mxfp8_e4m3"), "tensor 'e_blocks': expected a format that mxfp4 can become exactly, got 'mxfp8_e4m3'"),
    (files(nvfp4(b"\x38\x38", 0.5)), MX, ""),
    (files(nvfp4(b"\x01\x01", 2.0**127)), MX, ""),
    (files(nvfp4(b"\x38\x38\x38\x40", 0.5)), MX, "tensor 'x.weight': expected blocks of 32 under one power of two, which mxfp4 can hold exactly, got others in row 0, block 1"),
    (files(nvfp4(b"\x39\x39", 0.5)), MX, "got others in row 0, block 0"),
    (files(nvfp4(b"\0\0", 0.5)), MX, "got others in row 0, block 0"),
    (files(nvfp4(b"\x40\x40", 2.0**127)), MX, "got others in row 0, block 0"),
    (files(nvfp4(b"\x38\x38", 0.75)), MX, "tensor 'x.weight': expected a tensor scale that is a power of two, which mxfp4 can hold exactly, got 0.75"),
    (files(nvfp4(b"\x38\x38", 0.75)), NV, ""),
    (files(nvfp4(b"\x38\x38", 0.6)), NV, ""),
    (files(nvfp4(b"\x38\x38", 1.99999988)), NV, "tensor 'x.weight': expected a scale with a reciprocal in f32, which convention 'compressed-tensors' stores, got 1.99999988 (--allow-rounding stores the nearest)"),
    (files(nvfp4(b"\x38\x38", 1.99999988)), (*NV, "--allow-rounding"), ""),
    (files(nvfp4(b"\x38\x38", 2.0**-149)), (*NV, "--allow-rounding"), "expected a scale with a reciprocal in f32, which convention 'compressed-tensors' stores, got 1.40129846e-45"),
    (files(nvfp4(b"\x38\x38", 0.5, input_scale=("F32", [], f32(0.0)))), NV, "tensor 'x.input_scale': expected a positive number with a reciprocal, got 0.000000"),
    (files(nvfp4(b"\x38\x38", 0.5, input_scale=("F32", [], f32(0.0)))), ("--convention=torchao",), ""),
    (files(nvfp4(b"\x38\x38", 0.5, "3")), (), "tensor 'x.weight': expected 'x.weight_scale_2' to be 'F32 []', got none"),
    (swizzled(), (), "tensor 'x._weight_scale': expected scales in rows ('is_swizzled_scales' false in the metadata), got tiles"),
    (with_file(files(plain([])), "config.json", "{"), ("-o=out",), "config.json:1: expected a name in quotes, got the end of the file"),
    (with_file(files(plain([])), "config.json", "[" * 99), ("-o=out",), "config.json:64: expected at most 64 levels of nesting, got '"),
    (with_file(files(plain([])), "config.json", "[]"), ("-o=out",), "config.json: expected an object, got another value"),
    (with_file(files(plain([])), "config.json", "{}"), ("-o=out",), ""),
    (with_file(files(plain([])), "out.safetensors", ""), (), "out.safetensors: expected an output that does not exist yet, got one that does"),
    (with_file(files(plain([])), "out.safetensors.journal", "mx-journal 1 00 3\n"), (), TOUCHED),
    (with_file(files(plain([])), "out.safetensors.journal", ""), (), TOUCHED),
]  # fmt: skip


def run(folder: Path, options: tuple[str, ...]) -> tuple[int, str, Path]:
    """Converts the input of a folder; returns status, message and output."""
    output = folder / next((o[3:] for o in options if o.startswith("-o=")), "out.safetensors")
    source = next(folder.glob("in.*"))
    options = tuple(option for option in options if not option.startswith("-o="))
    command = ["mx-quantize", source, "-o", output, "--progress=none", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, output


def check(folder: Path, maker: Maker, options: tuple[str, ...], message: str) -> list[str]:
    """Runs one case; returns complaints."""
    maker(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    status, errors, output = run(folder, options)
    after = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    kept = all(after.get(path) == data for path, data in before.items())
    wrong = [] if kept else ["the input was touched"]
    if not message:
        if status or errors or not output.exists() or len(list(folder.iterdir())) != len(before) + 1:
            wrong.append(f"expected success, got {status} {errors!r} {[p.name for p in folder.iterdir()]}")
        return wrong
    if status != 1 or not errors.startswith("mx-quantize: error: ") or message not in errors:
        wrong.append(f"expected {message!r}, got {status} {errors!r}")
    extra = {path.name for path in folder.iterdir() if path not in before}
    # What was written before the last step can be gone on with.
    resumable = {"out.partial", "out.journal", "out.safetensors.partial"} if "config" in message or message == TOUCHED else set()
    if extra - resumable:
        wrong.append(f"left {extra}")
    return wrong


def check_lock(folder: Path) -> list[str]:
    """Two processes do not write the same output."""
    files(plain([]))(folder)
    with (folder / "out.safetensors.partial").open("w") as partial:
        fcntl.flock(partial, fcntl.LOCK_EX)
        _, errors, _ = run(folder, ())
    expected = "out.safetensors.partial: expected no other process to write it, got one"
    return [] if expected in errors else [errors]


def limit_files() -> None:
    """Makes files of more than 100 bytes an error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))


def check_full(folder: Path) -> list[str]:
    """A run that could not write can be gone on with."""
    files(plain([]))(folder)
    command = ["mx-quantize", folder / "in.safetensors", "-o", folder / "out.safetensors", "--progress=none"]
    full = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit_files)
    if full.returncode != 1 or "File too large" not in full.stderr or (folder / "out.safetensors").exists():
        return [f"expected a full disk, got {full}"]
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    return [] if again.returncode == 0 and len(list(folder.iterdir())) == 2 else [f"expected success, got {again}"]


def check_folder(folder: Path) -> list[str]:
    """A folder that another conversion left is not added to."""
    files(plain([]))(folder)
    (folder / "out.partial").mkdir()
    (folder / "out.partial" / "model.gguf.partial").write_text("")
    status, errors, _ = run(folder, ("-o=out",))
    expected = "out.partial: expected the folder of this conversion, got another; remove it to begin anew"
    return [] if status == 1 and expected in errors else [errors]


def main() -> int:
    """Runs all cases."""
    scratch, bad = Path(sys.argv[1]), 0
    for number, case in enumerate(CASES):
        folder = scratch / str(number)
        folder.mkdir()
        for complaint in check(folder, *case):
            bad += 1
            print(f"{number}: {' '.join(case[1])}: {complaint}")
    for name, check_case in (("lock", check_lock), ("full", check_full), ("folder", check_folder)):
        (scratch / name).mkdir()
        for complaint in check_case(scratch / name):
            bad += 1
            print(complaint)
    # The reciprocal trap: what is divided by must not be multiplied with.
    trap = next(n for n, case in enumerate(CASES) if case[1] == NV and case[2] == "" and n > 25)
    tensors, _ = read_safetensors(scratch / str(trap) / "out.safetensors")
    stored = struct.unpack("<f", tensors["x.weight_global_scale"][2])[0]
    if abs(stored * 0.75 - 1) > 1e-6:
        bad += 1
        print(f"expected 1 / 0.75, got {stored}")
    print(f"{len(CASES) + 4} cases, {bad} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
