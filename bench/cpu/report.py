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
import math
import re
import sys

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


def tabulate(limits, products):
    """Returns the lines of a table in Markdown."""
    lines = [
        "| weights | rows | threads | provider | µs | GB/s | GFLOP/s | of read | of fma | error | mx is faster |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    case = lambda row: (row["format"], row["layer"], row["m"], row["t"], row["cache"])
    ours = {case(row): row for row in products if row["provider"] == "mx"}
    order = list(dict.fromkeys(case(row) for row in products))
    for row in sorted(products, key=lambda row: order.index(case(row))):
        read_rate = limits[f"limit/read/t:{row['t']}"]["bytes/s"]
        fma_rate = limits[f"limit/fma/t:{row['t']}"]["operations/s"]
        mine = ours.get(case(row))
        ratio = f"{row['real_time'] / mine['real_time']:.2f}" if mine and row is not mine else ""
        lines.append(
            f"| {row['format']} {row['layer']} {row['cache']} | {row['m']} | {row['t']} | {row['provider']} "
            f"| {row['real_time']:.0f} | {row['bytes/s'] / 1e9:.2f} | {row['operations/s'] / 1e9:.1f} "
            f"| {row['bytes/s'] / read_rate:.0%} | {row['operations/s'] / fma_rate:.0%} "
            f"| {row['error']:.1e} | {ratio} |"
        )
    for name, row in sorted(limits.items()):
        rate = row["bytes/s"] or row["operations/s"]
        lines.append(f"\n{name}: {rate / 1e9:.1f} {'GB/s' if row['bytes/s'] else 'GFLOP/s'}")
    return lines


COLOURS = ("#1f5fbf", "#c44e1d", "#2e8b57", "#8a4fbf", "#888888")


def draw(limits, products):
    """Returns an SVG: speed over operations for each byte of weights, both
    logarithmic, under the lines of memory and arithmetic."""
    width, height, margin = 720, 420, 60
    x_range, y_range = (1, 4096), (0.5, 1000)

    def place(value, bounds, size):
        low, high = (math.log(bound) for bound in bounds)
        return margin + (math.log(value) - low) / (high - low) * (size - 2 * margin)

    at = lambda x, y: (place(x, x_range, width), height - place(y, y_range, height))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]

    def line(points, colour, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="{dash}"/>')

    def text(x, y, words, anchor="middle", colour="black"):
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>')

    for exponent in range(0, 13, 2):
        x, y = at(2**exponent, y_range[0])
        text(x, y + 18, 2**exponent)
        line([(x, y), at(2**exponent, y_range[1])], "#eeeeee")
    for value in (1, 10, 100, 1000):
        x, y = at(x_range[0], value)
        text(x - 8, y + 4, value, "end")
        line([(x, y), at(x_range[1], value)], "#eeeeee")
    text(width / 2, height - 14, "operations for each byte of weights")
    text(margin, margin - 24, "GFLOP/s", "start")
    for name in (name for name in limits if name.startswith("limit/read/")):
        speed = limits[name]["bytes/s"] / 1e9
        peak = limits[name.replace("read", "fma")]["operations/s"] / 1e9
        line([at(x_range[0], speed * x_range[0]), at(peak / speed, peak), at(x_range[1], peak)], "black", "4 3")
        text(*at(x_range[1], peak * 1.08), f"{name[11:]} {speed:.1f} GB/s, {peak:.0f} GFLOP/s", "end")
    providers = list(dict.fromkeys(row["provider"] for row in products))
    for index, provider in enumerate(providers):
        colour = COLOURS[index % len(COLOURS)]
        text(width - margin, margin + 16 * index, provider, "end", colour)
        for row in (row for row in products if row["provider"] == provider):
            x, y = at(row["operations/s"] / row["bytes/s"], row["operations/s"] / 1e9)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}" fill-opacity="0.7"/>')
    return "\n".join(parts + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json")
    parser.add_argument("--roofline", metavar="FILE.svg", help="where to draw speed under the limits")
    arguments = parser.parse_args()
    limits, products = read(arguments.json)
    if not products:
        sys.exit(f"{arguments.json}: expected medians of products, got none")
    print("\n".join(tabulate(limits, products)))
    if arguments.roofline:
        open(arguments.roofline, "w").write(draw(limits, products))


if __name__ == "__main__":
    main()
