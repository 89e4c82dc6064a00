"""Writes a calibration file: calibration.py FILE SITE=ROW;ROW… SITE=correlated:K …

A site has the Hessian that is given, rows of numbers separated by commas, or one of K
neighbours that are alike. SITE:rows= gives it rows of activations instead, SITE:amax= the
largest magnitude of each column, too.
"""
import json
import struct
import sys


def read_matrix(text):
    """The Hessian of a site, as a list of rows."""
    if text.startswith("correlated:"):
        size = int(text.split(":")[1])
        return [[0.9 ** abs(i - j) * (1 + i % 3) * (1 + j % 3) for j in range(size)] for i in range(size)]
    return [[float(number) for number in row.split(",")] for row in text.split(";")]


def main():
    header = {"__metadata__": {"format": "mx-calibration", "version": "1"}}
    data = b""

    def store(name, kind, shape, part):
        nonlocal data
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
        data += part

    for argument in sys.argv[2:]:
        left, text = argument.split("=")
        site, _, kind = left.partition(":")
        rows = read_matrix(text)
        values = [number for row in rows for number in row]
        shape = [len(values)] if kind == "amax" else [len(rows), len(rows[0])]
        store(f"{site}.{kind or 'hessian'}", "F32", shape, struct.pack(f"<{len(values)}f", *values))
        if kind != "amax":
            store(f"{site}.samples", "I64", [1], struct.pack("<q", len(rows) if kind else 128))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


main()
