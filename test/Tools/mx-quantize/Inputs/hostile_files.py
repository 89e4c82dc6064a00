# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Checkpoints that are wrong, in the classes that strangers' files come in.

`make_all` returns {class: {name: writer}}; a writer makes a file or a folder at a
path. Every one must be refused.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

from checkpoint_files import Tensor, write_safetensors

Writer = Callable[[Path], None]
SIZE = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}


def raw(data: bytes, path: Path) -> None:
    """Writes bytes."""
    path.write_bytes(data)


def header(text: bytes | str, data: bytes = b"", length: int | None = None) -> Writer:
    """A file with this header, and with this length before it."""
    text = text.encode() if isinstance(text, str) else text
    return partial(raw, struct.pack("<Q", len(text) if length is None else length) + text + data)


def tensor(data: bytes = bytes(4), name: str = "t", **changes: object) -> Writer:
    """A file with one tensor, with members of its entry changed, or left out by None."""
    entry = {key: value for key, value in (SIZE | changes).items() if value is not None}
    return header(json.dumps({name: entry}), data)


def literal(member: str, value: str, data: bytes = bytes(4)) -> Writer:
    """A file whose entry has a member with this text for a value."""
    entry = json.dumps({"t": SIZE | {member: "@"}}).replace('"@"', value)
    return header(entry, data)


def pair(first: list[int], second: list[int], size: int) -> Writer:
    """Two tensors at these places in `size` bytes."""
    entries = {n: {"dtype": "U8", "shape": [abs(p[1] - p[0])], "data_offsets": p} for n, p in zip("ab", (first, second))}
    return header(json.dumps(entries), bytes(size))


def weight(**changes: Tensor | None) -> Writer:
    """A weight of compressed-tensors, with parts changed or left out."""
    parts: dict[str, Tensor | None] = {
        "packed": ("U8", [2, 16], bytes(32)),
        "scale": ("F8_E4M3", [2, 2], bytes(4)),
        "global_scale": ("F32", [1], struct.pack("<f", 2.0)),
    }
    parts |= changes
    tensors = {"x.weight_" + name: part for name, part in parts.items() if part}
    return lambda path: write_safetensors(path, tensors)


def blocks(scales: bytes, kind: str = "U8", shape: tuple[int, ...] = (2, 1, 16)) -> Writer:
    """A weight of gpt-oss."""
    count = 1
    for size in shape:
        count *= size
    tensors = {"e_blocks": (kind, list(shape), bytes(count)), "e_scales": ("U8", [2, 1], scales)}
    return lambda path: write_safetensors(path, tensors)


def folder(index: object, files: dict[str, Writer] | None = None) -> Writer:
    """A folder with an index, and a shard `a.safetensors` that holds `t`."""

    def write(path: Path) -> None:
        path.mkdir()
        text = index if isinstance(index, bytes) else json.dumps(index).encode()
        (path / "model.safetensors.index.json").write_bytes(text)
        for name, writer in ({"a.safetensors": tensor()} | (files or {})).items():
            writer(path / name)

    return write


def mapped(shard: str, files: dict[str, Writer] | None = None) -> Writer:
    """A folder whose index maps `t` to a name of a file."""
    return folder({"weight_map": {"t": shard}}, files)


def link(target: str, path: Path) -> None:
    """Makes a symbolic link."""
    os.symlink(target, path)


def gguf(tensors: int, values: int, rest: bytes = b"", version: int = 3, magic: bytes = b"GGUF") -> Writer:
    """A GGUF file."""
    return partial(raw, magic + struct.pack("<IQQ", version, tensors, values) + rest)


def gguf_tensor(name: bytes = b"a", sizes: tuple[int, ...] = (32,), kind: int = 39, offset: int = 0, size: int = 17) -> Writer:
    """A GGUF file with one tensor."""
    entry = struct.pack("<Q", len(name)) + name + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, kind, offset)
    return gguf(1, 0, entry + bytes(-(24 + len(entry)) % 32 + size))


def value(kind: int, rest: bytes, name: bytes = b"k") -> bytes:
    """A value of a GGUF file."""
    return struct.pack("<Q", len(name)) + name + struct.pack("<I", kind) + rest


def lengths() -> dict[str, dict[str, Writer]]:
    """What stands before the header."""
    return {
        "too short": {str(n): partial(raw, bytes(n)) for n in range(8)},
        "length": {str(n): header("{}", length=n) for n in (0, 1, 3, 2**25 + 1, 2**31, 2**63, 2**64 - 1)},
        "cut": {str(n): partial(raw, (struct.pack("<Q", 60) + json.dumps({"t": SIZE}).encode())[:n]) for n in (9, 20, 60)},
    }


def syntax() -> dict[str, dict[str, Writer]]:
    """Headers that are no objects, or no text."""
    texts = ["[]", "null", '"{}"', "7", "{}{}", "{} x", "{,}", "{", '{"t"', '{"t":', '{"t":null}', '{"t":[]}', '{"t":{}}']
    deep = b"[" * 10**5
    many = "{" + ",".join('"%d":%s' % (n, json.dumps(SIZE)) for n in range(70_000)) + "}"
    return {
        "not an object": {text: header(text) for text in texts},
        "not UTF-8": {"byte": header(b'{"\xff":{}}'), "cut": header(b'{"\xc3":{}}'), "overlong": header(b'{"\xc0\x80":{}}'),
                      "surrogate": header(b'{"\xed\xa0\x80":{}}')},
        "begin": {"space": header(" {}"), "mark": header(b"\xef\xbb\xbf{}"), "NUL": header(b"\0{}")},
        "end": {"junk": header("{}junk"), "NUL": header(b"{}\0"), "comma": header('{"__metadata__":{},}')},
        "escapes": {"unknown": header(r'{"\x":{}}'), "half": header(r'{"\u00":{}}'), "open": header('{"\\')},
        "deep": {"lists": header(deep), "shape": header(b'{"t":{"shape":' + deep), "objects": header(b'{"a":' * 10**5),
                 "metadata": header(b'{"__metadata__":' + deep)},
        "huge": {"tensors": header(many), "spaces": header("{" + " " * (30 << 20) + "}"), "name": tensor(name="n" * 10**6),
                 "string": header('{"__metadata__":{"a":"' + "x" * (20 << 20) + '"}}'),
                 "escapes": header('{"__metadata__":{"a":"' + "\\u0041" * (2 << 20) + '"}}'),
                 "rank": tensor(shape=[1] * 10_000)},
    }  # fmt: skip


def members() -> dict[str, dict[str, Writer]]:
    """Entries whose members are wrong."""
    entry = json.dumps(SIZE)
    twice = '{"t":%s,"%s":%s}'
    numbers = ["-1", "4.0", "4e0", "1e3", '"4"', "null", "[4]", "true", "04", "NaN", str(2**62), str(2**63), str(2**64), "9" * 400]
    return {
        "duplicate": {"exact": header(twice % (entry, "t", entry), bytes(4)), "escaped": header(twice % (entry, "\\u0074", entry), bytes(4)),
                      "metadata": header('{"__metadata__":{"a":"","a":""}}'), "both": header('{"__metadata__":{},"__metadata__":{}}'),
                      "dtype": header('{"t":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}', bytes(4))},
        "metadata": {"number": header('{"__metadata__":{"a":1}}'), "list": header('{"__metadata__":[]}'), "nested": header('{"__metadata__":{"a":{}}}')},
        "dtype": {str(t): tensor(dtype=t) for t in ("X", "u8", "f32", "F32 ", "", "FLOAT", "I4", 7, ["U8"])},
        "dtype swap": {t: tensor(dtype=t) for t in ("F32", "F64", "BF16", "F4")},
        "missing": {m: tensor(**{m: None}) for m in SIZE},
        "extra": {"strides": tensor(strides=[1]), "nothing": header('{"t":{"":0}}')},
        "shape": {n: literal("shape", f"[{n}]") for n in numbers} | {"no list": literal("shape", "4"), "comma": literal("shape", "[4,]")},
        "overflow": {"small": tensor(shape=[2**32, 2**32, 4]), "wrap": tensor(shape=[2**61, 8]), "zero": tensor(b"", shape=[0, 2**61, 2**61], data_offsets=[0, 0]),
                     "F4": tensor(dtype="F4", shape=[2**61, 2]), "odd F4": tensor(dtype="F4", shape=[7]), "odd F6": tensor(dtype="F6_E2M3", shape=[5])},
        "offsets": {n: literal("data_offsets", f"[0,{n}]") for n in numbers} | {"one": tensor(data_offsets=[4]), "three": tensor(data_offsets=[0, 2, 4])},
        "names": {"NUL": header('{"\\u0000":%s}' % entry, bytes(4)), "inside": header('{"a\\u0000b":%s}' % entry, bytes(4))},
    }  # fmt: skip


def places() -> dict[str, dict[str, Writer]]:
    """Data that are not where they should be."""
    return {
        "reversed": {"one": tensor(data_offsets=[4, 0]), "all": pair([4, 0], [4, 8], 8)},
        "overlap": {"same": pair([0, 4], [0, 4], 4), "part": pair([0, 4], [2, 6], 6), "inside": pair([0, 8], [2, 4], 8)},
        "gap": {"start": tensor(bytes(8), data_offsets=[4, 8]), "middle": pair([0, 4], [8, 12], 12), "hole": pair([1, 4], [4, 8], 8)},
        "end": {"beyond": tensor(bytes(3)), "empty": tensor(b""), "trailing": tensor(bytes(5)), "zip": tensor(bytes(4) + b"PK\3\4" * 9)},
        "size": {str(n): tensor(bytes(4), shape=[n]) for n in (0, 3, 5, 2**40)} | {"zero-size": pair([0, 4], [0, 0], 8)},
    }


def parts() -> dict[str, dict[str, Writer]]:
    """Weights whose parts do not fit."""
    one = ("F32", [1], struct.pack("<f", 1.0))
    scalar = {n: weight(global_scale=("F32", [1], struct.pack("<f", v)))
              for n, v in (("zero", 0.0), ("negative", -1.0), ("NaN", float("nan")), ("infinity", float("inf")), ("tiny", 1e-45))}
    return {
        "scales absent": {"block": weight(scale=None), "tensor": weight(global_scale=None), "both": weight(scale=None, global_scale=None)},
        "scales of another type": {"F32": weight(scale=("F32", [2, 2], bytes(16))), "E8M0": weight(scale=("F8_E8M0", [2, 2], bytes(4))),
                                   "global": weight(global_scale=("U8", [1], b"1"))},
        "scales of another shape": {"flat": weight(scale=("F8_E4M3", [4], bytes(4))), "turned": weight(scale=("F8_E4M3", [4, 1], bytes(4))),
                                    "block": weight(scale=("F8_E4M3", [2, 1], bytes(2))), "global": weight(global_scale=("F32", [2], bytes(8)))},
        "codes of another shape": {"none": weight(packed=("U8", [2, 0], b""), scale=("F8_E4M3", [2, 0], b"")), "odd": weight(packed=("U8", [2, 15], bytes(30))), "rank": weight(packed=("U8", [32], bytes(32))),
                                   "blocks": blocks(bytes(2), shape=(2, 1, 15)), "flat blocks": blocks(bytes(2), shape=(2, 16))},
        "orphans": {"scale": weight(packed=None), "gpt-oss": lambda p: write_safetensors(p, {"e_scales": ("U8", [2, 1], bytes(2))}),
                    "fp-quant": lambda p: write_safetensors(p, {"x.scales": ("U8", [2, 2], bytes(4)), "x.weight_global_scale": one})},
        "NaN scales": {"UE4M3": weight(scale=("F8_E4M3", [2, 2], b"\0\x7f\0\0")), "sign": weight(scale=("F8_E4M3", [2, 2], b"\0\0\0\x80")),
                       "E8M0": blocks(b"\0\xff")},
        "tensor scale": scalar,
    }  # fmt: skip


def indexes() -> dict[str, dict[str, Writer]]:
    """Folders whose index is wrong."""
    names = ["../a.safetensors", "/etc/passwd", "/a.safetensors", "x/a.safetensors", "..", ".", "", "a", "C:\\a.safetensors", "x\\a.safetensors",
             "a.safetensors\0", "\0.safetensors", ".safetensors", "~a.safetensors", "a\n.safetensors", "\u202ea.safetensors", "a.safetensors/",
             "file:a.safetensors", "a.SAFETENSORS", "n" * 300 + ".safetensors", "n" * 10**6]  # fmt: skip
    good, other = {"t": "a.safetensors"}, {"b.safetensors": tensor(name="u")}
    return {
        "paths": {repr(name[:30]): mapped(name) for name in names},
        "shards": {"missing": mapped("b.safetensors"), "folder": mapped("d.safetensors", {"d.safetensors": lambda p: p.mkdir()}),
                   "pipe": mapped("p.safetensors", {"p.safetensors": lambda p: os.mkfifo(p)}),
                   "link": mapped("l.safetensors", {"l.safetensors": partial(link, "a.safetensors")}),
                   "link away": mapped("l.safetensors", {"l.safetensors": partial(link, "/etc/passwd")}),
                   "cycle": mapped("l.safetensors", {"l.safetensors": partial(link, "l.safetensors")}),
                   "itself": mapped("model.safetensors.index.json")},
        "map": {"elsewhere": folder({"weight_map": good | {"u": "a.safetensors"}}, other), "more": folder({"weight_map": {"x": "a.safetensors"}}),
                "twice": folder({"weight_map": good | {"u": "b.safetensors"}}, {"b.safetensors": tensor(name="t")}),
                "none": folder({"weight_map": {}, "metadata": {"total_size": 4}}), "empty name": folder({"weight_map": {"": "a.safetensors"}})},
        "sizes": {str(n): folder({"metadata": {"total_size": n}, "weight_map": good}) for n in (0, 3, 5, -4, 4.0, "4", 2**64)},
        "index": {"empty": folder(b""), "list": folder(b"[]"), "no map": folder({}), "map of lists": folder({"weight_map": {"t": []}}),
                  "twice": folder(b'{"weight_map":{"t":"a.safetensors","t":"a.safetensors"}}'), "deep": folder(b'{"x":' + b"[" * 10**5),
                  "maps": folder(b'{"weight_map":{},"weight_map":{}}'), "cut": folder(b'{"weight_map":{"t":'), "junk": folder(b'{"weight_map":{}}x')},
        "folder": {"empty": lambda path: path.mkdir()},
    }  # fmt: skip


def ggufs() -> dict[str, dict[str, Writer]]:
    """Files of the other format."""
    return {
        "gguf head": {"magic": gguf(0, 0, magic=b"GGML"), "version": gguf(0, 0, version=9), "big-endian": gguf(0, 0, version=3 << 24),
                      "tensors": gguf(2**63, 0), "values": gguf(0, 2**64 - 1), "short": partial(raw, b"GGUF\3\0\0")},
        "gguf values": {"type": gguf(0, 1, value(13, b"")), "string": gguf(0, 1, value(8, struct.pack("<Q", 2**63))),
                        "array": gguf(0, 1, value(9, struct.pack("<IQ", 12, 2**61))), "nested": gguf(0, 1, value(9, struct.pack("<IQ", 9, 1) * 9)),
                        "strings": gguf(0, 1, value(9, struct.pack("<IQ", 8, 2**40))), "twice": gguf(0, 2, value(0, b"x") * 2),
                        "alignment": gguf(0, 1, value(4, struct.pack("<I", 0), b"general.alignment")),
                        "name": gguf(0, 1, struct.pack("<Q", 2**20) + bytes(2**20))},
        "gguf tensors": {"name": gguf_tensor(b"a\0"), "rank 0": gguf_tensor(sizes=()), "rank 5": gguf_tensor(sizes=(32, 1, 1, 1, 1)),
                         "size": gguf_tensor(sizes=(2**63,)), "overflow": gguf_tensor(sizes=(2**33, 2**33)), "part": gguf_tensor(sizes=(33,)),
                         "type": gguf_tensor(kind=99), "gone type": gguf_tensor(kind=4), "offset": gguf_tensor(offset=32), "beyond": gguf_tensor(size=16),
                         "trailing": gguf_tensor(size=99)},
    }  # fmt: skip


def make_all() -> dict[str, dict[str, Writer]]:
    """All classes."""
    return lengths() | syntax() | members() | places() | parts() | indexes() | ggufs()
