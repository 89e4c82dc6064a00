# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""What calibration.test needs, with nothing but struct and json.

calibration.py model MODEL ROWS.npy SEED        a perceptron, and correlated rows for it
calibration.py check FILE ROWS.npy              f.0 and f.1 hold the Hessian of the rows
calibration.py show FILE                        names, types, shapes, metadata
calibration.py edit FILE OUT drop|narrow|nan    without f.2, with fewer columns, with a NaN
calibration.py cut FILE OUT BYTES               the first bytes only
calibration.py better Y GOOD BAD FACTOR         arrays: how much closer to Y one is than the other
"""

import json
import math
import random
import struct
import sys

COLUMNS, HIDDEN, RESULTS, COUNT = 64, 96, 32, 600


def read_npy(path):
    """Returns the numbers of an array of f32."""
    with open(path, "rb") as file:
        content = file.read()
    begin = 10 + struct.unpack("<H", content[8:10])[0]
    return [value for (value,) in struct.iter_unpack("<f", content[begin:])]


def read_file(path):
    """Returns the tensors as (type, shape, bytes) and the metadata of a safetensors file."""
    with open(path, "rb") as file:
        content = file.read()
    begin = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:begin])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        tensors[name] = (entry["dtype"], entry["shape"], content[begin + first : begin + last])
    return tensors, metadata


def write_file(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, shape, content) in tensors.items():
        place = [len(data), len(data) + len(content)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": place}
        data += content
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def model(path, rows_path, seed):
    draw = random.Random(int(seed))
    with open(__file__.replace("calibration.py", "perceptron.mlir"), encoding="utf-8") as file:
        text = file.read()
    for name, size in (
        ("UP", COLUMNS * HIDDEN),
        ("GATE", COLUMNS * HIDDEN),
        ("DOWN", HIDDEN * RESULTS),
    ):
        weights = struct.pack(f"<{size}f", *(draw.gauss(0, 0.1) for _ in range(size)))
        text = text.replace(f"@{name}@", weights.hex().upper())
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    # Eight directions and a little noise.
    basis = [[draw.gauss(0, 1) for _ in range(COLUMNS)] for _ in range(8)]
    rows = []
    for _ in range(COUNT):
        factors = [draw.gauss(0, 1) for _ in basis]
        for column in range(COLUMNS):
            rows.append(sum(f * b[column] for f, b in zip(factors, basis)) + draw.gauss(0, 0.1))
    dictionary = (
        repr({"descr": "<f4", "fortran_order": False, "shape": (COUNT, COLUMNS)}).encode() + b"\n"
    )
    with open(rows_path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(dictionary)) + dictionary)
        file.write(struct.pack(f"<{len(rows)}f", *rows))


def check(path, rows_path):
    tensors, metadata = read_file(path)
    assert metadata["alias.f.1"] == "f.0"
    dtype, shape, content = tensors["f.0.hessian"]
    assert (dtype, shape) == ("F32", [COLUMNS, COLUMNS]), (dtype, shape)
    rows = read_npy(rows_path)
    columns = [rows[column::COLUMNS] for column in range(COLUMNS)]
    for index, (got,) in enumerate(struct.iter_unpack("<f", content)):
        left, right = columns[index // COLUMNS], columns[index % COLUMNS]
        want = math.fsum(a * b for a, b in zip(left, right))
        (want,) = struct.unpack("<f", struct.pack("<f", want))
        # Summed in f64, rounded once; the order of the sum may matter at a tie.
        assert abs(got - want) <= 2**-23 * abs(want), (index, got, want)
    print("the Hessian is that of", len(columns[0]), "rows")


def show(path):
    tensors, metadata = read_file(path)
    for name, (dtype, shape, content) in sorted(tensors.items()):
        print(name, dtype, shape, *(struct.unpack("<q", content) if dtype == "I64" else ()))
    print(sorted(metadata.items()))


def edit(path, out, how):
    tensors, metadata = read_file(path)
    if how == "drop":
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("f.2.")}
    elif how == "narrow":
        tensors["f.2.hessian"] = ("F32", [2, 2], struct.pack("<4f", 1, 0, 0, 1))
        tensors["f.2.amax"] = ("F32", [2], struct.pack("<2f", 1, 1))
    else:
        dtype, shape, content = tensors["f.2.hessian"]
        tensors["f.2.hessian"] = (dtype, shape, struct.pack("<f", math.nan) + content[4:])
    write_file(out, tensors, metadata)


def cut(path, out, count):
    with open(path, "rb") as source, open(out, "wb") as file:
        file.write(source.read(int(count)))


def better(exact, good, bad, factor):
    def error(path):
        return math.fsum((a - b) ** 2 for a, b in zip(read_npy(exact), read_npy(path)))

    assert error(good) * float(factor) < error(bad), (error(good), error(bad))


{"model": model, "check": check, "show": show, "edit": edit, "cut": cut, "better": better}[
    sys.argv[1]
](*sys.argv[2:])
