"""Writes a calibration file of random activations.

activations.py OUT SITE:DISTRIBUTION:ROWSxCOLUMNS:KIND … stores for each site its rows
or, if KIND is hessian, their second moments. Distributions are those of network.py.
"""
import json
import random
import struct
import sys

from network import draw


def create(distribution, rows, columns, kind):
    source = random.Random(7)
    values = [[draw(source, distribution, column) for column in range(columns)] for _ in range(rows)]
    if kind == "rows":
        return [rows, columns], [value for row in values for value in row]
    across = list(zip(*values))
    moments = [sum(a * b for a, b in zip(left, right)) for left in across for right in across]
    return [columns, columns], moments


def main():
    header, data = {"__metadata__": {"format": "mx-calibration", "version": "1"}}, b""

    def store(name, kind, shape, stored):
        nonlocal data
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(stored)]}
        data += stored

    for argument in sys.argv[2:]:
        site, distribution, size, kind = argument.split(":")
        rows, columns = map(int, size.split("x"))
        shape, values = create(distribution, rows, columns, kind)
        store(f"{site}.samples", "I64", [1], struct.pack("<q", rows))
        store(f"{site}.{kind}", "F32", shape, struct.pack(f"<{len(values)}f", *values))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    main()
