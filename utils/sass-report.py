#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Prints what the kernels of cubins are made of, without a disassembler.

For each kernel: registers, stack, static shared memory, instructions by opcode, and
the same of its main loop (the innermost with most products, or else the longest). A cubin
is an ELF file; instructions have 16 bytes, their opcode is in the low 12 bits.
"""
import argparse
import collections
import json
import re
import struct
import sys

# Names were found by assembling probes of one instruction.
NAMES = {
    0x212: "LOP3", 0x812: "LOP3", 0x219: "SHF", 0x819: "SHF", 0x224: "IMAD", 0x824: "IMAD", 0x825: "IMAD.WIDE",
    0x216: "PRMT", 0x816: "PRMT", 0x231: "HFMA2", 0x232: "HMUL2", 0x235: "HFMA2", 0x23E: "F2FP", 0x221: "FADD",
    0x220: "FMUL", 0x223: "FFMA", 0x210: "IADD3", 0x810: "IADD3", 0x20C: "ISETP", 0x80C: "ISETP", 0x981: "LDG",
    0x986: "STG", 0x984: "LDS", 0x988: "STS", 0x388: "STS", 0x983: "LDL", 0x387: "STL", 0x987: "STL", 0xFAE: "LDGSTS",
    0x83B: "LDSM", 0x844: "STSM", 0x5B4: "UTMALDG", 0x3BA: "UBLKCP", 0x23C: "HMMA", 0x237: "IMMA", 0x27A: "QMMA",
    0x47A: "QMMA.SF", 0x47F: "OMMA.SF", 0x9F0: "HGMMA", 0xDF0: "HGMMA", 0x9F3: "QGMMA", 0x5EA: "UTCMMA",
    0x9E7: "UTCCP", 0x3E9: "UTCBAR", 0x9EE: "LDTM", 0xF89: "SHFL", 0x9A6: "RED", 0xB1D: "BAR", 0x918: "NOP",
    0x919: "S2R", 0xB82: "LDC", 0x7AC: "LDCU", 0x947: "BRA", 0x547: "BRA", 0x94D: "EXIT",
}  # fmt: skip
# Cycles for which a quarter of an SM is busy; all others take one to be issued.
CYCLES = {"OMMA.SF": 16, "QMMA.SF": 32, "QMMA": 32}
BRANCHES = (0x947, 0x547)
REGISTERS, STACK = 0x2F, 0x12  # attributes of .nv.info
RECORD = struct.Struct("<BBHII")  # format, attribute, size, symbol, value


def read_sections(data):
    if data[:4] != b"\x7fELF":
        raise ValueError("expected an ELF file")
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, start + i * size) for i in range(count)]
    for header in headers:
        begin = headers[names][4] + header[0]
        yield data[begin : data.index(b"\0", begin)].decode(), header, data[header[4] : header[4] + header[5]]


def read_attributes(info):
    """{(attribute, symbol): value} of .nv.info, where the two of a kernel stand."""
    found, at = {}, 0
    while at + 4 <= len(info):
        form, attribute, size = struct.unpack_from("<BBH", info, at)
        if form == 4 and size == 8:
            found[attribute, struct.unpack_from("<I", info, at + 4)[0]] = struct.unpack_from("<I", info, at + 8)[0]
        at += 4 + (size if form == 4 else 0)
    return found


def find_loops(words):
    """Ranges of backward branches. Targets count words of 4 bytes from the next instruction on;
    from sm_90 on, the low byte of that number has a place of its own."""
    branches = [(i, low, high) for i, (low, high) in enumerate(words) if low & 0xFFF in BRANCHES]
    # Each kernel ends with a branch to itself, which shows where that byte is.
    split = bool(branches) and branches[-1][1] >> 16 & 0xFF == 0xFC
    for index, low, high in branches[:-1]:
        offset = low >> 34 | (high & 0x3FFFF) << 30
        offset -= (offset >> 47) << 48
        if split:
            offset = offset << 8 | low >> 16 & 0xFF
        target = index + 1 + offset // 4
        if 0 <= target <= index:
            yield target, index + 1


def count(words):
    return collections.Counter(NAMES.get(low & 0xFFF, f"{low & 0xFFF:03x}") for low, _ in words)


def report(name, code, symbol, attributes, shared):
    words = [struct.unpack_from("<QQ", code, i) for i in range(0, len(code), 16)]
    is_product = re.compile(r".*MMA").match
    loops = [count(words[begin:end]) for begin, end in find_loops(words)]
    products = lambda c: sum(n for op, n in c.items() if is_product(op))  # noqa: E731
    loop = max(loops, default=None, key=lambda c: (products(c), sum(c.values()) * (-1 if products(c) else 1)))
    result = {"kernel": name, "instructions": len(words), "registers": attributes.get((REGISTERS, symbol)),
              "stack": attributes.get((STACK, symbol), 0), "shared": shared, "opcodes": count(words)}  # fmt: skip
    if loop:
        cycles = {op: n * CYCLES.get(op, 1) for op, n in loop.items()}
        share = products(cycles) / sum(cycles.values())
        result["loop"] = {"instructions": sum(loop.values()), "product_share": round(share, 3), "opcodes": loop}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cubins", nargs="+", metavar="cubin")
    parser.add_argument("--json", action="store_true", help="one JSON object for each kernel")
    arguments = parser.parse_args()
    for path in arguments.cubins:
        with open(path, "rb") as file:
            sections = list(read_sections(file.read()))
        attributes = next((read_attributes(data) for name, _, data in sections if name == ".nv.info"), {})
        sizes = {name: header[5] for name, header, _ in sections}
        for name, header, data in sections:
            if not name.startswith(".text."):
                continue
            kernel = report(name[6:], data, header[7] & 0xFFFFFF, attributes, sizes.get(".nv.shared." + name[6:], 0))
            if arguments.json:
                print(json.dumps(kernel, sort_keys=True))
                continue
            show = lambda counts: " ".join(f"{op}:{n}" for op, n in counts.most_common())  # noqa: E731
            print("{kernel}: {registers} registers, {stack} bytes of stack, {shared} of shared memory, "
                  "{instructions} instructions".format(**kernel))  # fmt: skip
            print("  all:", show(kernel["opcodes"]))
            if loop := kernel.get("loop"):
                print(f"  main loop: {loop['product_share']:.0%} of issue cycles are products;", show(loop["opcodes"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
