#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Prints what run_kit.py measured, or puts it into docs/Performance.md.

    bench/gpu/report.py results.json [--roofline=roofline.svg] [--document=docs/Performance.md]

Times are medians. "of copy" compares bytes of weights with what the machine copied
in the same run, "of matmul" operations with its bf16 products; "mx is faster" is a
provider's time over that of mx.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from roofline import Roofline
from tables import ratio, run_report, tabulate

HEADER = ["product", "rows", "provider", "µs", "GB/s", "TFLOP/s", "of copy", "of matmul", "error", "mx is faster"]


def rates(row):
    """Returns bytes of weights and operations for each second."""
    return row["bytes"] / row["seconds"], 2 * row["m"] * row["n"] * row["k"] / row["seconds"]


def list_results(found):
    """Returns lines: the machine, a table, and what was left out. Raises ValueError where
    nothing was measured."""
    if not found.get("measured") or not found.get("results"):
        raise ValueError("expected measured times, got none")
    limits, machine = found["limits"], found["machine"]
    place = lambda row: (row["case"], row["m"])
    ours = {place(row): row["seconds"] for row in found["results"] if row["provider"] == "mx" and "seconds" in row}
    cells, skipped = [], {}
    for row in found["results"]:
        if "skipped" in row:
            skipped.setdefault((row["provider"], row["skipped"]), []).append(f"{row['case']} with {row['m']} rows")
            continue
        speed, operations = rates(row)
        faster = None if row["provider"] == "mx" else ratio(row["seconds"], ours.get(place(row)))
        cells.append([
            row["case"], row["m"], row["provider"], f"{row['seconds'] * 1e6:.1f}", f"{speed / 1e9:.0f}",
            f"{operations / 1e12:.1f}", f"{speed / limits['copy_bytes_per_s']:.0%}",
            f"{operations / limits['matmul_flop_per_s']:.0%}", f"{row['error']:.1e}", faster,
        ])  # fmt: skip
    software = ", ".join(f"{name} {machine[name]}" for name in ("torch", "triton", "cuda") if machine.get(name))
    lines = [f"{machine.get('device', 'unknown GPU')}, {software}; {found['compiler']}."]
    lines.append(f"Copying: {limits['copy_bytes_per_s'] / 1e9:.0f} GB/s; bf16 products: {limits['matmul_flop_per_s'] / 1e12:.0f} TFLOP/s.")
    wrong = [f"{check['case']} with {check['m']} rows" for check in found["checks"] if not check["ok"]]
    lines.append(f"{len(found['checks'])} products compared with float64, {len(wrong)} wrong{': ' if wrong else ''}{', '.join(wrong)}.")
    lines += ["", *tabulate(HEADER, cells)]
    if skipped:
        lines += ["", "Left out:", ""]
        lines += [f"* {name} ({len(where)} products, first {where[0]}): {reason}" for (name, reason), where in skipped.items()]
    return lines


def draw(found):
    """Returns an SVG: speed over operations for each byte of weights."""
    limits, series = found["limits"], {}
    roofline = Roofline((1, 65536), (0.1, 10000), "TFLOP/s")
    speed, peak = limits["copy_bytes_per_s"] / 1e12, limits["matmul_flop_per_s"] / 1e12
    roofline.limit(f"copy {speed * 1e3:.0f} GB/s, bf16 {peak:.0f} TFLOP/s", speed, peak)
    for row in found["results"]:
        if "seconds" in row:
            rate, operations = rates(row)
            series.setdefault(row["provider"], []).append((operations / rate, operations / 1e12))
    roofline.points(series)
    return roofline.finish()


if __name__ == "__main__":
    run_report(__doc__, "gpu", list_results, draw)
