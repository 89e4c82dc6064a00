#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What GPTQ gains on correlated activations, through the passes from linalg to numbers.

Layers of 512x256: activations are t5 noise with the spectrum i^-1/2 in a random basis,
8 channels anywhere are ten times as large; weights are t8 noise. 4096 rows calibrate,
1024 others are multiplied by the compiled program. The error is that of its results, as a
part of their square, with exact activations. It must be the error of the constants that
lib/Quantization makes of the same numbers when it is called without any pass.

  measure_gptq.py --library libmx_gptq_shim.so          the whole table
  measure_gptq.py --library ... --few                   one layer, some settings
  measure_gptq.py --library ... --document FILE         FILE must hold the table that comes out
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "reference"))
import mx_reference as mx
from gptq_library import GptqLibrary

COLUMNS, ROWS, CALIBRATION, TEST, OUTLIERS = 512, 256, 4096, 1024, 8
LAYERS = 16
# Products of the program are sums in f32, which change squared errors by far less.
AGREEMENT = 1e-3


@dataclass(frozen=True)
class Setting:
    """An encoding and a rotation, how the passes are asked for them, and the least gains."""

    format: str
    rule: str
    rotation: int
    objective: str
    over_nearest: float
    by_order: float

    @property
    def name(self) -> str:
        """Returns the first columns of the table."""
        return f"{self.format} {self.rule} | {self.rotation or '–'}"


# Rotated in groups of 128, few blocks differ in energy, and their order matters less.
SETTINGS = (
    Setting("mxfp4", "floor", 0, "ocp", 2.1, 0.03),
    Setting("mxfp4", "even", 0, "speed", 2.1, 0.03),
    Setting("nvfp4", "amax", 0, "nvidia", 2.1, 0.03),
    Setting("nvfp4", "sweep", 0, "accuracy", 2.1, 0.03),
    Setting("mxfp4", "floor", 32, "ocp", 4.0, 0.03),
    Setting("mxfp4", "even", 32, "speed", 4.0, 0.03),
    Setting("mxfp4", "mse", 128, "accuracy", 4.0, 0.0),
    Setting("nvfp4", "amax", 16, "nvidia", 4.0, 0.03),
    Setting("nvfp4", "sweep", 16, "accuracy", 4.0, 0.03),
    Setting("nvfp4", "sweep", 128, "accuracy", 4.0, 0.0),
)
METHODS = ("nearest", "in order", "act-order")


@dataclass(frozen=True)
class Layer:
    """Numbers in f32: weights [rows, columns], rows of activations and their moments."""

    weights: np.ndarray
    test: np.ndarray
    hessian: np.ndarray


def draw(seed: int) -> Layer:
    """Returns a layer; the streams of RandomState never change."""
    random = np.random.RandomState(seed)
    basis = np.linalg.qr(random.standard_normal((COLUMNS, COLUMNS)))[0]
    spectrum = 1 / np.sqrt(np.arange(COLUMNS) + 1.0)
    rows = random.standard_t(5, (CALIBRATION + TEST, COLUMNS)) * spectrum @ basis
    rows[:, random.permutation(COLUMNS)[:OUTLIERS]] *= 10
    rows = rows.astype("<f4")
    known = rows[:CALIBRATION].astype(np.float64)
    weights = random.standard_t(8, (ROWS, COLUMNS)).astype("<f4")
    return Layer(weights, rows[CALIBRATION:], (known.T @ known).astype("<f4"))


def write_module(layers: list[Layer]) -> str:
    """Returns a program in linalg, with a product for each layer."""
    x, y = f"tensor<{TEST}x{COLUMNS}xf32>", f"tensor<{TEST}x{ROWS}xf32>"
    w = f"tensor<{COLUMNS}x{ROWS}xf32>"
    lines, blobs = [], []
    for i, layer in enumerate(layers):
        numbers = np.ascontiguousarray(layer.weights.T).tobytes().hex()
        blobs.append(f'w{i}: "0x04000000{numbers}"')
        lines.append(f"  %w{i} = arith.constant dense_resource<w{i}> : {w}")
        lines.append(
            f"  %y{i} = linalg.matmul ins(%x{i}, %w{i} : {x}, {w}) outs(%zeros : {y}) -> {y}"
            f' loc("layer{i}")'
        )
    arguments = ", ".join(f"%x{i}: {x}" for i in range(len(layers)))
    results, types = (", ".join(part) for part in zip(*((f"%y{i}", y) for i in range(len(layers)))))
    head = [f"func.func @f({arguments}) -> ({types}) {{", "  %zero = arith.constant 0.0 : f32"]
    head.append(f"  %empty = tensor.empty() : {y}")
    head.append(f"  %zeros = linalg.fill ins(%zero : f32) outs(%empty : {y}) -> {y}")
    tail = [f"  return {results} : {types}", "}"]
    resources = f"{{-# dialect_resources: {{ builtin: {{ {', '.join(blobs)} }} }} #-}}"
    return "\n".join([*head, *lines, *tail, resources, ""])


def write_calibration(path: Path, layers: list[Layer]) -> None:
    """Writes what an instrumented program would leave."""
    header: dict[str, object] = {"__metadata__": {"format": "mx-calibration", "version": "1"}}
    data = b""
    for i, layer in enumerate(layers):
        samples = struct.pack("<q", CALIBRATION)
        for name, kind, shape, part in (
            (f"layer{i}.hessian", "F32", [COLUMNS, COLUMNS], layer.hessian.tobytes()),
            (f"layer{i}.samples", "I64", [1], samples),
        ):
            place = [len(data), len(data) + len(part)]
            header[name] = {"dtype": kind, "shape": shape, "data_offsets": place}
            data += part
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def run(*command: str) -> None:
    """Runs a tool; ends with its messages if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def relative_error(layer: Layer, results: np.ndarray) -> float:
    """Returns the squared error of results as a part of their square."""
    exact = layer.test.astype(np.float64) @ layer.weights.astype(np.float64).T
    return float(((results - exact) ** 2).sum() / (exact**2).sum())


def measure_passes(
    setting: Setting, method: str, layers: list[Layer], folder: Path
) -> list[float]:
    """Returns the error of each layer, compiled by the passes and run."""
    searches = setting.rule in ("mse", "sweep") and setting.rotation
    gptq = "mr-gptq" if searches else "gptq"
    choose = (
        f"objective={setting.objective} formats={setting.format}"
        f" rotation={setting.rotation or 'off'} calibration={folder}/calibration"
        f" method={'rtn' if method == 'nearest' else gptq}"
    )
    order = "true" if method == "act-order" else "false"
    run(
        *("mx-opt", f"{folder}/source.mlirbc", "--mx-raise-matmuls"),
        *(f"--mx-choose-formats={choose}", "--mx-fuse-rotations"),
        f"--mx-quantize=calibration={folder}/calibration act-order={order}",
        *("--emit-bytecode", "-o", f"{folder}/quantized.mlirbc"),
    )
    inputs = [f"--input=@{folder}/x{i}.npy" for i in range(len(layers))]
    outputs = [f"--output=@{folder}/y{i}.npy" for i in range(len(layers))]
    run("mx-run", f"{folder}/quantized.mlirbc", *inputs, *outputs)
    return [
        relative_error(layer, np.load(folder / f"y{i}.npy").astype(np.float64))
        for i, layer in enumerate(layers)
    ]


def rotate_rows(rows: np.ndarray, size: int) -> np.ndarray:
    """N6.2: rows in f32, rotated in groups."""
    if not size:
        return rows
    groups, stride = rows.reshape(-1, size).copy(), 1
    while stride < size:
        pairs = groups.reshape(len(groups), -1, 2, stride)
        low, high = pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]
        groups, stride = np.stack([low, high], 2).reshape(-1, size), stride * 2
    return (groups * np.float32(mx.hadamard_scale(size))).reshape(rows.shape)


def measure_library(
    library: GptqLibrary, setting: Setting, method: str, layer: Layer
) -> float:
    """Returns the error of a layer whose weights lib/Quantization encodes."""
    fmt, size = mx.NAMED_FORMATS[setting.format], setting.rotation
    weights = rotate_rows(layer.weights, size)
    group = np.array(mx.sylvester_matrix(size or 1)) / np.sqrt(size or 1)
    rotation = np.kron(np.eye(COLUMNS // (size or 1)), group)
    hessian = rotation.T @ layer.hessian.astype(np.float64) @ rotation
    encoded = library.quantize(
        *(fmt, setting.rule, weights),
        *(None if method == "nearest" else hessian, method == "act-order"),
    )
    nibbles = np.frombuffer(encoded.payload, np.uint8).reshape(ROWS, -1, 1)
    codes = np.concatenate([nibbles & 15, nibbles >> 4], 2).reshape(ROWS, COLUMNS)
    elements = np.array([mx.decode_element(fmt.element, code) for code in range(16)])
    factors = np.array([mx.decode_scale(fmt.scale, byte) for byte in range(256)])
    scales = factors[np.frombuffer(encoded.scales, np.uint8)].reshape(ROWS, -1)
    values = elements[codes] * np.repeat(scales, fmt.block, 1) * encoded.tensor_scale
    return relative_error(layer, layer.test.astype(np.float64) @ rotation @ values.T)


@dataclass(frozen=True)
class Row:
    """What came out for a setting: means of errors, and gains with their spread over layers."""

    setting: Setting
    errors: np.ndarray

    @property
    def over_nearest(self) -> float:
        """Returns how many times smaller GPTQ makes the error."""
        return float(self.errors[0].mean() / self.errors[1].mean())

    @property
    def by_order(self) -> float:
        """Returns what part of the rest the order takes away."""
        return float(1 - self.errors[2].mean() / self.errors[1].mean())

    def __str__(self) -> str:
        """Returns the row in Markdown."""
        nearest, in_order, act_order = (f"{e.mean():.5f}"[1:] for e in self.errors)
        spread = 100 * np.std(1 - self.errors[2] / self.errors[1], ddof=1)
        return (
            f"| {self.setting.name} | {nearest} | {in_order} | {self.over_nearest:.2f} |"
            f" {act_order} | {100 * self.by_order:.1f} % | {spread:.1f} % |"
        )


def check_row(row: Row, library: np.ndarray) -> list[str]:
    """Returns what is wrong with a row."""
    wrong = []
    if row.over_nearest < row.setting.over_nearest:
        wrong.append(f"gptq gains {row.over_nearest:.3f} times, not {row.setting.over_nearest}")
    if len(library[0]) > 1 and row.by_order < row.setting.by_order:
        wrong.append(f"act-order gains {row.by_order:.4f}, not {row.setting.by_order}")
    if abs(row.errors / library - 1).max() > AGREEMENT:
        wrong.append(f"passes give {row.errors}, the library {library}")
    return [f"{row.setting.name}: {text}" for text in wrong]


def check_document(path: Path, rows: list[Row]) -> list[str]:
    """Compares each row with the file's, to a unit of the last digit: sums of other machines
    may be rounded otherwise."""
    wrong, lines = [], path.read_text(encoding="utf-8").splitlines()
    for row in rows:
        found = [line for line in lines if line.startswith(f"| {row.setting.name} |")]
        pairs = list(zip(re.findall(r"\d*\.\d+", str(row)), re.findall(r"\d*\.\d+", "".join(found))))
        units = [1.01 * 10.0 ** -len(want.split(".")[1]) for want, _ in pairs]
        if len(pairs) != 6 or any(abs(float(a) - float(b)) > u for (a, b), u in zip(pairs, units)):
            wrong.append(f"{path}: expected {row}, got {found}")
    return wrong


def main() -> int:
    """Measures one setting after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--library", required=True, type=Path, help="libmx_gptq_shim.so")
    parser.add_argument("--few", action="store_true", help="one layer and some settings")
    parser.add_argument("--document", type=Path, help="the file that holds the table")
    options = parser.parse_args()
    library = GptqLibrary(options.library.resolve())
    layers = [draw(seed) for seed in range(1 if options.few else LAYERS)]
    wrong, rows = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "source.mlir").write_text(write_module(layers))
        run("mx-opt", f"{name}/source.mlir", "--emit-bytecode", "-o", f"{name}/source.mlirbc")
        write_calibration(folder / "calibration", layers)
        for i, layer in enumerate(layers):
            np.save(folder / f"x{i}.npy", layer.test)
        for setting in SETTINGS[2:6:3] if options.few else SETTINGS:
            through = [measure_passes(setting, method, layers, folder) for method in METHODS]
            alone = [
                [measure_library(library, setting, method, layer) for layer in layers]
                for method in METHODS
            ]
            rows.append(Row(setting, np.array(through)))
            wrong += check_row(rows[-1], np.array(alone))
            if not options.few:
                print(rows[-1], flush=True)
    wrong += check_document(options.document, rows) if options.document else []
    print("\n".join([*wrong, f"gptq: {len(rows)} settings, {len(wrong)} failures"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
