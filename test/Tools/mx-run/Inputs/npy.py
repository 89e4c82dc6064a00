"""Writes and prints .npy files with nothing but struct.

  npy.py write FILE TYPE SHAPE VALUE...   TYPE as in NumPy, SHAPE as 4x32 or -
  npy.py print FILE
  npy.py raw FILE HEADER BYTES            any dictionary, BYTES zeros after it
"""

import ast
import struct
import sys

CODES = {
    "|b1": "?", "|i1": "b", "|u1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<u4": "I",
    "<i8": "q", "<u8": "Q", "<f2": "e", "<f4": "f", "<f8": "d",
}  # fmt: skip


def join(dictionary, data):
    header = dictionary.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def write(path, descr, shape, *values):
    sizes = () if shape == "-" else tuple(int(size) for size in shape.split("x"))
    kind = int if CODES[descr] in "?bBhHiIqQ" else float
    count = 1
    for size in sizes:
        count *= size
    # Values repeat until the array is full.
    numbers = [kind(values[i % len(values)]) for i in range(count)]
    data = struct.pack(f"<{count}{CODES[descr]}", *numbers)
    dictionary = repr({"descr": descr, "fortran_order": False, "shape": sizes})
    with open(path, "wb") as file:
        file.write(join(dictionary, data))


def show(path):
    with open(path, "rb") as file:
        content = file.read()
    assert content[:8] == b"\x93NUMPY\x01\x00"
    (length,) = struct.unpack("<H", content[8:10])
    assert (10 + length) % 64 == 0
    header = ast.literal_eval(content[10 : 10 + length].decode())
    assert header["fortran_order"] is False
    values = [v[0] for v in struct.iter_unpack("<" + CODES[header["descr"]], content[10 + length :])]
    print(header["descr"], header["shape"], *values)


def raw(path, dictionary, count):
    with open(path, "wb") as file:
        file.write(join(dictionary, bytes(int(count))))


{"write": write, "print": show, "raw": raw}[sys.argv[1]](*sys.argv[2:])
