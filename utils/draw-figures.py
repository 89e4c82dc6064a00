#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Measures formats on distributions, and draws the figures of docs/Figures.md.

    PYTHONPATH=build/python utils/draw-figures.py

Writes docs/figures/measured.json and the two drawings made of it. Needs NumPy and the
package mx. The same seeds give the same numbers.
"""

import argparse
import json
from pathlib import Path

import mx
import numpy as np

FOLDER = Path(__file__).resolve().parent.parent / "docs/figures"
FORMATS = ["mxfp4", "nvfp4", "mxfp6_e2m3", "mxfp6_e3m2", "mxfp8_e4m3", "mxfp8_e5m2"]
ROWS, COLUMNS, ROTATION, SEED, BINS = 256, 4096, 128, 1, 48
COLORS = ["#4878a8", "#d1813b", "#5b9a5b", "#b0504f", "#7f6aa8"]
FRAME = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="12">'


def draw_numbers():
    """Weights by the name of their distribution, each with a variance of about 1."""
    numbers = np.random.default_rng(SEED)
    shape = ROWS, COLUMNS
    channels = numbers.standard_normal(shape)
    # One channel in 128 is twenty times as wide.
    channels[:, numbers.permutation(COLUMNS)[: COLUMNS // 128]] *= 20
    found = {
        "uniform": numbers.uniform(-1, 1, shape),
        "normal": numbers.standard_normal(shape),
        "laplace": numbers.laplace(size=shape),
        "student t, 5": numbers.standard_t(5, shape),
        "outlier channels": channels,
    }
    return {name: (values / values.std()).astype(np.float32) for name, values in found.items()}


def measure_error(values, form, rotation):
    """The relative squared error of rounding to nearest by the format's default rule."""
    wide = mx.rotate(values, rotation) if rotation else values
    decoded = mx.quantize(wide, form).dequantize()
    return float(np.square(decoded.astype(np.float64) - wide).sum() / np.square(wide.astype(np.float64)).sum())


def measure():
    weights = draw_numbers()
    errors = {
        name: {form: [measure_error(values, form, None), measure_error(values, form, ROTATION)] for form in FORMATS}
        for name, values in weights.items()
    }
    before = weights["outlier channels"]
    after = mx.rotate(before, ROTATION)
    edges = np.linspace(-6, 6, BINS + 1)
    histograms = [np.histogram(np.clip(v, -6, 6), edges)[0].tolist() for v in (before, after)]
    return {
        "shape, seed, rotation": [[ROWS, COLUMNS], SEED, ROTATION],
        "relative squared error, as it is and rotated": errors,
        "histogram of outlier channels from -6 to 6, ends included, as it is and rotated": histograms,
    }


def draw_errors(errors):
    """Groups of bars on a logarithmic axis; the black line of a bar is where it ends with a rotation."""
    width, height, left, bottom = 760, 380, 60, 310
    step = (width - left - 10) / len(FORMATS)
    bar = step / (len(errors) + 1)

    def place(value):
        return bottom - 280 * (np.log10(value) + 4.5) / 3.5

    lines = [FRAME.format(width, height)]
    for power in (-4, -3, -2, -1):
        y = place(10.0**power)
        lines.append(f'<line x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">1e{power}</text>')
    for i, form in enumerate(FORMATS):
        x = left + i * step
        lines.append(f'<text x="{x + step / 2:.1f}" y="{bottom + 18}" text-anchor="middle">{form}</text>')
        for j, (name, values) in enumerate(errors.items()):
            plain, rotated = map(place, values[form])
            at = f'x="{x + (j + 0.5) * bar:.1f}" width="{bar - 2:.1f}"'
            lines.append(f'<rect {at} y="{plain:.1f}" height="{bottom - plain:.1f}" fill="{COLORS[j]}"/>')
            lines.append(f'<rect {at} y="{rotated - 1:.1f}" height="2"/>')
    for x, color, name in zip(range(left, width, 140), COLORS, errors):
        lines.append(f'<rect x="{x}" y="{bottom + 38}" width="10" height="10" fill="{color}"/>')
        lines.append(f'<text x="{x + 15}" y="{bottom + 47}">{name}</text>')
    return "\n".join([*lines, "</svg>\n"])


def draw_histograms(pair):
    lines = [FRAME.format(760, 240)]
    for side, (counts, title) in enumerate(zip(pair, ("as it is", f"rotated in groups of {ROTATION}"))):
        left, bar, most = 20 + side * 380, 340 / BINS, max(max(pair[0]), max(pair[1]))
        lines.append(f'<text x="{left}" y="16">{title}</text>')
        for i, count in enumerate(counts):
            tall = 180 * count / most
            lines.append(f'<rect x="{left + i * bar:.1f}" y="{205 - tall:.1f}" width="{bar - 1:.1f}" '
                         f'height="{tall:.1f}" fill="{COLORS[side]}"/>')  # fmt: skip
        for x in (-6, -3, 0, 3, 6):
            lines.append(f'<text x="{left + 340 * (x + 6) / 12:.1f}" y="222" text-anchor="middle">{x}</text>')
    return "\n".join([*lines, "</svg>\n"])


def main():
    argparse.ArgumentParser(description=__doc__.split("\n", 1)[0]).parse_args()
    measured = measure()
    (FOLDER / "measured.json").write_text(json.dumps(measured, indent=1) + "\n")
    errors, histograms = list(measured.values())[1:]
    (FOLDER / "errors.svg").write_text(draw_errors(errors))
    (FOLDER / "rotation.svg").write_text(draw_histograms(histograms))
    for name, values in errors.items():
        print(f"| {name} | " + " | ".join(f"{plain:.2e}, {rotated:.2e}" for plain, rotated in values.values()) + " |")


if __name__ == "__main__":
    main()
