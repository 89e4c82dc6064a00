# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Triton kernels that products are compared with: `dot_scaled`, and bf16 numbers
of FP4 ones. They take operands as mx does: codes of 4 bits by rows, and scales.
"""

import triton
import triton.language as tl

# Rows, columns and depth of a tile, warps and stages.
TILES = (
    (16, 128, 128, 4, 4),
    (16, 64, 256, 4, 4),
    (64, 128, 128, 4, 4),
    (128, 128, 128, 8, 3),
    (128, 256, 128, 8, 3),
)


@triton.jit
def scaled_product(
    a, a_scales, b, b_scales, c, rows, columns, depth,
    KIND: tl.constexpr, GROUP: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr,
):  # fmt: skip
    """c = a * b^T; a is of bf16 or e2m1, b of e2m1; columns and depth are multiples
    of the tile's."""
    m = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    n = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    groups = tl.arange(0, DEPTH // GROUP)
    pairs = tl.arange(0, DEPTH // 2)
    inside = m[:, None] < rows
    sums = tl.zeros((ROWS, COLUMNS), tl.float32)
    for k in range(0, depth, DEPTH):
        codes = tl.load(b + n[None, :] * (depth // 2) + k // 2 + pairs[:, None])
        scales = tl.load(b_scales + n[:, None] * (depth // GROUP) + k // GROUP + groups[None, :])
        if KIND == "bf16":
            numbers = tl.load(a + m[:, None] * depth + k + tl.arange(0, DEPTH)[None, :], inside, 0.0)
            sums = tl.dot_scaled(numbers, None, "bf16", codes, scales, "e2m1", sums)
        else:
            left = tl.load(a + m[:, None] * (depth // 2) + k // 2 + pairs[None, :], inside, 0)
            factors = tl.load(a_scales + m[:, None] * (depth // GROUP) + k // GROUP + groups[None, :], inside, 0)
            sums = tl.dot_scaled(left, factors, "e2m1", codes, scales, "e2m1", sums)
    tl.store(c + m[:, None] * columns + n[None, :], sums.to(tl.bfloat16), inside)


@triton.jit
def decode_numbers(codes, scales, numbers, count, GROUP: tl.constexpr, E8M0: tl.constexpr, PAIRS: tl.constexpr):
    """Makes bf16 numbers of `count` bytes of codes, each of which is two."""
    pair = tl.program_id(0) * PAIRS + tl.arange(0, PAIRS)
    inside = pair < count
    byte = tl.load(codes + pair, inside, 0).to(tl.int32)
    scale = tl.load(scales + pair // (GROUP // 2), inside, 0).to(tl.int32)
    if E8M0:
        # Bytes 1 to 254 are exponents of f32 as they are.
        factor = (scale << 23).to(tl.float32, bitcast=True)
    else:
        # UE4M3: exponent and mantissa where f32 has them; the exponent lacks 120.
        factor = (scale << 20).to(tl.float32, bitcast=True) * 1.329227995784916e36
    for half in tl.static_range(2):
        code = byte >> (4 * half)
        # The magnitude as the upper bits of an f32 whose exponent lacks 126.
        bits = (code & 8) << 28 | (code & 7) << 22
        value = bits.to(tl.float32, bitcast=True) * 8.507059173023462e37 * factor
        tl.store(numbers + 2 * pair + half, value.to(tl.bfloat16), inside)
