# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Bugs of Inputs/tensor-memory.mlir, and its operands."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(TESTS / folder) for folder in ("Integration/CPU", "fuzz")]

import random

from kernel_bugs import EXPECT, TENSOR_LOAD, TRY_WAIT, WRONG_RESULT, bug
from matmul_pairs import Side, make_side, multiply
from npy_file import Array, make_array

ROWS, COLUMNS, DEPTH = 128, 48, 768
SETUP = ("gpu.func", "%isProducer = ")
PRODUCER = ("%isProducer = ", "%isIssuer = ")
ISSUER = ("%isIssuer = ", "%isConsumer = ")
CONSUMER = ("%isConsumer = ", "gpu.return")
HOST = ("func.func @multiply", "gpu.module")

AFTER = "nvvm.tcgen05.fence #nvvm.tcgen05_fence<after>\n"
BEFORE = "nvvm.tcgen05.fence #nvvm.tcgen05_fence<before>\n"
PRODUCT = "nvvm.tcgen05.mma.block_scale"
COPY, LOAD = "nvvm.tcgen05.cp", "nvvm.tcgen05.ld"
ALLOCATE, FREE = "nvvm.tcgen05.alloc", "nvvm.tcgen05.dealloc"
VERSION, SWIZZLE, STRIDE, LEADING = 1 << 46, 1 << 62, 64 << 32, 1 << 16
FIELDS = f"%rows = arith.constant {VERSION | SWIZZLE | STRIDE | LEADING}"


def fields(number: int) -> str:
    """Makes the constant of other fields of descriptors."""
    return f"%rows = arith.constant {number}"


TENSOR_BUGS = [
    bug("tcgen05, stage not committed", "deadlock", ISSUER, "nvvm.tcgen05.commit %empty : !llvm.ptr<3>\n", "\n"),
    bug("tcgen05, sums not committed", "deadlock", ISSUER, "nvvm.tcgen05.commit %finished : !llvm.ptr<3>\n", "\n"),
    bug("tcgen05, no fence after the wait for sums", ("race", LOAD), CONSUMER, AFTER, "\n", which=0, count=2),
    bug("tcgen05, no fence before the barrier", ("race", FREE), CONSUMER, BEFORE, "\n"),
    bug("tcgen05, no fence after the barrier", ("race", FREE), CONSUMER, AFTER, "\n", which=1, count=2),
    bug("tcgen05, no wait for loads", ("in-flight", LOAD), CONSUMER, "nvvm.tcgen05.wait #nvvm.tcgen05_wait<load>\n", "\n"),
    bug("tcgen05, sums read too early", ("unwritten", LOAD), CONSUMER, f"{TRY_WAIT} %finished, %c0", f"{TRY_WAIT} %finished, %c1"),
    bug("tcgen05, issuer does not wait for a stage", ("in-flight", COPY), ISSUER, f"{TRY_WAIT} %full, %parity", f"{TRY_WAIT} %full, %c1"),
    bug("tcgen05, issuer never changes parity", ("in-flight", COPY), ISSUER, f"{TRY_WAIT} %full, %parity", f"{TRY_WAIT} %full, %c0"),
    bug("tcgen05, producer waits for no round but the first", ("barrier-misuse", "expect_tx"), PRODUCER, f"{TRY_WAIT} %empty, %other", f"{TRY_WAIT} %empty, %c1"),
    bug("tcgen05, fewer bytes expected", "transaction-bytes", PRODUCER, EXPECT, EXPECT.replace("stage", "scale")),
    bug("tcgen05, scales among sums", ("operand", PRODUCT), ISSUER, "%c64 = arith.constant 64", "%c64 = arith.constant 40"),
    bug("tcgen05, scales of B over those of A", WRONG_RESULT, ISSUER, "%c72 = arith.constant 72", "%c72 = arith.constant 64"),
    bug("tcgen05, scales of A for B", WRONG_RESULT, ISSUER, "%between = arith.constant 64", "%between = arith.constant 0"),
    bug("tcgen05, selector that does not exist", ("selector", PRODUCT), ISSUER, "arith.muli %half, %c2", "arith.muli %half, %c1"),
    bug("tcgen05, selector of the other half", WRONG_RESULT, ISSUER, "arith.shli %byte, %c29", "arith.shli %c0, %c29"),
    bug("tcgen05, descriptor without a version", ("operand", PRODUCT), ISSUER, FIELDS, fields(SWIZZLE | STRIDE | LEADING)),
    bug("tcgen05, descriptor of another swizzle", ("misaligned", PRODUCT), ISSUER, FIELDS, fields((SWIZZLE << 1) - (1 << 64) + VERSION + STRIDE + LEADING)),
    bug("tcgen05, descriptor with half of the stride", ("misaligned", PRODUCT), ISSUER, FIELDS, fields(VERSION | SWIZZLE | STRIDE // 2 | LEADING)),
    bug("tcgen05, slice that leaves the row", ("misaligned", PRODUCT), ISSUER, "arith.muli %slice, %c2", "arith.muli %slice, %c3"),
    bug("tcgen05, numbers of another instruction", ("operand", PRODUCT), ISSUER, "arith.constant 143393920", "arith.constant 143393792"),
    bug("tcgen05, first product adds", ("unwritten", PRODUCT), ISSUER, "arith.cmpi ne, %count, %c0", "arith.cmpi sge, %count, %c0"),
    bug("tcgen05, sums begin anew in each step", WRONG_RESULT, ISSUER, "arith.cmpi ne, %count, %c0", "arith.cmpi ne, %slice, %c0"),
    bug("tcgen05, every lane issues", ("in-flight", COPY), ISSUER, "arith.cmpi eq, %thread, %issuer", "arith.cmpi uge, %thread, %issuer"),
    bug("tcgen05, nothing allocated", ("unwritten", "llvm.load"), SETUP, f"{ALLOCATE} %slot, %columns : !llvm.ptr<3>, i32\n", "\n"),
    bug("tcgen05, too little allocated", ("out-of-bounds", COPY), SETUP, "%columns = arith.constant 128", "%columns = arith.constant 64"),
    bug("tcgen05, allocation of no power of two", ("operand", ALLOCATE), SETUP, "%columns = arith.constant 128", "%columns = arith.constant 80"),
    bug("tcgen05, part of it freed", ("operand", FREE), CONSUMER, f"{FREE} %all, %columns", f"{FREE} %all, %c32"),
    bug("tcgen05, never freed", ("operand", "gpu.launch_func"), CONSUMER, f"{FREE} %all, %columns : !llvm.ptr<6>, i32\n", "\n"),
    bug("tcgen05, lanes of another warp", ("out-of-bounds", LOAD), CONSUMER, "arith.shli %warp, %c21", "arith.shli %c0, %c21"),
]  # fmt: skip


def tile_scales(side: Side, rows: int) -> Array:
    """Tiles of 128 rows by 4 scales, one for each 128 numbers along K."""
    scales, blocks = side.arrays[1].data, DEPTH // 32
    tiles = bytearray(DEPTH // 128 * 512)
    for row in range(rows):
        for block in range(blocks):
            place = block // 4 * 512 + row % 32 * 16 + row // 32 * 4 + block % 4
            tiles[place] = scales[row * blocks + block]
    return Array("|u1", (DEPTH // 128, 512), bytes(tiles))


def make_tensor_operands(seed: int) -> tuple[list[Array], Array]:
    """Returns the inputs of the kernel and its exact result."""
    rng = random.Random(seed)
    lhs = make_side("mxfp4", (ROWS, DEPTH), rng)
    rhs = make_side("mxfp4", (COLUMNS, DEPTH), rng)
    zeros = [Fraction(0)] * (ROWS * COLUMNS)
    expected = make_array("<f4", (ROWS, COLUMNS), multiply(lhs, rhs, zeros, 1))
    arrays = [lhs.arrays[0], tile_scales(lhs, ROWS), rhs.arrays[0], tile_scales(rhs, COLUMNS)]
    return arrays, expected
