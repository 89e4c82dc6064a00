#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Tests of gptq_reference.py against examples of two columns that were worked out by hand."""

import unittest

import mx_reference as mx

try:
    import gptq_reference as gptq
    import numpy as np
except ImportError:
    np = None

MXFP4 = mx.NAMED_FORMATS["mxfp4"]


def quantize(hessian, act_order=True, damping=0.01):
    """Quantises 2.5 and 4.8, whose scale is 1; to nearest these are 2 and 4, codes 4 and 6."""
    weights = np.array([[2.5, 4.8]], np.float32)
    matrix = np.array(hessian, np.float64)
    return gptq.quantize(MXFP4, "even", weights, matrix, act_order, damping)


@unittest.skipIf(np is None, "no numpy")
class TwoColumns(unittest.TestCase):
    """What one column loses, the other makes up for."""

    def test_the_second_makes_up_for_the_first(self):
        # 4.8 + 0.5 · 0.9 / 1.01 = 5.246, above the tie between 4 and 6.
        result = quantize([[1, 0.9], [0.9, 1]])
        self.assertEqual(result.codes.tolist(), [[4, 7]])
        self.assertEqual(result.payload(MXFP4), b"\x74")
        self.assertEqual(result.near_ties, [])

    def test_larger_activations_come_first(self):
        # 2.5 + 0.8 · 0.9 / 1.015 = 3.209, which becomes 3.
        self.assertEqual(quantize([[1, 0.9], [0.9, 2]]).codes.tolist(), [[5, 6]])
        self.assertEqual(quantize([[1, 0.9], [0.9, 2]], False).codes.tolist(), [[4, 7]])

    def test_what_nothing_reaches_becomes_zero(self):
        result = quantize([[0, 0], [0, 1]])
        self.assertEqual(result.codes.tolist(), [[0, 6]])
        self.assertEqual(result.dead_columns, 1)

    def test_damping_grows_until_it_suffices(self):
        self.assertEqual(quantize([[1, 2], [2, 1]]).damping, 10.0)
        hopeless = quantize([[1, 99], [99, 1]])
        self.assertIsNone(hopeless.damping)
        self.assertEqual(hopeless.codes.tolist(), [[4, 6]])

    def test_ties_are_noted(self):
        # 4.75 + 0.5 · h is halfway between 5, a tie that goes to 4, and the next f32.
        weights = np.array([[2.5, 4.75]], np.float32)
        h = 0.5 + 2.0**-21
        matrix = np.array([[1, h], [h, 1]])
        result = gptq.quantize(MXFP4, "even", weights, matrix, False, 2.0**-60)
        self.assertEqual(result.near_ties, [(0, 1)])


if __name__ == "__main__":
    unittest.main()
