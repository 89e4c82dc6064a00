#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Prints what mx-bench-matmul measured, beside the limits of the same run.

    bin/mx-bench-matmul --benchmark_out=matmul.json
    bench/cpu/report.py matmul.json [--roofline=roofline.svg]

Times are medians. "of read" and "of fma" compare bytes of weights and operations
with what the machine read and multiplied in the same run, on as many threads;
"mx is faster" is a provider's time over that of mx.
"""

import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from roofline import Roofline
from tables import ratio, tabulate

NAME = re.compile(
    r"matmul/(?P<format>\w+)/(?P<layer>\d+x\d+)/m:(?P<m>\d+)/t:(?P<t>\d+)"
    r"/(?P<cache>\w+)/(?P<provider>[\w-]+)/"
)


def read(path):
    """Returns the medians: those of limits by name, those of products."""
    limits, products = {}, []
    for row in json.load(open(path))["benchmarks"]:
        if row.get("aggregate_name") != "median":
            continue
        if row["run_name"].startswith("limit/"):
            limits[row["run_name"].replace("/manual_time", "")] = row
        elif match := NAME.match(row["run_name"]):
            products.append({**match.groupdict(), **row})
    return limits, products


HEADER = ["weights", "rows", "threads", "provider", "µs", "GB/s", "GFLOP/s", "of read", "of fma", "error", "mx is faster"]


def list_products(limits, products):
    """Returns the lines of a table in Markdown, and the limits."""
    case = lambda row: (row["format"], row["layer"], row["m"], row["t"], row["cache"])
    ours = {case(row): row for row in products if row["provider"] == "mx"}
    order = list(dict.fromkeys(case(row) for row in products))
    cells = []
    for row in sorted(products, key=lambda row: order.index(case(row))):
        read_rate = limits[f"limit/read/t:{row['t']}"]["bytes/s"]
        fma_rate = limits[f"limit/fma/t:{row['t']}"]["operations/s"]
        mine = ours.get(case(row))
        cells.append([
            f"{row['format']} {row['layer']} {row['cache']}", row["m"], row["t"], row["provider"],
            f"{row['real_time']:.0f}", f"{row['bytes/s'] / 1e9:.2f}", f"{row['operations/s'] / 1e9:.1f}",
            f"{row['bytes/s'] / read_rate:.0%}", f"{row['operations/s'] / fma_rate:.0%}", f"{row['error']:.1e}",
            ratio(row["real_time"], mine["real_time"]) if mine and row is not mine else None,
        ])  # fmt: skip
    lines = tabulate(HEADER, cells)
    for name, row in sorted(limits.items()):
        rate = row["bytes/s"] or row["operations/s"]
        lines.append(f"\n{name}: {rate / 1e9:.1f} {'GB/s' if row['bytes/s'] else 'GFLOP/s'}")
    return lines


def draw(limits, products):
    """Returns an SVG: speed over operations for each byte of weights."""
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json")
    parser.add_argument("--roofline", metavar="FILE.svg", help="where to draw speed under the limits")
    arguments = parser.parse_args()
    limits, products = read(arguments.json)
    if not products:
        sys.exit(f"{arguments.json}: expected medians of products, got none")
    print("\n".join(list_products(limits, products)))
    if arguments.roofline:
        open(arguments.roofline, "w").write(draw(limits, products))


if __name__ == "__main__":
    main()
