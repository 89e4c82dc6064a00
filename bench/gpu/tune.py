#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Writes measured tiles and stages to include/mx/Target/Tuning.def.

    bench/gpu/build_kit.py --variants --chips=sm_90a -o variants.tar    # here
    python3 variants/run_kit.py --peers=mx --json=variants.json         # on a GPU
    bench/gpu/tune.py variants.json                                     # here

Rows of the same kernel, chip, formats and shape class are replaced, others stay. A
class is a layer of the kit: it stands for products with at least its columns and K,
the smallest one for all.
"""

import argparse
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE)]

from kit_variants import best_times, choose_tiles

TABLE = HERE.parent.parent / "include/mx/Target/Tuning.def"
FIRST, LAST = "// clang-format off\n", "// clang-format on\n"
ROW = re.compile(r'^MX_TUNING\((\w+), (\w+), "([\w*]+)", (\d+), (\d+), "(\w+)", (\d+), (\d+)\)$', re.M)
NOTHING = "// measured: nothing yet\n"


def read_rows(text):
    """Returns {(kernel, chip, formats, columns, depth): {tile: (rows below, stages)}}."""
    rows = {}
    for kernel, chip, formats, columns, depth, tile, below, stages in ROW.findall(text):
        rows.setdefault((kernel, chip, formats, int(columns), int(depth)), {})[tile] = (int(below), int(stages))
    return rows


def measure(found):
    """Returns rows of the same form from what run_kit.py found."""
    classes, rows = {}, {}
    for row in found["results"]:
        if "variant" in row:
            key = (row["variant"]["kernel"], row["chip"], f"{row['lhs']}*{row['rhs']}")
            classes.setdefault(key, {}).setdefault((row["n"], row["k"]), []).append(row)
    for key, layers in classes.items():
        for index, (layer, results) in enumerate(sorted(layers.items())):
            best = best_times(results)
            if chosen := choose_tiles(key[0], best) if best else None:
                rows[key + (layer if index else (0, 0))] = dict(chosen)
            else:
                print(f"left out: {' '.join(key)} {layer[0]}x{layer[1]}: expected a time of every tile")
    return rows


def write_rows(rows):
    """Returns the lines of the table, small classes before large ones."""
    lines = [
        f'MX_TUNING({kernel}, {chip}, "{formats}", {columns}, {depth}, "{tile}", {below}, {stages})\n'
        for (kernel, chip, formats, columns, depth), tiles in sorted(rows.items())
        for tile, (below, stages) in tiles.items()
    ]
    return "".join(lines) or NOTHING


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", type=Path, help="what run_kit.py wrote")
    parser.add_argument("--table", type=Path, default=TABLE)
    arguments = parser.parse_args()
    try:
        found, text = json.loads(arguments.json.read_text()), arguments.table.read_text()
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    if not found.get("measured"):
        sys.exit(f"error: {arguments.json}: expected measured times, got none")
    new = measure(found)
    if not new:
        sys.exit(f"error: {arguments.json}: expected times of variants (build_kit.py --variants), got none")
    before, rest = text.split(FIRST)
    after = rest.split(LAST)[1]
    arguments.table.write_text(before + FIRST + write_rows(read_rows(text) | new) + LAST + after)
    print(f"{arguments.table.name}: {len(new)} classes")


if __name__ == "__main__":
    main()
