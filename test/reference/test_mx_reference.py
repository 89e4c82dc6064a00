#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Tests of mx_reference.py against vectors that were worked out by hand."""

import math
import random
import struct
import unittest
from fractions import Fraction

import mx_reference as mx

MXFP4 = mx.NAMED_FORMATS["mxfp4"]
NVFP4 = mx.NAMED_FORMATS["nvfp4"]
SINGLE_LEVEL = mx.BlockFormat(mx.E2M1, mx.UE4M3, 16)
ABS3 = mx.BlockFormat(mx.E2M1, mx.E8M0, 32, True)
ULP = 2.0**-23


def quantize_one(fmt, rule, values, tensor_scale=1.0, **options):
    """Quantises `values`, padded with zeros to a block; returns byte and leading codes in hex."""
    block = [float(x) for x in values] + [0.0] * (fmt.block - len(values))
    byte, codes = mx.quantize_block(fmt, mx.Options(rule, **options), tensor_scale, block)
    return byte, "".join(f"{code:X}" for code in codes[: len(values)])


class Arithmetic(unittest.TestCase):
    """The rounding that everything else stands on."""

    def test_rounding_at_the_edges(self):
        tiny = Fraction(1, 2**149)
        self.assertEqual(mx.rne_f32(tiny / 2), 0.0)
        self.assertEqual(mx.rne_f32(tiny * 3 / 2), 2.0**-148)
        self.assertEqual(mx.rne_f32(tiny * 3 / 4), 2.0**-149)
        self.assertEqual(mx.rne_f32(1 + Fraction(1, 2**24)), 1.0)
        self.assertEqual(mx.rne_f32(1 + Fraction(3, 2**24)), 1.0 + 2 * ULP)
        half_ulp_above = Fraction(mx.F32_MAX) + 2**103
        self.assertEqual(mx.rne_f32(half_ulp_above), math.inf)
        self.assertEqual(mx.rne_f32(half_ulp_above - 1), mx.F32_MAX)
        self.assertEqual(mx.rne(Fraction(65520), mx.F16), math.inf)
        self.assertEqual(mx.rne(Fraction(65519), mx.F16), 65504.0)

    def test_agrees_with_the_host(self):
        """Results of one operation may be rounded to f64 first, so the host can judge."""
        generator = random.Random(1)

        def to_f32(x):
            try:
                return struct.unpack("<f", struct.pack("<f", x))[0]
            except OverflowError:
                return math.copysign(math.inf, x)

        for _ in range(3000):
            a, b = (mx.f32_from_bits(generator.getrandbits(32)) for _ in range(2))
            pairs = [(mx.f32_mul(a, b), a * b), (mx.f32_add(a, b), a + b)]
            if b != 0:
                pairs.append((mx.f32_div(a, b), a / b))
            for got, host in pairs:
                want = to_f32(host)
                self.assertTrue(
                    got == want or (math.isnan(got) and math.isnan(want)), (a, b, got, want)
                )

    def test_signed_zeros(self):
        for result, negative in (
            (mx.f32_add(-0.0, -0.0), True),
            (mx.f32_add(-0.0, 0.0), False),
            (mx.f32_add(1.0, -1.0), False),
            (mx.f32_mul(-0.0, 3.0), True),
            (mx.f32_mul(-(2.0**-149), 0.25), True),
            (mx.f32_div(-0.0, 3.0), True),
        ):
            self.assertEqual(result, 0.0)
            self.assertEqual(mx.is_negative(result), negative)


class Formats(unittest.TestCase):
    def test_n1_1_table(self):
        table = {
            "E2M1": (4, 2, 6, 1, 0.5),
            "E2M3": (6, 2, 7.5, 1, 0.125),
            "E3M2": (6, 4, 28, 0.25, 0.0625),
            "E4M3": (8, 8, 448, 2.0**-6, 2.0**-9),
            "E5M2": (8, 15, 57344, 2.0**-14, 2.0**-16),
        }
        for element in mx.ELEMENT_FORMATS:
            values = mx.positive_values(element)
            normal = values[1 << element.mantissa_bits]
            row = (element.bits, element.emax, element.max_finite, normal, values[1])
            self.assertEqual(row, table[element.name])
            self.assertEqual(list(values), sorted(set(values)))

    def test_n1_1_e2m1_codes(self):
        values = [mx.decode_element(mx.E2M1, code) for code in range(16)]
        self.assertEqual(values[:8], [0, 0.5, 1, 1.5, 2, 3, 4, 6])
        self.assertEqual(values[8:], [-x for x in values[:8]])
        self.assertTrue(mx.is_negative(values[8]))

    def test_n1_2_and_n1_3_scales(self):
        self.assertEqual(mx.decode_scale(mx.E8M0, 0), 2.0**-127)
        self.assertEqual(mx.decode_scale(mx.E8M0, 254), 2.0**127)
        self.assertTrue(math.isnan(mx.decode_scale(mx.E8M0, 255)))
        self.assertEqual(mx.decode_scale(mx.UE4M3, 0x7E), 448)
        self.assertEqual(mx.decode_scale(mx.UE4M3, 1), 2.0**-9)
        self.assertTrue(
            all(math.isnan(mx.decode_scale(mx.UE4M3, byte)) for byte in range(0x7F, 256))
        )
        self.assertEqual([mx.unit_scale(scale) for scale in mx.SCALE_FORMATS], [0x7F, 0x38])

    def test_n1_4_specials(self):
        tensor = mx.BlockFormat(mx.E5M2, mx.UE4M3, 16, True)
        self.assertEqual(mx.decode_value(tensor, 0xFC, 0x38, 0.5), -math.inf)
        self.assertTrue(math.isnan(mx.decode_value(tensor, 0x7C, 0, 1.0)))
        self.assertTrue(math.isnan(mx.decode_value(tensor, 0, 0x80, 1.0)))
        self.assertEqual(mx.decode_value(tensor, 0x3C, 0x39, 3.0), Fraction(27, 8))

    def test_n1_5_bits_per_value(self):
        bits = [float(mx.bits_per_value(fmt)) for fmt in mx.NAMED_FORMATS.values()]
        self.assertEqual(bits, [4.25, 4.5, 6.25, 6.25, 8.25, 8.25])
        self.assertTrue(all(mx.is_valid_format(fmt) for fmt in mx.NAMED_FORMATS.values()))
        self.assertFalse(mx.is_valid_format(mx.BlockFormat(mx.E2M1, mx.E8M0, 3)))
        self.assertFalse(mx.is_valid_format(mx.BlockFormat(mx.E2M3, mx.E8M0, 6)))
        self.assertFalse(mx.is_valid_format(mx.BlockFormat(mx.E4M3, mx.E8M0, 65537)))

    def test_n1_7_one_rounding(self):
        self.assertEqual(mx.round_value(Fraction(6) * 2**127, mx.F32), math.inf)
        # Rounding to f32 first would give a tie in bf16, and 1.
        value = 1 + Fraction(1, 2**8) + Fraction(1, 2**40)
        self.assertEqual(mx.round_value(value, mx.BF16), 1 + 2.0**-7)


class Encoding(unittest.TestCase):
    def test_n2_1_ties_to_even_codes(self):
        for x, code in ((0.25, 0), (0.75, 2), (1.25, 2), (1.75, 4), (2.5, 4), (3.5, 6), (5, 6)):
            self.assertEqual(mx.encode_element(mx.E2M1, x), code)
            self.assertEqual(mx.encode_element(mx.E2M1, -x), code | 8)

    def test_n2_2_saturation(self):
        for element in mx.ELEMENT_FORMATS:
            for x in (math.inf, mx.F32_MAX, 2.0**16):
                self.assertEqual(
                    mx.decode_element(element, mx.encode_element(element, -x)), -element.max_finite
                )
        self.assertEqual(mx.encode_element(mx.E5M2, math.inf), 0x7B)

    def test_n2_3_zeros_keep_their_sign(self):
        self.assertEqual(
            [mx.encode_element(mx.E2M1, x) for x in (0.0, -0.0, -0.25, 0.25)], [0, 8, 8, 0]
        )

    def test_n2_4_nan(self):
        codes = [mx.encode_element(element, math.nan) for element in mx.ELEMENT_FORMATS]
        self.assertEqual(codes, [7, 31, 31, 0x7F, 0x7F])

    def test_every_finite_code_encodes_to_itself(self):
        for element in mx.ELEMENT_FORMATS:
            for code in range(2 * element.sign_bit):
                value = mx.decode_element(element, code)
                if math.isfinite(value):
                    self.assertEqual(mx.encode_element(element, value), code)


class PowerOfTwoScales(unittest.TestCase):
    def test_n3_1_scale_bytes(self):
        rules = ("floor", "ceil", "rceil", "even", "abs3")
        top = 2.0**127
        for amax, want in (
            (2.0**-149, "00 00 00 00 00"),
            (1.5 * 2.0**-126, "00 00 00 00 01"),
            (1.5 * 2.0**-125, "00 01 00 00 02"),
            (2.0**-124, "01 01 01 01 03"),
            (1.0, "7D 7D 7D 7D 7F"),
            (1.5, "7D 7E 7D 7D 7F"),
            (1.5 + ULP, "7D 7E 7E 7D 7F"),
            (1.75 - ULP, "7D 7E 7E 7D 7F"),
            (1.75, "7D 7E 7E 7E 7F"),
            (3.0, "7E 7F 7E 7E 80"),
            (3.0 + 2 * ULP, "7E 7F 7F 7E 80"),
            (6.0, "7F 80 7F 7F 81"),
            (6.0 + 4 * ULP, "7F 80 80 7F 81"),
            (7.0, "7F 80 80 80 81"),
            (8.0 - 4 * ULP, "7F 80 80 80 81"),
            (1.5 * top, "FC FD FC FC FE"),
            (1.75 * top, "FC FD FD FD FE"),
            (mx.F32_MAX, "FC FD FD FD FE"),
            (math.inf, "FF FF FF FF FF"),
            (math.nan, "FF FF FF FF FF"),
            (0.0, "00 00 00 00 00"),
        ):
            got = [
                quantize_one(ABS3 if rule == "abs3" else MXFP4, rule, [amax])[0] for rule in rules
            ]
            self.assertEqual(" ".join(f"{byte:02X}" for byte in got), want, amax)

    def test_n3_1_even_rounds_to_a_power_of_two(self):
        for amax, power in (
            (5.687891, 4),
            (6.944130, 4),
            (7.290238, 8),
            (0.965272, 1),
            (1.540329, 1),
            (9.848001, 8),
        ):
            exponent = mx.power_rule_exponent("even", mx.E2M1, mx.rne_f32(Fraction(amax)))
            self.assertEqual(Fraction(2) ** (exponent + 2), power)

    def test_n3_2_threshold_form_equals_the_definition(self):
        for element in mx.ELEMENT_FORMATS:
            for rule in mx.POWER_RULES:
                threshold = mx.scale_threshold(rule, element)
                mantissas = {0, 1, 2**22, 2**23 - 1, threshold - 1, threshold, threshold + 1}
                for mantissa in sorted(m for m in mantissas if 0 <= m < 2**23):
                    for exponent in (*range(0, 24), 126, 127, 128, 253, 254):
                        bits = exponent << 23 | mantissa
                        if bits == 0:
                            continue
                        k = mx.power_rule_exponent(rule, element, mx.f32_from_bits(bits))
                        self.assertEqual(
                            mx.stored_byte(k),
                            mx.threshold_byte(rule, element, bits),
                            (rule, hex(bits)),
                        )

    def test_n3_3_mse_takes_the_least_error(self):
        # A scale of 1 clips 8 to 6, error 4; a scale of 2 makes each 1.5 a 2, error 1/4 each.
        for count, byte in ((15, 0x80), (16, 0x80), (17, 0x7F)):
            self.assertEqual(quantize_one(MXFP4, "mse", [8] + [1.5] * count)[0], byte)
        # Offsets -1 and -2 tie at 3.0625 and beat 0; -2 comes first.
        long_format = mx.BlockFormat(mx.E2M1, mx.E8M0, 256)
        self.assertEqual(quantize_one(long_format, "mse", [3.25, 0.25] + [0.125] * 192)[0], 0x7D)

    def test_n3_4_abs3(self):
        byte, codes = quantize_one(
            ABS3, "abs3", [0.0625, 0.375, 0.078125, 0.25], mx.rne_f32(Fraction(1, 3))
        )
        self.assertEqual((byte, codes), (0x7D, "2625"))
        self.assertEqual(quantize_one(ABS3, "abs3", [mx.F32_MAX, -mx.F32_MAX]), (0xFE, "7F"))

    def test_n3_5_zero_blocks(self):
        self.assertEqual(quantize_one(MXFP4, "rceil", [0.0, -0.0]), (0, "08"))
        self.assertEqual(quantize_one(NVFP4, "amax", [0.0, -0.0]), (0, "08"))

    def test_n3_6_and_n3_7_poison(self):
        self.assertEqual(quantize_one(MXFP4, "floor", [1.0, math.inf]), (0xFF, "00"))
        self.assertEqual(quantize_one(NVFP4, "amax", [1.0, math.nan]), (0x7F, "00"))
        self.assertEqual(
            quantize_one(MXFP4, "floor", [1.0, -math.inf], satfinite=True), (0xFC, "0F")
        )
        self.assertEqual(quantize_one(MXFP4, "floor", [math.nan], satfinite=True), (0xFF, "0"))

    def test_n3_8_codes(self):
        ties = [
            6,
            0.25,
            0.75,
            1.25,
            1.75,
            2.5,
            3.5,
            5,
            -0.25,
            -0.75,
            -1.25,
            -1.75,
            -2.5,
            -3.5,
            -5,
            -6,
        ]
        article = [0.0625, 0.375, 0.078125, 0.25]
        for values, rules, byte, codes in (
            (ties, ("floor", "rceil", "even"), 0x7F, "702244668AACCEEF"),
            ([7, 5, -3.5, 1, 0.5, 0.25], ("floor",), 0x7F, "76E210"),
            ([7, 5, -3.5, 1, 0.5, 0.25], ("rceil", "even"), 0x80, "64C100"),
            ([6.5, -6.5, 3.25, 2.75, 0.6, -0.3], ("floor", "even"), 0x7F, "7F5519"),
            ([6.5, -6.5, 3.25, 2.75, 0.6, -0.3], ("rceil",), 0x80, "5D3318"),
            ([33, 24, 16, 8, 4, 0, -32], ("floor", "rceil", "even"), 0x82, "654210E"),
            ([3.5, 3, 2.25, 1, -0.4], ("floor",), 0x7E, "7764A"),
            ([3.5, 3, 2.25, 1, -0.4], ("rceil", "even"), 0x7F, "65429"),
            (article, ("floor", "rceil", "even"), 0x7B, "2726"),
            (article, ("ceil",), 0x7C, "1514"),
        ):
            for rule in rules:
                rounded = [mx.rne_f32(Fraction(x)) for x in values]
                self.assertEqual(quantize_one(MXFP4, rule, rounded), (byte, codes), rule)


class TwoLevelScales(unittest.TestCase):
    def test_n4_1_tensor_scale(self):
        for rule, values, want in (
            ("amax", [2688.0, -1.0], 1.0),
            ("four_over_six_mse", [-1536.0], 1.0),
            ("amax", [0.0, -0.0], 1.0),
            ("amax", [2.0**-149], 2.0**-126),
            ("amax", [math.inf, 2688.0, math.nan], 1.0),
            ("amax", [], 1.0),
        ):
            self.assertEqual(mx.compute_tensor_scale(NVFP4, mx.Options(rule), values), want)
        self.assertEqual(mx.compute_tensor_scale(MXFP4, mx.Options("floor"), [5.0]), 1.0)
        self.assertEqual(quantize_one(NVFP4, "amax", [1.0], tensor_scale=0.0), (0x7F, "0"))

    def test_n4_2_amax(self):
        values = [6, 5, 4, 3, 2.5, 2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, -0.25, -5, 0]
        self.assertEqual(quantize_one(NVFP4, "amax", values), (0x38, "76654443222108E0"))
        self.assertEqual(quantize_one(SINGLE_LEVEL, "amax", [6.375]), (0x38, "7"))
        self.assertEqual(quantize_one(SINGLE_LEVEL, "amax", [7.125])[0], 0x3A)
        article = [0.0625, 0.375, 0.078125, 0.25]
        self.assertEqual(quantize_one(SINGLE_LEVEL, "amax", article), (0x18, "2726"))
        tensor_scale = mx.compute_tensor_scale(NVFP4, mx.Options("amax"), article)
        self.assertEqual(quantize_one(NVFP4, "amax", article, tensor_scale)[0], 0x7E)

    def test_n4_3_four_over_six(self):
        values = [10, 20, 30, 40]
        self.assertEqual(quantize_one(SINGLE_LEVEL, "amax", values), (mx.encode_ue4m3(6.5), "3567"))
        for rule in mx.FOUR_OVER_SIX_RULES:
            self.assertEqual(
                quantize_one(SINGLE_LEVEL, rule, values), (mx.encode_ue4m3(10.0), "2456")
            )
            tensor_scale = mx.compute_tensor_scale(NVFP4, mx.Options(rule), [40.0])
            self.assertEqual(quantize_one(NVFP4, rule, values, tensor_scale), (0x7C, "2456"))

    def test_n4_4_sweep_is_at_least_as_good(self):
        generator = random.Random(2)
        block = [mx.rne_f32(Fraction(generator.gauss(0, 1))) for _ in range(16)]
        errors = []
        for rule in ("sweep", "four_over_six_mse", "amax"):
            byte, codes = mx.quantize_block(SINGLE_LEVEL, mx.Options(rule), 1.0, block)
            errors.append(mx.block_error(mx.E2M1, byte, 1.0, block, codes))
        self.assertEqual(errors, sorted(errors))

    def test_n4_5_scale_of_zero(self):
        self.assertEqual(quantize_one(NVFP4, "amax", [2.0**-20, -(2.0**-20)]), (0, "08"))
        # A scale that is not zero but vanishes with its tensor scale.
        codes = mx.ue4m3_codes(mx.E2M1, 1, 2.0**-149, [0.0, -1.0], lambda y, _: 7)
        self.assertEqual(codes, [0, 8])


class Stochastic(unittest.TestCase):
    def test_n5_1_known_answers(self):
        ones = 0xFFFFFFFF
        for counter, key, words in (
            ((0,) * 4, (0,) * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
            ((ones,) * 4, (ones,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
            (
                (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
                (0xA4093822, 0x299F31D0),
                "d16cfe09 94fdcceb 5001e420 24126ea1",
            ),
        ):
            self.assertEqual(" ".join(f"{word:08x}" for word in mx.philox4x32(counter, key)), words)
        self.assertEqual(mx.random_bits(0, 2, 16), 0xBC57)

    def test_n5_2_counts_match_the_probability(self):
        for y, ups in ((0.125, 64), (2.25, 64), (-5.0, 128), (3.0, 0), (6.5, 0)):
            codes = [mx.encode_element_stochastic(mx.E2M1, y, r, 8) for r in range(256)]
            self.assertEqual(sum(code != codes[-1] for code in codes), ups)

    def test_n5_3_head_room(self):
        options = mx.Options("amax", stochastic=True)
        self.assertEqual(mx.compute_tensor_scale(NVFP4, options, [2688.0]), 1.0625)
        largest = mx.f32_div(mx.F32_MAX, 2688.0)
        self.assertEqual(mx.compute_tensor_scale(NVFP4, options, [mx.F32_MAX]), largest)
        for fmt, rules in ((MXFP4, ["ceil", "rceil"]), (ABS3, ["abs3"]), (NVFP4, ["amax"])):
            accepted = [rule for rule in mx.SCALE_RULES if mx.is_valid_rule(fmt, rule, True)]
            self.assertEqual(accepted, rules)


class Rotation(unittest.TestCase):
    def test_n6_1_rows_of_the_matrix(self):
        for size in (2, 8, 16, 64):
            matrix = mx.sylvester_matrix(size)
            signs = [1 if k % 3 else -1 for k in range(size)]
            for row in range(size):
                unit = [1.0 if k == row else 0.0 for k in range(size)]
                want = [signs[row] * matrix[row][k] * mx.hadamard_scale(size) for k in range(size)]
                self.assertEqual(mx.rotate_group(unit, signs, inverse=False), want)
                want = [matrix[row][k] * signs[k] * mx.hadamard_scale(size) for k in range(size)]
                self.assertEqual(mx.rotate_group(unit, signs, inverse=True), want)

    def test_n6_2_scale(self):
        self.assertEqual(
            [mx.hadamard_scale(size) for size in (4, 16, 64, 256)], [0.5, 0.25, 0.125, 0.0625]
        )
        self.assertEqual(mx.f32_to_bits(mx.hadamard_scale(2)), 0x3F3504F3)


class Matmul(unittest.TestCase):
    def test_n7_1_operands_are_exact(self):
        for element in mx.ELEMENT_FORMATS:
            for scale in mx.SCALE_FORMATS:
                fmt = mx.BlockFormat(element, scale, 32)
                for code in range(element.sign_bit):
                    for byte in range(0, 255, 6):
                        value = mx.decode_value(fmt, code, byte, 1.0)
                        got = mx.operand_value(fmt, code, byte)
                        if isinstance(value, Fraction) and math.isfinite(got):
                            self.assertEqual(Fraction(got), value)
                        elif isinstance(value, Fraction):
                            self.assertGreater(value, Fraction(mx.F32_MAX))

    def test_n7_1_specials(self):
        inf, nan = math.inf, math.nan
        self.assertEqual(mx.exact_dot([2.0**127], [2.0**127], 2.0, 0.5, 1.0), 2**254 + 1)
        self.assertEqual(mx.exact_dot([inf], [1.0], 1.0, 1.0, 1.0), inf)
        nans = (
            ([inf], [0.0], 0.0),
            ([nan], [0.0], 0.0),
            ([inf, -inf], [1.0, 1.0], 0.0),
            ([inf], [1.0], -inf),
        )
        for a, b, init in nans:
            self.assertTrue(math.isnan(mx.exact_dot(a, b, 1.0, 1.0, init)))

    def test_n7_2_bound(self):
        self.assertEqual(mx.dot_bound([1.0], [-2.0], 2.0, -1.0, -4.0, 0), Fraction(16, 2**24))
        self.assertEqual(mx.dot_bound([0.0], [1.0], 0.5, 0.5, 0.0, 3), Fraction(3, 2**149))
        self.assertEqual(mx.dot_bound([0.0], [1.0], 2.0, -4.0, 0.0, 3), Fraction(24, 2**149))

    def test_n7_4_groups(self):
        self.assertEqual(
            mx.group_ranges([3, 2, 9, 9], 8), [range(0, 3), range(3, 3), range(3, 8), range(8, 8)]
        )


class Layouts(unittest.TestCase):
    def test_n8_1_rows(self):
        self.assertEqual(mx.pack_row([2, 7, 2, 6], 4).hex(), "7262")
        self.assertEqual(mx.pack_row([0x3F, 0, 0x3F, 0], 6).hex(), "3ff003")
        self.assertEqual(mx.pack_row([1, 2, 3], 4).hex(), "2103")
        self.assertEqual(mx.unpack_row(mx.pack_row([33, 5, 62], 6), 3, 6), [33, 5, 62])

    def test_n8_2_gpt_oss_is_canonical(self):
        codes = [(7 * k) % 16 for k in range(64)]
        row = mx.pack_row(codes, 4)
        for k, code in enumerate(codes):
            byte, high = mx.gpt_oss_offset(0, k, 64)
            self.assertEqual(row[byte] >> (4 if high else 0) & 15, code)

    def test_n8_3_and_n8_4_ggml(self):
        payload = mx.pack_row([2, 7, 2, 6] + [0] * 28, 4)
        self.assertEqual(mx.mxfp4_to_ggml(payload, b"\x7b").hex(), "7b02070206" + "00" * 12)
        payload = mx.pack_row(list(range(16)) * 4, 4)
        self.assertEqual(
            mx.nvfp4_to_ggml(payload, b"\x01\x02\x03\x04").hex(),
            "01020304" + "8091a2b3c4d5e6f7" * 4,
        )

    def test_n8_5_tiles(self):
        self.assertEqual(mx.scale_tile_bytes(129, 5), 2048)
        for row, column, offset in ((0, 1, 1), (1, 0, 16), (32, 0, 4), (0, 4, 512), (128, 0, 1024)):
            self.assertEqual(mx.scale_tile_offset(row, column, 8), offset)

    def test_n8_6_checkpoints(self):
        self.assertEqual(mx.tensor_scale_of_checkpoint("weight_scale_2", 0.25), 0.25)
        self.assertEqual(mx.tensor_scale_of_checkpoint("weight_global_scale", 4.0), 0.25)


if __name__ == "__main__":
    unittest.main()
