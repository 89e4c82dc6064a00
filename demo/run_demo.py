#!/usr/bin/env python3
"""Run a gpt-oss-20b expert block and a TOSA matmul in MXFP4, and print a table.

The weights are random numbers of the model's shapes; everything else is real: they are
quantised by compiled code to the checkpoint's byte layout, the block is compiled and run from
those bytes, every operation is compared with the reference semantics, and the result with the
same block in unquantised f32.
"""
from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from compiled_library import CompiledLibrary

HIDDEN = 2880
EXPERTS = 32
CHOICES = 4
BLOCK = 32
HERE = Path(__file__).resolve().parent


class Progress:
    """A line on a terminal that is overwritten, or one line for each step elsewhere."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()
        self.start = time.monotonic()
        self.last_stage = ""

    def show(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` steps of a stage are complete."""
        text = f"[{time.monotonic() - self.start:5.1f} s] {stage}: {done} of {total}"
        if self.live:
            print(f"\r\033[K{text}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif done == total:
            print(text, file=sys.stderr, flush=True)


def to_bf16(values: np.ndarray) -> np.ndarray:
    """Round f32 numbers to bf16 bits, ties to even."""
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bf16(bits: np.ndarray) -> np.ndarray:
    """Return the f32 numbers that bf16 bits stand for."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def route(rng: np.random.Generator, tokens: int) -> dict[str, np.ndarray]:
    """Choose four experts for each token; rows are sorted by expert, as the block wants them."""
    experts = np.stack([rng.permutation(EXPERTS)[:CHOICES] for _ in range(tokens)])
    logits = rng.standard_normal((tokens, CHOICES))
    weights = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    order = np.argsort(experts.ravel(), kind="stable")
    token_rows = np.empty(tokens * CHOICES, np.int32)
    token_rows[order] = np.arange(tokens * CHOICES)
    row_expert = experts.ravel()[order].astype(np.int32)
    return {
        "row_token": (order // CHOICES).astype(np.int32),
        "row_expert": row_expert,
        "row_weight": weights.ravel()[order].astype(np.float32),
        "token_rows": token_rows.reshape(tokens, CHOICES),
        "group_ends": np.searchsorted(row_expert, np.arange(EXPERTS), side="right").astype(np.int32),
    }


def activate(gate_up: np.ndarray) -> np.ndarray:
    """gpt-oss's clamped SwiGLU; the columns of gate and up alternate."""
    gate = np.minimum(gate_up[:, 0::2], 7.0)
    up = np.clip(gate_up[:, 1::2], -7.0, 7.0)
    return (up + 1.0) * gate / (1.0 + np.exp(-1.702 * gate))


class Batch:
    """Some tokens with their routing, and the block's exact result on them so far."""

    def __init__(self, rng: np.random.Generator, tokens: int) -> None:
        self.size = tokens
        self.tokens = to_bf16(rng.standard_normal((tokens, HIDDEN)))
        self.routing = route(rng, tokens)
        self.expected = np.zeros((tokens, HIDDEN), np.float64)

    def add_expert(self, expert: int, gate_up: np.ndarray, down: np.ndarray,
                   gate_up_bias: np.ndarray, down_bias: np.ndarray) -> None:
        """Add one expert's share, computed with unquantised weights."""
        rows = np.nonzero(self.routing["row_expert"] == expert)[0]
        if rows.size == 0:
            return
        tokens = self.routing["row_token"][rows]
        hidden = from_bf16(self.tokens[tokens]) @ gate_up.T + from_bf16(gate_up_bias)
        output = activate(hidden).astype(np.float32) @ down.T + from_bf16(down_bias)
        np.add.at(self.expected, tokens, self.routing["row_weight"][rows, None] * output)

    def save(self, folder: Path) -> list[Path]:
        """Write the arguments that differ from batch to batch; return them in order."""
        arrays = {"tokens": self.tokens, **self.routing}
        paths = []
        for name, array in arrays.items():
            paths.append(folder / f"{name}-{self.size}.npy")
            np.save(paths[-1], array)
        return paths


def make_weights(library: CompiledLibrary, folder: Path, batches: list[Batch],
                 rng: np.random.Generator, progress: Progress) -> dict[str, Path]:
    """Draw each expert's weights, quantise them to files, and add its share to the batches."""
    shapes = {"gate_up": 2 * HIDDEN, "down": HIDDEN}
    files: dict[str, Path] = {}
    stores: dict[str, np.ndarray] = {}
    blocks = HIDDEN // BLOCK
    for name, rows in shapes.items():
        for part, shape, dtype in (("blocks", (EXPERTS, rows, blocks, BLOCK // 2), np.uint8),
                                   ("scales", (EXPERTS, rows, blocks), np.uint8),
                                   ("bias", (EXPERTS, rows), np.uint16)):
            key = f"{name}_{part}"
            files[key] = folder / f"{key}.npy"
            stores[key] = np.lib.format.open_memmap(files[key], "w+", dtype, shape)
    for expert in range(EXPERTS):
        dense, bias = {}, {}
        for name, rows in shapes.items():
            weights = rng.standard_normal((rows, HIDDEN), dtype=np.float32)
            weights *= np.float32(HIDDEN ** -0.5)
            packed, scales = library.call("quantize_weights", weights,
                                          results=[(np.uint8, 3), (np.uint8, 2)])
            bias[name] = to_bf16(0.1 * rng.standard_normal(rows))
            stores[f"{name}_blocks"][expert] = packed
            stores[f"{name}_scales"][expert] = scales
            stores[f"{name}_bias"][expert] = bias[name]
            dense[name] = weights
        for batch in batches:
            batch.add_expert(expert, dense["gate_up"], dense["down"], bias["gate_up"], bias["down"])
        progress.show("drawing and quantising experts", expert + 1, EXPERTS)
    for store in stores.values():
        store.flush()
    return files


def run(tool: Path, arguments: list[str]) -> str:
    """Run a tool and return what it prints; end the demo with its message if it fails."""
    process = subprocess.run([str(tool), *arguments], text=True, capture_output=True, check=False)
    if process.returncode != 0:
        sys.exit(f"{tool.name} {' '.join(arguments)}\n{process.stdout}{process.stderr}")
    return process.stdout


def read_time(output: str) -> float:
    """Return the median seconds that `mx-run --benchmark` printed."""
    found = re.search(r"^benchmark: .*median ([0-9.]+) ms", output, re.MULTILINE)
    if found:
        return float(found.group(1)) / 1e3
    sys.exit(f"expected a line 'benchmark: …' from mx-run, got\n{output}")


def run_block(tools: Path, folder: Path, weights: dict[str, Path], batch: Batch, checks: list[str],
              progress: Progress, stage: int, stages: int) -> dict[str, float]:
    """Check the block on one batch, time it, and compare it with the unquantised one."""
    order = ["gate_up_blocks", "gate_up_scales", "gate_up_bias",
             "down_blocks", "down_scales", "down_bias"]
    inputs = [f"--input=@{path}" for path in batch.save(folder) + [weights[name] for name in order]]
    library = folder / "expert_block.so"
    result = folder / f"result-{batch.size}.npy"
    checks.append(run(tools / "mx-run", [str(HERE / "gpt_oss_expert_block.mlir"), "--target=native",
                                         "--function=expert_block", "--check", *inputs,
                                         f"--output=@{result}"]))
    progress.show("checking and timing the block", stage, stages)
    repeats = "5" if batch.size == 1 else "3"
    timing = run(tools / "mx-run", [str(library), "--function=expert_block",
                                    f"--benchmark={repeats}", *inputs, f"--output=@{result}"])
    progress.show("checking and timing the block", stage + 1, stages)
    error = np.load(result) - batch.expected
    return {"tokens": batch.size, "seconds": read_time(timing),
            "error": float(np.sqrt((error ** 2).sum() / (batch.expected ** 2).sum()))}


def run_tosa(tools: Path) -> str:
    """Run the TOSA matmul on random operands with every operation checked."""
    inputs = ["--input=1x4x32xi8=random(1)", "--input=1x4x2xi8=127",
              "--input=1x8x32xi8=random(2)", "--input=1x8x2xi8=126"]
    return run(tools / "mx-run", [str(HERE / "scaled_matmul_tosa.mlir"), "--function=forward",
                                  "--check", *inputs])


def print_table(weights: dict[str, Path], results: list[dict[str, float]]) -> None:
    """Print sizes, errors and times."""
    values = EXPERTS * 3 * HIDDEN * HIDDEN
    packed = sum(np.load(path, mmap_mode="r").nbytes for name, path in weights.items()
                 if not name.endswith("bias"))
    print("gpt-oss-20b expert block: hidden 2880, intermediate 2880, 32 experts, 4 for each token")
    print(f"  weights            {values / 1e6:10.1f} million")
    print(f"  bf16               {2 * values / 2**20:10.1f} MiB   16.00 bits for each weight")
    print(f"  mxfp4              {packed / 2**20:10.1f} MiB   {8 * packed / values:5.2f} bits for each weight")
    print()
    print("  tokens   time for a call   weight bytes read   relative error against f32")
    row_bytes = packed / EXPERTS
    for result in results:
        experts = min(EXPERTS, CHOICES * result["tokens"])
        print(f"  {result['tokens']:6d}   {1e3 * result['seconds']:12.1f} ms   "
              f"{row_bytes * experts / 2**20:13.1f} MiB   {result['error']:27.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True, help="the build folder, with bin/")
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 64], help="batch sizes")
    options = parser.parse_args()
    tools = options.build.resolve() / "bin"
    folder = options.build.resolve() / "demo"
    folder.mkdir(exist_ok=True)
    progress = Progress()

    programs = {"quantize_weights": folder / "quantize_weights.so",
                "gpt_oss_expert_block": folder / "expert_block.so"}
    for done, (name, library) in enumerate(programs.items(), start=1):
        run(tools / "mx-compile", [str(HERE / f"{name}.mlir"), "--target=native", "-o", str(library)])
        progress.show("compiling", done, len(programs))

    rng = np.random.default_rng(20)
    batches = [Batch(rng, tokens) for tokens in options.tokens]
    weights = make_weights(CompiledLibrary(programs["quantize_weights"]), folder, batches, rng, progress)
    checks: list[str] = []
    results = [run_block(tools, folder, weights, batch, checks, progress, 2 * i + 1, 2 * len(batches))
               for i, batch in enumerate(batches)]
    tosa = run_tosa(tools)

    print_table(weights, results)
    print("\nEvery operation against the reference semantics:")
    for batch, output in zip(batches, checks):
        print(f"  {batch.size} tokens")
        print_check(output)
    print("  TOSA matmul_t_block_scaled (demo/scaled_matmul_tosa.mlir)")
    print_check(tosa)


def print_check(output: str) -> None:
    """Print the table of `mx-run --check`, indented and without folder names."""
    lines = output.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("operation"))
    for line in lines[start:]:
        print("    " + line.replace(str(HERE) + "/", ""))


if __name__ == "__main__":
    main()
