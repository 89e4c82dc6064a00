#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""Prints the relative squared error of a result, or checks its root.

relative_error.py expected.npy got.npy                  Σ(x−x̂)² / Σx²
relative_error.py expected.npy got.npy --at-most 1e-6   fails if the norm of the
                                                        difference is larger
"""

from __future__ import annotations

import argparse
import sys

import numpy as np


def read(path: str) -> np.ndarray:
    """Reads numbers as f64; `<u2` is bf16."""
    array = np.load(path)
    if array.dtype == np.uint16:
        array = (array.astype("<u4") << 16).view("<f4")
    return array.astype(np.float64)


def relative_error(expected: np.ndarray, got: np.ndarray) -> float:
    """Returns the relative squared error; NaN if anything is NaN."""
    error, signal = ((expected - got) ** 2).sum(), (expected**2).sum()
    return float(error / signal) if signal else (float("inf") if error else 0.0)


def main() -> int:
    """Compares two files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("expected")
    parser.add_argument("got")
    parser.add_argument("--at-most", type=float, help="largest relative norm")
    options = parser.parse_args()
    expected, got = read(options.expected), read(options.got)
    if expected.shape != got.shape:
        print(f"expected shape {expected.shape}, got {got.shape}")
        return 1
    error = relative_error(expected, got)
    print(f"relative squared error {error:.3e}, norm {error**0.5:.3e}")
    return 0 if options.at_most is None or error**0.5 <= options.at_most else 1


if __name__ == "__main__":
    sys.exit(main())
