#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Lets the packages that own file formats and conventions read what mx-quantize writes.

safetensors: files both ways. gguf, compressed-tensors, torchao: decoded weights are
those of test/reference/mx_reference.py to the bit of f32.

  check_oracles.py PACKAGE FOLDER
"""

from __future__ import annotations

import importlib
import logging
import random
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from checkpoint_files import CONVENTIONS, read_safetensors, read_weight, ref, write_safetensors

STEM = "model.layers.0.mlp.down_proj"
ROWS, COLUMNS = 64, 128
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def convert(folder: Path, name: str, *options: str) -> Path:
    """Quantises the weight of the input."""
    command = ["mx-quantize", folder / "in.safetensors", "-o", folder / name, "--progress=none", *options]
    subprocess.run(command, check=True)
    return folder / name


def expect(path: Path, convention: str, form: str) -> list[float]:
    """The f32 numbers that a weight means, by the reference."""
    return ref.dequantize(read_weight(path, STEM, convention, form))


def check_safetensors(folder: Path) -> None:
    """A file of theirs is read here, and files of ours there."""
    package, numpy = importlib.import_module("safetensors"), importlib.import_module("numpy")
    path, output = folder / "theirs.safetensors", folder / "ours.safetensors"
    tensors = {"a": numpy.arange(4, dtype="float32").reshape(2, 2), "b": numpy.array([1, 2, 3], dtype="uint8")}
    importlib.import_module("safetensors.numpy").save_file(tensors, path, {"k": "v"})
    subprocess.run(["mx-quantize", path, "-o", output, "--progress=none"], check=True)
    assert read_safetensors(output)[0] == read_safetensors(path)[0]
    for (convention, form), row in CONVENTIONS.items():
        if row.file == "safetensors":
            convert(folder, f"{convention}-{form}.safetensors", f"--convention={convention}", f"--format={form}")
    for file in sorted(folder.glob("*.safetensors")):
        read = {name: (bytes(entry["data"]), list(entry["shape"])) for name, entry in package.deserialize(file.read_bytes())}
        assert read == {name: (part[2], part[1]) for name, part in read_safetensors(file)[0].items()}, file


def check_gguf(folder: Path) -> None:
    """Blocks of MXFP4 and NVFP4."""
    package = importlib.import_module("gguf")
    for form in ("mxfp4", "nvfp4"):
        path = convert(folder, f"{form}.gguf", f"--format={form}")
        tensors = {tensor.name: tensor for tensor in package.GGUFReader(path).tensors}
        weight = tensors[STEM + ".weight"]
        scale = tensors[STEM + ".scale"].data[0] if form == "nvfp4" else 1
        values = package.quants.dequantize(weight.data, weight.tensor_type) * scale
        assert values.shape == (ROWS, COLUMNS) and values.flatten().tolist() == expect(path, "gguf", form), form
    # A file of theirs.
    writer = package.GGUFWriter(folder / "theirs.gguf", "x")
    kind = package.GGMLQuantizationType.MXFP4
    numbers = importlib.import_module("numpy").linspace(-3, 3, ROWS * COLUMNS, dtype="float32").reshape(ROWS, COLUMNS)
    theirs = package.quants.quantize(numbers, kind)
    writer.add_tensor(STEM + ".weight", theirs, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    output = folder / "from-gguf.safetensors"
    subprocess.run(["mx-quantize", folder / "theirs.gguf", "-o", output, "--convention=gpt-oss", "--progress=none"], check=True)
    assert expect(output, "gpt-oss", "mxfp4") == package.quants.dequantize(theirs, kind).flatten().tolist()


def check_compressed_tensors(folder: Path) -> None:
    """Both formats, decoded by the package's own decompressors."""
    torch = importlib.import_module("torch")
    helpers = importlib.import_module("compressed_tensors.compressors.nvfp4.helpers")
    load = importlib.import_module("safetensors.torch").load_file
    mx = importlib.import_module("compressed_tensors.compressors.mx_utils")
    for form in ("nvfp4", "mxfp4"):
        path = convert(folder, f"ct-{form}.safetensors", "--convention=compressed-tensors", f"--format={form}")
        parts = {name[len(STEM) + 1 :]: part for name, part in load(path).items()}
        codes = helpers.unpack_fp4_from_uint8(parts["weight_packed"], ROWS, COLUMNS, dtype=torch.float32)
        if form == "nvfp4":
            scales, scale = parts["weight_scale"].to(torch.float32), 1 / parts["weight_global_scale"].double()
            scale = scale.float().double()
        else:
            scales, scale = mx.decompress_mx_scale(parts["weight_scale"]).to(torch.float32), 1.0
        values = codes.double() * scales.double().repeat_interleave(COLUMNS // scales.shape[1], 1) * scale
        assert values.float().flatten().tolist() == expect(path, "compressed-tensors", form), form


def check_torchao(folder: Path) -> None:
    """Tensors that torchao makes of a file by its metadata."""
    torch = importlib.import_module("torch")
    support = importlib.import_module("torchao.prototype.safetensors.safetensors_support")
    load = importlib.import_module("safetensors.torch").load_file
    for form in ("nvfp4", "mxfp4"):
        path = convert(folder, f"ao-{form}.safetensors", "--convention=torchao", f"--format={form}")
        tensors, rest = support.unflatten_tensor_state_dict(load(path), read_safetensors(path)[1])
        weight = tensors[STEM + ".weight"]
        assert not rest and tuple(weight.shape) == (ROWS, COLUMNS), form
        values = weight.dequantize(torch.float32).flatten().tolist()
        if form == "mxfp4":
            assert values == expect(path, "torchao", form)
            continue
        # It multiplies the scales in f32 first, which rounds twice.
        read = read_weight(path, STEM, "torchao", form)
        for at, (code, value) in enumerate(zip(read.codes, values, strict=True)):
            scale = ref.f32_mul(ref.decode_ue4m3(read.scales[at // 16]), read.tensor_scale)
            assert value == ref.f32_mul(ref.decode_element(ref.E2M1, code), scale), at
    # A file of theirs.
    module = importlib.import_module("torchao.prototype.mx_formats.mx_tensor")
    theirs = module.MXTensor.to_mx(torch.linspace(-3, 3, ROWS * COLUMNS).reshape(ROWS, COLUMNS), torch.float4_e2m1fn_x2, 32)
    tensors, metadata = support.flatten_tensor_state_dict({STEM + ".weight": theirs})
    importlib.import_module("safetensors.torch").save_file(tensors, folder / "theirs-ao.safetensors", metadata)
    output = folder / "from-ao.safetensors"
    subprocess.run(["mx-quantize", folder / "theirs-ao.safetensors", "-o", output, "--convention=gpt-oss", "--progress=none"], check=True)
    assert expect(output, "gpt-oss", "mxfp4") == theirs.dequantize(torch.float32).flatten().tolist()


CHECKS: dict[str, Callable[[Path], None]] = {
    "compressed_tensors": check_compressed_tensors,
    "gguf": check_gguf,
    "safetensors": check_safetensors,
    "torchao": check_torchao,
}


def main() -> int:
    """Runs the check of one package in a folder."""
    name, folder, draw = sys.argv[1], Path(sys.argv[2]), random.Random(3)
    bits = [ref.bf16_to_bits(ref.f32_from_bits(ref.f32_to_bits(draw.randint(-99, 99) / 64))) for _ in range(ROWS * COLUMNS)]
    write_safetensors(folder / "in.safetensors", {STEM + ".weight": ("BF16", [ROWS, COLUMNS], struct.pack(f"<{len(bits)}H", *bits))})
    CHECKS[name](folder)
    print(f"{name} agrees")
    return 0


if __name__ == "__main__":
    sys.exit(main())
