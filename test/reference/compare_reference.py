#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Compares the numerics library with mx_reference.py, bit for bit.

By default the inputs are every code, every 16-bit number, and for each scale
rule every exponent with the mantissas around its threshold; `--full` adds every
bf16 amax under every rule and ten times as many blocks. The first mismatch of
each group is shown, floats as their bits.
"""

from __future__ import annotations

import argparse
import math
import random
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import mx_reference as mx
from comparison_inputs import (
    F32_MAX_BITS,
    INFINITY,
    NAN,
    ONE,
    SIGN,
    Blocks,
    bf16_inputs,
    both_signs,
    canonical_f32,
    canonical_f64,
    edge_inputs,
    f16_inputs,
    f32_bits,
    f64_bits,
    floats,
    neighbours,
    rounded,
)
from comparison_report import Report, name_format, name_options, show
from mx_library import Library

# ---------------------------------------------------------------------------
# N1, N2
# ---------------------------------------------------------------------------


def compare_formats(library: Library, report: Report) -> None:
    """N1.1, N1.5: tables of parameters, names and validity."""
    for element in mx.ELEMENT_FORMATS:
        fields = [
            element.bits,
            element.exponent_bits,
            element.mantissa_bits,
            element.bias,
            element.emax,
            int(bool(element.infinity_codes)),
            int(bool(element.nan_codes)),
        ]
        expected = (element.name, fields, f32_bits(mx.rne_f32(element.max_finite)))
        report.check(
            "N1.1 parameters", lambda: element.name, expected, library.element_info(element)
        )
        for scale in mx.SCALE_FORMATS:
            for tensor_scale in (False, True):
                for block in (*range(-4, 70), 128, 65532, 65535, 65536, 65537, 65540, 2**40):
                    fmt = mx.BlockFormat(element, scale, block, tensor_scale)
                    valid = mx.is_valid_format(fmt)
                    report.check(
                        "N1.5 formats",
                        lambda: name_format(fmt),
                        valid,
                        library.is_valid_format(fmt),
                    )
                    if valid:
                        bits = float(mx.bits_per_value(fmt))
                        report.check(
                            "N1.5 formats",
                            lambda: name_format(fmt),
                            bits,
                            library.bits_per_value(fmt),
                        )
    for name in (*mx.NAMED_FORMATS, "mxfp5", "", "MXFP4", "mxfp4 "):
        expected_format = mx.NAMED_FORMATS.get(name)
        report.check("N1.5 formats", lambda: name, expected_format, library.named_format(name))


def compare_decoding(library: Library, report: Report) -> None:
    """N1.1, N1.2, N1.3: every code and every scale byte."""
    for element in mx.ELEMENT_FORMATS:
        expected = [
            f32_bits(mx.decode_element(element, code % (2 * element.sign_bit)))
            for code in range(256)
        ]
        got = list(map(canonical_f32, library.decode_elements(element)))
        report.check_each("N1.1 element decode", lambda i: f"{element.name} {i:#x}", expected, got)
    for scale in mx.SCALE_FORMATS:
        expected = [f32_bits(mx.decode_scale(scale, byte)) for byte in range(256)]
        got = list(map(canonical_f32, library.decode_scales(scale)))
        report.check_each("N1.2 N1.3 scale decode", lambda i: f"{scale} {i:#x}", expected, got)
        pair = (mx.unit_scale(scale), mx.poison_scale(scale))
        got_pair = (library.unit_scale(scale), library.poison_scale(scale))
        report.check("N1.2 N1.3 scale decode", lambda: scale, pair, got_pair)


def compare_dequantise(library: Library, report: Report, full: bool) -> None:
    """N1.4, N1.7: every code under every scale byte, to f32, bf16, f16 and exactly."""
    # Times 3, these are so near to a tie of bf16 or f16 that f32 cannot tell.
    near_ties = [mx.f32_to_bits(mx.rne_f32((1 + Fraction(3, 2**bits)) / 3)) for bits in (8, 11)]
    given = {scale: [near_ties[n]] for n, scale in enumerate(mx.SCALE_FORMATS)}
    if full:
        given = dict.fromkeys(mx.SCALE_FORMATS, [*near_ties, ONE, 1, F32_MAX_BITS, 0x7F000000])
    for element in mx.ELEMENT_FORMATS:
        block = 2 * element.sign_bit
        for scale in mx.SCALE_FORMATS:
            for tensor_scale in given[scale]:
                fmt = mx.BlockFormat(element, scale, block, True)
                compare_one_dequantise(library, report, fmt, tensor_scale, full)
            if full or block <= 64:
                # A tensor scale where the format has none is ignored.
                fmt = mx.BlockFormat(element, scale, block)
                compare_one_dequantise(library, report, fmt, 0x40490FDB, full)
    nvfp4 = mx.NAMED_FORMATS["nvfp4"]
    for tensor_scale in (0, SIGN, SIGN | ONE, INFINITY, NAN):
        for code in range(16):
            for byte in (0, 1, 0x38, 0x7E, 0x7F, 0x80):
                value = mx.decode_value(nvfp4, code, byte, mx.f32_from_bits(tensor_scale))
                got = canonical_f64(library.decode_value(nvfp4, code, byte, tensor_scale))
                what = f"nvfp4 code {code:#x} scale {byte:#x} tensor scale {tensor_scale:#x}"
                report.check("N1.4 exact value", lambda: what, f64_bits(value), got)


def compare_one_dequantise(
    library: Library, report: Report, fmt: mx.BlockFormat, tensor_scale: int, full: bool
) -> None:
    """N1.4, N1.7: every code of a format under every scale byte."""
    codes = range(fmt.block)
    payload = mx.pack_row(codes, fmt.element.bits) * 256
    single_bits, double_bits = library.dequantize(fmt, payload, bytes(range(256)), tensor_scale)
    factor = mx.f32_from_bits(tensor_scale)
    values = [mx.decode_value(fmt, code, byte, factor) for byte in range(256) for code in codes]

    def describe(i: int) -> str:
        where = f"code {i % fmt.block:#x} scale {i // fmt.block:#x} tensor scale {tensor_scale:#x}"
        return f"{fmt.element.name} {fmt.scale} {where}"

    report.check_each(
        "N1.4 exact value",
        describe,
        [f64_bits(v) for v in values],
        list(map(canonical_f64, double_bits)),
    )
    singles = [f32_bits(mx.round_value(v, mx.F32)) for v in values]
    report.check_each(
        "N1.7 dequantise f32", describe, singles, list(map(canonical_f32, single_bits))
    )
    for name, target, to_bits in (
        ("bf16", mx.BF16, mx.bf16_to_bits),
        ("f16", mx.F16, mx.f16_to_bits),
    ):
        # A step without common factors meets every code and every scale byte.
        some = range(0, len(values), 1 if full else 5)
        halves = [mx.round_value(values[i], target) for i in some]
        # The sign of a NaN has no meaning.
        masks = [0x7FFF if math.isnan(x) else 0xFFFF for x in halves]
        expected = [to_bits(x) & mask for x, mask in zip(halves, masks)]
        results = library.f64_to_half(name, [double_bits[i] for i in some])
        got = [b & mask for b, mask in zip(results, masks)]
        report.check_each(f"N1.7 dequantise {name}", lambda i: describe(some[i]), expected, got)


def compare_halves(library: Library, report: Report, full: bool) -> None:
    """N1.7: widening every bf16 and f16, and narrowing what lies on and beside their midpoints."""
    every = range(65536)
    for name, from_bits, to_bits, target in (
        ("bf16", mx.bf16_from_bits, mx.bf16_to_bits, mx.BF16),
        ("f16", mx.f16_from_bits, mx.f16_to_bits, mx.F16),
    ):
        expected = [f32_bits(from_bits(b)) for b in every]
        got = list(map(canonical_f32, library.half_to_f32(name, every)))
        report.check_each("N1.7 widen", lambda i: f"{name} {i:#x}", expected, got)

        infinity = to_bits(math.inf)
        points = [from_bits(b) for b in range(0, infinity, 1 if full else 5)]
        following = [from_bits(b + 1) for b in range(0, infinity, 1 if full else 5)]
        limit = Fraction(2) ** (target.max_exponent + 1)
        singles, doubles = (
            [INFINITY, NAN, 0x7F800001, 0x7FFFFFFF],
            [0x7FF0 << 48, 0x7FF8 << 48, (0x7FF0 << 48) + 1],
        )
        for low, high in zip(points, following):
            middle = (Fraction(low) + (limit if math.isinf(high) else Fraction(high))) / 2
            singles += [mx.f32_to_bits(low), *neighbours(rounded(middle))]
            double = f64_bits(middle)
            doubles += [double - 1, double, double + 1]
        singles = both_signs(singles)
        doubles = [b | sign for b in doubles for sign in (0, 1 << 63)]
        expected = [to_bits(mx.narrow(x, target)) for x in floats(singles)]
        got = library.f32_to_half(name, singles)
        report.check_each("N1.7 narrow f32", lambda i: f"{name} {singles[i]:#x}", expected, got)
        inputs = [struct.unpack("<d", b.to_bytes(8, "little"))[0] for b in doubles]
        expected = [to_bits(mx.narrow(x, target)) for x in inputs]
        got = library.f64_to_half(name, doubles)
        report.check_each("N1.7 narrow f64", lambda i: f"{name} {doubles[i]:#x}", expected, got)


def compare_encoding(library: Library, report: Report) -> None:
    """N2.1 to N2.4, N4.2: every bf16, every f16 and every edge in every element format."""
    sources = {"bf16": bf16_inputs(), "f16": f16_inputs()}
    for element in mx.ELEMENT_FORMATS:
        for name, bits in {**sources, "edges": edge_inputs(element)}.items():
            expected = [mx.encode_element(element, x) for x in floats(bits)]
            got = library.encode_elements(element, bits)
            report.check_each(
                f"N2 encode {name}", lambda i: f"{element.name} {bits[i]:#x}", expected, got
            )
    positive = [b for b in sources["bf16"] + edge_inputs(mx.E4M3) if b < SIGN]
    expected = [mx.encode_ue4m3(x) for x in floats(positive)]
    got = library.encode_ue4m3(positive)
    report.check_each("N4.2 encode UE4M3", lambda i: f"{positive[i]:#x}", expected, got)


# ---------------------------------------------------------------------------
# N3, N4
# ---------------------------------------------------------------------------


def e8m0_format(element: mx.ElementFormat, rule: str, block: int = 32) -> mx.BlockFormat:
    """Returns a format that a rule for E8M0 scales can encode."""
    return mx.BlockFormat(element, mx.E8M0, block, rule == "abs3")


def compare_rule_tables(library: Library, report: Report) -> None:
    """N3.2, N3.4, N4.1, N4.3, N5.3: names, constants and validity of the rules."""
    for rule in mx.SCALE_RULES:
        report.check("N3 N4 rule names", lambda: rule, True, library.knows_rule(rule))
        for stochastic in (False, True):
            room = f32_bits(mx.head_room(rule, stochastic))
            report.check("N5.3 head-room", lambda: rule, room, library.head_room(rule, stochastic))
        for element in mx.ELEMENT_FORMATS:
            if rule in (*mx.POWER_RULES, "abs3"):
                expected = (
                    mx.scale_threshold(rule, element),
                    mx.scale_exponent_offset(rule, element),
                )
                got = (
                    library.scale_threshold(rule, element),
                    library.scale_exponent_offset(rule, element),
                )
                report.check("N3.2 thresholds", lambda: f"{rule} {element.name}", expected, got)
            if rule in mx.UE4M3_RULES:
                divisor = f32_bits(mx.tensor_scale_divisor(rule, element))
                got_divisor = library.tensor_scale_divisor(rule, element)
                report.check(
                    "N4.1 divisors", lambda: f"{rule} {element.name}", divisor, got_divisor
                )
            for scale in mx.SCALE_FORMATS:
                for tensor_scale in (False, True):
                    fmt = mx.BlockFormat(element, scale, 32, tensor_scale)
                    for stochastic in (False, True):
                        valid = mx.is_valid_rule(fmt, rule, stochastic)
                        got_valid = library.is_valid_rule(fmt, rule, stochastic)
                        what = f"{rule} {name_format(fmt)} stochastic {stochastic}"
                        report.check("N3.4 N4.3 N5.3 validity", lambda: what, valid, got_valid)


def amax_inputs(rule: str, element: mx.ElementFormat, full: bool) -> list[int]:
    """Returns the positive f32 amax to try: every exponent, mantissas around the threshold."""
    threshold = mx.scale_threshold(rule, element)
    mantissas = {
        0,
        1,
        2**22 - 1,
        2**22,
        2**22 + 1,
        2**23 - 1,
        threshold - 1,
        threshold,
        threshold + 1,
    }
    amax = [e << 23 | m for e in range(255) for m in sorted(mantissas) if 0 <= m < 2**23]
    return amax + ([b << 16 for b in range(1, 0x7F80)] if full else [])


def compare_power_rules(library: Library, report: Report, full: bool) -> None:
    """N3.1, N3.2, N3.4, N3.8: scale byte and code of a block of one value."""
    for element in mx.ELEMENT_FORMATS:
        for rule in (*mx.E8M0_RULES, "abs3"):
            fmt = e8m0_format(element, rule)
            options = mx.Options(rule)
            bits = amax_inputs(rule, element, full)
            scales, codes = library.quantize_blocks(fmt, options, ONE, bits, 1)
            results = [mx.quantize_block(fmt, options, 1.0, [x]) for x in floats(bits)]

            def describe(i: int) -> str:
                return f"{rule} {element.name} amax {bits[i]:#x}"

            group = (
                f"{'N3.3' if rule == 'mse' else 'N3.4' if rule == 'abs3' else 'N3.1'} {rule} amax"
            )
            report.check_each(group, describe, [byte for byte, _ in results], scales)
            report.check_each("N3.8 codes", describe, [code for _, (code,) in results], codes)


def check_block(
    library: Library,
    report: Report,
    group: str,
    fmt: mx.BlockFormat,
    options: mx.Options,
    tensor_scale: float,
    bits: list[int],
    index: int = 0,
    stride: int = 1,
) -> None:
    """Compares scale byte and codes of one block."""
    expected = mx.quantize_block(fmt, options, tensor_scale, floats(bits), index, stride)
    scale_bits = mx.f32_to_bits(tensor_scale)
    (scale,), codes = library.quantize_blocks(
        fmt, options, scale_bits, bits, len(bits), index, stride
    )

    def describe() -> str:
        where = f"tensor scale {scale_bits:#x} index {index} stride {stride}"
        return f"{name_format(fmt)} {name_options(options)} {where} block {show(bits)}"

    report.check(group, describe, expected, (scale, codes))


def block_length(blocks: Blocks, fmt: mx.BlockFormat) -> int:
    """Returns the number of values in a block, mostly full and sometimes ragged."""
    return fmt.block if blocks.random.random() < 0.7 else blocks.random.randint(1, fmt.block)


def compare_e8m0_blocks(library: Library, report: Report, full: bool) -> None:
    """N3.1, N3.3 to N3.8: whole blocks under every rule for E8M0 scales."""
    blocks = Blocks(3)
    for rule in (*mx.E8M0_RULES, "abs3"):
        for element in mx.ELEMENT_FORMATS:
            fmt = e8m0_format(element, rule)
            for n in range(1000 if full else 100):
                bits = blocks.block(element, block_length(blocks, fmt))
                if rule == "mse" and n % 2:
                    bits = blocks.even_errors(fmt.block, 1.0)
                satfinite = blocks.random.random() < 0.5
                tensor_scale = blocks.tensor_scale() if fmt.tensor_scale else 1.0
                group = f"N3.5-N3.8 {rule} blocks"
                check_block(
                    library,
                    report,
                    group,
                    fmt,
                    mx.Options(rule, satfinite=satfinite),
                    tensor_scale,
                    bits,
                )
    # Offsets -1 and -2 tie and beat 0, which takes a long block.
    long_format = mx.BlockFormat(mx.E2M1, mx.E8M0, 256)
    for shift in (-20, 0, 60):
        bits = blocks.scaled([3.25, 0.25] + [0.125] * 192 + [0] * 62, shift)
        check_block(
            library, report, "N3.3 order of offsets", long_format, mx.Options("mse"), 1.0, bits
        )


def ue4m3_formats(rule: str) -> Iterator[mx.BlockFormat]:
    """Returns formats that a rule for UE4M3 scales can encode."""
    elements = (mx.E2M1,) if rule in mx.FOUR_OVER_SIX_RULES else mx.ELEMENT_FORMATS
    for element in elements:
        for tensor_scale in (True, False):
            yield mx.BlockFormat(element, mx.UE4M3, 16, tensor_scale)


def compare_ue4m3_blocks(library: Library, report: Report, full: bool) -> None:
    """N4.2 to N4.6: whole blocks under every rule for UE4M3 scales."""
    blocks = Blocks(4)
    counts = {"amax": 100, "sweep": 4, "four_over_six_mse": 200, "four_over_six_mae": 200}
    clauses = {
        "amax": "N4.2",
        "sweep": "N4.4",
        "four_over_six_mse": "N4.3",
        "four_over_six_mae": "N4.3",
    }
    for rule in mx.UE4M3_RULES:
        for fmt in ue4m3_formats(rule):
            extra = 8 if rule == "sweep" and fmt.element == mx.E2M1 else 1
            for n in range(counts[rule] * extra * (10 if full else 1)):
                bits = blocks.block(fmt.element, block_length(blocks, fmt))
                options = mx.Options(rule, satfinite=blocks.random.random() < 0.5)
                tensor_scale = 1.0
                if fmt.tensor_scale and blocks.random.random() < 0.5:
                    tensor_scale = mx.compute_tensor_scale(fmt, options, floats(bits))
                elif fmt.tensor_scale:
                    tensor_scale = blocks.tensor_scale()
                if n % 3 == 0 and 0 < tensor_scale < math.inf:
                    bits = blocks.even_errors(fmt.block, tensor_scale)
                check_block(
                    library,
                    report,
                    f"{clauses[rule]} N4.5 {rule} blocks",
                    fmt,
                    options,
                    tensor_scale,
                    bits,
                )


def compare_scale_steps(library: Library, report: Report) -> None:
    """N4.2, N4.3: amax that put the scale, for 6 or for 4, beside every midpoint of its grid."""
    blocks = Blocks(16)
    fmt = mx.NAMED_FORMATS["nvfp4"]
    for middle in mx.midpoints(mx.E4M3):
        for tensor_scale in (1.0, rounded(blocks.random.uniform(0.5, 2))):
            for target in (6, 4):
                for bits in neighbours(rounded(Fraction(middle) * target * Fraction(tensor_scale))):
                    for rule in ("amax", *mx.FOUR_OVER_SIX_RULES):
                        block = [bits, SIGN | bits - (1 << 22), 0]
                        check_block(
                            library,
                            report,
                            "N4.2 N4.3 scale ties",
                            fmt,
                            mx.Options(rule),
                            tensor_scale,
                            block,
                        )


def compare_tensor_scales(library: Library, report: Report, full: bool) -> None:
    """N4.1, N3.4, N3.7, N5.3: tensor scales."""
    blocks = Blocks(5)
    fixed = [
        [],
        [0, SIGN],
        [NAN, INFINITY],
        [INFINITY, 0],
        [SIGN | INFINITY, ONE],
        [NAN, 0x45280000],
        [1],
        [0x00800000],
        [0x05000000],
        [F32_MAX_BITS],
    ]
    for tensor_scale in (False, True):
        for scale in mx.SCALE_FORMATS:
            for element in mx.ELEMENT_FORMATS:
                fmt = mx.BlockFormat(element, scale, 16, tensor_scale)
                for rule in mx.SCALE_RULES:
                    for stochastic in (False, True):
                        if not mx.is_valid_rule(fmt, rule, stochastic):
                            continue
                        inputs = fixed + [
                            blocks.block(element, 7) for _ in range(500 if full else 50)
                        ]
                        for bits in inputs:
                            given = blocks.tensor_scale() if blocks.random.random() < 0.2 else None
                            satfinite = blocks.random.random() < 0.5
                            options = mx.Options(
                                rule, stochastic, satfinite=satfinite, tensor_scale=given
                            )
                            expected = f32_bits(mx.compute_tensor_scale(fmt, options, floats(bits)))
                            got = canonical_f32(library.compute_tensor_scale(fmt, options, bits))
                            what = f"{name_format(fmt)} {name_options(options)} values {show(bits)}"
                            report.check("N4.1 tensor scale", lambda: what, expected, got)


def compare_tensors(library: Library, report: Report, full: bool) -> None:
    """N1.6, N8.1: whole tensors of several shapes along every axis, there and back."""
    blocks = Blocks(6)
    shapes = [
        (5,),
        (33,),
        (0,),
        (3, 0),
        (0, 5),
        (2, 64),
        (7, 35),
        (33, 3),
        (2, 17, 5),
        (1, 40, 1),
        (2, 3, 2, 9),
    ]
    formats = [*mx.NAMED_FORMATS.values()]
    formats += [e8m0_format(element, "abs3", 8) for element in mx.ELEMENT_FORMATS]
    formats += [mx.BlockFormat(mx.E2M3, mx.UE4M3, 4), mx.BlockFormat(mx.E5M2, mx.UE4M3, 1, True)]
    for fmt in formats:
        choices = [
            (r, s) for r in mx.SCALE_RULES for s in (False, True) if mx.is_valid_rule(fmt, r, s)
        ]
        for shape in shapes:
            for axis in range(len(shape)):
                for _ in range(5 if full else 1):
                    rule, stochastic = blocks.random.choice(
                        [c for c in choices if full or c[0] != "sweep"]
                    )
                    given = blocks.tensor_scale() if blocks.random.random() < 0.2 else None
                    options = mx.Options(
                        rule,
                        stochastic,
                        seed=blocks.random.getrandbits(64),
                        random_bits=blocks.random.randint(1, 23),
                        satfinite=blocks.random.random() < 0.5,
                        tensor_scale=given,
                    )
                    count = math.prod(shape)
                    exact = blocks.random.random() < 0.7
                    bits = blocks.ordinary(count) if exact else blocks.block(fmt.element, count)
                    check_tensor(library, report, fmt, options, bits, shape, axis)


def check_tensor(
    library: Library,
    report: Report,
    fmt: mx.BlockFormat,
    options: mx.Options,
    bits: list[int],
    shape: Sequence[int],
    axis: int,
) -> None:
    """Compares everything that comes out of quantising one tensor."""
    tensor = mx.quantize(fmt, options, floats(bits), shape, axis)
    got = library.quantize(fmt, options, bits, shape, axis)
    expected = (
        tensor.payload,
        bytes(tensor.scales),
        f32_bits(tensor.tensor_scale),
        [f32_bits(x) for x in mx.dequantize(tensor)],
        [f64_bits(value) for value in mx.decode_all(tensor)],
    )
    singles = list(map(canonical_f32, got.dequantized))
    doubles = list(map(canonical_f64, got.decoded))
    actual = (got.payload, got.scales, canonical_f32(got.tensor_scale), singles, doubles)
    what = (
        f"{name_format(fmt)} {name_options(options)} shape {shape} axis {axis} values {show(bits)}"
    )
    for name, want, have in zip(
        ("payload", "scales", "tensor scale", "f32", "exact"), expected, actual
    ):
        report.check(f"N1.6 N8.1 tensors: {name}", lambda: what, want, have)


# ---------------------------------------------------------------------------
# N5
# ---------------------------------------------------------------------------


def compare_random_numbers(library: Library, report: Report) -> None:
    """N5.1: Philox words and the bits of elements."""
    generator = random.Random(7)
    for n in range(2000):
        words = [generator.getrandbits(32) if n else 0 for _ in range(6)]
        expected = list(mx.philox4x32(words[:4], words[4:]))
        report.check(
            "N5.1 philox", lambda: show(words), expected, library.philox(words[:4], words[4:])
        )
    indices = [*range(9), 2**32 - 1, 2**34 - 1, 2**34, 2**34 + 5, 2**62 + 3, 2**64 - 1]
    for seed in (0, 1, 2**32 - 1, 2**32, 0x0123456789ABCDEF, 2**64 - 1):
        for index in indices + [generator.getrandbits(40) for _ in range(50)]:
            for bits in (1, 2, 8, 16, 23, 32):
                got = library.random_bits(seed, index, bits)
                what = f"seed {seed:#x} index {index:#x} bits {bits}"
                report.check(
                    "N5.1 random bits", lambda: what, mx.random_bits(seed, index, bits), got
                )


def compare_stochastic_elements(library: Library, report: Report, full: bool) -> None:
    """N5.2: values at and beside the decision points of every interval of every grid."""
    generator = random.Random(8)
    for element in mx.ELEMENT_FORMATS:
        values = mx.positive_values(element)
        for bits in range(1, 24) if full else (1, 2, 8, 16, 23):
            inputs: list[tuple[int, int]] = []
            top = 2**bits - 1
            for low, high in zip(values, values[1:]):
                for r in {0, top, top // 2, generator.randint(0, top)}:
                    decision = low + (high - low) * Fraction(2 * r + 1, 2 ** (bits + 1))
                    inputs += [(b | generator.choice((0, SIGN)), r) for b in neighbours(decision)]
                at = low + (high - low) * Fraction(generator.random())
                inputs += [(mx.f32_to_bits(rounded(at)), generator.randint(0, top))]
                inputs += [(mx.f32_to_bits(mx.rne_f32(low)), r) for r in (0, top)]
            magnitudes = [e << 23 | m for e in range(255) for m in (0, 1, 2**23 - 1)]
            inputs += [
                (b, generator.choice((0, generator.randint(0, top))))
                for b in edge_inputs(element) + magnitudes
            ]
            y = [b for b, _ in inputs]
            r = [random_number for _, random_number in inputs]
            expected = [
                mx.encode_element_stochastic(element, x, n, bits) for x, n in zip(floats(y), r)
            ]
            got = library.encode_stochastic(element, y, r, bits)
            report.check_each(
                "N5.2 elements",
                lambda i: f"{element.name} {y[i]:#x} random {r[i]:#x} of {bits}",
                expected,
                got,
            )


def compare_stochastic_blocks(library: Library, report: Report, full: bool) -> None:
    """N5.1 to N5.3: blocks with index, stride, seed and number of random bits."""
    blocks = Blocks(9)
    power_rules = ("ceil", "rceil", "abs3")
    formats = [
        (e8m0_format(element, rule), rule) for element in mx.ELEMENT_FORMATS for rule in power_rules
    ]
    formats += [(fmt, "amax") for fmt in ue4m3_formats("amax")]
    for fmt, rule in formats:
        for _ in range(400 if full else 40):
            options = mx.Options(
                rule,
                stochastic=True,
                random_bits=blocks.random.choice((1, 8, 16, 16, 23)),
                seed=blocks.random.getrandbits(64),
                satfinite=blocks.random.random() < 0.5,
            )
            bits = blocks.block(fmt.element, block_length(blocks, fmt))
            tensor_scale = mx.compute_tensor_scale(fmt, options, floats(bits))
            if fmt.tensor_scale and blocks.random.random() < 0.3:
                tensor_scale = blocks.tensor_scale()
            index = blocks.random.choice((0, 5, 2**34 - 7, blocks.random.getrandbits(50)))
            stride = blocks.random.choice((1, 1, 3, 2880, 2**33))
            check_block(
                library,
                report,
                "N5 stochastic blocks",
                fmt,
                options,
                tensor_scale,
                bits,
                index,
                stride,
            )
    # An amax whose head-room overflows, under tensor scales that still tell it from infinity.
    for fmt in ue4m3_formats("amax"):
        for tensor_scale in (2.0**119, 2.0**124, 2.0**127) if fmt.tensor_scale else (1.0,):
            for bits in ([F32_MAX_BITS, 0x7F000000, SIGN | 0x7E123456], [0x7F71FFFF], [0x7F70F0F1]):
                options = mx.Options("amax", stochastic=True, seed=1)
                group = "N5.3 overflowing head-room"
                check_block(library, report, group, fmt, options, tensor_scale, bits)


# ---------------------------------------------------------------------------
# N6, N7
# ---------------------------------------------------------------------------


def compare_rotation(library: Library, report: Report, full: bool) -> None:
    """N6.1, N6.2: every size, with and without signs, in both directions."""
    for size in (*range(-2, 300), 512, 1024):
        valid = library.is_hadamard_size(size)
        report.check("N6.1 sizes", lambda: str(size), mx.is_hadamard_size(size), valid)
    blocks = Blocks(10)
    for size in (2**n for n in range(1, 9)):
        factor = f32_bits(mx.hadamard_scale(size))
        report.check("N6.2 last factor", lambda: str(size), factor, library.hadamard_scale(size))
        for n in range(60 if full else 6):
            for signs in (None, [blocks.random.choice((1, -1)) for _ in range(size)]):
                for inverse in (False, True):
                    group = blocks.ordinary(size) if n % 3 else blocks.block(mx.E2M1, size)
                    expected = [f32_bits(x) for x in mx.rotate_group(floats(group), signs, inverse)]
                    got = list(map(canonical_f32, library.rotate_group(group, signs, inverse)))

                    def describe(i: int) -> str:
                        what = f"size {size} signs {signs} inverse {inverse}"
                        return f"{what} group {show(group)} element {i}"

                    report.check_each("N6.2 rotation", describe, expected, got)


def sum_inputs(generator: random.Random) -> list[int]:
    """Returns products of three f32 whose sum is hard to round."""
    span = generator.choice((2, 30, 250))
    count = generator.randint(1, 12)

    def number() -> int:
        exponent = 127 + generator.randint(-span // 2, span // 2)
        mantissa = generator.choice(
            (0, 1, 2**23 - 1, generator.getrandbits(23), generator.getrandbits(23))
        )
        return generator.choice((0, SIGN)) | max(0, min(254, exponent)) << 23 | mantissa

    factors = [number() for _ in range(3 * count)]
    choice = generator.random()
    if choice < 0.3:
        # Cancel all but a little: the same products negated, and one small term.
        factors += [b ^ (SIGN if i % 3 == 0 else 0) for i, b in enumerate(factors)]
        factors += [generator.choice((1, 0x80000001, number())), ONE, generator.choice((ONE, 1))]
    elif choice < 0.5:
        # A tie of f32 or of f64, exact or with something far below it.
        half_ulp = generator.choice((127 - 24, 127 - 53)) << 23
        odd = generator.choice((ONE, ONE | 1))
        factors = [odd, ONE, ONE, half_ulp, generator.choice((ONE, SIGN | ONE)), ONE]
        factors += generator.choice(([], [1, 1, 1], [SIGN | 1, 1, 1]))
    elif choice < 0.6:
        factors[generator.randrange(len(factors))] = generator.choice(
            (INFINITY, SIGN | INFINITY, NAN, 0, SIGN)
        )
        factors[generator.randrange(len(factors))] = generator.choice(
            (INFINITY, SIGN | INFINITY, 0)
        )
    elif choice < 0.7:
        edge = generator.choice((F32_MAX_BITS, SIGN | F32_MAX_BITS))
        factors = [edge, ONE, ONE, edge & SIGN | 0x73000000, ONE, ONE]
        factors += generator.choice(([], [1, 1, 1], [SIGN | 1, 1, 1]))
    elif choice < 0.8:
        factors = [
            1,
            generator.choice((ONE, 0x3F000000, 0x3EFFFFFF, 0x3F000001)),
            ONE,
        ] * generator.randint(1, 3)
    return factors


def compare_sums(library: Library, report: Report, full: bool) -> None:
    """N7.1: exact sums rounded to f32 and f64, and their distance from a number."""
    generator = random.Random(11)
    for _ in range(20000 if full else 3000):
        factors = sum_inputs(generator)
        numbers = floats(factors)
        terms = [numbers[i : i + 3] for i in range(0, len(numbers), 3)]
        exact = mx.exact_sum(terms)
        double, single = library.exact_sum(factors)
        expected = (f64_bits(exact), f32_bits(mx.round_value(exact, mx.F32)))
        got = (canonical_f64(double), canonical_f32(single))
        report.check("N7.1 exact sum", lambda: show(factors), expected, got)
        check_distance(library, report, generator, factors, exact)


def check_distance(
    library: Library,
    report: Report,
    generator: random.Random,
    factors: list[int],
    exact: Fraction | float,
) -> None:
    """N7.2: whether a number is within a bound, on both sides of the bound."""
    if not isinstance(exact, Fraction):
        for value in (exact, 0.0, math.inf):
            got = library.is_within(factors, f64_bits(value), f64_bits(mx.F32_MAX))
            report.check("N7.2 distance", lambda: show(factors), False, got)
        return
    nearest = mx.rne(exact, mx.F64)
    value = nearest + generator.choice((0.0, 1.0, -1e-9, nearest))
    if not math.isfinite(value):
        return
    distance = abs(exact - Fraction(value))
    bound = mx.rne(distance, mx.F64)
    for candidate in (
        0.0,
        bound,
        math.nextafter(bound, 0),
        math.nextafter(bound, math.inf),
        2.0 * bound,
    ):
        if math.isfinite(candidate):
            got = library.is_within(factors, f64_bits(value), f64_bits(candidate))
            what = f"{show(factors)} value {value.hex()} bound {candidate.hex()}"
            report.check("N7.2 distance", lambda: what, distance <= Fraction(candidate), got)
    report.check(
        "N7.2 distance",
        lambda: show(factors),
        False,
        library.is_within(factors, f64_bits(math.nan), 0),
    )


def compare_dots(library: Library, report: Report, full: bool) -> None:
    """N7.1, N7.2: dot products with tensor scales, and the bound."""
    blocks = Blocks(12)
    for n in range(4000 if full else 400):
        count = blocks.random.randint(0, 70)
        a, b = (
            blocks.ordinary(count) if blocks.random.random() < 0.8 else blocks.block(mx.E4M3, count)
            for _ in range(2)
        )
        left, right = (
            (blocks.ordinary(1)[0] & ~SIGN or ONE for _ in range(2)) if n % 2 else (ONE, ONE)
        )
        init = (
            blocks.ordinary(1)[0]
            if blocks.random.random() < 0.7
            else blocks.random.choice((0, SIGN, INFINITY, NAN))
        )
        additions = blocks.random.choice((0, count, count + 1, 2 * count))
        x, y, (s, t), c = floats(a), floats(b), floats((left, right)), mx.f32_from_bits(init)
        exact = mx.exact_dot(x, y, s, t, c)
        nearest, value, bound = library.reference_dot(a, b, left, right, init, additions)
        what = f"a {show(a)} b {show(b)} tensor scales {left:#x} {right:#x} init {init:#x}"
        what += f" additions {additions}"
        expected = (f32_bits(mx.round_value(exact, mx.F32)), f64_bits(exact))
        report.check(
            "N7.1 dot", lambda: what, expected, (canonical_f32(nearest), canonical_f64(value))
        )
        if isinstance(exact, Fraction):
            wanted = mx.dot_bound(x, y, s, t, c, additions)
            got = struct.unpack("<d", bound.to_bytes(8, "little"))[0]
            slack = wanted / 2**40 + Fraction(1, 2**1000)
            close = wanted <= Fraction(got) <= wanted + slack
            report.check(
                "N7.2 bound",
                lambda: f"{what} bound {got.hex()} for {float(wanted).hex()}",
                True,
                close,
            )


# ---------------------------------------------------------------------------
# N8
# ---------------------------------------------------------------------------


def compare_rows(library: Library, report: Report) -> None:
    """N8.1: rows of 4-, 6- and 8-bit codes, whole and code by code."""
    generator = random.Random(13)
    for bits in (4, 6, 8):
        for count in range(70):
            codes = [generator.getrandbits(bits) for _ in range(count)]
            row = mx.pack_row(codes, bits)
            what = f"{bits} bits {show(codes)}"
            report.check("N8.1 rows", lambda: what, len(row), library.packed_bytes(count, bits))
            report.check("N8.1 rows", lambda: what, row, library.pack_row(codes, bits))
            report.check("N8.1 rows", lambda: what, codes, library.unpack_row(row, count, bits))
            for k in range(count):
                report.check(
                    "N8.1 rows",
                    lambda: f"{what} read {k}",
                    codes[k],
                    library.read_code(row, k, bits),
                )
                code = generator.getrandbits(bits)
                changed = mx.pack_row([*codes[:k], code, *codes[k + 1 :]], bits)
                got = library.write_code(row, k, bits, code)
                report.check("N8.1 rows", lambda: f"{what} write {k} {code:#x}", changed, got)


def compare_ggml(library: Library, report: Report) -> None:
    """N8.3, N8.4: ggml's structs in both directions."""
    generator = random.Random(14)
    for count in range(20):
        for name, clause, convert, per_struct, block in (
            ("mxfp4", "N8.3", mx.mxfp4_to_ggml, 1, 32),
            ("nvfp4", "N8.4", mx.nvfp4_to_ggml, 4, 16),
        ):
            scales = generator.randbytes(count * per_struct)
            payload = generator.randbytes(len(scales) * block // 2)
            structs = convert(payload, scales)
            struct_bytes = per_struct * (1 + block // 2)
            what = f"{name} {payload.hex()} {scales.hex()}"
            got = library.to_ggml(name, payload, scales, count, struct_bytes)
            report.check(f"{clause} ggml {name}", lambda: what, structs, got)
            back = library.from_ggml(name, structs, count, len(payload), len(scales))
            report.check(f"{clause} ggml {name}", lambda: what, (payload, scales), back)


def compare_tiles(library: Library, report: Report) -> None:
    """N8.5: scale tiles of several sizes in both directions."""
    generator = random.Random(15)
    for rows in (0, 1, 31, 32, 33, 127, 128, 129, 260):
        for columns in (0, 1, 3, 4, 5, 8, 17):
            what = f"{rows} x {columns}"
            size = library.scale_tile_bytes(rows, columns)
            report.check("N8.5 tiles", lambda: what, mx.scale_tile_bytes(rows, columns), size)
            for row in range(rows):
                for column in range(columns):
                    expected = mx.scale_tile_offset(row, column, columns)
                    got = library.scale_tile_offset(row, column, columns)
                    report.check("N8.5 tiles", lambda: f"{what} at {row}, {column}", expected, got)
            scales = generator.randbytes(rows * columns)
            tiles = mx.scales_to_tiles(scales, rows, columns)
            report.check(
                "N8.5 tiles", lambda: what, tiles, library.scales_to_tiles(scales, rows, columns)
            )
            report.check(
                "N8.5 tiles", lambda: what, scales, library.scales_from_tiles(tiles, rows, columns)
            )


# ---------------------------------------------------------------------------
# Main
# ---------------------------------------------------------------------------


def compare_all(library: Library, report: Report, full: bool, verbose: bool) -> None:
    """Runs every comparison."""
    for compare, takes_full in (
        (compare_formats, False),
        (compare_decoding, False),
        (compare_dequantise, True),
        (compare_halves, True),
        (compare_encoding, False),
        (compare_rule_tables, False),
        (compare_power_rules, True),
        (compare_e8m0_blocks, True),
        (compare_ue4m3_blocks, True),
        (compare_scale_steps, False),
        (compare_tensor_scales, True),
        (compare_tensors, True),
        (compare_random_numbers, False),
        (compare_stochastic_elements, True),
        (compare_stochastic_blocks, True),
        (compare_rotation, True),
        (compare_sums, True),
        (compare_dots, True),
        (compare_rows, False),
        (compare_ggml, False),
        (compare_tiles, False),
    ):
        start = time.monotonic()
        compare(library, report, *([full] if takes_full else []))
        if verbose:
            print(
                f"{compare.__name__}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True
            )


def main() -> int:
    """Parses the command line and compares; 1 if anything differs."""
    parser = argparse.ArgumentParser(
        description="Compares the numerics library with its independent reference, bit for bit."
    )
    parser.add_argument(
        "--library", required=True, type=Path, metavar="PATH", help="libmx_numerics_shim.so"
    )
    parser.add_argument(
        "--full", action="store_true", help="every 16-bit amax and many more blocks (minutes)"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="print the time that each part takes"
    )
    arguments = parser.parse_args()
    if not arguments.library.is_file():
        parser.error(f"no such file: {arguments.library}")
    report = Report()
    compare_all(Library(arguments.library.resolve()), report, arguments.full, arguments.verbose)
    return 1 if report.print() else 0


if __name__ == "__main__":
    sys.exit(main())
