# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Checkpoints for tests, in plain Python: files, conventions, and what they mean.

Written from docs/Checkpoints.md and docs/Numerics.md, not from lib/Checkpoint: the
tests compare the two. A weight is read back as codes, scale bytes and tensor scale.
"""

from __future__ import annotations

import json
import math
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

# The source tree stays as it is.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "reference"))
import mx_reference as ref  # noqa: E402

Tensor = tuple[str, list[int], bytes]
BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8}
BITS |= {"I8": 8, "BOOL": 8, "F16": 16, "BF16": 16, "F32": 32, "I32": 32, "I64": 64}
ABS3 = ref.BlockFormat(ref.E2M1, ref.E8M0, 32, True)
FORMATS = ref.NAMED_FORMATS | {"mxfp4_abs3": ABS3}


@dataclass(frozen=True)
class Row:
    """What a convention calls payload, scales and tensor scale; whether values are divided by it."""

    payload: str
    scales: str = ""
    tensor_scale: str = ""
    divides: bool = False
    file: str = "safetensors"


CONVENTIONS = {
    ("gpt-oss", "mxfp4"): Row("_blocks", "_scales"),
    ("gpt-oss-original", "mxfp4"): Row(".blocks", ".scales"),
    ("compressed-tensors", "nvfp4"): Row(".weight_packed", ".weight_scale", ".weight_global_scale", True),
    ("compressed-tensors", "mxfp4"): Row(".weight_packed", ".weight_scale"),
    ("modelopt", "nvfp4"): Row(".weight", ".weight_scale", ".weight_scale_2"),
    ("fp-quant", "nvfp4"): Row(".qweight", ".scales", ".weight_global_scale", True),
    ("fp-quant", "mxfp4_abs3"): Row(".qweight", ".scales", ".weight_global_scale", True),
    ("torchao", "nvfp4"): Row("._weight_qdata", "._weight_scale", "._weight_per_tensor_scale"),
    ("torchao", "mxfp4"): Row("._weight_qdata", "._weight_scale"),
    ("gguf", "mxfp4"): Row(".weight", file="gguf"),
    ("gguf", "nvfp4"): Row(".weight", "", ".scale", file="gguf"),
    ("mx", "nvfp4"): Row(".weight.payload", ".weight.scales", ".weight.tensor_scale"),
}
for _name in ref.NAMED_FORMATS:
    if _name != "nvfp4":
        CONVENTIONS["mx", _name] = Row(".weight.payload", ".weight.scales")


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Writes a file with tensors in the order given."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    end = 0
    for name, (kind, shape, data) in tensors.items():
        assert len(data) * 8 == math.prod(shape) * BITS[kind], name
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values()))


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Reads a file; returns tensors and metadata."""
    data = path.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], data[start + begin : start + end])
    return tensors, metadata


def read_gguf(path: Path) -> dict[str, Tensor]:
    """Reads a file that has strings as values only, and tensors of the types that tests make."""
    data, at = path.read_bytes(), 4

    def take(kind: str) -> int:
        nonlocal at
        at += struct.calcsize(kind)
        return struct.unpack_from("<" + kind, data, at - struct.calcsize(kind))[0]

    def text() -> str:
        nonlocal at
        length = take("Q")
        at += length
        return data[at - length : at].decode()

    assert data[:4] == b"GGUF" and take("I") == 3
    tensors, values = take("Q"), take("Q")
    for _ in range(values):
        text()
        assert take("I") == 8
        text()
    types = {0: ("F32", 1, 4), 1: ("F16", 1, 2), 30: ("BF16", 1, 2), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36)}
    found = []
    for _ in range(tensors):
        name = text()
        shape = [take("Q") for _ in range(take("I"))][::-1]
        found.append((name, shape, types[take("I")], take("Q")))
    start = -(-at // 32) * 32
    result = {}
    for name, shape, (kind, block, size), offset in found:
        count = math.prod(shape) // block * size
        result[name] = (kind, shape, data[start + offset : start + offset + count])
    return result


def from_ggml(kind: str, blocks: bytes) -> tuple[list[int], list[int]]:
    """N8.3, N8.4: codes and scales of ggml's blocks."""
    codes, scales = [], []
    size, count, length = (17, 1, 32) if kind == "MXFP4" else (36, 4, 16)
    for start in range(0, len(blocks), size):
        scales += blocks[start : start + count]
        for sub in range(count):
            begin = start + count + sub * length // 2
            part = blocks[begin : begin + length // 2]
            codes += [byte & 15 for byte in part] + [byte >> 4 for byte in part]
    return codes, scales


def read_weight(path: Path, stem: str, convention: str, form: str) -> ref.BlockTensor:
    """Reads a weight of a file by a convention."""
    row, fmt = CONVENTIONS[convention, form], FORMATS[form]
    tensors = read_gguf(path) if row.file == "gguf" else read_safetensors(path)[0]
    kind, shape, payload = tensors[stem + row.payload]
    if row.file == "gguf":
        codes, scales = from_ggml(kind, payload)
    else:
        codes = ref.unpack_row(payload, len(payload) * 8 // fmt.element.bits, fmt.element.bits)
        scales = list(tensors[stem + row.scales][2])
    scale = 1.0
    if row.tensor_scale:
        scale = struct.unpack("<f", tensors[stem + row.tensor_scale][2])[0]
        scale = ref.f32_div(1.0, scale) if row.divides else scale
    columns = shape[-1]
    if row.payload.endswith("locks"):
        columns = shape[-2] * fmt.block
    elif row.file == "safetensors" and kind == "U8":
        columns *= 2
    return ref.BlockTensor(fmt, (len(codes) // columns, columns), 1, tuple(codes), tuple(scales), scale)
