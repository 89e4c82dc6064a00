#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Prints what mx-bench-matmul measured, beside the limits of the same run, or puts
it into docs/Performance.md.

    bin/mx-bench-matmul --benchmark_out=matmul.json
    bench/cpu/report.py matmul.json [--roofline=roofline.svg] [--document=docs/Performance.md]

Times are medians. "of read" and "of fma" compare bytes of weights and operations
with what the machine read and multiplied in the same run, on as many threads;
"mx is faster" is a provider's time over that of mx.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from roofline import Roofline
from tables import ratio, run_report, tabulate

NAME = re.compile(
    r"matmul/(?P<format>\w+)/(?P<layer>\d+x\d+)/m:(?P<m>\d+)/t:(?P<t>\d+)"
    r"/(?P<cache>\w+)/(?P<provider>[\w-]+)/"
)


# What Google Benchmark says about a run that concerns no provider.
ABOUT_RUN = {
    "date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "cpu_scaling_enabled", "caches", "load_avg",
    "library_version", "library_build_type", "json_schema_version", "processor", "aslr_enabled",
}  # fmt: skip


def describe(found):
    """Returns a line: the machine, the providers and their versions, repetitions."""
    context = found["context"]
    providers = [f"{name} {version}" for name, version in context.items() if name not in ABOUT_RUN]
    repetitions = max(row.get("repetitions", 1) for row in found["benchmarks"])
    return (
        f"{context.get('processor', 'unknown processor')}, {context['num_cpus']} hardware threads; "
        f"{', '.join(providers) or 'mx'}; medians of {repetitions}."
    )


def read(found):
    """Returns the medians: those of limits by name, those of products. Raises ValueError
    where there are none."""
    limits, products = {}, []
    for row in found["benchmarks"]:
        if row.get("aggregate_name") != "median":
            continue
        if row["run_name"].startswith("limit/"):
            limits[row["run_name"].replace("/manual_time", "")] = row
        elif match := NAME.match(row["run_name"]):
            products.append({**match.groupdict(), **row})
    if not products:
        raise ValueError("expected medians of products, got none")
    return limits, products


HEADER = ["weights", "rows", "threads", "provider", "µs", "GB/s", "GFLOP/s", "of read", "of fma", "error", "mx is faster"]


def list_results(found):
    """Returns lines: the machine, a table, and the limits."""
    limits, products = read(found)
    case = lambda row: (row["format"], row["layer"], row["m"], row["t"], row["cache"])
    ours = {case(row): row for row in products if row["provider"] == "mx"}
    order = lambda row: (row["format"], row["layer"], row["cache"], int(row["m"]), int(row["t"]), row["provider"] != "mx")
    cells = []
    for row in sorted(products, key=order):
        read_rate = limits[f"limit/read/t:{row['t']}"]["bytes/s"]
        fma_rate = limits[f"limit/fma/t:{row['t']}"]["operations/s"]
        mine = ours.get(case(row))
        cells.append([
            f"{row['format']} {row['layer']} {row['cache']}", row["m"], row["t"], row["provider"],
            f"{row['real_time']:.0f}", f"{row['bytes/s'] / 1e9:.2f}", f"{row['operations/s'] / 1e9:.1f}",
            f"{row['bytes/s'] / read_rate:.0%}", f"{row['operations/s'] / fma_rate:.0%}", f"{row['error']:.1e}",
            ratio(row["real_time"], mine["real_time"]) if mine and row is not mine else None,
        ])  # fmt: skip
    lines = [describe(found), "", *tabulate(HEADER, cells)]
    for name, row in sorted(limits.items()):
        rate = row["bytes/s"] or row["operations/s"]
        lines.append(f"\n{name}: {rate / 1e9:.1f} {'GB/s' if row['bytes/s'] else 'GFLOP/s'}")
    return lines


def draw(found):
    """Returns an SVG: speed over operations for each byte of weights."""
    limits, products = read(found)
    roofline = Roofline((1, 4096), (0.5, 1000), "GFLOP/s")
    for name in (name for name in limits if name.startswith("limit/read/")):
        speed = limits[name]["bytes/s"] / 1e9
        peak = limits[name.replace("read", "fma")]["operations/s"] / 1e9
        roofline.limit(f"{name[11:]} {speed:.1f} GB/s, {peak:.0f} GFLOP/s", speed, peak)
    series = {}
    for row in products:
        point = row["operations/s"] / row["bytes/s"], row["operations/s"] / 1e9
        series.setdefault(row["provider"], []).append(point)
    roofline.points(series)
    return roofline.finish()


if __name__ == "__main__":
    run_report(__doc__, "cpu", list_results, draw)
