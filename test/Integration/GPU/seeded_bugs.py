#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Breaks kernels in many ways and demands that each is noticed.

Each bug is one edit of correct IR: of the kernels that products lower to, and of a
hand-written one with a ring of mbarriers. The simulator must name the kind of error, at
the operation that the test expects; what breaks no rule of the machine must give a wrong
result. Unbroken kernels give the exact result in several orders of threads.

  seeded_bugs.py          each bug once
  seeded_bugs.py --all    each in several orders of threads
  --only=TEXT             kernels whose name has this text
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz")]

from grouped_products import Routing, make_operands, write_program
from kernel_bugs import (
    DECODED_BUGS,
    DECODED_GROUP_BUGS,
    FRAGMENT_BUGS,
    GROUPED_BUGS,
    PRODUCT_BUGS,
    REFUSED,
    RING_BUGS,
    SCALED_BUGS,
    WARPGROUP_BUGS,
    WRONG_RESULT,
    Bug,
    Edit,
)
from matmul_pairs import Case, constant_text, product_text, run, type_text, write_inputs
from npy_file import Array, make_array, read_npy
from tensor_bugs import TENSOR_BUGS, make_tensor_operands

TENSOR = Path(__file__).resolve().parent / "Inputs" / "tensor-memory.mlir"
RING = Path(__file__).resolve().parent / "Inputs" / "ring.mlir"
SEEDS = range(1, 6)
TIME_LIMIT = 600  # Only for what would never end: a busy machine is slow.


@dataclass(frozen=True)
class Kernel:
    """A program without bugs."""

    name: str
    text: str
    inputs: list[str]
    expected: Array
    chip: str = "sm_120a"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: a kind of error and the text of its line, or a result."""

    kind: str
    line: str
    messages: str


def simulate(folder: Path, kernel: Kernel, text: str, seed: int = 0) -> Outcome:
    """Runs IR in place of that of `kernel`."""
    module, output = folder / "broken.mlir", folder / "out.npy"
    module.write_text(text)
    output.unlink(missing_ok=True)
    order = [f"--schedule-seed={seed}"] if seed else []
    command = ["mx-run", module, f"--target={kernel.chip}", "--simulate", *order, *kernel.inputs]
    try:
        done = subprocess.run(
            [*map(str, command), f"--output=@{output}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return Outcome("exit by time limit", "", f"not done after {TIME_LIMIT} s")
    report = re.search(
        r":(\d+):\d+: error: (?:simulation stopped \(([a-z-]+)\)|'[\w.]+' op expected)", done.stderr
    )
    if done.returncode == 1 and report:
        line = text.split("\n")[int(report[1]) - 1].strip()
        return Outcome(report[2] or REFUSED, line, done.stderr)
    if done.returncode != 0:
        return Outcome(f"exit {done.returncode}", "", done.stderr)
    result = read_npy(output)
    same = result.shape == kernel.expected.shape and result.data == kernel.expected.data
    return Outcome("right result" if same else WRONG_RESULT, "", done.stderr)


def translate(pattern: str) -> str:
    """Makes a regular expression: `%?` is any value, `%<a>` one with a name."""
    parts, seen = [], set()
    for part in re.split(r"(%\?|%<\w+>)", pattern):
        name = part[2:-1]
        if part == "%?":
            parts.append(r"%[\w#]+")
        elif not re.fullmatch(r"%<\w+>", part):
            parts.append(re.escape(part))
        else:
            parts.append(f"(?P={name})" if name in seen else rf"(?P<{name}>%[\w#]+)")
            seen.add(name)
    return "".join(parts)


def apply(text: str, edit: Edit) -> str:
    """Makes one edit. Whatever it does not find exactly as often as it says is an error."""
    begin = text.index(edit.section[0])
    end = text.index(edit.section[1], begin)
    found = list(re.finditer(translate(edit.pattern), text[begin:end]))
    if len(found) != edit.count:
        sys.exit(f"expected '{edit.pattern}' {edit.count} times in the IR, got {len(found)}")
    match = found[edit.which]
    new = re.sub(r"%<(\w+)>", lambda m: match[m[1]], edit.replacement)
    changed = text[: begin + match.start()] + new + text[begin + match.end() :]
    assert changed != text, f"'{edit.pattern}' changes nothing"
    return changed


def keep_first_kernel(text: str) -> str:
    """Drops the kernels for unaligned addresses and few rows, which would only be compiled."""
    names = re.findall(r"gpu\.func @(\w+)\(", text)
    for name in names[1:]:
        text = re.sub(rf"    gpu\.func @{name}\(.*?\n    }}\n", "", text, flags=re.DOTALL)
        text = re.sub(rf"\n *gpu\.launch_func +@mx_kernels::@{name} .*", "", text)
    return text


def make_product(
    folder: Path,
    kinds: tuple[str, str],
    m: int,
    n: int,
    k: int,
    chip: str = "sm_120a",
    is_constant: bool = False,
) -> Kernel:
    """Lowers two products in a batch, one block each, and makes their operands."""
    case = Case(kinds, (2,), m, n, k, seed=1)
    types = type_text(kinds[0], (2, m, k)), type_text(kinds[1], (2, n, k)), type_text("f32", case.shape)
    name = f"{'-'.join(kinds)}-{chip}{'-constant' * is_constant}"
    source, lowered = folder / f"{name}.mlir", folder / f"{name}-lowered.mlir"
    argument = "" if is_constant else f", %b: {types[1]}"
    constant = constant_text("%b", types[1], case.rhs.arrays) if is_constant else ""
    source.write_text(
        f"func.func @f(%a: {types[0]}{argument}, %c_init: {types[2]}) -> {types[2]} {{\n"
        f"{constant}{product_text('%c', '%a', '%b', types)}  return %c : {types[2]}\n}}\n"
    )
    run("mx-compile", source, f"--target={chip}", "--stop-after=lower", "-o", lowered)
    arrays = folder / name
    arrays.mkdir()
    rhs = [] if is_constant else case.rhs.arrays
    inputs = write_inputs(arrays, [*case.lhs.arrays, *rhs, case.init])
    expected = make_array("<f4", case.shape, case.expected)
    text = keep_first_kernel(lowered.read_text())
    what = f"{' x '.join(kinds)} product{' with constants' * is_constant} on {chip}"
    return Kernel(what, text, inputs, expected, chip)


def make_grouped(folder: Path, kinds: tuple[str, str]) -> Kernel:
    """Lowers a grouped product: some tiles, no rows, seven rows behind a clamped end, none."""
    routing = Routing("", kinds, "i32", 40, 12, 128, [33, 30, 45, 45])
    name = f"grouped-{'-'.join(kinds)}"
    source, lowered = folder / f"{name}.mlir", folder / f"{name}-lowered.mlir"
    write_program(source, [routing], is_static=True)
    run("mx-compile", source, "--target=sm_120a", "--stop-after=lower", "-o", lowered)
    arrays = folder / name
    arrays.mkdir()
    operands, expected = make_operands(routing, seed=1)
    inputs = write_inputs(arrays, operands)
    return Kernel(f"grouped {' x '.join(kinds)} product", keep_first_kernel(lowered.read_text()), inputs, expected)


def make_ring(folder: Path) -> Kernel:
    """Reads the kernel with a ring and makes its operands."""
    left = [7 * i for i in range(256)]
    right = [i * i - 1000 for i in range(256)]
    arrays = folder / "ring"
    arrays.mkdir()
    inputs = write_inputs(arrays, [make_array("<i4", (32, 8), x) for x in (left, right)])
    sums = [a + b for a, b in zip(left, right)]
    return Kernel("ring", RING.read_text(), inputs, make_array("<i4", (32, 8), sums))


def complain(text: str) -> None:
    """Says what is wrong where it is shown whatever reads the table."""
    print(text, file=sys.stderr)


def make_tensor(folder: Path) -> Kernel:
    """Reads the kernel with tensor memory and makes its operands."""
    arrays = folder / "tensor"
    arrays.mkdir()
    operands, expected = make_tensor_operands(seed=1)
    return Kernel("tensor memory", TENSOR.read_text(), write_inputs(arrays, operands), expected, "sm_100a")


def check_unbroken(folder: Path, kernel: Kernel) -> int:
    """Demands that nothing is wrong with a correct kernel. Returns the failures."""
    failures = 0
    for seed in (0, *SEEDS):
        outcome = simulate(folder, kernel, kernel.text, seed)
        if outcome.kind != "right result":
            complain(f"{kernel.name}, seed {seed}: {outcome.kind}\n{outcome.messages}")
            failures += 1
    return failures


def check_bug(folder: Path, kernel: Kernel, bug: Bug, seeds: tuple[int, ...]) -> bool:
    """Says how a bug was noticed. Returns whether it was, as expected."""
    text = kernel.text
    for edit in bug.edits:
        text = apply(text, edit)
    noticed = True
    for seed in seeds:
        outcome = simulate(folder, kernel, text, seed)
        # In another order another of several errors may come first.
        expected = outcome.kind == bug.kind and bug.at in outcome.line
        if seed:
            expected = outcome.kind != "right result" and "exit" not in outcome.kind
        if not seed:
            print(f"  {bug.name:<55} {outcome.kind}")
        if not expected:
            complain(f"{bug.name}, seed {seed}: expected {bug.kind} at '{bug.at}', got {outcome.kind} at")
            complain(f"'{outcome.line}'\n{outcome.messages}")
            noticed = False
    return noticed


def main() -> int:
    """Runs all kernels, unbroken and broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="several orders of threads")
    parser.add_argument("--only", default="", metavar="TEXT", help="kernels whose name has this text")
    arguments = parser.parse_args()
    seeds = (0, *SEEDS) if arguments.all else (0,)
    bugs = missed = failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        makers = (
            ("product mxfp4 mxfp4", lambda: make_product(folder, ("mxfp4", "mxfp4"), 20, 12, 384), PRODUCT_BUGS),
            ("product nvfp4 nvfp4", lambda: make_product(folder, ("nvfp4", "nvfp4"), 17, 12, 128), SCALED_BUGS),
            ("product bf16 mxfp4", lambda: make_product(folder, ("bf16", "mxfp4"), 20, 12, 672), DECODED_BUGS),
            ("fragments bf16 mxfp4", lambda: make_product(folder, ("bf16", "mxfp4"), 20, 18, 672, "sm_80", True), FRAGMENT_BUGS),
            ("warpgroup bf16 mxfp4", lambda: make_product(folder, ("bf16", "mxfp4"), 80, 20, 480, "sm_90a"), WARPGROUP_BUGS),
            ("grouped mxfp4 mxfp4", lambda: make_grouped(folder, ("mxfp4", "mxfp4")), GROUPED_BUGS),
            ("grouped bf16 mxfp4", lambda: make_grouped(folder, ("bf16", "mxfp4")), DECODED_GROUP_BUGS),
            ("ring", lambda: make_ring(folder), RING_BUGS),
            ("tensor memory", lambda: make_tensor(folder), TENSOR_BUGS),
        )
        for what, make, broken in makers:
            if arguments.only not in what:
                continue
            kernel = make()
            print(f"{kernel.name}:")
            failures += check_unbroken(folder, kernel)
            bugs += len(broken)
            missed += sum(not check_bug(folder, kernel, bug, seeds) for bug in broken)
    print(f"{bugs} bugs, {missed} missed; unbroken kernels: {failures} failures")
    return 1 if missed or failures else 0


if __name__ == "__main__":
    sys.exit(main())
